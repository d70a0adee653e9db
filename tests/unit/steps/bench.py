"""Every step over one double world, and the engine's way of carrying one out, kills included."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import SecretStr

from steps import rollout, way_back
from steps.client_authentication import ClientAuthentication, WayBack
from steps.client_authentication_back import ClientAuthenticationBack
from steps.deployments import Rhythm
from steps.development_mode import DevelopmentMode, DevelopmentModeBack, DevelopmentModeOff
from steps.errors import RolloutError
from steps.following import Following
from steps.gate import Gate
from steps.http_access import HttpAccess, HttpAccessBack
from steps.origin.vantage import keep
from steps.origin_certificate import OriginCertificateStep
from steps.origin_certificate_back import OriginCertificateBack, OriginCertificateRevoke
from steps.origin_probe import OriginProbe
from steps.origin_pulls import OriginPulls, OriginPullsBack
from steps.route_step import Ground
from steps.ssl_mode import AutomaticSslBack, SslFull, SslHold, SslModeBack, SslStrict
from steps.step import Done, Noted, Outcome, Past, Plan, Receipt, Step, Verdict, Waiting
from tests.doubles.cloudflare import Zone
from tests.doubles.git_host import Host, WaysOf
from tests.doubles.platformsh import Project
from tests.doubles.repository import Repository
from tests.doubles.vantage import eyes
from tests.doubles.world import CLIENT_CA, HOSTS, NEIGHBOUR, NOON, ORIGIN_CA, SITE, World, root_pem

RHYTHM = Rhythm(look_again=timedelta(seconds=5), give_up=timedelta(minutes=30))
BACK = WayBack(looks=3, within=timedelta(seconds=10), every=timedelta(seconds=2))
EDGE = "main-bvxea6i-q7x2m5kd3vw4t.eu-5.platformsh.site"


@dataclass
class Bench:
    """One world with its doubles. Copies are worlds of their own."""

    world: World = field(default_factory=World)
    gate_path: str = "/who"
    missing: tuple[str, ...] = ("Origin certificate",)
    problems: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    ready: tuple[str, ...] | None = None
    unserved: tuple[str, ...] = ()
    others_work: tuple[str, ...] = ()
    now: datetime = NOON
    cached: bool = True
    """Is there a file that the cache answers?"""
    overrides: tuple[str, ...] = ()
    inheriting: tuple[str, ...] = ("staging",)
    manual: bool = False
    way: str = "native"

    def __post_init__(self) -> None:
        self.zone = Zone(self.world)
        self.project = Project(self.world)
        self.repository = Repository(self.world, self.project)
        self.world.live = self.project.provided
        self.host = Host(self.way, self.world, self.repository)

    def steps(self) -> dict[str, Step[Any]]:
        """Every change and the probe, as after a start of the process."""
        vantage = eyes(self.world, self.zone, self.repository)
        zone = (self.zone, vantage)
        following = Following(self.project, RHYTHM)
        ground = Ground(
            WaysOf(self.repository, following, self.host), self.repository.deployed,
            lambda _site: self.inheriting, lambda _site: EDGE, lambda _site: self.manual,
            self.repository.brought, following.deploying,
        )  # fmt: skip
        route = (ground, vantage, root_pem(CLIENT_CA))
        where = (lambda _site: HOSTS, lambda _site: EDGE)
        access = (self.project, self.project.states, self.project.answers_strangers, RHYTHM)

        def check(_site: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
            return self.problems, self.concerns

        made: list[Step[Any]] = [
            DevelopmentMode(
                *zone, later_changes=lambda _site: self.missing, cached_url=self._cached,
                is_hit=lambda _url: vantage.cache_answers(""),
            ),
            DevelopmentModeOff(*zone), DevelopmentModeBack(*zone),
            SslFull(*zone, check=check), SslStrict(*zone, check=check),
            SslHold(*zone), SslModeBack(*zone, check=check), AutomaticSslBack(*zone),
            OriginPulls(*zone, overrides=lambda _site: self.overrides),
            OriginPullsBack(*zone, asks=self._asking),
            OriginCertificateStep(
                self.zone, self.project, vantage, *where, clock=lambda: self.now, rhythm=RHYTHM,
                others_work=lambda _site: self.others_work,
            ),
            OriginCertificateBack(
                self.project, vantage, *where, self._distrust, RHYTHM,
                mode=lambda _site: self.zone.settings["ssl"],
            ),
            OriginCertificateRevoke(self.zone, self.project, vantage, *where),
            Gate(*route, path=self.gate_path, ready=self._ready),
            ClientAuthentication(
                *route, ready=self._ready, gated=bool(self.gate_path), back=BACK,
                pulls=self._ready,
                unserved=lambda _site: self.unserved,
            ),
            ClientAuthenticationBack(*route),
            OriginProbe(vantage, root_pem(CLIENT_CA), *where),
            HttpAccess(*access, "visitor", SecretStr("open sesame")),
            HttpAccessBack(*access),
        ]  # fmt: skip
        return {step.key: step for step in made}

    def _cached(self, host: str) -> str:
        return f"https://{host}/logo.png" if self.cached else ""

    def _asking(self, site: object) -> tuple[str, ...]:
        return tuple(
            r.url for r in self.repository.deployed(SITE) if r.client_authentication == "require"
        )

    def _ready(self, site: object) -> tuple[str, ...]:
        if self.ready is not None:
            return self.ready
        on = self.zone.settings["tls_client_auth"] == "on"
        return () if on else ("Authenticated origin pulls are off.",)

    def _distrust(self, certificate: Any, host: str) -> str:
        return "issued by nobody you know" if ORIGIN_CA in certificate.issuer else ""

    def preflight(self) -> dict[str, str]:
        """The receipt of a preflight in this world."""
        looks = eyes(self.world, self.zone, self.repository).baseline((*HOSTS, NEIGHBOUR))
        return {"hosts": " ".join(HOSTS), "baseline": keep(looks), **self.zone.settings}

    def plan(self, key: str, past: Past) -> Plan:
        step = self.steps()[key]
        return step.plan(SITE, step.observe(SITE), past)

    def verify(self, plan: Plan, past: Past) -> Verdict:
        return self.steps()[plan.step].verify(plan, past, now=NOON)


class Lost(Exception):
    """The process ended before what a step answered was written down."""


@dataclass
class Ended:
    """A step carried out to the end."""

    plan: Plan
    receipt: Receipt
    notes: Mapping[str, str]


@dataclass
class Engine:
    """Carries one step out as the engine does: notes kept, memory lost at each kill."""

    bench: Bench
    past: Past
    lose: int = -1
    """Which answer of `apply` or `poll` is not written down any more."""
    forgets: bool = True
    """A kill loses the memory of the process; a cut connection does not."""
    answers: int = 0
    failed: bool = False
    stays_down: bool = False
    """A kill is the end: nobody starts the process again."""
    notes: dict[str, str] = field(default_factory=dict)
    waiting: Waiting | None = None
    now: datetime = NOON
    plan: Plan = field(init=False)

    def run(self, key: str) -> Ended:
        """Observe, plan, and carry the plan out to its end."""
        self.notes, self.waiting, self.now = {}, None, NOON
        self.plan = self.bench.plan(key, self.past)
        assert self.plan.changes, f"{key} has nothing to do here"
        return self.resume(key)

    def resume(self, key: str) -> Ended:
        """Go on where the notes are, as after a restart or Retry."""
        steps, plan = self.bench.steps(), self.plan
        self.waiting = None if self.failed else self.waiting
        for _ in range(100):
            try:
                outcome = self._ask(steps[key])
            except Lost:
                if self.stays_down:
                    raise
                steps = self.bench.steps() if self.forgets else steps
                if not self.notes and self.waiting is None:
                    found = self.bench.plan(key, self.past)
                    assert found.nothing_to_do or found.fingerprint == plan.fingerprint
                continue
            except RolloutError:
                self.failed = True
                raise
            match outcome:
                case Done():
                    return Ended(plan, outcome.receipt, self.notes)
                case Noted():
                    self.notes, self.waiting = {**self.notes, **outcome.notes}, None
                case Waiting():
                    self.waiting, self.now = outcome, max(self.now, outcome.look_again_at)
        raise AssertionError(f"{key} does not come to an end")

    def _ask(self, step: Step[Any]) -> Outcome:
        written = len(self.bench.world.writes)
        if self.waiting is None:
            outcome = step.apply(self.plan, self.notes, past=self.past, now=self.now)
        else:
            outcome = step.poll(self.plan, self.waiting, past=self.past, now=self.now)
        may_write = self.waiting is None
        assert len(self.bench.world.writes) - written <= may_write, "one write a call"
        self.answers += 1
        if self.answers - 1 == self.lose:
            raise Lost
        return outcome


def with_receipt(past: Past, ended: Ended) -> Past:
    """What is on record after a step, notes and receipt together as the run's state has them."""
    mine = {**ended.notes, **ended.receipt}
    return replace(past, receipts={**past.receipts, ended.plan.step: mine})


CHANGES: tuple[str, ...] = tuple(
    key for key in (*rollout("no-downtime"), *way_back())
    if key not in ("preflight", "origin-probe")
)  # fmt: skip
"""Every change in the order of a run that is turned round at its end."""


@lru_cache(maxsize=3)
def _journey(way: str, manual: bool) -> Mapping[str, tuple[Bench, Past, Ended]]:
    """The whole run and its way back once: by key, the world before the step, and its end."""
    bench = Bench(way=way, manual=manual)
    bench.project.manual = manual
    past = Past({"preflight": bench.preflight()}, run="R1", approved_by="U1")
    found: dict[str, tuple[Bench, Past, Ended]] = {}
    for key in CHANGES:
        if key == "undo-development-mode":  # the run itself has switched it off
            bench.zone.settings["development_mode"] = "on"
        before = deepcopy(bench)
        ended = Engine(bench, past).run(key)
        found[key] = (before, past, ended)
        past = with_receipt(past, ended)
    return found


def before(key: str, way: str = "native", *, manual: bool = False) -> tuple[Bench, Past]:
    """A world of its own in which `key` is the next step of a run, and what is on record."""
    bench, past, _ = _journey(way, manual)[key]
    return deepcopy(bench), past


def undisturbed(key: str, way: str = "native", *, manual: bool = False) -> Ended:
    """How the step ends when nothing disturbs it."""
    return _journey(way, manual)[key][2]


def killing(bench: Bench, at: int) -> Callable[[], None]:
    """An `after_write` that ends the process after the write with this number, once."""

    def after_write() -> None:
        if len(bench.world.writes) == at + 1:
            raise Lost

    return after_write
