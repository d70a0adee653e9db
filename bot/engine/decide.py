"""What comes of a command, given what a run is: events, or a refusal in words. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import assert_never

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.state import RunState, Task
from steps.errors import AlreadyDecided, NothingToUndo, PlanHasChanged, Rejected
from steps.step import Order, Verdict


@dataclass(frozen=True, slots=True)
class Itinerary:
    """The step keys of each direction, handed in by the composition root."""

    no_downtime: tuple[str, ...]
    published: tuple[str, ...]
    back: tuple[str, ...]

    def forward(self, order: Order) -> tuple[str, ...]:
        return self.published if order == "published" else self.no_downtime


def verdict_digest(verdict: Verdict) -> str:
    """What an acceptance is bound to: SHA-256 over the verdict's canonical JSON."""
    text = json.dumps(asdict(verdict), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def decide(
    state: RunState, command: c.Command, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    """The events that `command` causes. Raises Rejected, and then nothing happened."""
    match command:
        case c.Start():
            return _start(state, command, now=now, itinerary=itinerary)
        case c.Approve():
            return _approve(state, command, now=now)
        case c.Decline():
            return _decline(state, command, now=now)
        case c.Retry():
            return _retry(state, command, now=now)
        case c.Accept():
            return _accept(state, command, now=now)
        case c.Undo():
            return _undo(state, command, now=now, itinerary=itinerary)
        case c.Stop():
            return _stop(state, command, now=now)
        case _:
            assert_never(command)


def _start(
    state: RunState, command: c.Start, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    if state.site is not None:
        raise AlreadyDecided("This run is already open.")
    tasks = itinerary.forward(command.site.order)
    if not command.site.access_environments:
        tasks = tuple(key for key in tasks if key != "http-access")
    opened = e.RunOpened(
        at=now, by=command.by, site=command.site, channel=command.channel, tasks=tasks
    )
    return (opened,)


def _open_task(state: RunState, step: str) -> Task:
    """The task that a button belongs to, when it is that task's turn."""
    if state.outcome:
        raise AlreadyDecided("This run is over; nothing more is decided in it.")
    task = state.current
    if task is None or task.key != step:
        raise AlreadyDecided("This step is decided already; the run has gone on.")
    return task


def _shown(state: RunState, step: str, fingerprint: str) -> Task:
    task = _open_task(state, step)
    if task.status == "approved" or task.started_at is not None:
        raise AlreadyDecided(f"Already approved by <@{task.approved_by}>.")
    if task.status == "declined":
        raise AlreadyDecided(f"Already declined by <@{task.declined_by}>.")
    if task.status != "shown":
        raise AlreadyDecided("There is nothing to decide at this step now.")
    if task.fingerprint != fingerprint:
        raise PlanHasChanged(
            "The plan has changed since this card was posted; nothing was approved.",
            hint="The newest card in the thread shows what would be done now.",
        )
    return task


def _approve(state: RunState, command: c.Approve, *, now: datetime) -> tuple[e.Event, ...]:
    _shown(state, command.step, command.fingerprint)
    return (
        e.PlanApproved(at=now, by=command.by, step=command.step, fingerprint=command.fingerprint),
    )


def _decline(state: RunState, command: c.Decline, *, now: datetime) -> tuple[e.Event, ...]:
    _shown(state, command.step, command.fingerprint)
    return (
        e.PlanDeclined(
            at=now, by=command.by, step=command.step, fingerprint=command.fingerprint,
            reason=command.reason,
        ),
    )  # fmt: skip


def _retry(state: RunState, command: c.Retry, *, now: datetime) -> tuple[e.Event, ...]:
    task = _open_task(state, command.step)
    if task.status not in ("failed", "declined"):
        raise AlreadyDecided("This step is under way; there is nothing to try again.")
    return (e.StepRetried(at=now, by=command.by, step=command.step),)


def _accept(state: RunState, command: c.Accept, *, now: datetime) -> tuple[e.Event, ...]:
    task = _open_task(state, command.step)
    verdict = task.failure.verdict if task.failure else None
    if verdict is None or not verdict.acceptable:
        raise Rejected("There is nothing here that may be accepted.")
    if verdict_digest(verdict) != command.fingerprint:
        raise PlanHasChanged("What was seen has changed since this card was posted.")
    return (e.VerdictAccepted(at=now, by=command.by, step=command.step, accepted=verdict.evidence),)


def _undo(
    state: RunState, command: c.Undo, *, now: datetime, itinerary: Itinerary
) -> tuple[e.Event, ...]:
    if state.direction == "back" and state.outcome != "stopped":
        raise AlreadyDecided(f"<@{state.undo_by}> has already turned this run round.")
    if not state.changed:
        raise NothingToUndo("This run has changed nothing, so there is nothing to undo.")
    back = itinerary.back
    if not (state.site and state.site.access_environments):
        back = tuple(key for key in back if key != "undo-http-access")
    return (e.UndoAsked(at=now, by=command.by, tasks=back),)


def _stop(state: RunState, command: c.Stop, *, now: datetime) -> tuple[e.Event, ...]:
    if state.outcome:
        raise AlreadyDecided("This run is over already.")
    task = state.current
    if task is not None and task.status in ("approved", "started", "applied"):
        raise Rejected(
            "A step is at work; a run stops between its steps, not inside one.",
            hint="Wait until this step has ended, then stop.",
        )
    return (
        e.RunStopped(at=now, by=command.by, reason=command.reason),
        e.RunClosed(at=now, by=command.by, outcome="stopped"),
    )
