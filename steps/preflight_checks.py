"""What stands in the way of a run, found in facts that were read before. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from steps.routes import Finding
from steps.site_hosts import Host


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """The zone as Cloudflare tells it."""

    name: str
    status: str
    paused: bool
    settings: Mapping[str, str]
    other_certificates: tuple[str, ...] = ()
    """Zone-level and per-host certificates that override the global switch, a sentence each."""
    overrides: tuple[str, ...] = ()
    """Rules that set another SSL mode for some requests, a sentence each."""
    unseen: tuple[str, ...] = ()
    """What the token may not look at, a sentence each."""
    token_ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """The project and its environment as Platform.sh tells them."""

    project: str
    environment: str
    suspended: bool
    type: str
    status: str
    dirty: bool
    staged: bool
    manual: bool
    """Deployments wait for somebody to start them."""
    head: str
    deployed: str
    """The commit that the last successful deployment brought; empty when that is unknown."""
    last_deployment_good: bool
    config_dir: str
    routes_have_tls: bool
    edge_hostname: str
    way: tuple[str, ...] = ()
    """What people must do for a change to come in, a sentence each."""
    way_problems: tuple[str, ...] = ()
    """Why a change cannot come in, a sentence each."""


@dataclass(frozen=True, slots=True)
class PreflightFacts:
    """Everything the preflight has read."""

    zone: ZoneFacts
    project: ProjectFacts
    hosts: tuple[Host, ...]
    findings: tuple[Finding, ...]
    wrong_ca: bool
    """An Origin CA root is among the client certificate authorities."""
    neighbours: tuple[str, ...] = ()
    """Other proxied hosts of the zone, which its settings act on."""
    inheriting: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def problems(facts: PreflightFacts) -> tuple[str, ...]:
    """Everything that must be put right before anything is changed, a sentence each."""
    return (
        *_zone(facts.zone),
        *_project(facts.project),
        *(host.trouble for host in facts.hosts if not host.servable),
        *_routes(facts),
    )


def _zone(zone: ZoneFacts) -> Iterator[str]:
    if zone.status != "active":
        yield f"The zone {zone.name} is {zone.status}, not active."
    if zone.paused:
        yield f"The zone {zone.name} is paused: Cloudflare proxies nothing in it."
    yield from zone.other_certificates


def _project(project: ProjectFacts) -> Iterator[str]:
    yield from _code(project)
    if project.suspended:
        yield f"The project {project.project} is suspended."
    if project.type != "production":
        yield f"The environment {project.environment} is {project.type}, not production."
    if project.status not in ("active", "dirty"):
        yield f"The environment {project.environment} is {project.status}, not active."
    yield from _deployment(project)
    if not project.routes_have_tls:
        yield (
            "The deployment shows no TLS settings on its routes (a dedicated cluster?): client"
            " authentication cannot be read back there, so this is not supported."
        )


def _code(project: ProjectFacts) -> Iterator[str]:
    yield from project.way_problems


def _deployment(project: ProjectFacts) -> Iterator[str]:
    if project.dirty or project.status == "dirty":
        yield f"An activity is running on {project.environment}; wait until it has ended."
    if project.staged:
        yield (
            f"Changes are staged on {project.environment}: our deployment would release other"
            " people's work."
        )
    if not project.last_deployment_good:
        yield f"The last deployment of {project.environment} has failed."
    if project.deployed and project.deployed != project.head:
        yield (
            f"The head of {project.environment} ({project.head[:8]}) is not what is deployed"
            f" ({project.deployed[:8]}): our deployment would release other people's work."
        )


def _routes(facts: PreflightFacts) -> Iterator[str]:
    for finding in facts.findings:
        if finding.blocking and not finding.acceptable:
            where = f" (line {finding.line})" if finding.line else ""
            hint = f" {finding.hint}" if finding.hint else ""
            yield f"{finding.message}{where}{hint}"
    if facts.wrong_ca:
        yield (
            "An Origin CA root is among the client certificate authorities. That is the classic"
            " mistake: every Cloudflare customer can get a certificate from it."
        )


def remarks(facts: PreflightFacts) -> tuple[str, ...]:
    """What people should know and that stops nothing, a sentence each."""
    return (*_zone_remarks(facts), *_other_remarks(facts))


def _zone_remarks(facts: PreflightFacts) -> Iterator[str]:
    settings = facts.zone.settings
    yield (
        f"SSL mode {settings['ssl']}, Automatic SSL/TLS"
        f" {settings.get('ssl_automatic_mode') or 'not to be had'}, origin pulls"
        f" {settings['tls_client_auth']}, development mode {settings['development_mode']}."
    )
    if settings.get("always_use_https") != "on":
        yield (
            "Always Use HTTPS is off: a visitor on http makes Cloudflare pull over port 80, which"
            " no certificate protects. The origin must only redirect there."
        )
    yield from facts.zone.overrides
    yield from facts.zone.unseen
    if facts.zone.token_ends is not None:
        yield f"The Cloudflare token ends on {facts.zone.token_ends:%Y-%m-%d}."


def _other_remarks(facts: PreflightFacts) -> Iterator[str]:
    yield from facts.project.way
    if facts.project.manual:
        yield (
            f"{facts.project.environment} is deployed by hand (manual deployments): what our"
            " commits stage is deployed under the same approval, and nothing else."
        )
    if facts.neighbours:
        yield (
            "The zone's settings act on these hosts too; they are looked at before and after:"
            f" {', '.join(facts.neighbours)}."
        )
    if facts.inheriting:
        yield (
            "These environments would inherit client authentication:"
            f" {', '.join(facts.inheriting)}."
        )
    for finding in facts.findings:
        if finding.acceptable:
            yield f"{finding.message} Client authentication asks to accept this by name."
        elif not finding.blocking:
            yield finding.message
    yield from facts.notes
