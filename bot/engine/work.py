"""One unit of outside work: ask the step, and say in events what came of it. Appends nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, assert_never

from bot.engine import events as e
from bot.engine.differences import differences
from bot.engine.next import Apply, Begin, Close, Poll, Rest, Show, Unit, Verify, next_unit
from bot.engine.ports import Steps
from bot.engine.state import RunState, Task
from steps.errors import (
    GaveUpWaiting,
    PlanVoid,
    RateLimited,
    RolloutError,
    StepError,
    Unreachable,
    VerificationFailed,
    WayBackTaken,
)
from steps.step import Done, Noted, Outcome, Plan, Site, Step, Verdict, Waiting

UNTOLD = timedelta(seconds=30)
"""How long to wait after "too many requests" when the vendor does not say for how long."""


@dataclass(frozen=True, slots=True)
class Again:
    """Nothing to record; look again at this time."""

    at: datetime


Result: TypeAlias = tuple[e.Event, ...] | Again
Phase: TypeAlias = Literal["planning", "applying", "verifying", "over"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How soon to look again, and for how long to go on by itself."""

    look_again: timedelta = timedelta(seconds=5)
    proof: timedelta = timedelta(minutes=10)
    """From the last write to the proof."""
    unclear: timedelta = timedelta(minutes=1)
    """For how long a proof that could not be asked for is asked for again."""
    outage: timedelta = timedelta(minutes=15)
    """How long an outside system may be unreachable before a person is asked."""
    answer: timedelta = timedelta(hours=24)
    """How long a card waits for people; then silence is no."""


class Worker:
    """Carries out units of work for any step. Knows no vendor."""

    def __init__(self, steps: Steps, patience: Patience) -> None:
        self._steps = steps
        self._patience = patience
        self._silent: dict[tuple[str, str], datetime] = {}
        """Since when a run's step has not been able to reach something."""
        self._pauses: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        """From when until when it is left alone after that, whoever nudges."""

    def do(self, state: RunState, unit: Unit, *, now: datetime) -> Result:
        """The events of one unit, or when to look again."""
        if isinstance(unit, Close):
            return (e.RunClosed(at=now, outcome=unit.outcome),)
        if isinstance(unit, Rest):
            return Again(now)
        site = state.site
        assert site is not None
        key = (state.run, unit.task.key)
        since, until = self._pauses.get(key, (now, now))
        if since <= now < until:
            return Again(until)
        try:
            result = self._attempt(state, site, unit, now=now)
        except (Unreachable, RateLimited) as error:
            return self._silence(key, unit, error, now=now)
        except RolloutError as error:
            self._silent.pop(key, None)
            return (failed(unit, error, now=now),)
        self._silent.pop(key, None)
        return result

    def stumbled(self, state: RunState, *, now: datetime) -> Result:
        """What an error of our own comes to: told and tried again, and in the end people decide."""
        unit = next_unit(state, begun_here=False)
        if isinstance(unit, Close | Rest):
            return Again(now)
        error = RolloutError(
            "The bot stumbled over an error of its own; its log says which.",
            hint="Tell whoever runs the bot. Retry goes on where it was.",
        )
        return self._silence((state.run, unit.task.key), unit, error, now=now)

    def _attempt(
        self, state: RunState, site: Site, unit: Show | Begin | Apply | Poll | Verify,
        *, now: datetime,
    ) -> Result:  # fmt: skip
        step = self._steps.get(unit.task.key)
        if step is None:
            raise StepError(
                f"This version of the bot does not know the step {unit.task.key}.",
                hint="Start the version that opened this run, or end the run with Undo or Stop.",
            )
        match unit:
            case Show():
                return self._show(step, state, site, unit.task, now=now)
            case Begin():
                return self._begin(step, state, site, unit.task, now=now)
            case Apply():
                return self._apply(step, state, site, unit, now=now)
            case Poll():
                return self._poll(step, state, unit, now=now)
            case Verify():
                return self._verify(step, state, unit.task, now=now)
            case _:
                assert_never(unit)

    def _show(
        self, step: Step[Any], state: RunState, site: Site, task: Task, *, now: datetime
    ) -> Result:
        facts = step.observe(site)
        plan = step.plan(site, facts, state.past)
        shown = e.PlanShown(
            at=now, step=task.key, plan=plan, fingerprint=plan.fingerprint,
            deadline=None if step.kind == "look" else now + self._patience.answer,
        )  # fmt: skip
        if step.kind == "look":
            started = e.StepStarted(at=now, step=task.key, fingerprint=plan.fingerprint)
            return (shown, started)
        if plan.nothing_to_do:
            reasons = step.satisfied(site, facts, state.past)
            return (e.StepSkipped(at=now, step=task.key, reasons=reasons),)
        ahead = task.ahead
        if ahead is not None and ahead.fingerprint != plan.fingerprint:
            # Approved on an earlier card, and no longer what would be done.
            return self._drifted(task.key, ahead.plan, plan, now=now)
        return (shown,)

    def _begin(
        self, step: Step[Any], state: RunState, site: Site, task: Task, *, now: datetime
    ) -> Result:
        """The second look before the first write (law 1)."""
        facts = step.observe(site)
        plan = step.plan(site, facts, state.past)
        if plan.fingerprint == task.fingerprint:
            return (e.StepStarted(at=now, step=task.key, fingerprint=plan.fingerprint),)
        if plan.nothing_to_do:
            # Somebody else did it meanwhile: nobody is asked to approve what changes nothing.
            reasons = step.satisfied(site, facts, state.past)
            return (e.StepSkipped(at=now, step=task.key, reasons=reasons),)
        assert task.plan is not None
        return self._drifted(task.key, task.plan, plan, now=now)

    def _drifted(self, key: str, was: Plan, plan: Plan, *, now: datetime) -> Result:
        return (
            e.PlanDrifted(
                at=now, step=key, was=was.fingerprint, plan=plan, fingerprint=plan.fingerprint,
                differences=differences(was, plan), deadline=now + self._patience.answer,
            ),
        )  # fmt: skip

    def _apply(
        self, step: Step[Any], state: RunState, site: Site, unit: Apply, *, now: datetime
    ) -> Result:
        task = unit.task
        assert task.plan is not None
        if unit.resumed and step.kind == "change":
            # Killed after the start and before anything was noted: only looking tells whether the
            # first write happened. Neither undone nor done means that somebody else was there.
            found = step.plan(site, step.observe(site), state.past)
            if not found.nothing_to_do and found.fingerprint != task.fingerprint:
                return self._drifted(task.key, task.plan, found, now=now)
        return self._outcome(
            task, step.apply(task.plan, task.notes, past=state.past, now=now), now=now
        )

    def _poll(self, step: Step[Any], state: RunState, unit: Poll, *, now: datetime) -> Result:
        task = unit.task
        assert task.plan is not None
        assert task.waiting is not None
        # A clock that was set back must not keep visitors waiting for the way back.
        if (task.waiting_since or now) <= now < unit.at:
            return Again(unit.at)
        outcome = step.poll(task.plan, task.waiting, past=state.past, now=now)
        if not isinstance(outcome, Waiting):
            return self._outcome(task, outcome, now=now)
        if now >= task.waiting.give_up_at:
            raise GaveUpWaiting(
                f"{task.waiting.what} did not end in time.",
                hint="It may still end; retry looks again and goes on from there.",
            )
        was = task.waiting
        same = (outcome.what, dict(outcome.handle)) == (was.what, dict(was.handle))
        if same and not task.delayed:
            return Again(outcome.look_again_at)
        return self._outcome(task, outcome, now=now)

    def _outcome(self, task: Task, outcome: Outcome, *, now: datetime) -> Result:
        match outcome:
            case Done():
                return (
                    e.StepApplied(
                        at=now, step=task.key, receipt=outcome.receipt, evidence=outcome.evidence
                    ),
                )
            case Noted():
                return (e.StepNoted(at=now, step=task.key, notes=outcome.notes),)
            case Waiting():
                return (
                    e.StepWaiting(
                        at=now, step=task.key, what=outcome.what, handle=outcome.handle,
                        look_again_at=outcome.look_again_at, give_up_at=outcome.give_up_at,
                    ),
                )  # fmt: skip
            case _:
                assert_never(outcome)

    def _verify(self, step: Step[Any], state: RunState, task: Task, *, now: datetime) -> Result:
        assert task.plan is not None
        assert task.applied_at is not None
        verdict = step.verify(task.plan, state.past, now=now)
        if verdict.holds:
            return (e.StepFinished(at=now, step=task.key, verdict=verdict),)
        if verdict.state == "not-yet" and now < task.applied_at + self._patience.proof:
            return Again(now + self._patience.look_again)
        if _may_pass(verdict) and now < task.applied_at + self._patience.unclear:
            return Again(now + self._patience.look_again)
        return (unproven(task, verdict, now=now),)

    def _silence(
        self,
        key: tuple[str, str],
        unit: Show | Begin | Apply | Poll | Verify,
        error: RolloutError,
        *,
        now: datetime,
    ) -> Result:
        """An outside system does not answer: go on asking, say so once, ask a person in the end."""
        since = self._silent.setdefault(key, now)
        if now - since > self._patience.outage:
            self._silent.pop(key)
            self._pauses.pop(key, None)
            return (failed(unit, error, now=now),)
        pause = self._patience.look_again
        if isinstance(error, RateLimited):
            told = error.retry_after
            pause = max(pause, UNTOLD if told is None else timedelta(seconds=told))
        self._pauses[key] = now, now + pause
        if unit.task.delayed == error.for_people:
            return Again(now + pause)
        delayed = e.StepDelayed(
            at=now, step=unit.task.key, code=error.code, message=error.for_people
        )
        return (delayed,)


def _may_pass(verdict: Verdict) -> bool:
    """One look that could not be made says little; what people may accept, they decide at once."""
    return verdict.state == "inconclusive" and not verdict.acceptable


def phase_of(unit: Unit, error: RolloutError) -> Phase:
    """Where a retry begins: with a plan that is void from a new one, else where it failed."""
    if isinstance(error, WayBackTaken):
        return "over"
    if isinstance(error, PlanVoid):
        return "planning"
    if isinstance(unit, Apply | Poll):
        return "applying"
    return "verifying" if isinstance(unit, Verify) else "planning"


def failed(unit: Unit, error: RolloutError, *, now: datetime) -> e.StepFailed:
    """The event of a step that cannot go on, with where a retry takes it up."""
    assert not isinstance(unit, Close | Rest)
    return e.StepFailed(
        at=now, step=unit.task.key, phase=phase_of(unit, error), code=error.code,
        message=error.for_people, hint=error.hint,
        vendor_code=getattr(error, "vendor_code", ""), request_id=getattr(error, "request_id", ""),
    )  # fmt: skip


def unproven(task: Task, verdict: Verdict, *, now: datetime) -> e.StepFailed:
    """The event of work whose proof did not come."""
    return e.StepFailed(
        at=now, step=task.key, phase="verifying", code=VerificationFailed.code,
        message=" ".join(verdict.evidence), hint=verdict.hint, verdict=verdict,
    )  # fmt: skip
