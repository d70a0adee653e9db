"""What stands in the way of a run, found in facts that were read before. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steps.certificates import MOST_NAMES, names_needed
from steps.clients.cloudflare_overrides import SslOverride, pattern_takes
from steps.routes import Finding
from steps.site_hosts import Host

LEAST_LEFT = timedelta(days=1)
"""A token that ends sooner may end during the run, or before its undo."""


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """The zone as Cloudflare tells it."""

    name: str
    status: str
    paused: bool
    settings: Mapping[str, str]
    other_certificates: tuple[str, ...] = ()
    """Zone-level and per-host certificates that override the global switch, a sentence each."""
    overrides: tuple[SslOverride, ...] = ()
    """Rules that set another SSL mode for some requests."""
    balanced: tuple[str, ...] = ()
    """Hosts that a load balancer takes."""
    workers: tuple[str, ...] = ()
    """URL patterns at which a Worker answers first."""
    unseen: tuple[str, ...] = ()
    """What the token may not look at of those rules, a sentence each."""
    credential: str = "active"
    """The state of the token."""
    token_ends: datetime | None = None
    token_left: timedelta | None = None
    """Until its end; None for one that has none."""

    @property
    def rules(self) -> tuple[str, ...]:
        """What acts beside the SSL mode, and what of that could not be looked at."""
        return (*(override.words for override in self.overrides), *self.unseen)


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
    may_change: bool = True
    """The token's user is offered a redeploy, as an admin is."""
    hook_failed: bool = False
    """A hook of the last deployment has failed, which fails no deployment."""
    other_custom: tuple[str, ...] = ()
    """Custom certificates that cover hosts of the site already, a few words each."""


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
        *_names(facts),
        *_in_front(facts),
        *_routes(facts),
    )


def _zone(zone: ZoneFacts) -> Iterator[str]:
    if zone.status != "active":
        yield f"The zone {zone.name} is {zone.status}, not active."
    if zone.paused:
        yield f"The zone {zone.name} is paused: Cloudflare proxies nothing in it."
    if zone.credential != "active":
        yield f"The Cloudflare token is {zone.credential}; make a new one."
    if zone.token_left is not None and zone.token_left < LEAST_LEFT:
        yield (
            f"The Cloudflare token ends on {zone.token_ends:%Y-%m-%d %H:%M} UTC. A run needs it to"
            " its end, and for the way back: make one that lasts."
        )
    yield from zone.other_certificates


def _names(facts: PreflightFacts) -> Iterator[str]:
    names = names_needed(facts.zone.name, [host.name for host in facts.hosts])
    if len(names) > MOST_NAMES:
        yield (
            f"The origin certificate would need {len(names)} names; Cloudflare takes {MOST_NAMES}"
            " at most."
        )


def _in_front(facts: PreflightFacts) -> Iterator[str]:
    """What stands between the edge and the record, so that it is not what it seems."""
    names = [host.name for host in facts.hosts]
    for name in names:
        if name in facts.zone.balanced:
            yield (
                f"{name} is served by a load balancer, which leads where its pools lead. That is"
                " not supported: lead the host to the project by a record."
            )
        for pattern in facts.zone.workers:
            if pattern_takes(pattern, name):
                yield (
                    f"A Worker answers first for {name} ({pattern}). Whether its own requests carry"
                    " the client certificate is not documented, so that is not supported."
                )
    for override in facts.zone.overrides:
        touched = [name for name in names if override.may_touch(name)]
        if touched and not override.encrypts:
            yield (
                f"{override.words} There Cloudflare presents no certificate, so the origin would"
                f" refuse these visitors ({', '.join(touched)}). Take the rule out or set it to"
                " Full."
            )


def _project(project: ProjectFacts) -> Iterator[str]:
    yield from _code(project)
    if project.suspended:
        yield f"The project {project.project} is suspended."
    if project.type != "production":
        yield f"The environment {project.environment} is {project.type}, not production."
    if project.status not in ("active", "dirty"):
        yield f"The environment {project.environment} is {project.status}, not active."
    yield from _deployment(project)
    if not project.may_change:
        yield (
            "The Platform.sh token's user may not change the project or redeploy"
            f" {project.environment}: make it an admin of the project."
        )
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
    yield from facts.zone.rules
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
    yield from _project_remarks(facts.project)
    for finding in facts.findings:
        if finding.acceptable:
            yield f"{finding.message} Client authentication asks to accept this by name."
        elif not finding.blocking:
            yield finding.message
    yield from facts.notes


def _project_remarks(project: ProjectFacts) -> Iterator[str]:
    if not project.deployed:
        yield (
            f"Which commit of {project.environment} is deployed is not told by its activities (a"
            " merge names none); its last deployment succeeded."
        )
    if project.hook_failed:
        yield (
            f"A hook of the last deployment of {project.environment} has failed. The platform does"
            " not call that a failed deployment, and ours will run it again."
        )
    for words in project.other_custom:
        yield (
            f"There is a custom certificate already: {words}. Which of two serves a host is not"
            " documented; the new one counts only once every address shows it."
        )
