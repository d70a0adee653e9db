"""The whole Platform.sh of the sandbox: auth, API, git and router around one demo project."""

import random
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette

from sandbox.authorities import Authorities
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.platformsh import demo_repository
from sandbox.platformsh.activities import Activities, Activity, Trouble
from sandbox.platformsh.activities_api import ActivitiesApi
from sandbox.platformsh.asking import Gate
from sandbox.platformsh.auth import Authority
from sandbox.platformsh.auth_api import AuthApi
from sandbox.platformsh.certificates_api import CertificatesApi
from sandbox.platformsh.deployer import Deployer
from sandbox.platformsh.git_api import GitApi
from sandbox.platformsh.projects_api import ProjectsApi
from sandbox.platformsh.repository import ZEROS, Files, Repository
from sandbox.platformsh.router import Router
from sandbox.platformsh.ssh import GitHost
from sandbox.platformsh.state import (
    GENERATED_DOMAIN,
    PROJECT,
    Clock,
    Domain,
    Environment,
    Project,
    utc_now,
)
from sandbox.serving import Serving, Watched
from sandbox.timings import Timings

SERVICE = "platformsh"
AUTH_SERVICE = "platformsh-auth"
HOSTS = ("example.com", "www.example.com", "img.cdn.example.com")
_AGE = timedelta(days=400)


class PlatformshStandIn:
    """Everything runs once constructed; `close` ends it.

    What a real project can do behind the bot's back is here too: `commit`, `trouble`, and the
    fields of `project`, `auth` and `router.policy`.
    """

    def __init__(
        self, *, authorities: Authorities, journal: Journal, faults: Faults, timings: Timings,
        seed: int, clock: Clock = utc_now,
    ) -> None:  # fmt: skip
        self._closing = ExitStack()
        directory = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-git-"))
        self._git = Repository(Path(directory) / f"{PROJECT}.git")
        demo_repository.fill(self._git)
        self._subjects: dict[str, str] = {}
        self.auth = Authority(clock)
        self.activities = Activities(clock)
        self.project = _demo_project(clock)
        self._deployer = Deployer(
            self.project, self._git, self.activities, authorities=authorities, timings=timings,
            clock=clock,
        )  # fmt: skip
        fallback = self._deployer.provision([f"*.{GENERATED_DOMAIN}"])
        self.router = Router(
            fallback,
            authorities=authorities,
            timings=timings,
            seed=random.Random(seed).randrange(2**32),
        )
        self._closing.callback(self.router.close)
        self._deployer.publish = self.router.publish
        self._closing.callback(self.activities.close)
        self._deploy_first()
        self.git_host = GitHost(
            self._git, self.auth, project=PROJECT, pushed=self._pushed, journal=journal,
            faults=faults,
        )  # fmt: skip
        self._closing.callback(self.git_host.close)
        self.project.repository_url = self.git_host.url
        self._auth = Serving(
            Watched(AuthApi(self.auth).app(), AUTH_SERVICE, journal, faults), name=AUTH_SERVICE
        )
        self._closing.callback(self._auth.close)
        api = Gate(self._api(clock), self.auth)
        self._api_serving = Serving(Watched(api, SERVICE, journal, faults), name=SERVICE)
        self._closing.callback(self._api_serving.close)

    @property
    def api_url(self) -> str:
        return self._api_serving.url

    @property
    def auth_url(self) -> str:
        return self._auth.url

    @property
    def certifier_url(self) -> str:
        return self._auth.url

    @property
    def api_token(self) -> str:
        return self.auth.api_token

    @property
    def edge_hostname(self) -> str:
        return self.project.production.edge_hostname

    @property
    def https_port(self) -> int:
        return self.router.https_port

    @property
    def http_port(self) -> int:
        return self.router.http_port

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.router.addresses

    @property
    def git_known_host(self) -> str:
        return self.git_host.known_host

    @property
    def repository(self) -> Path:
        """The bare repository."""
        return self._git.path

    def head(self, branch: str = "main") -> str:
        found = self._git.head(branch)
        assert found is not None, branch
        return found

    def message(self, commit: str) -> str:
        """A commit's whole message."""
        return self._git.git("show", "--no-patch", "--format=%B", commit).decode().strip()

    def subject(self, commit: str) -> str:
        """The first line of a commit's message."""
        if commit not in self._subjects:
            self._subjects[commit] = self.message(commit).partition("\n")[0]
        return self._subjects[commit]

    def commit(self, branch: str, files: Files, *, message: str = "Somebody else's work\n") -> str:
        """Somebody else pushes: a commit on the branch and the activity of its push."""
        old = self._git.head(branch) or ZEROS
        new = self._git.commit(branch, files, message=message)
        self._deployer.pushed(branch, old, new, user="somebody")
        return new

    def mirrored(self, source: Path, branch: str, vendor: str) -> Activity:
        """What an integration does when a branch has moved at the git host: fetch and deploy."""
        old = self._git.head(branch) or ZEROS
        self._git.git("fetch", "--quiet", str(source), f"+refs/heads/{branch}:refs/heads/{branch}")
        self.activities.record(f"integration.{vendor}.fetch", branch, f"{vendor} was fetched")
        return self._deployer.pushed(branch, old, self.head(branch), user=f"{vendor} integration")

    def merge(self, branch: str, files: Files) -> str:
        """Somebody merges in the console: a commit, and an activity that does not name it."""
        old = self._git.head(branch) or ZEROS
        new = self._git.commit(branch, files, message="Merge branch 'staging'\n")
        self._deployer.pushed(branch, old, new, user="somebody", kind="environment.merge")
        return new

    def redeploy(self, environment: str = "main") -> Activity:
        """Somebody else redeploys."""
        return self._deployer.redeploy(self.project.environments[environment])

    def trouble(self, trouble: Trouble) -> None:
        """The next activity whose type contains the trouble's runs into it."""
        self.activities.add_trouble(trouble)

    @property
    def certificate_expired(self) -> bool:
        return self.router.policy.shown is not None

    def expire_certificate(self, *, expired: bool) -> None:
        """Every address shows a certificate that ran out, until it is renewed."""
        shown = self._deployer.provision(list(HOSTS), days=-1) if expired else None
        self.router.policy = replace(self.router.policy, shown=shown)

    def settle(self, timeout: float = 30.0) -> bool:
        """Wait until no activity runs and every address has adopted all; False when too slow."""
        return self.activities.wait_idle(timeout) and self.router.wait_adopted(timeout)

    def close(self) -> None:
        self._closing.close()

    def _pushed(self, branch: str, old: str, new: str) -> Activity:
        return self._deployer.pushed(branch, old, new, user="bot")

    def _deploy_first(self) -> None:
        provisioned = self._deployer.provision(list(HOSTS))
        self.project.certificates[provisioned.id] = provisioned
        for environment in self.project.environments.values():
            if environment.is_active:
                self._deployer.first(environment)

    def _api(self, clock: Clock) -> Starlette:
        parts = (
            ProjectsApi(self.project, self._deployer),
            CertificatesApi(self.project, self.activities, clock),
            ActivitiesApi(self.project, self.activities),
            GitApi(self.project, self._git),
        )
        return Starlette(routes=[route for part in parts for route in part.routes()])


def _demo_project(clock: Clock) -> Project:
    begun = clock() - _AGE
    project = Project(repository_url="", created_at=begun)
    project.domains = [Domain(host, host == HOSTS[0], begun) for host in HOSTS]
    for environment in (
        Environment("main", "main-bvxea6i", "production", None, begun, title="Main"),
        Environment("staging", "staging-5em2ouy", "staging", "main", begun, title="Staging"),
        Environment(
            "feature-cart", "feature-cart-k3xw7qa", "development", "main", begun,
            is_active=False, title="Cart",
        ),
    ):  # fmt: skip
        project.environments[environment.name] = environment
    return project
