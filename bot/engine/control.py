"""Pause, resume, stop, skip and undo: what comes of them in each state, or why not. Pure."""

from datetime import datetime
from typing import assert_never

from bot.engine import commands as c
from bot.engine import control_events as ce
from bot.engine import events as e
from bot.engine.itinerary import Itinerary, Laws
from bot.engine.state import FINISHED, RunState, Task
from bot.engine.undo import WHOLE, way_of
from steps.errors import AlreadyDecided, Rejected


def controlled(
    state: RunState, command: c.Control, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    """The events of one such command. Raises Rejected, and then nothing happened."""
    match command:
        case c.Undo():
            return undo(state, command, now=now, itinerary=itinerary)
        case c.Stop():
            return stop(state, command, now=now, itinerary=itinerary)
        case c.Skip():
            return skip(state, command, now=now, itinerary=itinerary)
        case c.Pause():
            return pause(state, command, now=now)
        case c.Resume():
            return resume(state, command, now=now)
        case _:
            assert_never(command)


def pause(state: RunState, command: c.Pause, *, now: datetime) -> tuple[e.Event, ...]:
    """Nothing new begins. A step at work goes on: half of one is no place to hold."""
    _open(state)
    if state.paused_by:
        raise AlreadyDecided(f"<@{state.paused_by}> has paused this run already.")
    return (ce.RunPaused(at=now, by=command.by, reason=command.reason),)


def resume(state: RunState, command: c.Resume, *, now: datetime) -> tuple[e.Event, ...]:
    """On from where it was."""
    _open(state)
    if not state.paused_by:
        raise AlreadyDecided("This run is not paused.")
    return (ce.RunResumed(at=now, by=command.by),)


def stop(
    state: RunState, command: c.Stop, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    """At once between two steps; after its end where a step is at work."""
    _open(state)
    missing = refused_without(state, itinerary.laws)
    if missing:
        raise Rejected(
            f"Stopped here, visitors would be refused until the step {missing} is done.",
            hint="Go on to that step: it ends in a state that serves visitors."
            + (" So does an undo." if state.direction == "forward" else ""),
        )
    stopped = e.RunStopped(at=now, by=command.by, reason=command.reason)
    if at_work(state.current):
        return (stopped,)
    return (stopped, e.RunClosed(at=now, by=command.by, outcome="stopped"))


def skip(
    state: RunState, command: c.Skip, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    """The step is left out, with the reason on record. Raises Rejected where the law forbids it."""
    _open(state)
    task = state.current
    if task is None or task.key != command.step:
        raise AlreadyDecided("It is not this step's turn; only the current step can be skipped.")
    if not command.reason.strip():
        raise Rejected("Say why: a step is skipped only with a reason.")
    why = unskippable(state, task, itinerary.laws)
    if why:
        raise Rejected(f"The step {task.key} cannot be skipped. {why}")
    reason = command.reason.strip()
    return (e.StepSkipped(at=now, by=command.by, step=task.key, reasons=(reason,), asked=True),)


def unskippable(state: RunState, task: Task, laws: Laws) -> str:
    """Why the law forbids to leave this step out now, a sentence or two; empty when it does not."""
    if at_work(task):
        return "It is at work; wait until it has ended."
    if task.status == "approved":
        return "It is approved and begins as soon as it may; take the approval back first."
    relying = [t.key for t in state.tasks
               if t.status not in FINISHED and task.key in laws.needs.get(t.key, ())]  # fmt: skip
    if relying:
        return f"{', '.join(relying)} relies on it. {laws.kept.get(task.key, '')}".strip()
    if task.key not in laws.optional:
        return laws.kept.get(task.key, "It is part of what the run proves.")
    verdict = task.failure.verdict if task.failure else None
    if task.key in laws.guards and verdict is not None and verdict.state != "inconclusive":
        return f"It has seen what it is there to see: {' '.join(verdict.evidence)}"
    return ""


def undo(
    state: RunState, command: c.Undo, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    """The run turns round, as far as was asked and as far as the laws take along."""
    way = way_of(state, command.scope, itinerary)
    reach = () if command.scope == WHOLE else way.reach
    return (e.UndoAsked(at=now, by=command.by, tasks=way.tasks, scope=command.scope, reach=reach),)


def refused_without(state: RunState, laws: Laws) -> str:
    """The step that must still be done before visitors are served again; empty when they are."""
    for first, last in laws.refused_until.items():
        if not _stands(state.task(first)):
            continue
        if state.direction == "forward" and not _finished(state.task(last)):
            return last
        if state.direction == "back" and not _came(state.task(last)):
            back = (way for way in laws.back_of[first] if not _finished(state.task(way)))
            return next(back, "")
    return ""


def _came(cure: Task | None) -> bool:
    """Whether it was done, or right already, before the run was turned round."""
    return cure is not None and cure.status in FINISHED and not cure.left


def _stands(task: Task | None) -> bool:
    """Whether what the step does may be in force: begun, and not gone back by itself."""
    if task is None or task.started_at is None:
        return False
    return task.failure is None or task.failure.phase not in ("planning", "over")


def _finished(task: Task | None) -> bool:
    return task is None or task.status in FINISHED


def at_work(task: Task | None) -> bool:
    """Whether a step may be between two writes, or between its writes and their proof."""
    return task is not None and task.status in ("started", "applied")


def _open(state: RunState) -> None:
    if state.outcome:
        raise AlreadyDecided("This run is over already.")
    if state.stopped_by:
        raise AlreadyDecided(
            f"<@{state.stopped_by}> has stopped this run already; it ends with the step at work."
        )
