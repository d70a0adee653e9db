"""Who may do what: one pure function, `ruling`, and nothing else decides.

What Slack says of a person is asked in `bot.slack.people`; what a run is now comes from the log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from bot.engine.policy import RISKS, Policy
from bot.engine.state import RunState, Task
from steps.errors import AlreadyDecided, Expired, NotAllowed, Rejected
from steps.step import Risk

Act: TypeAlias = Literal[
    "start", "approve", "ahead", "decline", "withdraw", "extend", "retry", "accept", "undo", "stop",
    "skip", "pause", "resume", "policy", "window", "status", "list", "history", "plan", "probe",
    "help",
]  # fmt: skip
Membership: TypeAlias = Literal["yes", "no", "unknown"]
Timing: TypeAlias = Literal["waiting", "expired", "decided", "begun", "over"]
"""Where the card is that the act is about."""
Reason: TypeAlias = Literal[
    "counts", "unknown-person", "foreign", "guest", "no-person", "unknown-membership",
    "no-approver", "own-change", "expired", "decided", "begun", "over",
]  # fmt: skip

FOR_ALL: frozenset[Act] = frozenset({"status", "list", "probe", "help"})
FOR_MEMBERS: frozenset[Act] = frozenset({
    "start", "plan", "policy", "history", "withdraw",
})  # fmt: skip
"""Nothing is changed by them: a policy that is asked for waits for its approvals, and a yes is
taken back only by whoever gave it."""
FOR_STARTER_TOO: frozenset[Act] = frozenset({
    "retry", "undo", "stop", "pause", "resume", "extend",
})  # fmt: skip
FOUR_EYES: frozenset[Act] = frozenset({"approve", "ahead", "accept"})
WHILE_WAITING: frozenset[Act] = frozenset({"approve", "ahead", "decline", "extend"})


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
class Matter:
    """What the act is about: the run's people, the plan and the time."""

    askers: frozenset[str] = frozenset()
    """Whoever started the run, or asked for this change."""
    step: str = ""
    risk: Risk = "none"
    timing: Timing = "waiting"


def ruling(act: Act, who: Person, matter: Matter, policy: Policy) -> Reason:
    """Whether the act counts, or why not. The only place that decides it."""
    if act in FOR_ALL:
        return "counts"
    stranger = _stranger(who)
    if stranger != "counts" or act in FOR_MEMBERS:
        return stranger
    if not (act in FOR_STARTER_TOO and who.user in matter.askers):
        member = _approver(who, policy)
        if member != "counts":
            return member
    own = act in FOUR_EYES and who.user in matter.askers
    if own and not policy.own_counts(matter.step, matter.risk):
        return "own-change"
    if act in WHILE_WAITING and matter.timing != "waiting":
        return matter.timing
    return "counts"


def _stranger(who: Person) -> Reason:
    if not who.known:
        return "unknown-person"
    if not who.ours:
        return "foreign"
    if who.guest:
        return "guest"
    return "no-person" if who.bot or who.deleted else "counts"


def _approver(who: Person, policy: Policy) -> Reason:
    if who.user in policy.approvers or (policy.groups and who.in_group == "yes"):
        return "counts"
    if policy.groups and who.in_group == "unknown":
        return "unknown-membership"
    return "no-approver"


def may_see(who: Person, *, public: bool, member: Membership) -> Membership:
    """Whether what is said in a channel is for this person: a member of it, or of the workspace
    where the channel is open to all of those; guests and other workspaces only where they are.
    """
    if not who.known:
        return "unknown"
    return "yes" if public and _stranger(who) == "counts" else member


_AGAIN = "Press again in a moment."
SAID: Mapping[Reason, tuple[type[Rejected], str, str]] = {
    "unknown-person": (
        NotAllowed, "Slack could not be asked who you are, so nothing was done.", _AGAIN),
    "foreign": (
        NotAllowed, "Only people of this workspace may do that, not guests of the channel.", ""),
    "guest": (NotAllowed, "Guests of the workspace may look, and not do that.", ""),
    "no-person": (NotAllowed, "Only people may do that.", ""),
    "unknown-membership": (
        NotAllowed, "Slack could not be asked whether you are an approver, so nothing was done.",
        _AGAIN),
    "no-approver": (
        NotAllowed, "Only an approver may do that.",
        "Approvers are named on the card, and by /mtls policy."),
    "own-change": (
        NotAllowed, "You asked for this change, so your own yes does not count for it: somebody"
        " else has to approve it.", ""),
    "expired": (
        Expired, "The time of this card has run out, and silence was no: nothing was done.",
        "Retry shows it anew, as it would be done now."),
    "decided": (AlreadyDecided, "This is decided already.", ""),
    "begun": (AlreadyDecided, "This step has begun already; nothing more is decided about it.", ""),
    "over": (AlreadyDecided, "This run is over; nothing more is decided in it.", ""),
}  # fmt: skip
"""How each reason is said to the one who is refused."""


def allow(
    act: Act, who: Person, state: RunState, policy: Policy,
    *, step: str = "", now: datetime | None = None,
) -> None:  # fmt: skip
    """Return if the person may; raises Rejected in words otherwise.

    `step` is the one that a card is about, `now` the time of the press; without them the act is
    about no card.
    """
    matter = matter_of(state, step, now)
    reason = ruling(act, who, matter, policy)
    if reason == "counts":
        return
    kind, words, hint = SAID[reason]
    raise kind(_by_whom(state, step, words) if reason == "decided" else words, hint=hint)


def admission(
    act: Act, who: Person, clock: Callable[[], datetime], *, step: str = "",
    asked: Policy | None = None,
) -> Callable[[RunState], None]:  # fmt: skip
    """`allow` for `Engine.submit`, which shows it the state that it decides on.

    `asked` is the policy whose groups Slack was asked about: of other groups nothing is known.
    """

    def admit(state: RunState) -> None:
        assert state.policy is not None
        known = asked is None or asked.groups == state.policy.groups
        person = who if known else replace(who, in_group="unknown")
        allow(act, person, state, state.policy, step=step, now=clock())

    return admit


def matter_of(state: RunState, step: str, now: datetime | None) -> Matter:
    """What an act on this step's card is about."""
    task = state.task(step) or state.current
    if task is None:
        return Matter(state.askers, step, timing="over" if state.outcome else "waiting")
    risk = task.plan.risk if task.plan else "none"
    return Matter(state.askers, task.key, risk, _timing(state, task, now))


def _timing(state: RunState, task: Task, now: datetime | None) -> Timing:
    if state.outcome:
        return "over"
    match task.status:
        case "expired":
            return "expired"
        case "shown":
            late = now is not None and task.deadline is not None and now >= task.deadline
            return "expired" if late else "waiting"
        case "approved" | "declined":
            return "decided"
        case "started" | "applied" | "done" | "skipped":
            return "begun"
        case _:
            return "waiting"


def _by_whom(state: RunState, step: str, words: str) -> str:
    task = state.task(step)
    if task is None or task.status not in ("approved", "declined"):
        return words
    by = task.approved_by if task.status == "approved" else task.declined_by
    return f"Already {task.status} by <@{by}>."


def enough(approvers: frozenset[str] | None, asker: str, policy: Policy) -> bool:
    """Whether so many may approve that every plan could be; None: they could not be asked.

    Each press asks again, so not knowing is no reason to refuse what changes nothing yet.
    """
    if approvers is None:
        return True
    others = len(approvers - {asker})
    return all(
        number <= (len(approvers) if policy.own_counts("", risk) else others)
        for risk, number in zip(RISKS, policy.needed, strict=True)
    )
