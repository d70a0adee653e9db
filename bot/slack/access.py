"""Who may do what: one pure function, and nothing else decides."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.engine.state import RunState
from steps.errors import NotAllowed

Act: TypeAlias = Literal[
    "start", "approve", "decline", "retry", "accept", "undo", "stop", "status", "plan", "probe",
    "help",
]  # fmt: skip
Membership: TypeAlias = Literal["yes", "no", "unknown"]
FOR_ALL: frozenset[Act] = frozenset({"status", "help"})
FOR_MEMBERS: frozenset[Act] = frozenset({"start", "plan", "probe"})
FOR_STARTER_TOO: frozenset[Act] = frozenset({"retry", "undo", "stop"})
ALWAYS_ONE_APPROVER = frozenset({"undo-client-authentication"})
"""Getting back must be quick: one approver is enough here, whoever started the run included."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who pressed, as Slack told it. `known` false: Slack could not be asked."""

    user: str
    ours: bool = True
    """Of this workspace (or organisation), not of one that shares the channel."""
    guest: bool = False
    bot: bool = False
    deleted: bool = False
    known: bool = True
    in_group: Membership = "no"
    """Member of one of the approvers' user groups."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may approve, from the settings."""

    approvers: frozenset[str]
    groups: tuple[str, ...] = ()
    starter_may_approve: bool = False


def allow(act: Act, who: Person, state: RunState, policy: Policy) -> None:
    """Return if the person may; raises NotAllowed in words otherwise."""
    if act in FOR_ALL:
        return
    _must_be_ours(who)
    if act in FOR_MEMBERS:
        return
    if act in FOR_STARTER_TOO and who.user == state.starter:
        return
    _must_approve(who, policy)
    if act == "approve":
        _not_own_outage(who, state, policy)


def _must_be_ours(who: Person) -> None:
    if not who.known:
        raise NotAllowed(
            "Slack could not be asked who you are, so nothing was done.",
            hint="Press again in a moment.",
        )
    if not who.ours:
        raise NotAllowed("Only people of this workspace may do that, not guests of the channel.")
    if who.guest:
        raise NotAllowed("Guests of the workspace may look, and not do that.")
    if who.bot or who.deleted:
        raise NotAllowed("Only people may do that.")


def _must_approve(who: Person, policy: Policy) -> None:
    if who.user in policy.approvers or who.in_group == "yes":
        return
    if policy.groups and who.in_group == "unknown":
        raise NotAllowed(
            "Slack could not be asked whether you are an approver, so nothing was done.",
            hint="Press again in a moment.",
        )
    raise NotAllowed(
        "Only an approver may do that.", hint="Approvers are named in the bot's settings."
    )


def _not_own_outage(who: Person, state: RunState, policy: Policy) -> None:
    task = state.current
    risky = task is not None and task.plan is not None and task.plan.risk == "outage-if-wrong"
    if who.user != state.starter or policy.starter_may_approve or not risky:
        return
    if task is not None and task.key in ALWAYS_ONE_APPROVER:
        return
    raise NotAllowed(
        "You started this run, and this step can cause an outage: somebody else has to approve it."
    )
