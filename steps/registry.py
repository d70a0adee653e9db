"""Every step by key, made from clients and options. The one place that knows them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from steps import rollout
from steps.client_authentication import ClientAuthentication, WayBack
from steps.client_authentication_back import ClientAuthenticationBack
from steps.clients.platformsh_models import Environment
from steps.deployments import Rhythm
from steps.development_mode import DevelopmentMode, DevelopmentModeBack, DevelopmentModeOff
from steps.errors import PreconditionFailed
from steps.gate import Gate
from steps.http_access import AccessState, HttpAccess, HttpAccessBack, Stranger
from steps.origin.cacheable import cached_url, is_hit
from steps.origin_certificate import OriginCertificateStep
from steps.origin_certificate_back import OriginCertificateBack, OriginCertificateRevoke
from steps.origin_probe import OriginProbe
from steps.origin_pulls import OriginPulls, OriginPullsBack
from steps.preflight import Preflight
from steps.preflight_reading import PreflightReading
from steps.reading import Reading
from steps.route_step import Ground
from steps.ssl_mode import AutomaticSslBack, SslFull, SslHold, SslModeBack, SslStrict
from steps.step import Past, Site, Step

Steps = Mapping[str, Step[Any]]
_UNAUTHORIZED = 401
_OF_THE_CERTIFICATE = (400, 495, 496)
"""What a router answers whoever comes without a client certificate (nginx), before all else."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the settings say about the steps."""

    client_ca: str
    """PEM of the CA that the origin is to require."""
    public_roots: str
    """PEM of the roots that visitors trust."""
    settle: timedelta
    rhythm: Rhythm
    gate_path: str
    way_back: WayBack
    access_user: str
    access_password: SecretStr


def all_steps(reading: Reading, options: Options, clock: Callable[[], datetime]) -> Steps:
    """Every step, forward and back."""
    made = [
        *_looks(reading, options),
        *_zone_steps(reading, options),
        *_certificate_steps(reading, options, clock),
        *_route_steps(reading, options),
        *_access_steps(reading, options),
    ]
    steps: dict[str, Step[Any]] = {step.key: step for step in made}
    first = DevelopmentMode(reading.cloudflare, reading.vantage, options.settle)
    first.later_changes = lambda site: later_changes(steps, site)
    first.cached_url = lambda host: cached_url(host, reading.vantage.way)
    first.is_hit = lambda url: is_hit(url, reading.vantage.way)
    steps[first.key] = first
    return steps


def later_changes(steps: Steps, site: Site) -> tuple[str, ...]:
    """The titles of the changes after development mode that are still to be made."""
    skipped = ("preflight", "development-mode", "development-mode-off", "http-access")
    found = []
    for key in rollout(site.order):
        step = steps[key] if key not in skipped else None
        if step is None or step.kind == "look":
            continue
        try:
            changes = bool(step.plan(site, step.observe(site), Past()).changes)
        except PreconditionFailed:
            changes = True  # it waits for an earlier one
        if changes:
            found.append(step.title)
    return tuple(found)


def _looks(reading: Reading, options: Options) -> list[Step[Any]]:
    return [
        Preflight(
            PreflightReading(reading, options.client_ca).facts, reading.vantage, options.client_ca
        ),
        OriginProbe(reading.vantage, options.client_ca, reading.host_names, reading.edge_hostname),
    ]


def _zone_steps(reading: Reading, options: Options) -> list[Step[Any]]:
    common = (reading.cloudflare, reading.vantage, options.settle)
    return [
        DevelopmentModeOff(*common),
        DevelopmentModeBack(*common),
        SslFull(*common, check=lambda site: reading.certificates_for(site, strict=False)),
        SslStrict(*common, check=lambda site: reading.certificates_for(site, strict=True)),
        SslHold(*common),
        SslModeBack(*common, check=lambda site: reading.certificates_for(site, strict=True)),
        AutomaticSslBack(*common),
        OriginPulls(*common, overrides=reading.overrides),
        OriginPullsBack(*common, asks=reading.asking),
    ]


def _certificate_steps(
    reading: Reading, options: Options, clock: Callable[[], datetime]
) -> list[Step[Any]]:
    return [
        OriginCertificateStep(
            reading.cloudflare, reading.platformsh, reading.vantage, reading.served_hosts,
            reading.edge_hostname, clock, options.rhythm, reading.others_work,
        ),
        OriginCertificateBack(
            reading.platformsh, reading.vantage, reading.host_names, reading.edge_hostname,
            trusted=lambda certificate, host: reading.distrusted(
                certificate, host, options.public_roots
            ),
            rhythm=options.rhythm, mode=reading.ssl_mode,
        ),
        OriginCertificateRevoke(
            reading.cloudflare, reading.platformsh, reading.vantage, reading.host_names,
            reading.edge_hostname,
        ),
    ]  # fmt: skip


def _route_steps(reading: Reading, options: Options) -> list[Step[Any]]:
    ground = Ground(
        reading.ways, reading.deployed, reading.inheriting, reading.edge_hostname,
        reading.manual, reading.brought, reading.ways.following.deploying,
    )  # fmt: skip
    common = (ground, reading.vantage, options.client_ca)

    def ready(site: Site) -> tuple[str, ...]:
        """Origin pulls on and, where a page can show it, really presented."""
        missing = reading.ready(site)
        modes = {route.client_authentication for route in reading.deployed(site)}
        if missing or not options.gate_path or modes != {"request"}:
            return missing
        unlike = reading.vantage.unverified(reading.host_names(site), options.gate_path, 1)
        return tuple(f"The gate is not passed: {words}" for words in unlike)

    return [
        Gate(
            *common,
            path=options.gate_path,
            ready=lambda site: (*reading.others_work(site), *reading.ready(site)),
        ),
        ClientAuthentication(
            *common,
            ready=ready,
            gated=bool(options.gate_path),
            back=options.way_back,
            pulls=reading.ready,
            unserved=lambda site: (
                *reading.unserved(site),
                *reading.others_work(site),
                *reading.unencrypted(site),
            ),
        ),
        ClientAuthenticationBack(*common),
    ]


def _access_steps(reading: Reading, options: Options) -> list[Step[Any]]:
    def states(site: Site) -> tuple[AccessState, ...]:
        return tuple(
            _access_state(e, shut=e.id in site.access_environments and reading.shut(site, e.id))
            for e in sorted(reading.platformsh.environments(site.project), key=lambda e: e.id)
        )

    def ask(url: str) -> Stranger:
        status = reading.vantage.refuses_strangers(url)
        if status is None or status in _OF_THE_CERTIFICATE:
            return Stranger("unclear", f"could not be asked (answered {status or 'nothing'})")
        saw = f"answered HTTP {status}"
        return Stranger("refused" if status == _UNAUTHORIZED else "let in", saw)

    access = (reading.platformsh, states, ask, options.rhythm)
    return [
        HttpAccess(*access, options.access_user, options.access_password),
        HttpAccessBack(*access),
    ]


def _access_state(e: Environment, *, shut: bool) -> AccessState:
    url = next((u for u in e.urls if u.startswith("https://")), f"https://{e.edge_hostname}/")
    return AccessState(
        e.id, e.type == "production", e.active, e.http_access.is_enabled, e.http_access.users,
        e.http_access.restricted, url, shut,
    )  # fmt: skip
