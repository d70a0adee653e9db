"""The bot's own visitor: while a run is open it looks through Cloudflare, and counts who is served.

What it saw stands in the report; it decides nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.engine import events as e
from bot.engine.engine import Engine, visitors_stream
from bot.engine.loops import tried
from bot.engine.state import RunState
from steps.errors import Conflict

log = structlog.get_logger()
_RESTING = 30
"""So many times longer is a stretch while people are awaited: it may be days, an event each."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One visitor's request: whether it was served, and else what it saw, a sentence."""

    served: bool
    saw: str = ""
    unclear: bool = False
    """It says neither: could-not-look is not served, and not refused."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive samples of one kind: all served, or not."""

    since: datetime
    until: datetime
    served: int = 0
    looks: int = 0
    refused: tuple[str, ...] = ()
    unclear: int = 0

    @property
    def fine(self) -> bool:
        return self.served == self.looks

    def grown(self, sample: Sample, now: datetime) -> "Stretch":
        """The stretch with one more sample."""
        if sample.unclear:
            return replace(self, until=now, unclear=self.unclear + 1)
        refused = self.refused
        if not sample.served and sample.saw not in refused:
            refused = (*refused, sample.saw)
        return replace(
            self, until=now, served=self.served + sample.served, looks=self.looks + 1,
            refused=refused,
        )  # fmt: skip


class Sampler:
    """Takes samples of each open run every `every`, and records a stretch when it ends.

    `take` makes one request to the run's site, or returns None where there is nothing to compare
    with yet (before the baseline look).
    """

    def __init__(
        self, engine: Engine, take: Callable[[RunState], Sample | None], *,
        every: timedelta, keep: timedelta = timedelta(seconds=10),
    ) -> None:  # fmt: skip
        self._engine = engine
        self._take = take
        self._every = every
        self._keep = keep
        self._stop = threading.Event()
        self._stretches: dict[str, Stretch] = {}
        self._thread = threading.Thread(target=self._loop, name="sampler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the request that is under way and records what is left."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for run in tuple(self._stretches):
            self._flush(run)

    def _loop(self) -> None:
        while not self._stop.wait(self._every.total_seconds()):
            tried("sampler", self._round, None)

    def _round(self) -> None:
        open_runs = {r.run for r in self._engine.store.runs(open_only=True)}
        for run in open_runs:
            tried("sampler", partial(self._sample, run), None, run=run)
        for run in set(self._stretches) - open_runs:
            self._flush(run)

    def _sample(self, run: str) -> None:
        state = self._engine.state(run)
        sample = self._take(state)
        if sample is None:
            return
        now = self._engine.clock()
        stretch = self._stretches.get(run)
        turned = stretch is not None and not sample.unclear and stretch.fine != sample.served
        keep = self._keep if state.status == "working" else self._keep * _RESTING
        told = stretch is not None and stretch.since < _failed_at(state, now)
        if stretch is not None and (turned or told or now - stretch.since > keep):
            # It ends where the next begins: what was refused was refused until now.
            self._flush(run, until=now)
            stretch = None
        self._stretches[run] = (stretch or Stretch(now, now)).grown(sample, now)

    def _flush(self, run: str, *, until: datetime | None = None) -> None:
        stretch = self._stretches.pop(run)
        stream = visitors_stream(run)
        event = e.VisitorsSeen(
            at=until or stretch.until,
            served=stretch.served,
            looks=stretch.looks,
            since=stretch.since,
            refused=stretch.refused,
            unclear=stretch.unclear,
        )
        try:
            self._engine.store.append(stream, [event], after=len(self._engine.store.read(stream)))
        except Conflict:
            log.warning("sampler.conflict", run=run)
        self._engine.tell(run)


def _failed_at(state: RunState, now: datetime) -> datetime:
    """When the step failed that the run stands still at: its card says what was seen until then."""
    failure = state.current.failure if state.current else None
    return failure.at if failure else datetime.min.replace(tzinfo=now.tzinfo)
