"""After a run: what has changed is told once, and so is that it is as it was again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from bot.engine import events as e
from bot.engine.control_events import DriftSeen
from bot.engine.engine import Engine
from bot.engine.forecast import Forecast, ForecastLine
from bot.engine.itinerary import Itinerary
from bot.engine.site_watch import BY, Ending, Looked, SiteWatch, findings, lasting
from bot.store.memory import MemoryStore
from steps.errors import Unreachable
from steps.step import Change, Plan, Site, Verdict
from tests.toys import NOON, SITE, TickingClock

KEYS = ("preflight", "ssl-full", "origin-pulls", "client-authentication", "http-access")
HOSTS = ("www.example.com", "example.com")
TODAY = date(2026, 11, 24)
CLOSED, OPEN = Verdict("proven", ("Refused.",)), Verdict("failed", ("203.0.113.11: HTTP 200.",))
DAY = timedelta(days=1)


def line(step: str, *changes: Change, problem: str = "", code: str = "") -> ForecastLine:
    plan = Plan(step=step, site=SITE, changes=changes) if changes else None
    return ForecastLine(step, step, plan=plan, problem=problem, code=code)


def seen(*lines: ForecastLine, probe: Verdict = CLOSED, refused: tuple[str, ...] = ()) -> Looked:
    return Looked(probe, refused, Forecast(SITE, lines))


WEAKER = line("ssl-strict", Change("update", "zone · SSL mode", "full", "strict"))
GONE = line("ssl-full", problem="img.example.com is DNS-only.", code="precondition")
SILENT = line("ssl-full", problem="Cloudflare did not answer.", code="unreachable")


@pytest.mark.parametrize(
    ("looked", "words"),
    [
        (seen(line("ssl-full")), ()),
        (seen(SILENT), ()),  # could not be asked is not: has changed
        (seen(probe=Verdict("inconclusive", ("No answer.",))), ()),
        (seen(probe=OPEN), ("Direct access is open: 203.0.113.11: HTTP 200.",)),
        (seen(WEAKER), ("ssl-strict: zone · SSL mode is full, and was left as strict.",)),
        (seen(GONE), ("ssl-full: img.example.com is DNS-only.",)),
        (seen(refused=("www: HTTP 520.\nlook",)), ("Visitors are refused: www: HTTP 520. look",)),
    ],
)
def test_what_is_otherwise_is_a_sentence_and_what_is_not_is_none(
    looked: Looked, words: tuple[str, ...]
) -> None:
    """The probe, each step that would do something, what stands in its way, and visitors."""
    assert findings(looked, (), TODAY) == words


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("", ""), ("2027-11-24", ""), ("2027-01-23", ""),
        ("2027-01-22", "in less than 60 days"), ("2026-12-01", "in less than 14 days"),
        ("2026-11-25", "in less than 3 days"), ("2026-11-24", "ends today"),
        ("2026-11-23", "ended on 2026-11-23"),
    ],
)  # fmt: skip
def test_an_end_is_told_as_it_comes_nearer_and_in_the_same_words_between(
    ends: str, told: str
) -> None:
    """So that it is told again at each mark, and not every day."""
    found = findings(seen(), (Ending("It", ends, "Renew it."),), TODAY)
    assert (len(found), told in " ".join(found)) == (bool(told), True)


@dataclass
class Afterwards:
    """A closed site, what a look at it brings, and the watch."""

    brings: list[Looked] = field(default_factory=list)
    every: timedelta = DAY
    asked: list[tuple[Site, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    fails: bool = False
    meanwhile: Callable[[], None] = lambda: None
    """What happens while it is looked at."""

    def __post_init__(self) -> None:
        self.clock = TickingClock()
        self.store = MemoryStore()
        self.engine = Engine(self.store, self.clock, Itinerary(KEYS, KEYS, ()), new_id=lambda: "R")
        self.opened("R1")
        self.closed("R1")
        self.watch = self.started()

    def started(self) -> SiteWatch:
        return SiteWatch(self.engine, self._look, every=self.every)

    def _look(self, site: Site, hosts: tuple[str, ...], keys: tuple[str, ...]) -> Looked:
        self.asked.append((site, hosts, keys))
        self.meanwhile()
        if self.fails:
            raise Unreachable("nobody there", service="dns", doing="looking up")
        return self.brings[-1] if self.brings else seen()

    def opened(self, run: str) -> None:
        self._append(run, e.RunOpened(
            at=self.clock.now, by="U1", site=SITE, channel="C1", tasks=KEYS,
        ))  # fmt: skip

    def closed(self, run: str) -> None:
        now = self.clock.now
        self._append(run, e.StepApplied(at=now, step="preflight",
                                        receipt={"hosts": " ".join(HOSTS)}))  # fmt: skip
        self._append(run, e.StepSkipped(at=now, step="ssl-full", reasons=("It is.",)))
        self._append(run, e.StepSkipped(at=now, by="U1", step="origin-pulls", reasons=("no",),
                                        asked=True))  # fmt: skip
        self._append(run, e.StepStarted(at=now, step="client-authentication", fingerprint="f"))
        for step in ("client-authentication", "http-access"):
            self._append(run, e.StepFinished(at=now, step=step, verdict=CLOSED))
        self._append(run, e.RunClosed(at=now, outcome="closed"))

    def _append(self, run: str, event: e.Event) -> None:
        self.store.append(run, [event], after=len(self.store.read(run)))

    def told(self, run: str = "R1") -> list[tuple[str, ...]]:
        return [x.findings for x in self.store.read(run) if isinstance(x, DriftSeen)]

    def later(self, *brings: Looked, after: timedelta = DAY) -> None:
        self.clock.now += after
        self.brings += brings
        self.watch.round()


@pytest.fixture
def site() -> Afterwards:
    return Afterwards()


def test_only_what_has_to_last_is_looked_at(site: Afterwards) -> None:
    """What was done or right already; not what somebody left out, nor what ends with its run."""
    site.later()
    assert site.asked == [(SITE, HOSTS, ("ssl-full", "client-authentication"))]
    assert lasting(site.engine.state("R1"), {}) == ("ssl-full", "client-authentication")


def test_what_was_taken_back_is_not_missed_and_what_is_left_is(site: Afterwards) -> None:
    """A run undone in part: the origin still asks, and SSL is as it was before."""
    back_of = {"ssl-full": ("undo-ssl-mode",), "client-authentication": ("undo-x",)}
    now = site.clock.now
    site._append("R1", e.UndoAsked(at=now, by="U1", tasks=("undo-ssl-mode",), scope="last"))
    assert lasting(site.engine.state("R1"), back_of) == ("ssl-full", "client-authentication")
    site._append("R1", e.StepFinished(at=now, step="undo-ssl-mode", verdict=CLOSED))
    site._append("R1", e.RunClosed(at=now, outcome="partly-undone"))
    assert lasting(site.engine.state("R1"), back_of) == ("client-authentication",)
    site.later(seen(WEAKER))
    assert len(site.told()) == 1


def test_a_change_is_told_once_and_its_end_too(site: Afterwards) -> None:
    """In the run's thread, to whoever started it; the list of sites says the same meanwhile."""
    site.later(seen())
    assert site.told() == []
    for _ in range(3):
        site.later(seen(WEAKER))
    assert site.told() == [findings(seen(WEAKER), (), TODAY)]
    (entry,) = site.store.sites(9)
    assert entry.drift == site.told()[0]
    site.later(seen())
    assert site.told()[1:] == [()]
    (entry,) = site.store.sites(9)
    assert entry.drift == ()
    kinds = [(one.kind, one.to) for one in site.engine.state("R1").tellings]
    assert kinds[-2:] == [("site-drifted", ("U1",)), ("site-restored", ("U1",))]


def test_what_the_probe_says_is_kept_with_the_site(site: Afterwards) -> None:
    """Also when nothing is told: when it was last seen is part of the status."""
    site.later(seen(probe=OPEN))
    (entry,) = site.store.sites(9)
    assert (entry.access, entry.seen_at) == ("open", NOON + DAY)


def test_it_looks_when_it_is_time_and_not_before(site: Afterwards) -> None:
    """After the run that closed it, after each look, and after a restart by what is on record."""
    site.later(after=DAY / 2)
    assert site.asked == []
    site.later(after=DAY / 2)
    site.later(after=DAY / 2)
    assert len(site.asked) == 1
    site.watch = site.started()
    site.later(after=DAY / 4)
    assert len(site.asked) == 1
    site.later(after=DAY / 4)
    assert len(site.asked) == 2


def test_a_look_that_cannot_be_made_says_nothing_and_is_made_again_soon(site: Afterwards) -> None:
    """No network is no drift."""
    site.fails = True
    site.later()
    site.later(after=timedelta(minutes=5))
    assert (len(site.asked), site.told()) == (1, [])
    site.fails = False
    site.later(seen(WEAKER), after=timedelta(minutes=11))
    assert (len(site.asked), len(site.told())) == (2, 1)


def test_while_a_run_is_at_work_there_is_no_look(site: Afterwards) -> None:
    """What it does is no drift; what it closes anew is measured from then on."""
    site.later(seen(WEAKER))
    site.clock.now += DAY
    site.opened("R2")
    site.later(seen())
    assert (len(site.asked), len(site.told())) == (1, 1)
    site.closed("R2")
    (entry,) = site.store.sites(9)
    assert entry.drift == ()
    site.later(seen(WEAKER), after=2 * DAY)
    assert (len(site.told()), len(site.told("R2"))) == (1, 1)


def test_what_a_run_does_that_was_opened_meanwhile_is_no_drift(site: Afterwards) -> None:
    """Nor is anything lost when somebody else was faster: the next look tells it."""
    site.meanwhile = lambda: site.opened("R2")
    site.later(seen(WEAKER))
    assert (len(site.asked), site.told()) == (1, [])


def test_a_record_that_somebody_overtakes_is_made_by_the_next_look(site: Afterwards) -> None:
    """Two appends to one log: the second is no crash, and is made again."""
    site.meanwhile = lambda: site._append("R1", DriftSeen(at=NOON, by=BY, findings=("x",)))
    with capture_logs() as logged:
        site.later(seen(WEAKER))
    assert [line["event"] for line in logged] == ["site-watch.conflict"]
    assert site.told() == [("x",)]
    site.meanwhile = lambda: None
    site.later(seen(WEAKER))
    assert site.told()[1:] == [findings(seen(WEAKER), (), TODAY)]


def test_with_no_interval_nobody_looks() -> None:
    """Switched off by its setting; with one, the thread looks by itself and ends when told."""
    never = Afterwards(every=timedelta(0))
    never.watch.start()
    never.watch.stop()
    assert never.asked == []
    often = Afterwards(every=timedelta(milliseconds=10))
    often.clock.tick(1)
    often.watch.start()
    for _ in range(500):
        if often.asked:
            break
        often.watch._stop.wait(0.01)
    often.watch.stop()
    assert often.asked
    assert BY == "watch"
