"""A run's maintenance window: what can cause an outage begins only inside it. Pure."""

from datetime import datetime, timedelta

from bot.engine.approval_events import HeldBack
from bot.engine.policy import ALWAYS_ONE_APPROVER
from bot.engine.state import FINISHED, RunState, Task


def held_back(
    state: RunState, task: Task, *, now: datetime, longest: timedelta
) -> HeldBack | None:  # fmt: skip
    """Why the approved step may not begin now; None when it may.

    `longest` is how long a step may take: one that would cross the window's end is not begun.
    Getting back to an origin that serves everybody waits for no window.
    """
    window = state.window
    if window is None or not bound(task):
        return None
    if now < window.start:
        return "not-open"
    if now >= window.end:
        return "over"
    return "would-cross" if now + longest > window.end else None


def bound(task: Task) -> bool:
    """Whether the window is for this step."""
    if task.key in ALWAYS_ONE_APPROVER or task.plan is None:
        return False
    return task.plan.risk == "outage-if-wrong"


def opens(state: RunState, now: datetime) -> bool:
    """Whether it is to be told now that the window is open: once, and only while it is."""
    window = state.window
    if window is None or state.window_opened or not window.start <= now < window.end:
        return False
    return any(task.status not in FINISHED for task in state.tasks)
