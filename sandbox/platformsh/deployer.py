"""What pushes, redeploys and settings do: build, deploy, stage, fail, and tell the router."""

import hashlib
import json
import posixpath
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sandbox.authorities import Authorities
from sandbox.platformsh.activities import Activities, Activity, Ending, Progress, WorkFailedError
from sandbox.platformsh.repository import ZEROS, Repository
from sandbox.platformsh.routes import InvalidRoutesError, Names, resolve
from sandbox.platformsh.state import (
    Certificate,
    Clock,
    Deployment,
    Environment,
    HttpAccess,
    Project,
    new_id,
)
from sandbox.timings import Timings

_DEFAULT_ROUTES = b'"https://{default}/":\n  type: upstream\n  upstream: "app:http"\n'


class Publish(Protocol):
    """Where a finished deployment goes: the router."""

    def __call__(self, deployment: Deployment, *, at_once: bool = False) -> None: ...


class Deployer:
    """Starts activities and does their work."""

    def __init__(
        self, project: Project, repository: Repository, activities: Activities, *,
        authorities: Authorities, timings: Timings, clock: Clock,
    ) -> None:  # fmt: skip
        self.project = project
        self.repository = repository
        self.activities = activities
        self._authorities = authorities
        self._timings = timings
        self._now = clock
        self.publish: Publish = _nowhere
        self._previews: dict[str, Certificate] = {}

    def first(self, environment: Environment) -> None:
        """What was deployed long before the sandbox began."""
        head = self.repository.head(environment.name)
        assert head is not None
        self._serve(environment, head, self.project.http_access_of(environment), at_once=True)
        text = f"Sandbox pushed to {environment.name}"
        activity = self.activities.record("environment.push", environment.name, text)
        activity.parameters = _push_parameters("sandbox", environment.name, ZEROS, head)

    def pushed(
        self, branch: str, old: str, new: str, *, user: str, kind: str = "environment.push"
    ) -> Activity:
        """A push has been accepted: build and deploy it when its environment is active.

        A merge is alike, but its activity names no commit.
        """
        environment = self._environment_of(branch)

        def work(progress: Progress) -> Ending:
            progress.say("Found 1 new commit")
            if not environment.is_active:
                progress.say(f"Environment {branch} is inactive: nothing to deploy.")
                return "complete"
            return self._failing(environment, lambda: self._build(environment, new, progress))

        named = _push_parameters(user, branch, old, new)
        if kind != "environment.push":
            named = {"user": user, "environment": branch}
        text = f"{user} pushed to {branch}"
        return self.activities.start(kind, branch, work, text=text, parameters=named)

    def redeploy(self, environment: Environment) -> Activity:
        """The deployed commit again, with the certificates of now; never what is staged."""

        def work(progress: Progress) -> Ending:
            current = environment.deployment
            if current is None:
                raise WorkFailedError("There is nothing to redeploy.")
            access = self.project.http_access_of(environment)
            access = current.http_access if environment.manual_deployments else access
            return self._failing(
                environment, lambda: self._deploy(environment, current.commit, access, progress)
            )

        text = f"Somebody redeployed environment {environment.name}"
        return self.activities.start("environment.redeploy", environment.name, work, text=text)

    def update_http_access(self, environment: Environment, access: HttpAccess | None) -> Activity:
        """Keep the setting and deploy it, or stage it."""
        with self.project.lock:
            environment.http_access = access

        def work(progress: Progress) -> Ending:
            current = environment.deployment
            if current is None:
                return "complete"
            if environment.manual_deployments:
                return self._stage(environment, progress)
            wanted = self.project.http_access_of(environment)
            return self._failing(
                environment, lambda: self._deploy(environment, current.commit, wanted, progress)
            )

        text = f"Somebody updated HTTP access of {environment.name}"
        kind = "environment.update.http_access"
        return self.activities.start(kind, environment.name, work, text=text)

    def release(self, environment: Environment) -> Activity:
        """Deploy what is staged."""

        def work(progress: Progress) -> Ending:
            head = self.repository.head(environment.name)
            assert head is not None
            access = self.project.http_access_of(environment)
            self._failing(environment, lambda: self._deploy(environment, head, access, progress))
            with self.project.lock:
                staged, environment.staged = environment.staged, []
            for waiting in filter(None, map(self.activities.get, staged)):
                self.activities.release(waiting)
            return "complete"

        text = f"Somebody deployed {environment.name}"
        return self.activities.start("environment.deploy", environment.name, work, text=text)

    def activate(self, environment: Environment) -> Activity:
        """Make an inactive environment active and deploy its head."""

        def work(progress: Progress) -> Ending:
            with self.project.lock:
                environment.is_active = True
            head = self.repository.head(environment.name)
            assert head is not None
            return self._failing(environment, lambda: self._build(environment, head, progress))

        text = f"Somebody activated {environment.name}"
        return self.activities.start("environment.activate", environment.name, work, text=text)

    def _failing(self, environment: Environment, work: Callable[[], Ending]) -> Ending:
        """Note on the environment how its last attempt went."""
        try:
            ending = work()
        except WorkFailedError:
            environment.last_failure = "error"
            raise
        environment.last_failure = None
        return ending

    def _build(self, environment: Environment, commit: str, progress: Progress) -> Ending:
        self._routes(environment, commit)
        progress.say("Building application 'app' (runtime type: python:3.12)")
        progress.spend(self._timings.build_seconds, percent=50)
        progress.meet_trouble("Error building project: the build hook ended with code 1")
        if environment.manual_deployments:
            return self._stage(environment, progress)
        access = self.project.http_access_of(environment)
        return self._deploy(environment, commit, access, progress, troubled=False)

    def _stage(self, environment: Environment, progress: Progress) -> Ending:
        with self.project.lock:
            environment.staged.append(progress.activity.id)
        progress.say("Staged: deploy to release it.")
        return "staged"

    def _deploy(
        self, environment: Environment, commit: str, access: HttpAccess, progress: Progress, *,
        troubled: bool = True,
    ) -> Ending:  # fmt: skip
        progress.say(f"Redeploying environment {environment.name}")
        progress.spend(self._timings.deploy_seconds, percent=90)
        if troubled:
            progress.meet_trouble("Environment redeployment failed")
        self._serve(environment, commit, access)
        return "complete"

    def _serve(
        self, environment: Environment, commit: str, access: HttpAccess, *, at_once: bool = False
    ) -> None:
        routes = self._routes(environment, commit)
        hosts = {_host(url) for url in routes if url.startswith("https://")}
        with self.project.lock:
            served = {host: self._certificate(environment, host) for host in hosts}
            facts = json.dumps([commit, routes, sorted(c.id for c in served.values())])
            environment.deployment = Deployment(
                environment.name, f"{self.project.id}-{environment.machine_name}", commit,
                routes, access, served, self._now(),
                hashlib.sha256(facts.encode()).hexdigest(),
            )  # fmt: skip
            self.publish(environment.deployment, at_once=at_once)

    def _certificate(self, environment: Environment, host: str) -> Certificate:
        attached = self._names(environment).is_production
        found = self.project.certificate_for(host, self._now()) if attached else None
        if found:
            return found
        if environment.name not in self._previews or not self._previews[environment.name].covers(
            host
        ):
            # A real preview's certificate has each name; a wildcard per depth would not do.
            names = [environment.edge_hostname, host]
            if environment.name in self._previews:
                names += self._previews[environment.name].names
            self._previews[environment.name] = self.provision(names)
        return self._previews[environment.name]

    def provision(self, names: list[str], *, days: int = 90) -> Certificate:
        """What the vendor gets from Let's Encrypt by itself; with negative `days` it has ended."""
        public = self._authorities.public
        issued = public.issue(tuple(dict.fromkeys(names)), days=days, key="ecc")
        return Certificate(
            new_id(), issued.certificate_pem, issued.key_pem, (public.certificate_pem,),
            is_provisioned=True, created_at=self._now(),
        )  # fmt: skip

    def _routes(self, environment: Environment, commit: str) -> Mapping[str, Mapping[str, Any]]:
        directory = self.project.config_dir

        def read(path: str) -> bytes | None:
            return self.repository.file(commit, posixpath.normpath(f"{directory}/{path}"))

        try:
            return resolve(
                read("routes.yaml") or _DEFAULT_ROUTES,
                read=read, names=self._names(environment), apps=self._apps(commit),
            )  # fmt: skip
        except InvalidRoutesError as error:
            raise WorkFailedError(f"Error building project: {error}") from error

    def _apps(self, commit: str) -> frozenset[str]:
        text = self.repository.file(commit, ".platform.app.yaml")
        try:
            app = YAML(typ="safe", pure=True).load(text.decode()) if text else None
        except YAMLError as error:
            raise WorkFailedError(f"Error building project: .platform.app.yaml: {error}") from error
        if not isinstance(app, dict) or "name" not in app:
            raise WorkFailedError("Error building project: no application is configured.")
        return frozenset({str(app["name"])})

    def _names(self, environment: Environment) -> Names:
        default = self.project.default_domain
        generated = environment.edge_hostname
        production = default or self.project.production.edge_hostname
        if not environment.is_production or default is None:
            return Names(generated, (), generated, production)
        return Names(default, tuple(d.name for d in self.project.domains), generated, production)

    def _environment_of(self, branch: str) -> Environment:
        """The branch's environment; a new branch becomes an inactive one."""
        with self.project.lock:
            if branch not in self.project.environments:
                slug = "".join(c if c.isalnum() else "-" for c in branch.lower())
                machine = f"{slug}-{hashlib.sha256(branch.encode()).hexdigest()[:7]}"
                self.project.environments[branch] = Environment(
                    branch, machine, "development", self.project.production.name,
                    self._now(), is_active=False, title=branch,
                )  # fmt: skip
            return self.project.environments[branch]


def _nowhere(deployment: Deployment, *, at_once: bool = False) -> None:
    """Before there is a router."""
    _ = deployment, at_once


def _host(url: str) -> str:
    return url.split("/")[2]


def _push_parameters(user: str, environment: str, old: str, new: str) -> dict[str, str]:
    return {"user": user, "environment": environment, "old_commit": old, "new_commit": new}
