"""What the events of approvals, policies and windows make of a run. Pure; `fold` calls it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.engine import approval_events as a
from bot.engine import events as e
from bot.engine.policy import POLICY_STEP
from bot.engine.state import Approval, RunState, Task


def shown(task: Task, event: e.PlanShown) -> Task:
    """A card for the plan. Approved on an earlier card, and still the same plan: it need not wait.

    Approvals that were given to another plan are void.
    """
    carried = task.ahead is not None and task.ahead.fingerprint == event.fingerprint
    if not carried:
        task = _void(task)
    complete = task.complete
    return replace(
        task, status="approved" if complete else "shown", plan=event.plan,
        fingerprint=event.fingerprint, shown_at=event.at, cards=task.cards + 1, failure=None,
        delayed="", deadline=event.deadline,
        approved_by=task.approvals[-1].by if complete else "",
        approved_at=task.approvals[-1].at if complete else None,
    )  # fmt: skip


def drifted(task: Task, event: e.PlanDrifted) -> Task:
    """Another plan: whatever was given to the one before is void."""
    return replace(
        _void(task), status="shown", plan=event.plan, fingerprint=event.fingerprint,
        shown_at=event.at, cards=task.cards + 1, differences=event.differences,
        approved_by="", approved_at=None, started_at=None, delayed="", deadline=event.deadline,
    )  # fmt: skip


def _void(task: Task) -> Task:
    return replace(
        task, approvals=(), needed=1, foreseen=(), ahead=None, held=None, reminded_at=None
    )


def approved(state: RunState, event: e.PlanApproved) -> RunState:
    """One more yes, for the card's own step or for a later one that the card showed too."""
    found = None
    if event.pressed_on not in ("", event.step):
        card = state.task(event.pressed_on)
        plans = card.foreseen if card else ()
        found = next((f for f in plans if f.fingerprint == event.fingerprint), None)

    def given(task: Task) -> Task:
        if found is not None and task.ahead != found:
            task = replace(_void(task), ahead=found, ahead_on=event.pressed_on)
        return _given(task, event.by, event.at, needed=event.needed)

    return on_task(state, event.step, given)


def _given(task: Task, by: str, at: datetime, *, needed: int) -> Task:
    others = tuple(one for one in task.approvals if one.by != by)
    more = replace(task, approvals=(*others, Approval(by, at)), needed=needed)
    if task.status == "next" or not more.complete:
        return more
    return replace(more, status="approved", approved_by=by, approved_at=at)


def on_task(state: RunState, key: str, change: Callable[[Task], Task]) -> RunState:
    """The state with one of its tasks changed."""
    return replace(state, tasks=tuple(change(t) if t.key == key else t for t in state.tasks))


def task_event(task: Task, event: a.OnTask) -> Task:
    """What an approval's event makes of its task."""
    match event:
        case a.PlansForeseen():
            same = task.fingerprint == event.fingerprint
            return replace(task, foreseen=event.plans) if same else task
        case a.ApprovalWithdrawn():
            return _withdrawn(task, event.by)
        case a.ApprovalExpired():
            return replace(_void(task), status="expired", ended_at=event.at)
        case a.ApprovalExtended():
            return replace(task, deadline=event.until)
        case a.ApprovalReminded():
            return replace(task, reminded_at=event.at)
        case a.StepHeld():
            return replace(task, held=event.why)
        case a.StepLapsed():
            if event.renewed_as:
                return replace(task, lapsed_at=event.at)
            return replace(task, lapsed_at=None, renewed_at=event.at, delayed="")
        case a.StepRenewed():
            return replace(task, lapsed_at=None, renewed_at=event.at, delayed="")
        case _:
            assert_never(event)


def _withdrawn(task: Task, by: str) -> Task:
    left = tuple(one for one in task.approvals if one.by != by)
    status = "shown" if task.status == "approved" else task.status
    return replace(
        task, status=status, approvals=left, approved_by="", approved_at=None, held=None,
        ahead=task.ahead if left or task.status != "next" else None,
    )  # fmt: skip


def run_event(state: RunState, event: a.OnRun) -> RunState:
    """What a policy's or a window's event makes of the run, or of the policy's own stream."""
    match event:
        case a.PolicyAsked():
            return _asked(state, event)
        case a.PolicyChanged():
            done = on_task(
                state, POLICY_STEP, lambda t: replace(t, status="done", ended_at=event.at)
            )
            return replace(done, own_policy=event.policy)
        case a.WindowSet():
            tasks = tuple(replace(t, held=None) for t in state.tasks)
            return replace(state, window=event.window, window_opened=False, tasks=tasks)
        case a.WindowOpened():
            return replace(state, window_opened=True)
        case _:
            assert_never(event)


def _asked(state: RunState, event: a.PolicyAsked) -> RunState:
    before = state.task(POLICY_STEP)
    task = Task(
        POLICY_STEP, "shown", event.plan, event.fingerprint, shown_at=event.at,
        deadline=event.deadline, cards=before.cards + 1 if before else 1,
    )  # fmt: skip
    return replace(
        state, site=event.site, channel=event.channel, starter=event.by, opened_at=event.at,
        was_policy=event.was, asked_policy=event.policy, tasks=(task,),
    )  # fmt: skip
