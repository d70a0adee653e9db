"""The one loop that touches the outside: take a due run, do one unit of work, append, repeat."""

import threading
from datetime import datetime, timedelta

from bot.engine import events as e
from bot.engine.engine import Engine
from bot.engine.loops import tried
from bot.engine.next import Rest, next_unit
from bot.engine.work import Again, Worker
from steps.errors import Conflict

_IDLE = timedelta(seconds=30)
"""How long the loop sleeps when no run is due; a nudge wakes it at once."""
_TROUBLE = timedelta(seconds=5)
"""How soon a run is taken up again over which the bot itself has stumbled."""


class Driver:
    """Drives every open run of the store, one unit of work at a time.

    After a restart all open runs are due at once: the same door as everything else. Whoever starts
    it holds the store (`EventStore.exclusive`), so that no other driver works on the same runs.
    """

    def __init__(self, engine: Engine, worker: Worker) -> None:
        self._engine = engine
        self._worker = worker
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._due: dict[str, tuple[datetime, datetime]] = {}
        """By run, when that was decided and when it is due: a clock can be set back."""
        self._nudged: set[str] = set()
        self._begun: set[tuple[str, str]] = set()
        self._thread = threading.Thread(target=self._loop, name="driver", daemon=True)
        engine.changed.append(self.nudge)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the unit of work that is under way."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self, run: str) -> None:
        """Something was appended to `run`: it is due now."""
        if threading.current_thread() is not self._thread:
            self._nudged.add(run)
            self._wake.set()

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            pause = tried("driver", self._round, _TROUBLE)
            self._wake.wait(max(0.0, pause.total_seconds()))

    def _round(self) -> timedelta:
        """One unit for each due run; how long until the next is due."""
        soonest = _IDLE
        for entry in self._engine.store.runs(open_only=True):
            if self._stop.is_set():
                break
            soonest = min(soonest, self._turn(entry.run) - self._engine.clock())
        return soonest

    def _turn(self, run: str) -> datetime:
        """Work on the run if it is due; when it is due again."""
        now = self._engine.clock()
        decided, due = self._due.get(run, (now, now))
        # Forgotten before the work, not after: a nudge that comes meanwhile must not be lost.
        nudged = run in self._nudged
        self._nudged.discard(run)
        if nudged or not decided <= now < due:
            due = self._one(run)
            self._due[run] = now, due
        return due

    def _one(self, run: str) -> datetime:
        """One unit of work; when the run is due again."""
        due = tried("driver", lambda: self._worked(run), None, run=run)
        if due is None:
            tried("driver", lambda: self._stumbled(run), None, run=run)
        return due or self._engine.clock() + _TROUBLE

    def _worked(self, run: str) -> datetime | None:
        try:
            return self.work(run)
        except Conflict:
            return self._engine.clock()

    def _stumbled(self, run: str) -> None:
        """An error of our own: said in the run, which is tried again; in the end people decide."""
        state = self._engine.view(run)
        result = self._worker.stumbled(state, now=self._engine.clock())
        if not isinstance(result, Again):
            self._engine.record(state, *result)

    def work(self, run: str) -> datetime:
        """Do the unit of work that is due in `run` and append what came of it."""
        engine, now = self._engine, self._engine.clock()
        state = engine.view(run)
        task = state.current
        here = (run, task.key if task else "")
        begun = here in self._begun
        self._begun.discard(here)  # for one unit: whatever comes between, it is looked at again
        unit = next_unit(state, begun_here=begun)
        if isinstance(unit, Rest):
            return now + _IDLE
        result = self._worker.do(state, unit, now=now)
        if isinstance(result, Again):
            return result.at
        if any(isinstance(event, e.StepStarted) for event in result):
            self._begun.add(here)
        state = engine.record(state, *result)
        waiting = state.current.waiting if state.current else None
        return waiting.look_again_at if waiting else now
