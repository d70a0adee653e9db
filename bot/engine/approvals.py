"""What comes of people's decisions about plans, policies and windows. Pure.

Whether somebody may decide is not asked here: that is `bot.slack.access`, before.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from bot.engine import approval_events as a
from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.approval_events import Window
from bot.engine.policy import POLICY_STEP, Policy
from bot.engine.state import RunState, Task
from steps.errors import AlreadyDecided, PlanHasChanged, Rejected
from steps.step import Change, Plan, Site


@dataclass(frozen=True, slots=True)
class ApproveAhead:
    """Yes to the card's plan and to each later one that it shows; `digest` is over all of them."""

    by: str
    step: str
    digest: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back what `by` has approved on this card and what has not begun."""

    by: str
    step: str


@dataclass(frozen=True, slots=True)
class Extend:
    """Let the waiting card wait for as long again as a new one would."""

    by: str
    step: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SetWindow:
    by: str
    window: Window | None


@dataclass(frozen=True, slots=True)
class AskPolicy:
    """Another policy for the site; None is the settings'."""

    by: str
    site: Site
    channel: str
    policy: Policy | None


Decision: TypeAlias = c.Approve | c.Decline | ApproveAhead | Withdraw | Extend | SetWindow
"""What people decide about a run; `AskPolicy` opens a card in the policy's own stream."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds where a site says nothing of its own."""

    policy: Policy = field(default_factory=Policy)
    deadline: timedelta = timedelta(hours=24)
    """How long a card waits."""
    site_policies: bool = True
    """Whether a site's own policy holds; without, the settings' holds everywhere."""
    longest: timedelta = timedelta(0)
    """How long a step may take: none begins later than this before its window ends."""

    def in_force(self, own: Policy | None) -> Policy:
        """The policy of a site whose own is this."""
        return (own if self.site_policies else None) or self.policy


def decide(
    state: RunState, command: Decision | AskPolicy, *, now: datetime, rules: Rules
) -> tuple[e.Event, ...]:
    """The events that a decision causes. Raises Rejected, and then nothing happened."""
    policy = state.policy or rules.policy
    match command:
        case c.Approve():
            task = shown(state, command.step, command.fingerprint)
            return _approve(state, task, command.by, now=now, policy=policy)
        case ApproveAhead():
            return _approve_ahead(state, command, now=now, policy=policy)
        case c.Decline():
            task = shown(state, command.step, command.fingerprint)
            return (
                e.PlanDeclined(at=now, by=command.by, step=task.key, fingerprint=task.fingerprint,
                               reason=command.reason),
            )  # fmt: skip
        case Withdraw():
            return _withdraw(state, command, now=now)
        case Extend():
            return (_extend(state, command, now=now, rules=rules),)
        case SetWindow():
            return (_window(state, command, now=now, rules=rules),)
        case AskPolicy():
            return (_ask(state, command, now=now, rules=rules),)
        case _:
            assert_never(command)


def open_task(state: RunState, step: str) -> Task:
    """The task that a button belongs to, when it is that task's turn."""
    if state.outcome:
        raise AlreadyDecided("This run is over; nothing more is decided in it.")
    task = state.current
    if task is None or task.key != step:
        raise AlreadyDecided("This step is decided already; the run has gone on.")
    return task


def shown(state: RunState, step: str, fingerprint: str) -> Task:
    """The task whose card waits with this fingerprint."""
    task = open_task(state, step)
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


def run_out(task: Task, now: datetime) -> bool:
    """Whether the card's time is over, although nobody may have looked at the clock since."""
    return task.deadline is not None and now >= task.deadline


def batch_digest(task: Task) -> str:
    """What a yes to a card and the later plans on it is bound to: SHA-256 over all fingerprints."""
    text = "\n".join([task.fingerprint, *(f.fingerprint for f in task.foreseen)])
    return hashlib.sha256(text.encode()).hexdigest()


def _approve(
    state: RunState, task: Task, by: str, *, now: datetime, policy: Policy
) -> tuple[e.Event, ...]:
    assert task.plan is not None
    needed = policy.number(task.key, task.plan.risk)
    given = [one.by for one in task.approvals]
    if by in given and len(given) < needed:
        raise AlreadyDecided(
            f"Already approved by <@{by}>, once: {needed - len(given)} more must come from others."
        )
    yes = e.PlanApproved(
        at=now, by=by, step=task.key, fingerprint=task.fingerprint, needed=needed
    )  # fmt: skip
    if task.key == POLICY_STEP and len({*given, by}) >= needed:
        return (yes, a.PolicyChanged(at=now, by=by, policy=state.asked_policy))
    return (yes,)


def _approve_ahead(
    state: RunState, command: ApproveAhead, *, now: datetime, policy: Policy
) -> tuple[e.Event, ...]:
    task = open_task(state, command.step)
    shown(state, task.key, task.fingerprint)
    if not task.foreseen or batch_digest(task) != command.digest:
        raise PlanHasChanged(
            "What this card shows has changed since; nothing was approved.",
            hint="The newest card in the thread shows what would be done now.",
        )
    later = tuple(
        e.PlanApproved(
            at=now, by=command.by, step=one.step, fingerprint=one.fingerprint,
            needed=policy.number(one.step, one.plan.risk), pressed_on=task.key,
        )
        for one in task.foreseen if _still_next(state, one.step)
    )  # fmt: skip
    return (*_approve(state, task, command.by, now=now, policy=policy), *later)


def _still_next(state: RunState, step: str) -> bool:
    task = state.task(step)
    return task is not None and task.status == "next"


def _extend(state: RunState, command: Extend, *, now: datetime, rules: Rules) -> e.Event:
    task = shown(state, command.step, command.fingerprint)
    if task.deadline is None:
        raise Rejected("This card waits without an end; there is nothing to extend.")
    return a.ApprovalExtended(
        at=now, by=command.by, step=task.key, until=now + rules.deadline,
        fingerprint=task.fingerprint,
    )  # fmt: skip


def _withdraw(state: RunState, command: Withdraw, *, now: datetime) -> tuple[e.Event, ...]:
    card = state.task(command.step)
    own = [t for t in (card, *ahead_of(state, card)) if t is not None and withdrawable(t)]
    mine = [t for t in own if any(one.by == command.by for one in t.approvals)]
    if state.outcome or not mine:
        raise AlreadyDecided(
            "There is no approval of yours here that could still be taken back.",
            hint="An approval can be taken back until its step begins; after that, Undo goes back.",
        )
    return tuple(
        a.ApprovalWithdrawn(at=now, by=command.by, step=t.key, fingerprint=bound_to(t))
        for t in mine
    )


def ahead_of(state: RunState, card: Task | None) -> tuple[Task, ...]:
    """The later tasks that were approved on this card and whose turn has not come."""
    key = card.key if card else ""
    return tuple(t for t in state.tasks if t.status == "next" and t.ahead and t.ahead_on == key)


def withdrawable(task: Task) -> bool:
    """Whether a yes to it can still be taken back: its step has not begun."""
    return task.status in ("shown", "approved", "next") and bool(task.approvals)


def bound_to(task: Task) -> str:
    """The fingerprint that the task's approvals are bound to."""
    return task.ahead.fingerprint if task.status == "next" and task.ahead else task.fingerprint


def _window(state: RunState, command: SetWindow, *, now: datetime, rules: Rules) -> e.Event:
    if state.outcome:
        raise AlreadyDecided("This run is over; a window changes nothing in it.")
    usable(command.window, now=now, rules=rules)
    return a.WindowSet(at=now, by=command.by, window=command.window)


def usable(window: Window | None, *, now: datetime, rules: Rules) -> None:
    """Return if something could begin in the window. Raises Rejected."""
    if window is None:
        return
    hint = "Both times are read in your own time zone, as Slack has it."
    if window.end <= window.start or window.end <= now:
        raise Rejected("A window ends after it begins, and not in the past.", hint=hint)
    if window.end - max(window.start, now) < rules.longest:
        minutes = round(rules.longest.total_seconds() / 60)
        raise Rejected(
            f"Nothing could begin in this window: no step does later than {minutes} minutes before"
            " its end.", hint=hint,
        )  # fmt: skip


def _ask(state: RunState, command: AskPolicy, *, now: datetime, rules: Rules) -> e.Event:
    task = state.current
    if task is not None and task.status == "shown" and not run_out(task, now):
        raise AlreadyDecided("A change of this site's policy waits for a decision already.")
    if command.policy is not None and not rules.site_policies:
        raise Rejected(
            "The bot's settings hold for every site now; a policy of the site's own would not.",
            hint="Whoever runs the bot lets sites have one: MTLS_APPROVAL_SITE_POLICIES.",
        )
    # Not the one in force: what the settings have set aside can only be given up this way.
    was = state.own_policy or rules.policy
    wanted = command.policy or rules.policy
    if wanted == was:
        raise Rejected("This is the policy in force already; nothing was asked for.")
    plan = policy_plan(command.site, was, wanted, own=command.policy is not None)
    return a.PolicyAsked(
        at=now, by=command.by, site=command.site, channel=command.channel, was=was,
        policy=command.policy, plan=plan, fingerprint=plan.fingerprint,
        deadline=now + rules.deadline,
    )  # fmt: skip


def policy_plan(site: Site, was: Policy, wanted: Policy, *, own: bool) -> Plan:
    """A change of policy as a plan: whoever may approve it can let anybody do anything."""
    before, after = asdict(was), asdict(wanted)
    changes = tuple(
        Change("update", f"{name.replace('_', ' ')}", _told(before[name]), _told(after[name]),
               "outage-if-wrong")
        for name in before if before[name] != after[name]
    )  # fmt: skip
    return Plan(POLICY_STEP, site, changes, {"from": "this site's own" if own else "the settings"})


def _told(value: object) -> str:
    if isinstance(value, frozenset | tuple):
        parts = sorted(value) if isinstance(value, frozenset) else value
        return ", ".join(map(str, parts)) or "nobody"
    return str(value)
