"""What a run's events make of it: a fold, pure and total over every kind of event."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import TypeAlias, assert_never

from bot.engine import approval_events as a
from bot.engine import control_events as ce
from bot.engine import events as e
from bot.engine import fold_approvals as approvals
from bot.engine.fold_approvals import on_task
from bot.engine.state import FINISHED, Failure, RunState, Task, Visitors
from bot.engine.told import told
from steps.step import Waiting


def fold(run: str, events: Iterable[e.Event]) -> RunState:
    """The state of `run` after all its events."""
    return reduce(evolve, events, RunState(run=run))


def evolve(state: RunState, event: e.Event) -> RunState:
    """The state after one more event."""
    after = replace(_evolved(state, event), seq=state.seq + 1)
    return replace(after, tellings=told(state, after, event))


_BESIDE = (
    e.CardPosting, e.CardPosted, e.CardsRefused, e.CardsTaken, e.CardsShown, ce.SiteProbed,
)  # fmt: skip
"""Of the streams beside a run; they say nothing of what it is."""


def _evolved(state: RunState, event: e.Event) -> RunState:
    if isinstance(event, _BESIDE):
        return state
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
        case ce.RunPaused() | ce.RunResumed() | ce.DriftSeen():
            return _as_a_whole(state, event)
        case e.PlanApproved():
            return approvals.approved(state, event)
        case e.PlanShown() | e.PlanDeclined() | e.PlanDrifted():
            return on_task(state, event.step, lambda t: _plan_event(t, event))
        case (
            a.PlansForeseen()
            | a.ApprovalWithdrawn()
            | a.ApprovalExpired()
            | a.ApprovalExtended()
            | a.ApprovalReminded()
            | a.StepHeld()
            | a.StepLapsed()
            | a.StepRenewed()
        ):
            return on_task(state, event.step, lambda t: approvals.task_event(t, event))
        case a.PolicyAsked() | a.PolicyChanged() | a.WindowSet() | a.WindowOpened():
            return approvals.run_event(state, event)
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
            return on_task(state, event.step, lambda t: _step_event(t, event))
        case _:
            assert_never(event)


RunEvent: TypeAlias = (
    e.RunOpened | e.UndoAsked | e.RunStopped | e.RunClosed | e.VerdictAccepted | e.VisitorsSeen
)
PlanEvent: TypeAlias = e.PlanShown | e.PlanDeclined | e.PlanDrifted
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
                opened_at=event.at, seams=event.seams, window=event.window,
                tasks=tuple(Task(k) for k in event.tasks),
            )  # fmt: skip
        case e.UndoAsked():
            return _turned(state, event)
        case e.RunStopped():
            return replace(state, stopped_by=event.by, stop_reason=event.reason)
        case e.RunClosed():
            return replace(state, outcome=event.outcome, closed_at=event.at)
        case e.VerdictAccepted():
            accepted = state.accepted + event.accepted
            return replace(
                on_task(state, event.step, lambda t: _accepted(t, event)), accepted=accepted
            )
        case e.VisitorsSeen():
            return replace(state, visitors=_seen(state.visitors, event))
        case _:
            assert_never(event)


def _as_a_whole(state: RunState, event: ce.RunPaused | ce.RunResumed | ce.DriftSeen) -> RunState:
    match event:
        case ce.RunPaused():
            return replace(state, paused_by=event.by, paused_at=event.at, pause_reason=event.reason)
        case ce.RunResumed():
            return replace(state, paused_by="", paused_at=None, pause_reason="")
        case ce.DriftSeen():
            return replace(state, drift=event.findings)
        case _:
            assert_never(event)


def _turned(state: RunState, event: e.UndoAsked) -> RunState:
    """What was begun stays on record; the ways back come behind it, each key once."""
    done = (t for t in state.tasks if t.status != "next" and t.key not in event.tasks)
    left = tuple(_abandoned(t, event.at) for t in done)
    back = tuple(_anew(state.task(key) or Task(key)) for key in event.tasks)
    return replace(
        state, direction="back", undo_by=event.by, undo_scope=event.scope,
        undo_reach=event.reach, way_back=event.tasks, tasks=left + back, outcome="",
        stopped_by="", stop_reason="", paused_by="", paused_at=None, pause_reason="",
    )  # fmt: skip


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
        left=True, ended_at=at, waiting=None,
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
            return approvals.shown(task, event)
        case e.PlanDrifted():
            return approvals.drifted(task, event)
        case e.PlanDeclined():
            return replace(task, status="declined", declined_by=event.by, reason=event.reason)
        case _:
            assert_never(event)


def _step_event(task: Task, event: StepEvent) -> Task:
    match event:
        case e.StepSkipped():
            return replace(
                task, status="skipped", skipped=event.reasons, ended_at=event.at, delayed="",
                skipped_by=event.by if event.asked else "",
            )  # fmt: skip
        case e.StepStarted():
            return replace(task, status="started", started_at=event.at, delayed="")
        case e.StepNoted():
            return replace(task, notes={**task.notes, **event.notes}, waiting=None, delayed="")
        case e.StepWaiting():
            waiting = Waiting(event.what, event.handle, event.look_again_at, event.give_up_at)
            same = task.waiting is not None and task.waiting.what == event.what
            since = task.waiting_since if same else event.at
            return replace(task, waiting=waiting, waiting_since=since, delayed="")
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
        case "planning" if task.ahead and task.plan is None:
            # Approved on an earlier card, and never shown: the yes waits for its turn as before.
            return replace(task, status="next", failure=None, delayed="")
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
