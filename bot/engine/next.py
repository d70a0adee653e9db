"""What the driver does next in a run. Pure; the driver carries it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bot.engine.state import RunState, Task


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
    outcome: Literal["closed", "undone"]


@dataclass(frozen=True, slots=True)
class Rest:
    """A person must act; nothing is done until then."""


Unit: TypeAlias = Show | Begin | Apply | Poll | Verify | Close | Rest


def next_unit(state: RunState, *, begun_here: bool) -> Unit:
    """The one unit of work that is due. `begun_here`: this process started the current step."""
    if state.outcome or state.site is None:
        return Rest()
    task = state.current
    if task is None:
        return Close("undone" if state.direction == "back" else "closed")
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
