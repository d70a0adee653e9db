"""What can happen to an approval, a policy or a window. Never changed once released, only added to.

The events of the steps themselves stand in `bot.engine.events`.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import AwareDatetime

from bot.engine.happened import Happened
from bot.engine.policy import Policy
from steps.step import Plan, Site


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window, from `start` up to `end`."""

    start: AwareDatetime
    end: AwareDatetime
    zone: str = "UTC"
    """The zone it was given in, for showing it: IANA, or an offset where Slack told no name."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The plan of a later step as it would be made now; a yes to it is bound to its fingerprint."""

    step: str
    plan: Plan
    fingerprint: str


HeldBack: TypeAlias = Literal["not-open", "would-cross", "over"]
"""Why a step does not begin: the window is not open yet, too short now, or over."""


class PlansForeseen(Happened):
    """The plans without risk that follow the shown one, as they would be made now."""

    type: Literal["plans-foreseen"] = "plans-foreseen"
    step: str
    fingerprint: str
    plans: tuple[Foreseen, ...]


class ApprovalWithdrawn(Happened):
    """Somebody took their yes back before the step began."""

    type: Literal["approval-withdrawn"] = "approval-withdrawn"
    step: str
    fingerprint: str


class ApprovalExpired(Happened):
    """Nobody decided in time; silence is no, and a retry shows a new card."""

    type: Literal["approval-expired"] = "approval-expired"
    step: str
    fingerprint: str


class ApprovalExtended(Happened):
    type: Literal["approval-extended"] = "approval-extended"
    step: str
    fingerprint: str
    until: AwareDatetime


class ApprovalReminded(Happened):
    """Those who may approve are mentioned once more in the thread."""

    type: Literal["approval-reminded"] = "approval-reminded"
    step: str
    fingerprint: str


class PolicyAsked(Happened):
    """Somebody asks for another policy of a site; it waits for the approvals of the one in force.

    `policy` is null to go back to the settings' policy; `was` is the policy in force.
    """

    type: Literal["policy-asked"] = "policy-asked"
    site: Site
    channel: str
    was: Policy
    policy: Policy | None
    plan: Plan
    fingerprint: str
    deadline: AwareDatetime


class PolicyChanged(Happened):
    """The policy that holds for the site from now on; null is the settings'."""

    type: Literal["policy-changed"] = "policy-changed"
    policy: Policy | None


class WindowSet(Happened):
    """The run's maintenance window from now on; null is none."""

    type: Literal["window-set"] = "window-set"
    window: Window | None


class WindowOpened(Happened):
    type: Literal["window-opened"] = "window-opened"


class StepHeld(Happened):
    """An approved step does not begin because of the window."""

    type: Literal["step-held"] = "step-held"
    step: str
    why: HeldBack


class StepLapsed(Happened):
    """What a step did has ended by itself (development mode lasts three hours).

    `renewed_as` is the fingerprint under whose approval it is made again; empty when the plan
    would be another now, and then it is only told.
    """

    type: Literal["step-lapsed"] = "step-lapsed"
    step: str
    renewed_as: str = ""


class StepRenewed(Happened):
    """It holds again, under the approval it had."""

    type: Literal["step-renewed"] = "step-renewed"
    step: str


OnTask: TypeAlias = (
    PlansForeseen
    | ApprovalWithdrawn
    | ApprovalExpired
    | ApprovalExtended
    | ApprovalReminded
    | StepHeld
    | StepLapsed
    | StepRenewed
)
"""Those that touch one task."""
OnRun: TypeAlias = PolicyAsked | PolicyChanged | WindowSet | WindowOpened
