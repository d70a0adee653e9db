"""What happens because time passes: cards whose time is over, reminders, windows that open.

`due` is pure: what a run's clock asks for now. `Watch` asks it for every open run and policy and
appends the answer; two watches, or one after a crash, end in a conflict on a primary key.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import partial

import structlog

from bot.engine import approval_events as a
from bot.engine.approvals import run_out
from bot.engine.engine import Engine
from bot.engine.loops import tried
from bot.engine.policy import ALL_POLICIES
from bot.engine.state import RunState, Task
from bot.engine.window import opens
from steps.errors import Conflict

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hours:
    """When people may be disturbed, from `start` up to `end` each day in `zone`.

    An end before the start is in the next morning; the same time twice is the whole day.
    """

    start: time = time(8)
    end: time = time(18)
    zone: tzinfo = UTC

    def hold(self, now: datetime) -> bool:
        """Whether `now` is inside."""
        at = now.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True, slots=True)
class Reminding:
    """How often a card that waits is mentioned, and when; `every` of zero is never."""

    every: timedelta = timedelta(hours=4)
    hours: Hours = Hours()


def due(state: RunState, reminding: Reminding, *, now: datetime) -> tuple[a.OnTask | a.OnRun, ...]:
    """The events that are due in this run or policy because it is `now`."""
    if state.outcome:
        return ()
    task = state.current
    found: list[a.OnTask | a.OnRun] = []
    if task is not None and task.status == "shown":
        quiet = Reminding(timedelta(0), reminding.hours)  # nobody is called to what is paused
        found += _of_card(task, quiet if state.paused_by else reminding, now)
    if opens(state, now):
        found.append(a.WindowOpened(at=now))
    return tuple(found)


def _of_card(task: Task, reminding: Reminding, now: datetime) -> list[a.OnTask]:
    """Its time is over, or those who may approve are reminded; never both."""
    if run_out(task, now):
        return [a.ApprovalExpired(at=now, step=task.key, fingerprint=task.fingerprint)]
    last = task.reminded_at or task.shown_at
    if last is None or not reminding.every or now < last + reminding.every:
        return []
    if not reminding.hours.hold(now):
        return []
    return [a.ApprovalReminded(at=now, step=task.key, fingerprint=task.fingerprint)]


class Watch:
    """Looks at the clock of every open run and policy. The driver calls it between its units."""

    def __init__(
        self, engine: Engine, reminding: Reminding, *, every: timedelta = timedelta(seconds=10)
    ) -> None:
        self._engine = engine
        self._reminding = reminding
        self._every = every
        self._last: datetime | None = None

    def __call__(self) -> None:
        """A round, unless the last one was just now; a clock can be set back."""
        now = self._engine.clock()
        if self._last is None or not self._last <= now < self._last + self._every:
            self._last = now
            self.round()

    def round(self) -> None:
        """Append what is due now; whoever was faster is found the next time."""
        store = self._engine.store
        runs = [entry.run for entry in store.runs(open_only=True)]
        for stream in (*runs, *store.streams(ALL_POLICIES)):
            tried("watch", partial(self._look, stream), None, run=stream)

    def _look(self, stream: str) -> None:
        state = self._engine.view(stream)
        found = due(state, self._reminding, now=self._engine.clock())
        try:
            if found:
                self._engine.record(state, *found)
        except Conflict:
            log.info("watch.conflict", run=stream)
