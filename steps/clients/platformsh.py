"""The few calls of Platform.sh's API that the rollout needs, in Platform.sh's words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from pydantic import SecretStr, TypeAdapter

from steps.clients import platformsh_models as m
from steps.clients.api_token import ApiToken, asks_for_more
from steps.clients.http import AGENT, TIMEOUT, Complaint, Service
from steps.errors import Denied, NotFound, PreconditionFailed, UnexpectedReply

T = TypeVar("T")
BASE = "https://api.upsun.com"
AUTH = "https://auth.upsun.com"
CODE_SOURCES = frozenset({"github", "gitlab", "bitbucket", "bitbucket_server"})
_TITLES, _MOST_PAGES = 50, 100
_PKCS1 = "-----BEGIN RSA PRIVATE KEY-----"
_MOST_LOG = 64 * 1024
_HINTS: Mapping[int, str] = {
    402: "A limit of the project's plan is reached.",
    403: "The token's user lacks the right for this: certificates need a project admin, a push and"
    " HTTP access a contributor or admin of the environment's type.",
    404: "Unknown, or not visible to the token's user.",
}


def platformsh(
    auth: ApiToken, *, base: str = BASE, transport: httpx.BaseTransport | None = None
) -> "PlatformshClient":
    """A client that signs in by itself; redirects to other hosts are not followed."""
    http = httpx.Client(
        base_url=base, auth=auth, timeout=TIMEOUT, transport=transport, follow_redirects=False,
        headers={"user-agent": AGENT, "accept": "application/json, application/hal+json"},
    )  # fmt: skip
    return PlatformshClient(Service("Platform.sh", http, _complaint, "x-request-id"))


@dataclass(frozen=True, slots=True)
class PlatformshClient:
    """See the module. Every method raises ClientError when it could not ask."""

    service: Service

    def projects(self) -> tuple[m.Titled, ...]:
        """The projects that the token sees, with their titles."""
        doing = "list the projects"
        me = self._get("/users/me", m.Me, doing)
        granted = self._grants(f"/users/{_one(me.id)}/extended-access", doing)
        ids = list(dict.fromkeys(g.resource_id for g in granted if g.resource_type == "project"))
        found: dict[str, m.Titled] = {}
        for at in range(0, len(ids), _TITLES):
            some = {"in": ",".join(ids[at : at + _TITLES])}
            found |= self._get("/ref/projects", dict[str, m.Titled], doing, some)
        return tuple(found.get(i, m.Titled(id=i)) for i in ids)

    def _grants(self, path: str, doing: str) -> Iterator[m.Grant]:
        """Every page of the access list: its next one is asked for at our own address."""
        params: dict[str, str] = {"filter[resource_type]": "project"}
        for _ in range(_MOST_PAGES):
            page = self._get(path, m.Grants, doing, params)
            yield from page.items
            onward = dict(parse_qsl(urlsplit(page.next).query))
            if not onward or onward == params:
                return
            params = onward

    def project(self, project: str) -> m.Project:
        """One project."""
        return self._get(_path(project), m.Project, "read the project")

    def project_settings(self, project: str) -> m.ProjectSettings:
        """Its settings, among them where its configuration lies."""
        return self._get(_path(project, "settings"), m.ProjectSettings, "read its settings")

    def capabilities(self, project: str) -> m.Capabilities:
        """What its plan allows."""
        path, doing = _path(project, "capabilities"), "read what the plan allows"
        return self._get(path, m.Capabilities, doing)

    def environments(self, project: str) -> tuple[m.Environment, ...]:
        """All environments."""
        path, doing = _path(project, "environments"), "list the environments"
        return self._get(path, tuple[m.Environment, ...], doing)

    def environment(self, project: str, environment: str) -> m.Environment:
        """One environment."""
        path = _path(project, "environments", environment)
        return self._get(path, m.Environment, "read the environment")

    def manual_deployments(self, project: str, environment: str) -> bool:
        """Whether deployments wait for somebody; an environment without the setting does not."""
        path = _path(project, "environments", environment, "settings")
        try:
            found = self._get(path, m.EnvironmentSettings, "read the environment's settings")
        except (NotFound, Denied):
            return False  # an internal endpoint; a staged activity is recognised either way
        return found.enable_manual_deployments

    def domains(self, project: str) -> tuple[m.Domain, ...]:
        """The domains of the production environment."""
        return self._get(_path(project, "domains"), tuple[m.Domain, ...], "list the domains")

    def certificates(self, project: str) -> tuple[m.Certificate, ...]:
        """The project's certificates, those that Platform.sh provides included."""
        path, doing = _path(project, "certificates"), "list the certificates"
        return self._get(path, tuple[m.Certificate, ...], doing)

    def add_certificate(
        self, project: str, *, certificate: str, key: SecretStr, chain: Sequence[str]
    ) -> m.Certificate:
        """Install a certificate. It is live only after a redeploy.

        The key must be PKCS#1; PKCS#8 is "not appropriate" there (docs, steps/tls).
        """
        if not key.get_secret_value().startswith(_PKCS1):
            raise PreconditionFailed("The certificate's key is not PKCS#1.")
        body = {"certificate": certificate, "key": key.get_secret_value(), "chain": list(chain)}
        doing = "install the certificate"
        path = _path(project, "certificates")
        made = self._send("POST", path, m.Accepted, doing, json=body, conceal=(key,))
        entity = made.embedded.entity
        if entity is None:
            raise UnexpectedReply(
                "Platform.sh did not say which certificate it installed.", service="Platform.sh",
                doing=doing,
            )  # fmt: skip
        return m.Certificate(id=entity.id, certificate=certificate)

    def delete_certificate(self, project: str, certificate_id: str) -> None:
        """Delete a custom certificate; it is served until the next redeploy."""
        path = _path(project, "certificates", certificate_id)
        self._send("DELETE", path, object, "delete the certificate")

    def activities(
        self,
        project: str,
        *,
        environment: str,
        type: str,  # noqa: A002 - Platform.sh's word
        count: int = 20,
    ) -> tuple[m.Activity, ...]:
        """The environment's newest activities of one type, newest first."""
        path = _path(project, "environments", environment, "activities")
        params = {"type": type, "count": count}
        found = self._get(path, tuple[m.Activity, ...], "list the activities", params)
        return tuple(a for a in found if a.type == type)

    def activity(self, project: str, activity_id: str) -> m.Activity:
        """One activity."""
        return self._get(_path(project, "activities", activity_id), m.Activity, "read an activity")

    def staged(self, project: str, environment: str) -> tuple[m.Activity, ...]:
        """The environment's activities of any type that wait to be deployed by hand."""
        path = _path(project, "environments", environment, "activities")
        params = {"state": "staged", "count": 50}
        found = self._get(path, tuple[m.Activity, ...], "list the staged activities", params)
        return tuple(a for a in found if a.state == "staged")

    def activity_log(self, project: str, activity_id: str) -> str:
        """The end of its log as text, bounded whatever its length.

        Lines are JSON with `data.message`; the structure is not promised.
        """
        path = _path(project, "activities", activity_id, "log")
        text = self.service.end_of(path, doing="read an activity's log", most=_MOST_LOG)
        return "".join(_message(line) for line in text.splitlines())

    def current_deployment(self, project: str, environment: str) -> m.Deployment | None:
        """What is deployed; None for an environment without a deployment (404)."""
        path = _path(project, "environments", environment, "deployments", "current")
        try:
            return self._get(path, m.Deployment, "read the deployment")
        except NotFound:
            return None

    def redeploy(self, project: str, environment: str) -> m.Activity | None:
        """Deploy the same code again; the activity, or None when nothing was started."""
        path = _path(project, "environments", environment, "redeploy")
        started = self._send("POST", path, m.Accepted, "redeploy").embedded.activities
        return started[0] if started else None

    def deploy(self, project: str, environment: str) -> m.Activity | None:
        """Deploy what is staged (manual deployments); None when nothing was started."""
        path = _path(project, "environments", environment, "deploy")
        started = self._send("POST", path, m.Accepted, "deploy what is staged", json={})
        activities = started.embedded.activities
        return next((a for a in activities if a.type == "environment.deploy"), None) or (
            activities[0] if activities else None
        )

    def set_http_access(
        self, project: str, environment: str, *, enabled: bool,
        basic_auth: Mapping[str, SecretStr],
    ) -> tuple[m.Activity, ...]:  # fmt: skip
        """Basic auth on one environment (an empty mapping clears it); deploys the environment."""
        users = {user: password.get_secret_value() for user, password in basic_auth.items()}
        access: dict[str, Any] = {"is_enabled": enabled, "basic_auth": users or None}
        path = _path(project, "environments", environment)
        body = {"http_access": access}
        secret = tuple(basic_auth.values())
        done = self._send("PATCH", path, m.Accepted, "set HTTP access", json=body, conceal=secret)
        return done.embedded.activities

    def code_source(self, project: str) -> m.Integration | None:
        """The integration that the code comes from. Raises Denied when it may not be read."""
        path, doing = _path(project, "integrations"), "list the integrations"
        found = self._get(path, tuple[m.Integration, ...], doing)
        return next((i for i in found if i.type in CODE_SOURCES), None)

    def git_commit(self, project: str, sha: str) -> m.GitCommit:
        """One commit."""
        return self._get(_path(project, "git", "commits", sha), m.GitCommit, "read a commit")

    def git_tree(self, project: str, sha: str) -> m.GitTree:
        """One tree, not its subtrees."""
        return self._get(_path(project, "git", "trees", sha), m.GitTree, "read a tree")

    def git_blob(self, project: str, sha: str) -> m.GitBlob:
        """One blob."""
        return self._get(_path(project, "git", "blobs", sha), m.GitBlob, "read a file")

    def _get(
        self, path: str, model: type[T], doing: str, params: Mapping[str, Any] | None = None
    ) -> T:
        return self.service.call("GET", path, TypeAdapter(model), doing=doing, params=params)

    def _send(
        self, method: str, path: str, model: type[T], doing: str, *, json: Any = None,
        conceal: Sequence[SecretStr] = (),
    ) -> T:  # fmt: skip
        reply = TypeAdapter(model)
        return self.service.call(method, path, reply, doing=doing, json=json, conceal=conceal)


def _one(segment: str) -> str:
    """One path segment: a branch may hold slashes."""
    return quote(segment, safe="")


def _path(project: str, *segments: str) -> str:
    return "/" + "/".join(_one(segment) for segment in ("projects", project, *segments))


def _message(line: str) -> str:
    try:
        data = json.loads(line).get("data") or {}
        message = str(data.get("message", ""))
        return message if not message or message.endswith("\n") else f"{message}\n"
    except (ValueError, AttributeError):
        return f"{line}\n"  # the structure is not promised; better raw than lost


def _complaint(response: httpx.Response) -> Complaint:
    """`message`, `detail`, `title` or `error`, in the order in which the vendor's client reads."""
    if asks_for_more(response):
        return Complaint(
            "stronger sign-in is wanted", "insufficient_user_authentication",
            "An API token cannot give it; exempt the bot's user, or use a machine user's token.",
        )  # fmt: skip
    try:
        body = response.json()
    except ValueError:
        return Complaint()  # bodies that are not JSON occur
    if not isinstance(body, dict):
        return Complaint()
    named = (body[k] for k in ("message", "detail", "title", "error") if body.get(k))
    words = "; ".join(v if isinstance(v, str) else json.dumps(v) for v in named)
    return Complaint(words, str(body.get("code", "")), _HINTS.get(response.status_code, ""))


@dataclass(frozen=True, slots=True)
class Certifier:
    """Platform.sh's SSH certifier: a public key in, a certificate of about an hour out."""

    service: Service

    def certify(self, public_key: str) -> str:
        """The certificate (OpenSSH, one line) for a public key (OpenSSH, one line)."""
        reply = TypeAdapter(m.SshCertificate)
        doing = "certify the SSH key"
        body = {"key": public_key}
        return self.service.call("POST", "/ssh", reply, doing=doing, json=body).certificate


def certifier(
    auth: ApiToken, *, base: str = AUTH, transport: httpx.BaseTransport | None = None
) -> Certifier:
    """The certifier with the same sign-in as the API."""
    http = httpx.Client(
        base_url=base, auth=auth, timeout=TIMEOUT, transport=transport, follow_redirects=False,
        headers={"user-agent": AGENT},
    )  # fmt: skip
    return Certifier(Service("Platform.sh certifier", http, _complaint))
