"""Afterwards: each closed site is looked at again and again, and what has changed is told.

A look only reads: the origin probe, and what each step of the run would do now. On a site that is
as its run left it that is nothing. What was found goes into the log of the run that closed the
site when it is another than the last time, so it is told once, in that run's thread.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from bot.engine.control_events import DriftSeen
from bot.engine.engine import Engine
from bot.engine.forecast import Forecast
from bot.engine.loops import tried
from bot.engine.ports import Place, RunEntry
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState
from steps.errors import Conflict, RolloutError
from steps.step import Site, Verdict

log = structlog.get_logger()

BY = "watch"
STAYS = ("origin-certificate", "ssl-full", "origin-pulls", "client-authentication", "ssl-strict")
"""The steps whose effect has to last; the others end with their run."""
NEAR = (1, 3, 7, 14, 30, 60)
"""Days before the end of a certificate at which it is told, and told again."""
_BLOCKS = "precondition"
"""The code of what has to be put right outside; others say that something could not be asked."""
_AGAIN = timedelta(minutes=15)
"""After a look that could not be made."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at a site has brought."""

    probe: Verdict
    refused: tuple[str, ...]
    """What visitors get instead of the site because of TLS or the origin's refusal, by host."""
    now: Forecast
    """What the steps would do, those that were asked for."""


Look = Callable[[Site, tuple[str, ...], tuple[str, ...]], Looked]
"""Looks at a site and its hosts and plans these steps; raises RolloutError when it cannot ask."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends by itself: what, and when (ISO date; empty when it is not known)."""

    what: str
    ends: str
    do: str


def findings(looked: Looked, endings: tuple[Ending, ...], today: date) -> tuple[str, ...]:
    """What is not as it was left, a sentence each. The same site gives the same sentences."""
    found = [f"Visitors are refused: {words}" for words in looked.refused]
    if looked.probe.state == "failed":
        found.append(f"Direct access is open: {' '.join(looked.probe.evidence[:2])}")
    for line in looked.now.lines:
        changes = line.plan.changes if line.plan else ()
        found += [
            f"{line.title}: {c.target} is {c.before or 'not there'}, and was left as {c.after}."
            for c in changes
        ]
        if line.code == _BLOCKS:
            found.append(f"{line.title}: {line.problem}")
    found += [told for one in endings if (told := _near(one, today))]
    return tuple(" ".join(sentence.split()) for sentence in found)


def _near(ending: Ending, today: date) -> str:
    if not ending.ends:
        return ""
    days = (date.fromisoformat(ending.ends) - today).days
    if days < 0:
        return f"{ending.what} ended on {ending.ends}. {ending.do}"
    within = next((near for near in NEAR if days < near), None)
    if within is None:
        return ""
    left = "today" if within == 1 else f"in less than {within} days"
    return f"{ending.what} ends {left}, on {ending.ends}. {ending.do}"


def lasting(state: RunState) -> tuple[str, ...]:
    """The steps of a run that left something that has to last: done, or right already."""
    made = {t.key for t in state.tasks if t.status == "done"}
    right = {t.key for t in state.tasks if t.status == "skipped" and not (t.skipped_by or t.left)}
    return tuple(key for key in STAYS if key in made | right)


class SiteWatch:
    """One thread that looks at every closed site each `every`; never with `every` of zero.

    `ca_ends` is the end of the client authority that the origins trust (ISO date).
    """

    def __init__(
        self, engine: Engine, look: Look, *, every: timedelta, ca_ends: str = "",
        pause: timedelta = timedelta(seconds=60),
    ) -> None:  # fmt: skip
        self._engine = engine
        self._look = look
        self._every = every
        self._ca_ends = ca_ends
        self._pause = min(pause, every)
        self._next: dict[Place, datetime] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="site-watch", daemon=True)

    def start(self) -> None:
        if self._every:
            self._thread.start()

    def stop(self) -> None:
        """Ends after the look that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _loop(self) -> None:
        while not self._stop.wait(self._pause.total_seconds()):
            tried("site-watch", self.round, None)

    def round(self) -> None:
        """Every site whose time it is; one that goes wrong keeps no other from being looked at."""
        for entry in self._engine.store.sites(_MOST):
            if self._stop.is_set():
                return
            place = (entry.project, entry.environment)
            if self._engine.clock() < self._due(entry, place):
                continue
            closed = self._closed_by(place)
            if closed is not None:
                self._next[place] = self._engine.clock() + min(_AGAIN, self._every)
                tried("site-watch", partial(self._watch, entry, closed), None, run=closed.run)

    def _due(self, entry: SiteEntry, place: Place) -> datetime:
        """After a restart: by when the site was last seen, whoever looked."""
        if place in self._next:
            return self._next[place]
        return entry.seen_at + self._every if entry.seen_at else self._engine.clock()

    def _closed_by(self, place: Place) -> RunEntry | None:
        """The newest run that closed the site; none while another run is at work there."""
        newest = self._engine.store.newest(1, place=place)
        if not newest or not newest[0].outcome:
            return None
        closed = self._engine.store.newest(1, place=place, outcome="closed")
        return closed[0] if closed else None

    def _watch(self, entry: SiteEntry, closed: RunEntry) -> None:
        state = self._engine.state(closed.run)
        assert state.site is not None
        try:
            looked = self._look(state.site, entry.hosts, lasting(state))
        except RolloutError as error:
            log.warning("site-watch.not-asked", run=closed.run, failed=type(error).__name__)
            return
        now = self._engine.clock()
        self._engine.probed(state.site, looked.probe, by=BY)
        found = findings(looked, self._endings(entry, state.site), now.date())
        self._next[entry.project, entry.environment] = now + self._every
        if found == state.drift or self._closed_by((entry.project, entry.environment)) != closed:
            return
        try:
            self._engine.record(state, DriftSeen(at=now, by=BY, findings=found))
        except Conflict:
            log.info("site-watch.conflict", run=closed.run)

    def _endings(self, entry: SiteEntry, site: Site) -> tuple[Ending, ...]:
        return (
            Ending("The origin certificate", entry.ends, f"/mtls start {site.name} renews it."),
            Ending("Cloudflare's client authority, which the origin trusts,", self._ca_ends,
                   "A newer version of the bot brings the next one."),
        )  # fmt: skip
