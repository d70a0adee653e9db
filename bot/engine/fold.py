"""What a run's events make of it: a fold, pure and total over every kind of event."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import TypeAlias, assert_never

from bot.engine import events as e
from bot.engine.state import FINISHED, Failure, RunState, Task, Visitors
from steps.step import Waiting


def fold(run: str, events: Iterable[e.Event]) -> RunState:
    """The state of `run` after all its events."""
    return reduce(evolve, events, RunState(run=run))


def evolve(state: RunState, event: e.Event) -> RunState:
    """The state after one more event."""
    return replace(_evolved(state, event), seq=state.seq + 1)


def _evolved(state: RunState, event: e.Event) -> RunState:
    match event:
        case (
            e.RunOpened()
            | e.UndoAsked()
            | e.RunStopped()
            | e.RunClosed()
            | e.VerdictAccepted()
            | e.VisitorsSeen()
        ):
            return _run_event(state, event)
        case e.PlanShown() | e.PlanApproved() | e.PlanDeclined() | e.PlanDrifted():
            return _on_task(state, event.step, lambda t: _plan_event(t, event))
        case (
            e.StepSkipped()
            | e.StepStarted()
            | e.StepNoted()
            | e.StepWaiting()
            | e.StepDelayed()
            | e.StepApplied()
            | e.StepFinished()
            | e.StepFailed()
            | e.StepRetried()
        ):
            return _on_task(state, event.step, lambda t: _step_event(t, event))
        case e.CardPosting() | e.CardPosted() | e.CardsShown():
            return state
        case _:
            assert_never(event)


RunEvent: TypeAlias = (
    e.RunOpened | e.UndoAsked | e.RunStopped | e.RunClosed | e.VerdictAccepted | e.VisitorsSeen
)
PlanEvent: TypeAlias = e.PlanShown | e.PlanApproved | e.PlanDeclined | e.PlanDrifted
StepEvent: TypeAlias = (
    e.StepSkipped
    | e.StepStarted
    | e.StepNoted
    | e.StepWaiting
    | e.StepDelayed
    | e.StepApplied
    | e.StepFinished
    | e.StepFailed
    | e.StepRetried
)


def _run_event(state: RunState, event: RunEvent) -> RunState:
    match event:
        case e.RunOpened():
            return replace(
                state, site=event.site, channel=event.channel, starter=event.by,
                opened_at=event.at, seams=event.seams, tasks=tuple(Task(k) for k in event.tasks),
            )  # fmt: skip
        case e.UndoAsked():
            done = (t for t in state.tasks if t.status != "next" and t.key not in event.tasks)
            left = tuple(_abandoned(t, event.at) for t in done)
            back = tuple(_anew(state.task(k) or Task(k)) for k in event.tasks)
            return replace(
                state, direction="back", undo_by=event.by, tasks=left + back, outcome="",
                stopped_by="", stop_reason="",
            )  # fmt: skip
        case e.RunStopped():
            return replace(state, stopped_by=event.by, stop_reason=event.reason)
        case e.RunClosed():
            return replace(state, outcome=event.outcome, closed_at=event.at)
        case e.VerdictAccepted():
            accepted = state.accepted + event.accepted
            return replace(
                _on_task(state, event.step, lambda t: _accepted(t, event)), accepted=accepted
            )
        case e.VisitorsSeen():
            return replace(state, visitors=_seen(state.visitors, event))
        case _:
            assert_never(event)


def _on_task(state: RunState, key: str, change: Callable[[Task], Task]) -> RunState:
    return replace(state, tasks=tuple(change(t) if t.key == key else t for t in state.tasks))


def _seen(visitors: Visitors, event: e.VisitorsSeen) -> Visitors:
    refused = visitors.refused
    if event.served < event.looks:
        refused = (*refused, (event.since, event.at, event.refused))
    return Visitors(
        visitors.served + event.served, visitors.looks + event.looks, refused,
        visitors.unclear + event.unclear,
    )  # fmt: skip


def _abandoned(task: Task, at: datetime) -> Task:
    """A task that the way back overtook: what it did stays on record, it is not taken up again."""
    if task.status in FINISHED:
        return task
    return replace(
        task, status="skipped", skipped=("left where it was: the run was turned round",),
        ended_at=at, waiting=None,
    )  # fmt: skip


def _accepted(task: Task, event: e.VerdictAccepted) -> Task:
    verdict = task.failure.verdict if task.failure else task.verdict
    return replace(
        task, status="done", verdict=verdict, failure=None, approved_by=event.by,
        ended_at=event.at, reason="accepted",
    )  # fmt: skip


def _plan_event(task: Task, event: PlanEvent) -> Task:
    match event:
        case e.PlanShown():
            return replace(
                task, status="shown", plan=event.plan, fingerprint=event.fingerprint,
                shown_at=event.at, cards=task.cards + 1, failure=None, delayed="",
            )  # fmt: skip
        case e.PlanDrifted():
            return replace(
                task, status="shown", plan=event.plan, fingerprint=event.fingerprint,
                shown_at=event.at, cards=task.cards + 1, differences=event.differences,
                approved_by="", approved_at=None, started_at=None, delayed="",
            )  # fmt: skip
        case e.PlanApproved():
            return replace(task, status="approved", approved_by=event.by, approved_at=event.at)
        case e.PlanDeclined():
            return replace(task, status="declined", declined_by=event.by, reason=event.reason)
        case _:
            assert_never(event)


def _step_event(task: Task, event: StepEvent) -> Task:
    match event:
        case e.StepSkipped():
            return replace(
                task, status="skipped", skipped=event.reasons, ended_at=event.at, delayed=""
            )
        case e.StepStarted():
            return replace(task, status="started", started_at=event.at, delayed="")
        case e.StepNoted():
            return replace(task, notes={**task.notes, **event.notes}, waiting=None, delayed="")
        case e.StepWaiting():
            waiting = Waiting(event.what, event.handle, event.look_again_at, event.give_up_at)
            return replace(task, waiting=waiting, waiting_since=event.at, delayed="")
        case e.StepDelayed():
            return replace(task, delayed=event.message)
        case e.StepRetried():
            return _retried(task, event.at)
        case e.StepApplied() | e.StepFinished() | e.StepFailed():
            return _result(task, event)
        case _:
            assert_never(event)


def _result(task: Task, event: e.StepApplied | e.StepFinished | e.StepFailed) -> Task:
    match event:
        case e.StepApplied():
            return replace(
                task, status="applied", receipt=dict(event.receipt), evidence=event.evidence,
                applied_at=event.at, waiting=None, delayed="",
            )  # fmt: skip
        case e.StepFinished():
            return replace(
                task, status="done", verdict=event.verdict, ended_at=event.at, delayed=""
            )
        case e.StepFailed():
            failure = Failure(
                event.phase, event.code, event.message, event.hint, event.vendor_code,
                event.request_id, event.at, event.verdict,
            )  # fmt: skip
            unplanned = task.failed_unplanned or not task.cards
            return replace(
                task, status="failed", failure=failure, delayed="", failed_unplanned=unplanned
            )
        case _:
            assert_never(event)


def _retried(task: Task, at: datetime) -> Task:
    if task.status == "declined" or task.failure is None:
        return _anew(task)
    match task.failure.phase:
        case "planning" if task.approved_at and not task.started_at:
            # The second look could not be made; the yes is for the same plan, or else it is void.
            return replace(task, status="approved", failure=None)
        case "planning" | "over":
            return _anew(task)
        case "applying":
            return replace(task, status="started", failure=None, waiting=None)
        case "verifying":
            return replace(task, status="applied", failure=None, applied_at=at)
        case _:
            assert_never(task.failure.phase)


def _anew(task: Task) -> Task:
    """Planned again from the start; what it did so far stays on record for the way back."""
    return Task(
        task.key, cards=task.cards, failed_unplanned=task.failed_unplanned,
        begun_before=task.begun, receipt={**task.notes, **task.receipt},
    )  # fmt: skip
