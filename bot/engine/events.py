"""What can happen to a run, one frozen class per event. Never changed once released, only added to.

Every event carries when it happened and who caused it: a Slack user id, or ``driver``.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field, TypeAdapter

from bot.engine import approval_events as a
from bot.engine.approval_events import Window
from bot.engine.control_events import DriftSeen, RunPaused, RunResumed, SiteProbed
from bot.engine.happened import Happened
from steps.step import Plan, Site, Verdict


class RunOpened(Happened):
    """Somebody started a run; `tasks` are the step keys in the order of the run."""

    type: Literal["run-opened"] = "run-opened"
    site: Site
    channel: str
    tasks: tuple[str, ...]
    seams: tuple[str, ...] = ()
    """Each setting that makes this bot look at another world than production."""
    window: Window | None = None


class PlanShown(Happened):
    """A card shows this plan and waits; the values from before are in it (law 3)."""

    type: Literal["plan-shown"] = "plan-shown"
    step: str
    plan: Plan
    fingerprint: str
    deadline: AwareDatetime | None = None
    """Until when it may be decided; without one it waits for ever."""


class PlanApproved(Happened):
    """One person's yes to one plan. The step begins once `needed` different people have said it."""

    type: Literal["plan-approved"] = "plan-approved"
    step: str
    fingerprint: str
    needed: int = 1
    """By the policy in force when it was said."""
    pressed_on: str = ""
    """The step whose card it was said on, when that is an earlier one."""


class PlanDeclined(Happened):
    type: Literal["plan-declined"] = "plan-declined"
    step: str
    fingerprint: str
    reason: str = ""


class PlanDrifted(Happened):
    """What was approved or shown is not what would be done now; the new plan needs its own yes."""

    type: Literal["plan-drifted"] = "plan-drifted"
    step: str
    was: str
    plan: Plan
    fingerprint: str
    differences: tuple[str, ...]
    deadline: AwareDatetime | None = None


class StepSkipped(Happened):
    """Everything was right already; or, `asked`, somebody left it out and said why."""

    type: Literal["step-skipped"] = "step-skipped"
    step: str
    reasons: tuple[str, ...]
    asked: bool = False


class StepStarted(Happened):
    """Committed before the first request; from here on the outcome is found by observing."""

    type: Literal["step-started"] = "step-started"
    step: str
    fingerprint: str


class StepNoted(Happened):
    type: Literal["step-noted"] = "step-noted"
    step: str
    notes: Mapping[str, str]


class StepWaiting(Happened):
    type: Literal["step-waiting"] = "step-waiting"
    step: str
    what: str
    handle: Mapping[str, str]
    look_again_at: AwareDatetime
    give_up_at: AwareDatetime


class StepDelayed(Happened):
    """An outside system did not answer; the driver goes on trying by itself."""

    type: Literal["step-delayed"] = "step-delayed"
    step: str
    code: str
    message: str


class StepApplied(Happened):
    """The writes are made; the proof is still to come."""

    type: Literal["step-applied"] = "step-applied"
    step: str
    receipt: Mapping[str, str]
    evidence: tuple[str, ...] = ()


class StepFinished(Happened):
    """The proof came, or the verdict names the later step that will bring it."""

    type: Literal["step-finished"] = "step-finished"
    step: str
    verdict: Verdict


class StepFailed(Happened):
    """The step cannot go on; `phase` says where a retry takes it up again."""

    type: Literal["step-failed"] = "step-failed"
    step: str
    phase: Literal["planning", "applying", "verifying", "over"]
    code: str
    message: str
    hint: str = ""
    vendor_code: str = ""
    request_id: str = ""
    verdict: Verdict | None = None


class StepRetried(Happened):
    type: Literal["step-retried"] = "step-retried"
    step: str


class VerdictAccepted(Happened):
    """An approver goes on past a named inconclusive."""

    type: Literal["verdict-accepted"] = "verdict-accepted"
    step: str
    accepted: tuple[str, ...]


class UndoAsked(Happened):
    """The run turns round; `tasks` are the ways back, in their one order."""

    type: Literal["undo-asked"] = "undo-asked"
    tasks: tuple[str, ...]
    scope: str = "run"
    """The whole ``run``, the ``last`` step, or the key of the step to go back to."""
    reach: tuple[str, ...] = ()
    """The steps that are taken back, when it is not the whole run."""


class RunStopped(Happened):
    """The run ends now, or with the step that is at work; `run-closed` says when."""

    type: Literal["run-stopped"] = "run-stopped"
    reason: str = ""


class RunClosed(Happened):
    """Nothing more will be done in this run, and its claims are free."""

    type: Literal["run-closed"] = "run-closed"
    outcome: Literal["closed", "undone", "partly-undone", "stopped"]


class VisitorsSeen(Happened):
    """A stretch of looks through Cloudflare: how many were served, of how many."""

    type: Literal["visitors-seen"] = "visitors-seen"
    served: int
    looks: int
    since: AwareDatetime
    refused: tuple[str, ...] = ()
    """What the refused ones saw, a sentence for each host and kind."""
    unclear: int = 0
    """Further looks that say neither: the edge could not be asked, or somebody else answered."""


class CardPosting(Happened):
    """Written before a message is posted, so that an uncertain post is found again by `op`."""

    type: Literal["card-posting"] = "card-posting"
    card: str
    channel: str
    op: str
    thread: str = ""


class CardPosted(Happened):
    type: Literal["card-posted"] = "card-posted"
    card: str
    channel: str
    op: str
    ts: str


class CardsRefused(Happened):
    """Slack takes no message of the run in its channel; whoever should know was told."""

    type: Literal["cards-refused"] = "cards-refused"
    reason: str
    """Slack's own word."""


class CardsTaken(Happened):
    """Slack takes the run's messages again."""

    type: Literal["cards-taken"] = "cards-taken"


class CardsShown(Happened):
    """Every message of a run that has ended shows its first `seq` events."""

    type: Literal["cards-shown"] = "cards-shown"
    seq: int


Event: TypeAlias = Annotated[
    RunOpened
    | PlanShown
    | PlanApproved
    | PlanDeclined
    | PlanDrifted
    | StepSkipped
    | StepStarted
    | StepNoted
    | StepWaiting
    | StepDelayed
    | StepApplied
    | StepFinished
    | StepFailed
    | StepRetried
    | VerdictAccepted
    | UndoAsked
    | RunStopped
    | RunClosed
    | RunPaused
    | RunResumed
    | SiteProbed
    | DriftSeen
    | VisitorsSeen
    | CardPosting
    | CardPosted
    | CardsRefused
    | CardsTaken
    | CardsShown
    | a.OnTask
    | a.OnRun,
    Field(discriminator="type"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes any event as JSON."""
