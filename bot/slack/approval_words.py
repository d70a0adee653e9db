"""How approvals, deadlines and windows are told on cards. Pure."""

from collections.abc import Sequence

from bot.engine.approval_events import Window
from bot.engine.policy import Policy
from bot.engine.state import RunState, Task
from bot.slack.blocks import Block, context, escape, person, sections, when
from bot.slack.words import Frame, awaited, policy_of

_MOST_NAMED = 20


def waiting_words(frame: Frame, state: RunState, task: Task) -> str:
    """Whose yes is awaited, how many are needed, who has given theirs, and until when."""
    needed = needed_now(policy_of(frame, state), task)
    many = "a yes" if needed == 1 else f"{needed} approvals"
    words = f"Waiting for {many} from {awaited(frame, state)}."
    if task.approvals:
        given = " and ".join(person(one.by) for one in task.approvals)
        words += f" Given: {len(task.approvals)} of {needed}, by {given}."
    if task.deadline is not None:
        words += f" Until {when(task.deadline)}; silence is no."
    return words


def asked(frame: Frame, state: RunState, task: Task) -> str:
    """Those whose yes would still count: mentioned, and nobody whose would not."""
    policy = policy_of(frame, state)
    done = {one.by for one in task.approvals}
    if not policy.own_counts(task.key, task.plan.risk if task.plan else "none"):
        done |= state.askers
    named = [person(user) for user in sorted(policy.approvers - done)]
    return _some(named + [f"<!subteam^{group}>" for group in policy.groups])


def needed_now(policy: Policy, task: Task) -> int:
    """How many approvals the plan needs under the policy in force."""
    return policy.number(task.key, task.plan.risk if task.plan else "none")


def approvers(task: Task) -> str:
    """Who said yes, all of them; one for logs from before there were several."""
    several = [person(one.by) for one in task.approvals]
    before = " beforehand, with an earlier card" if task.ahead is not None else ""
    return (" and ".join(several) or person(task.approved_by)) + before


def approved_words(state: RunState, task: Task) -> str:
    """Approved, and what it waits for before it begins."""
    by = f"Approved by {approvers(task)}"
    if task.held is None:
        return f"{by}; looked at once more before it begins."
    return f"{by}. {held_words(state.window, task.held)}"


def held_words(window: Window | None, why: str) -> str:
    """Why the window does not let the step begin, and who can do something about it."""
    if window is None:
        return "It begins now."
    match why:
        case "not-open":
            return f"It waits for the maintenance window, which opens {when(window.start)}."
        case "would-cross":
            return (
                f"Too little is left of the maintenance window, which ends {when(window.end)}: it"
                " waits for another one. An approver gives it by `/mtls window`."
            )
        case _:
            return (
                f"The maintenance window was over {when(window.end)}: it waits for another one."
                " An approver gives it by `/mtls window`."
            )


def expired_words(task: Task) -> str:
    """Nobody decided in time."""
    until = f" until {when(task.deadline)}" if task.deadline else ""
    return f"Nobody decided{until}, and silence is no. Nothing was written; *Retry* shows it anew."


def ahead_blocks(frame: Frame, task: Task) -> list[Block]:
    """The later plans that one press approves too, each with its own fingerprint."""
    lines = [f"• {line}" for line in ahead_lines(frame, task)]
    if not lines:
        return []
    told = (
        "The second button approves these too, each for exactly this plan: one that is another when"
        " its turn comes is shown on a card of its own."
    )
    return [*sections(["*Following steps without risk*", *lines]), context(told)]


def ahead_lines(frame: Frame, task: Task) -> list[str]:
    """Each later plan of a card that waits: what changes, and which plan it is."""
    if task.status != "shown":
        return []
    return [
        f"{frame.title(one.step)}: "
        + "; ".join(
            f"{escape(c.target)} {escape(c.before or 'nothing')} → {escape(c.after or 'nothing')}"
            for c in one.plan.changes
        )
        + f" (no risk to visitors; plan {one.fingerprint[:8]})"
        for one in task.foreseen
    ]


def policy_lines(policy: Policy) -> tuple[str, ...]:
    """A policy in people's words, a line for each of its parts."""
    groups = [f"<!subteam^{group}>" for group in policy.groups]
    named = _some([person(user) for user in sorted(policy.approvers)] + groups)
    none, brief, outage = policy.needed
    own = {
        "never": "whoever asked for a change may approve it too",
        "none": "whoever asked for a change never counts for it",
        "brief": "whoever asked for a change does not count where it can be noticed",
        "outage-if-wrong": "whoever asked for a change does not count where it can cause an outage",
    }[policy.four_eyes]
    return (
        f"Approvers: {named or 'nobody'}",
        f"Approvals needed: {none} without risk, {brief} with a brief effect, {outage} where an"
        " outage is possible",
        f"Four eyes: {own}",
    )


def _some(names: Sequence[str]) -> str:
    left = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
