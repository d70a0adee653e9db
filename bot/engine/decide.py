"""What comes of a command, given what a run is: events, or a refusal in words. Pure."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from bot.engine import approvals as ap
from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.approvals import open_task
from bot.engine.policy import is_policy_stream
from bot.engine.state import RunState
from steps.errors import AlreadyDecided, NothingToUndo, PlanHasChanged, Rejected
from steps.step import Order, Verdict

Command: TypeAlias = c.Command | ap.Decision | ap.AskPolicy
"""Everything that people may ask for."""


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
    state: RunState, command: Command, *, now: datetime, itinerary: Itinerary,
    rules: ap.Rules,
) -> tuple[e.Event, ...]:  # fmt: skip
    """The events that `command` causes. Raises Rejected, and then nothing happened."""
    match command:
        case c.Start():
            return _start(state, command, now=now, itinerary=itinerary)
        case (
            c.Approve() | c.Decline() | ap.ApproveAhead() | ap.Withdraw() | ap.Extend()
            | ap.SetWindow() | ap.AskPolicy()
        ):  # fmt: skip
            return ap.decide(state, command, now=now, rules=rules)
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
        at=now, by=command.by, site=command.site, channel=command.channel, tasks=tasks,
        window=command.window,
    )  # fmt: skip
    return (opened,)


def _retry(state: RunState, command: c.Retry, *, now: datetime) -> tuple[e.Event, ...]:
    task = open_task(state, command.step)
    if task.status not in ("failed", "declined", "expired") or is_policy_stream(state.run):
        raise AlreadyDecided("This step is under way; there is nothing to try again.")
    return (e.StepRetried(at=now, by=command.by, step=command.step),)


def _accept(state: RunState, command: c.Accept, *, now: datetime) -> tuple[e.Event, ...]:
    task = open_task(state, command.step)
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
    if task is not None and task.held is None and task.status in ("approved", "started", "applied"):
        raise Rejected(
            "A step is at work; a run stops between its steps, not inside one.",
            hint="Wait until this step has ended, then stop.",
        )
    return (
        e.RunStopped(at=now, by=command.by, reason=command.reason),
        e.RunClosed(at=now, by=command.by, outcome="stopped"),
    )
