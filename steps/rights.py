"""What the tokens may do, asked one by one; for `python app.py check`. Reads only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from steps.clients import cloudflare_overrides as overrides
from steps.clients.cloudflare import CloudflareClient
from steps.clients.cloudflare_rights import rights
from steps.clients.platformsh import PlatformshClient
from steps.clients.platformsh_models import Titled
from steps.errors import ClientError, Denied
from steps.ways import Ways

State: TypeAlias = Literal["fine", "missing", "unknown"]
_STATES: Mapping[str, State] = {"yes": "fine", "no": "missing", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked. `todo` says how to get what is missing.

    ``unknown``: could not be asked, which is neither fine nor missing.
    """

    what: str
    state: State
    todo: str = ""


def checked(what: str, ask: Callable[[], object], todo: str) -> Checked:
    """Ask; a denial is missing, silence is unknown."""
    try:
        answer = ask()
    except Denied as error:
        return Checked(what, "missing", f"{error.for_people} {todo}".strip())
    except ClientError as error:
        return Checked(what, "unknown", f"{error.for_people} {error.hint}".strip())
    if isinstance(answer, overrides.CouldNotLook):
        return Checked(what, "unknown", f"{answer.why} {todo}".strip())
    return Checked(what, "fine")


def cloudflare_rights(client: CloudflareClient, now: datetime) -> Iterator[Checked]:
    """The token's end, and each right on the first zone that it sees."""
    yield _token(client, now)
    seen = checked("Cloudflare: zones", client.zones, "Give the token Zone Read.")
    yield seen
    if seen.state != "fine":
        return
    zones = client.zones()
    if not zones:
        yield Checked("Cloudflare: a zone", "missing", "The token sees no zone; add one to it.")
        return
    zone, name = zones[0].id, f"Cloudflare, {zones[0].name}"
    for right in rights(client, zone):
        state = _STATES[right.held]
        todo = f"Give the token {right.permission}. {right.detail}" if state != "fine" else ""
        yield Checked(f"{name}: {right.needed_for}", state, todo.strip())
    for what, ask, permission in (
        ("configuration rules (optional)", overrides.ssl_rules, "Config Rules Read"),
        ("page rules (optional)", overrides.ssl_page_rules, "Page Rules Read"),
        ("load balancers (optional)", overrides.load_balanced, "Load Balancers Read"),
        ("Workers' routes (optional)", overrides.worker_patterns, "Workers Routes Read"),
    ):
        todo = f"Give the token {permission}."
        yield checked(f"{name}: {what}", partial(ask, client, zone), todo)


def _token(client: CloudflareClient, now: datetime) -> Checked:
    what = "Cloudflare: token"
    try:
        token = client.verify_token()
    except Denied as error:
        return Checked(what, "missing", f"{error.for_people} {error.hint}".strip())
    except ClientError as error:
        return Checked(what, "unknown", error.for_people)
    if token.status != "active":
        return Checked(what, "missing", f"The token is {token.status}; make a new one.")
    if token.expires_on is None:
        return Checked(f"{what} (has no end)", "fine")
    days = (token.expires_on - now).days
    return Checked(f"{what} (ends {token.expires_on:%Y-%m-%d}, in {days} days)", "fine")


def platformsh_rights(client: PlatformshClient, certify: Callable[[str], str]) -> Iterator[Checked]:
    """The sign-in, the first project that the token sees, and the SSH certifier."""
    listed = checked("Platform.sh: token and projects", client.projects, "Make a new API token.")
    yield listed
    if listed.state == "fine":
        projects = client.projects()
        if not projects:
            yield Checked("Platform.sh: a project", "missing", "Invite the user to the project.")
        for project in projects[:1]:
            yield from _project_rights(client, project.id)
    yield checked(
        "Platform.sh: SSH certificate", lambda: certify(_public_key()),
        "The user must be allowed to use SSH; exempt it from a second factor.",
    )  # fmt: skip


def _project_rights(client: PlatformshClient, project: str) -> Iterator[Checked]:
    name, admin = f"Platform.sh, {project}", "Make the user an admin of the project."
    for what, ask, todo in (
        ("environments", lambda: client.environments(project), admin),
        ("certificates", lambda: client.certificates(project), admin),
        ("domains", lambda: client.domains(project), admin),
        ("integrations (optional)", lambda: client.code_source(project), admin),
    ):
        yield checked(f"{name}: {what}", ask, todo)


def code_rights(ways: Ways, projects: Callable[[], Sequence[Titled]]) -> Iterator[Checked]:
    """Where the first project's code is, and whether a change can be brought in there."""
    try:
        for project in projects()[:1]:
            name = ways.name_of(project.id)
            kind, _, where = name.partition(":")
            if kind not in ways.reach:
                said = {"native": "Platform.sh's own git"}.get(kind, f"{where}, by a patch")
                yield Checked(f"Code of {project.id}: {said}", "fine")
                continue
            host = ways.reach[kind].host
            may = host.may_push(where)
            state: State = "unknown" if may is None else "fine" if may else "missing"
            todo = "" if may else f"The token must be able to make branches and {host.noun}s."
            yield Checked(f"Code of {project.id}: {where} at {host.vendor}", state, todo)
    except ClientError as error:
        state = "missing" if isinstance(error, Denied) else "unknown"
        yield Checked("Code", state, f"{error.for_people} {error.hint}".strip())


def _public_key() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()
