"""What the driver does next in a run. Pure; the driver carries it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bot.engine.control import at_work
from bot.engine.state import RunState, Task
from bot.engine.undo import WHOLE


@dataclass(frozen=True, slots=True)
class Show:
    """Observe, plan, and show the plan (or skip, or go straight through a look)."""

    task: Task


@dataclass(frozen=True, slots=True)
class Begin:
    """Observe and plan again; the same fingerprint starts the step, another voids the yes."""

    task: Task


@dataclass(frozen=True, slots=True)
class Apply:
    """Do the next write, or find it done."""

    task: Task
    resumed: bool
    """Nothing was noted since the start: whether the first write happened must be found out."""


@dataclass(frozen=True, slots=True)
class Poll:
    task: Task
    at: datetime


@dataclass(frozen=True, slots=True)
class Verify:
    task: Task


@dataclass(frozen=True, slots=True)
class Close:
    outcome: Literal["closed", "undone", "partly-undone", "stopped"]


@dataclass(frozen=True, slots=True)
class Rest:
    """A person must act; nothing is done until then."""


Unit: TypeAlias = Show | Begin | Apply | Poll | Verify | Close | Rest


def next_unit(state: RunState, *, begun_here: bool) -> Unit:
    """The one unit of work that is due. `begun_here`: this process started the current step."""
    if state.outcome or state.site is None:
        return Rest()
    task = state.current
    held = _held(state)
    if held is not None:
        return held
    if task is None:
        return _end(state)
    match task.status:
        case "next":
            return Show(task)
        case "approved":
            return Begin(task)
        case "started":
            if task.waiting is not None:
                return Poll(task, task.waiting.look_again_at)
            return Apply(task, resumed=not begun_here and not task.notes)
        case "applied":
            return Verify(task)
        case _:
            return Rest()


def _held(state: RunState) -> Unit | None:
    """What a stop or a pause makes of a run whose step has ended; a step at work goes on."""
    if at_work(state.current):
        return None
    if state.stopped_by:
        return Close("stopped")
    return Rest() if state.paused_by else None


def _end(state: RunState) -> Close:
    """Everything is as before only when all of it was asked for and nothing was left out."""
    if state.direction == "forward":
        return Close("closed")
    left_out = any(t.skipped_by for t in state.tasks if t.key in state.way_back)
    return Close("partly-undone" if left_out or state.undo_scope != WHOLE else "undone")
