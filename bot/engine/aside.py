"""What the driver does in a run beside its next step: hold it for the window, plan ahead, renew.

Asked before every unit of work; most of the time there is nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.engine import approval_events as a
from bot.engine import events as e
from bot.engine.foresight import foresee, may_lead
from bot.engine.next import Begin, Rest, Unit
from bot.engine.ports import Steps
from bot.engine.state import RunState, Task
from bot.engine.window import held_back
from bot.engine.work import Again, Result
from steps.errors import RolloutError
from steps.step import Done

log = structlog.get_logger()
_LATER = timedelta(minutes=5)
"""Before it is asked again what could not be asked, or whether something has ended by itself."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a step does ends by itself after `lasts`; it is needed until the step `until`."""

    lasts: timedelta
    until: str


@dataclass
class Aside:
    """See the module. Appends nothing: it answers events, or when to look again."""

    steps: Steps
    longest: timedelta = timedelta(minutes=20)
    """How long a step may take; none that can cause an outage would cross the window's end."""
    lasting: Mapping[str, Lasting] = field(default_factory=dict)
    foreseeable: frozenset[str] = frozenset()
    """The steps whose plan may be without risk: only these are looked at ahead of their turn."""
    _not_before: dict[tuple[str, str, str], datetime] = field(default_factory=dict)

    def do(self, state: RunState, unit: Unit, *, now: datetime) -> Result | None:
        """The events of what is due beside the unit; None when the unit itself may be done."""
        renewed = self._renew(state, now=now)
        if renewed is not None:
            return renewed
        if isinstance(unit, Begin):
            return self._hold(state, unit.task, now=now)
        if isinstance(unit, Rest) and state.current is not None and may_lead(state.current):
            return self._foresee(state, state.current, now=now)
        return None

    def _hold(self, state: RunState, task: Task, *, now: datetime) -> Result | None:
        why = held_back(state, task, now=now, longest=self.longest)
        if why is None:
            return None
        if why != task.held:
            return (a.StepHeld(at=now, step=task.key, why=why),)
        opens = state.window.start if state.window and why == "not-open" else now + _LATER
        return Again(min(opens, now + _LATER))

    def _foresee(self, state: RunState, task: Task, *, now: datetime) -> Result | None:
        """Once for each card, and again after whatever came between: what it finds is recorded."""
        if not self._once(state, task, f"{task.fingerprint}/{state.seq}", now=now):
            return None
        steps = {key: step for key, step in self.steps.items() if key in self.foreseeable}
        plans = foresee(state, task, steps)
        if not plans:
            return None
        return (
            a.PlansForeseen(at=now, step=task.key, fingerprint=task.fingerprint, plans=plans),
        )  # fmt: skip

    def _once(self, state: RunState, task: Task, what: str, *, now: datetime) -> bool:
        """Whether this has not been asked for a while."""
        key = (state.run, task.key, what)
        if now < self._not_before.get(key, now):
            return False
        self._not_before[key] = now + (_LATER if what == "renew" else timedelta(days=365))
        return True

    def _renew(self, state: RunState, *, now: datetime) -> Result | None:
        task = _ended(state, self.lasting, now)
        if task is None or not self._once(state, task, "renew", now=now):
            return None
        try:
            return self._renewal(state, task, now=now)
        except RolloutError as error:  # looked at again
            log.warning("renewal", run=state.run, step=task.key, failed=error.code)
            return _unrenewed(task, error, now=now)

    def _renewal(self, state: RunState, task: Task, *, now: datetime) -> Result | None:
        """Say that it has ended, then make it again; killed in between, it is found made again."""
        assert state.site is not None
        assert task.plan is not None
        step = self.steps[task.key]
        plan = step.plan(state.site, step.observe(state.site), state.past)
        if plan.nothing_to_do:
            return (a.StepRenewed(at=now, step=task.key),) if task.lapsed_at else None
        if plan.fingerprint != task.fingerprint:
            return (a.StepLapsed(at=now, step=task.key),)
        if task.lapsed_at is None:
            self._not_before.pop((state.run, task.key, "renew"))
            return (a.StepLapsed(at=now, step=task.key, renewed_as=plan.fingerprint),)
        outcome = step.apply(task.plan, task.notes, past=state.past, now=now)
        return (a.StepRenewed(at=now, step=task.key),) if isinstance(outcome, Done) else None


def _unrenewed(task: Task, error: RolloutError, *, now: datetime) -> Result | None:
    """Told once; nothing is known to have ended while it could not even be asked."""
    if task.lapsed_at is None or task.delayed == error.for_people:
        return None
    return (e.StepDelayed(at=now, step=task.key, code=error.code, message=error.for_people),)


def _ended(state: RunState, lasting: Mapping[str, Lasting], now: datetime) -> Task | None:
    """A step whose effect has lasted its time while the run still needs it, and is not held."""
    if state.outcome or state.paused_by or state.stopped_by:
        return None
    for key, one in lasting.items():
        task, last = state.task(key), state.task(one.until)
        since = (task.renewed_at or task.ended_at) if task else None
        if task is None or since is None or task.status != "done":
            continue
        needed = state.direction == "forward" and last is not None and last.status == "next"
        if needed and (task.lapsed_at is not None or now >= since + one.lasts):
            return task
    return None
