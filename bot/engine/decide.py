"""What comes of a command, given what a run is: events, or a refusal in words. Pure."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import TypeAlias, assert_never

from bot.engine import approval_events as a
from bot.engine import approvals as ap
from bot.engine import commands as c
from bot.engine import control
from bot.engine import events as e
from bot.engine.approvals import open_task
from bot.engine.itinerary import Itinerary
from bot.engine.policy import is_policy_stream
from bot.engine.state import RunState
from bot.engine.window import held_back
from steps.errors import AlreadyDecided, PlanHasChanged, Rejected
from steps.step import Verdict

Command: TypeAlias = c.Command | ap.Decision | ap.AskPolicy
"""Everything that people may ask for."""


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
            ap.usable(command.window, now=now, rules=rules)
            return _start(state, command, now=now, itinerary=itinerary)
        case (
            c.Approve() | c.Decline() | ap.ApproveAhead() | ap.Withdraw() | ap.Extend()
            | ap.SetWindow() | ap.AskPolicy()
        ):  # fmt: skip
            return ap.decide(state, command, now=now, rules=rules)
        case c.Retry():
            return _retry(state, command, now=now, rules=rules)
        case c.Accept():
            return _accept(state, command, now=now)
        case c.Undo() | c.Stop() | c.Skip() | c.Pause() | c.Resume():
            return control.controlled(state, command, now=now, itinerary=itinerary)
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


def _retry(
    state: RunState, command: c.Retry, *, now: datetime, rules: ap.Rules
) -> tuple[e.Event, ...]:
    task = open_task(state, command.step)
    again = e.StepRetried(at=now, by=command.by, step=command.step)
    if task.status == "shown" and ap.run_out(task, now) and not is_policy_stream(state.run):
        over = a.ApprovalExpired(at=now, step=task.key, fingerprint=task.fingerprint)
        return (over, again)
    if task.status not in ("failed", "declined", "expired") or is_policy_stream(state.run):
        raise AlreadyDecided("This step is under way; there is nothing to try again.")
    begins = task.failure is not None and task.failure.phase == "applying" and not task.notes
    if begins and held_back(state, task, now=now, longest=rules.longest):
        raise Rejected(
            "This step can cause an outage, and its maintenance window is not open: it is not begun"
            " again now.",
            hint="An approver gives another one by /mtls window; Undo waits for none.",
        )
    return (again,)


def _accept(state: RunState, command: c.Accept, *, now: datetime) -> tuple[e.Event, ...]:
    task = open_task(state, command.step)
    verdict = task.failure.verdict if task.failure else None
    if verdict is None or not verdict.acceptable:
        raise Rejected("There is nothing here that may be accepted.")
    if verdict_digest(verdict) != command.fingerprint:
        raise PlanHasChanged("What was seen has changed since this card was posted.")
    return (e.VerdictAccepted(at=now, by=command.by, step=command.step, accepted=verdict.evidence),)
