"""End points about people, the project, its environments, domains and current deployments."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from sandbox.platformsh.asking import JSON, Answer, Call, RefusedError, accepted, link, route
from sandbox.platformsh.auth import USER
from sandbox.platformsh.deployer import Deployer
from sandbox.platformsh.state import Environment, HttpAccess, Project
from sandbox.platformsh.views import (
    ORGANIZATION,
    activity_view,
    deployment_view,
    domain_view,
    environment_view,
    project_view,
    settings_view,
)

_USER_NAME = re.compile(r"^[a-zA-Z0-9_-]{2,}$")
_P = "/projects/{project}"
_E = _P + "/environments/{environment}"


class ProjectsApi:
    """Reads the project and starts what changes it."""

    def __init__(self, project: Project, deployer: Deployer) -> None:
        self._project = project
        self._deployer = deployer

    def routes(self) -> list[Route]:
        return [
            route("GET", "/users/me", self.me),
            route("GET", "/users/{user}/extended-access", self.extended_access),
            route("GET", "/ref/projects", self.references),
            route("GET", _P, self.project),
            route("GET", _P + "/capabilities", self.capabilities),
            route("GET", _P + "/settings", self.settings),
            route("GET", _P + "/integrations", self.integrations),
            route("GET", _P + "/domains", self.domains),
            route("GET", _P + "/domains/{domain}", self.domain),
            route("GET", _P + "/environments", self.environments),
            route("GET", _E, self.environment),
            route("PATCH", _E, self.change_environment),
            route("GET", _E + "/domains", self.environment_domains),
            route("GET", _E + "/settings", self.environment_settings),
            route("PATCH", _E + "/settings", self.change_environment_settings),
            route("GET", _E + "/deployments/current", self.deployment),
            route("GET", _E + "/deployments", self.deployments),
            route("POST", _E + "/redeploy", self.redeploy),
            route("POST", _E + "/deploy", self.deploy),
            route("POST", _E + "/activate", self.activate),
        ]

    def me(self, _call: Call) -> Answer:
        return {
            "id": USER,
            "username": "mtls-bot",
            "email": "bot@example.com",
            "mfa_enabled": False,
        }

    def extended_access(self, call: Call) -> Answer:
        if call["user"] != USER:
            raise RefusedError(403, "Forbidden")
        item = {
            "user_id": USER, "resource_id": self._project.id, "resource_type": "project",
            "organization_id": ORGANIZATION, "permissions": ["admin"],
        }  # fmt: skip
        wanted = call.asked("filter[resource_type]")
        items = [item] if not wanted or wanted == ("project",) else []
        projects = {"href": f"/ref/projects?in={self._project.id}"}
        return {"items": items, "_links": {"ref:projects:0": projects} if items else {}}

    def references(self, call: Call) -> Answer:
        asked = {i for value in call.asked("in") for i in value.split(",")}
        project = self._project
        if project.id not in asked:
            return {}
        known = {"id": project.id, "title": project.title, "region": project.region}
        return {project.id: known | {"organization_id": ORGANIZATION, "status": "active"}}

    def project(self, call: Call) -> Answer:
        return project_view(self._known(call))

    def capabilities(self, call: Call) -> Answer:
        return self._known(call).capabilities

    def settings(self, call: Call) -> Answer:
        return settings_view(self._known(call))

    def integrations(self, call: Call) -> Answer:
        return list(self._known(call).integrations)

    def domains(self, call: Call) -> Answer:
        project = self._known(call)
        return [domain_view(project, domain) for domain in project.domains]

    def domain(self, call: Call) -> Answer:
        project = self._known(call)
        for domain in project.domains:
            if domain.name == call["domain"]:
                return domain_view(project, domain)
        raise RefusedError(404, "Domain not found")

    def environments(self, call: Call) -> Answer:
        project = self._known(call)
        with project.lock:
            return [self._view(e) for e in project.environments.values()]

    def environment(self, call: Call) -> Answer:
        return self._view(self._environment(call))

    def change_environment(self, call: Call) -> Answer:
        environment = self._environment(call)
        if call.body.keys() - {"title", "name", "attributes", "http_access", "restrict_robots"}:
            raise RefusedError(400, "Unable to process request.", {"error": "unknown property"})
        environment.title = str(call.body.get("title", environment.title))
        if "http_access" not in call.body:
            return accepted(self._view(environment))
        access = _http_access(call.body["http_access"], self._project.http_access_of(environment))
        activity = self._deployer.update_http_access(environment, access)
        return accepted(self._view(environment), [activity_view(self._project, activity)])

    def environment_domains(self, call: Call) -> Answer:
        return self.domains(call) if self._environment(call).is_production else []

    def environment_settings(self, call: Call) -> Answer:
        environment = self._environment(call)
        project, name = self._project.id, environment.name
        here = link("projects", project, "environments", name, "settings")
        manual = environment.manual_deployments
        return {"enable_manual_deployments": manual, "_links": {"self": here, "#edit": here}}

    def change_environment_settings(self, call: Call) -> Answer:
        environment = self._environment(call)
        manual = call.body.get("enable_manual_deployments")
        if not isinstance(manual, bool):
            raise RefusedError(400, "Unable to process request.", {"error": "not a boolean"})
        environment.manual_deployments = manual
        return accepted({"enable_manual_deployments": manual})

    def deployment(self, call: Call) -> Answer:
        environment = self._environment(call)
        if environment.deployment is None:
            raise RefusedError(404, "Deployment not found")
        return deployment_view(self._project, environment, environment.deployment)

    def deployments(self, call: Call) -> Answer:
        environment = self._environment(call)
        if environment.deployment is None:
            return []
        return [deployment_view(self._project, environment, environment.deployment)]

    def redeploy(self, call: Call) -> Answer:
        environment = self._environment(call)
        if not self._project.may_change:
            raise RefusedError(403, "Forbidden")
        if environment.deployment is None:
            raise RefusedError(400, "The environment is not deployed.")
        activity = self._deployer.redeploy(environment)
        return accepted(None, [activity_view(self._project, activity)], code=202)

    def deploy(self, call: Call) -> Answer:
        environment = self._environment(call)
        if not environment.staged:
            raise RefusedError(400, "There is nothing staged to deploy.")
        activity = self._deployer.release(environment)
        return accepted(None, [activity_view(self._project, activity)], code=202)

    def activate(self, call: Call) -> Answer:
        environment = self._environment(call)
        if environment.is_active:
            raise RefusedError(400, "The environment is active already.")
        activity = self._deployer.activate(environment)
        return accepted(None, [activity_view(self._project, activity)], code=202)

    def _known(self, call: Call) -> Project:
        return known(self._project, call)

    def _environment(self, call: Call) -> Environment:
        return known_environment(self._project, call)

    def _view(self, environment: Environment) -> JSON:
        deployer = self._deployer
        return environment_view(
            self._project, environment, deployer.repository, deployer.activities
        )


def known(project: Project, call: Call) -> Project:
    """The project of the path. Raises RefusedError: unknown and invisible look the same."""
    if call["project"] != project.id:
        raise RefusedError(404, "Project not found")
    return project


def known_environment(project: Project, call: Call) -> Environment:
    """The environment of the path. Raises RefusedError."""
    found = known(project, call).environments.get(call["environment"])
    if found is None:
        raise RefusedError(404, "Environment not found")
    return found


def _http_access(given: Any, before: HttpAccess) -> HttpAccess:
    """The setting after a change: what is not named stays, null clears."""
    if not isinstance(given, dict):
        raise RefusedError(400, "Unable to process request.", {"http_access": "not an object"})
    addresses, basic_auth = before.addresses, before.basic_auth
    if "addresses" in given:
        addresses = tuple((a["permission"], a["address"]) for a in given["addresses"] or ())
    if "basic_auth" in given:
        basic_auth = _people(given["basic_auth"] or {})
    return HttpAccess(bool(given.get("is_enabled", before.is_enabled)), addresses, basic_auth)


def _people(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    for user, password in given.items():
        if not _USER_NAME.match(user) or len(password) < 6:
            words = {"http_access": "user name or password is too short or has other letters"}
            raise RefusedError(400, "Unable to process request.", words)
    return tuple(given.items())
