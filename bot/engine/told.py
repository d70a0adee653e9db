"""Which event is said to whom in the thread: from the event and the run around it. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from bot.engine import approval_events as a
from bot.engine import control_events as ce
from bot.engine import events as e
from bot.engine.state import RunState, Task
from bot.engine.tellings import Kind, Telling

Tellings: TypeAlias = tuple[Telling, ...]


def told(before: RunState, after: RunState, event: e.Event) -> Tellings:
    """Everything that is said in the thread after `event`."""
    said = before.tellings
    if isinstance(event, e.PlanApproved) and event.pressed_on not in ("", event.step):
        return _one_more(said, event)
    made = _made(before, after, event)
    if made is None:
        return said
    # Whoever did it knows; and a message that mentions nobody is no message.
    made = replace(made, to=tuple(sorted(set(made.to) - {event.by, ""})))
    return (*said, made) if made.to or made.kind == "reminder" else said


def _one_more(said: Tellings, event: e.PlanApproved) -> Tellings:
    """The same press approved a later step too: one message for all of them."""
    last = said[-1] if said else None
    if last is None or (last.kind, last.by, last.at) != ("approved", event.by, event.at):
        return said
    return (*said[:-1], replace(last, steps=(*last.steps, event.step)))


def _made(before: RunState, after: RunState, event: e.Event) -> Telling | None:
    number, turned = after.seq, (before.starter, before.undo_by)
    plain = Telling(number, "approved", event.at, event.by, getattr(event, "step", ""), turned)
    was = before.task(plain.step) or Task(plain.step)
    givers = [one.by for one in was.approvals]
    match event:
        case e.PlanApproved():
            now = after.task(event.step) or was
            return replace(plain, given=len(now.approvals), needed=now.needed)
        case e.PlanDeclined():
            return replace(plain, kind="declined", lines=_lines(event.reason))
        case e.VerdictAccepted():
            return replace(plain, kind="accepted", lines=event.accepted)
        case e.RunStopped():
            return replace(plain, kind="stopped", lines=_lines(event.reason))
        case e.PlanDrifted():
            return replace(plain, kind="drifted", to=tuple(givers), lines=event.differences)
        case a.ApprovalWithdrawn():
            return replace(plain, kind="withdrawn")
        case a.ApprovalExpired():
            return replace(plain, kind="expired", to=(*turned, *givers))
        case a.ApprovalExtended():
            return replace(plain, kind="extended", until=event.until)
        case a.ApprovalReminded():
            return replace(plain, kind="reminder", to=(), fingerprint=event.fingerprint)
        case _:
            of_time = _of_time(before, plain, event, givers)
            return of_time or _of_control(before, plain, event)


def _of_time(
    before: RunState, plain: Telling, event: e.Event, givers: Iterable[str]
) -> Telling | None:
    """Windows, what ends by itself, and policies."""
    match event:
        case a.WindowSet():
            until = event.window.end if event.window else None
            return replace(plain, kind="window-set", until=until)
        case a.WindowOpened():
            until = before.window.end if before.window else None
            held = [one.by for t in before.tasks if t.held for one in t.approvals]
            return replace(plain, kind="window-opened", to=(*plain.to, *held), until=until)
        case a.StepHeld():
            return replace(plain, kind="held", to=(*plain.to, *givers), lines=(event.why,))
        case a.StepLapsed() if not event.renewed_as:
            return replace(plain, kind="lapsed")
        case e.StepDelayed() if event.step in _lapsed(before):
            return replace(plain, kind="unrenewed", lines=(event.message,))
        case a.StepRenewed():
            return replace(plain, kind="renewed")
        case a.PolicyChanged():
            return replace(plain, kind="policy-changed")
        case _:
            return None


def _lapsed(state: RunState) -> tuple[str, ...]:
    return tuple(task.key for task in state.tasks if task.lapsed_at is not None)


def _of_control(before: RunState, plain: Telling, event: e.Event) -> Telling | None:
    """What somebody does with the run as a whole, and a step that cannot go on."""
    match event:
        case ce.RunPaused():
            return replace(plain, kind="paused", lines=_lines(event.reason))
        case ce.RunResumed():
            return replace(plain, kind="resumed", to=(*plain.to, before.paused_by))
        case e.StepSkipped() if event.asked:
            return replace(plain, kind="skipped", lines=event.reasons)
        case ce.DriftSeen():
            kind: Kind = "site-drifted" if event.findings else "site-restored"
            return replace(plain, kind=kind, lines=event.findings)
        case e.UndoAsked():
            return replace(plain, kind="turned", steps=event.reach)
        case e.StepFailed():
            back = event.step in before.way_back
            return replace(plain, kind="stuck-back" if back else "stuck", lines=(event.message,))
        case _:
            return None


def _lines(reason: str) -> tuple[str, ...]:
    return (reason,) if reason else ()
