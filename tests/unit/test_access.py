"""The one decision who may do what: a table over every combination, and nobody else decides."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import get_args

import pytest

from bot.engine.policy import FourEyes, Policy
from bot.engine.state import RunState, Task, TaskStatus
from bot.slack.access import (
    SAID,
    Act,
    Matter,
    Membership,
    Person,
    Reason,
    Timing,
    admission,
    allow,
    enough,
    matter_of,
    ruling,
)
from steps.errors import AlreadyDecided, Expired, NotAllowed, Rejected
from steps.step import Change, Plan, Risk
from tests.toys import NOON, SITE

ASKER, NAMED, OTHER = "U1", "U2", "U3"
ACTS: tuple[Act, ...] = get_args(Act)
RISKS: tuple[Risk, ...] = get_args(Risk)
TIMES: tuple[Timing, ...] = get_args(Timing)
MEMBERSHIPS: tuple[Membership, ...] = get_args(Membership)
EYES: tuple[FourEyes, ...] = get_args(FourEyes)
PEOPLE = {
    "asker": Person(ASKER),
    "named": Person(NAMED),
    "other": Person(OTHER),
    "foreign": Person(NAMED, ours=False),
    "guest": Person(NAMED, guest=True),
    "bot": Person(NAMED, bot=True),
    "deleted": Person(NAMED, deleted=True),
    "unknown": Person(NAMED, known=False),
}
POLICIES = {
    "nobody": Policy(),
    "named": Policy(frozenset({NAMED})),
    "named, asker too": Policy(frozenset({NAMED, ASKER})),
    "group": Policy(groups=("S1",)),
    "both": Policy(frozenset({NAMED}), ("S1",)),
}
STEPS = ("client-authentication", "undo-client-authentication")

OPEN_TO_ALL = {"status", "list", "probe", "help"}
OPEN_TO_MEMBERS = {"start", "plan", "policy", "history", "withdraw"}
OPEN_TO_THE_ASKER = {"retry", "undo", "stop", "pause", "resume", "extend"}
DECIDES_A_CARD = {"approve", "ahead", "decline", "extend"}
GIVES_A_YES = {"approve", "ahead", "accept"}


def objections(
    act: Act, kind: str, who: Person, matter: Matter, policy: Policy
) -> Iterator[Reason]:  # fmt: skip
    """The rules in words, each by itself: everything that speaks against the act."""
    if act in OPEN_TO_ALL:
        return
    strangers: dict[str, Reason] = {
        "foreign": "foreign", "guest": "guest", "bot": "no-person", "deleted": "no-person",
        "unknown": "unknown-person",
    }  # fmt: skip
    if kind in strangers:
        yield strangers[kind]
    if act in OPEN_TO_MEMBERS:
        return
    asker = who.user == ASKER
    approver = who.user in policy.approvers or ("S1" in policy.groups and who.in_group == "yes")
    if not approver and not (act in OPEN_TO_THE_ASKER and asker):
        unsure = "S1" in policy.groups and who.in_group == "unknown"
        yield "unknown-membership" if unsure else "no-approver"
    watched = {
        "never": (), "none": RISKS, "brief": RISKS[1:], "outage-if-wrong": RISKS[2:],
    }[policy.four_eyes]  # fmt: skip
    way_back = matter.step == "undo-client-authentication"
    if act in GIVES_A_YES and asker and matter.risk in watched and not way_back:
        yield "own-change"
    if act in DECIDES_A_CARD and matter.timing != "waiting":
        yield matter.timing


Case = tuple[Act, str, Person, Matter, Policy]


def table() -> Iterator[Case]:
    """Every combination of act, role, membership answer, plan, time and policy."""
    people = [(kind, replace(who, in_group=m)) for kind, who in PEOPLE.items() for m in MEMBERSHIPS]
    matters = [Matter(frozenset({ASKER}), *about) for about in product(STEPS, RISKS, TIMES)]
    policies = [replace(p, four_eyes=eyes) for p in POLICIES.values() for eyes in EYES]
    for act, (kind, who), matter, policy in product(ACTS, people, matters, policies):
        yield act, kind, who, matter, policy


def test_every_combination_is_decided_as_the_rules_say() -> None:
    """Role, risk, policy, membership and timing, for every act: it counts when nothing speaks
    against it, and else the reason given is one of those that do. No reason is dead.
    """
    wrong: list[tuple[Case, Reason]] = []
    seen: Counter[Reason] = Counter()
    for case in table():
        act, kind, who, matter, policy = case
        found = ruling(act, who, matter, policy)
        seen[found] += 1
        if found not in (list(objections(act, kind, who, matter, policy)) or ["counts"]):
            wrong.append((case, found))
    assert wrong == []
    assert seen.total() == len(ACTS) * len(PEOPLE) * 3 * 2 * 3 * 5 * len(POLICIES) * 4
    assert set(seen) == set(get_args(Reason))


def test_each_reason_has_its_words() -> None:
    """Whoever is refused is told why."""
    assert set(SAID) == set(get_args(Reason)) - {"counts"}


def run_at(
    status: TaskStatus, risk: Risk = "outage-if-wrong", key: str = "client-authentication"
) -> RunState:
    plan = Plan(step=key, site=SITE, changes=(Change("update", "x", "a", "b", risk),))
    task = Task(key, status, plan, deadline=NOON + timedelta(hours=24), approved_by=OTHER,
                declined_by=OTHER)  # fmt: skip
    return RunState(run="R1", site=SITE, starter=ASKER, tasks=(task,))


TIMINGS: dict[TaskStatus, Timing] = {
    "next": "waiting", "shown": "waiting", "approved": "decided", "declined": "decided",
    "expired": "expired", "started": "begun", "applied": "begun", "done": "begun",
    "skipped": "begun", "failed": "waiting",
}  # fmt: skip


@pytest.mark.parametrize("status", get_args(TaskStatus))
def test_where_a_card_is_follows_from_its_task(status: TaskStatus) -> None:
    """For each state of a task; and a run that is over is over."""
    state = run_at(status)
    step = "client-authentication"
    assert matter_of(state, step, NOON).timing == TIMINGS[status]
    assert matter_of(replace(state, outcome="stopped"), step, NOON).timing == "over"


@pytest.mark.parametrize(
    ("seconds", "timing"), [(-1, "waiting"), (0, "expired"), (1, "expired"), (None, "waiting")]
)
def test_a_deadline_is_to_the_instant(seconds: float | None, timing: Timing) -> None:
    """One second before it counts, at it no more; without a time nobody asks."""
    now = None if seconds is None else NOON + timedelta(hours=24, seconds=seconds)
    assert matter_of(run_at("shown"), "client-authentication", now).timing == timing


def test_an_undo_is_asked_for_by_whoever_turned_the_run_round_too() -> None:
    """Neither the starter nor whoever pressed Undo is the second pair of eyes."""
    state = replace(run_at("shown"), undo_by=OTHER)
    assert matter_of(state, "client-authentication", NOON).askers == {ASKER, OTHER}


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("approved", AlreadyDecided, "Already approved by <@U3>"),
        ("declined", AlreadyDecided, "Already declined by <@U3>"),
        ("started", AlreadyDecided, "has begun already"),
        ("expired", Expired, "silence was no"),
    ],
)
def test_a_refusal_says_why_and_who(status: TaskStatus, kind: type[Rejected], words: str) -> None:
    """The class is the code, the sentence is for people."""
    admit = admission("approve", Person(NAMED), lambda: NOON, step="client-authentication")
    with pytest.raises(kind, match=words):
        admit(replace(run_at(status), policy=POLICIES["named"]))


def test_what_counts_raises_nothing() -> None:
    """And the same press by somebody else does."""
    state, policy = run_at("shown"), POLICIES["named"]
    allow("approve", Person(NAMED), state, policy, step="client-authentication", now=NOON)
    with pytest.raises(NotAllowed):
        allow("approve", Person(OTHER), state, policy, step="client-authentication", now=NOON)


@pytest.mark.parametrize(
    ("approvers", "needed", "eyes", "expected"),
    [
        (None, (1, 1, 1), "never", True),
        (frozenset(), (1, 1, 1), "never", False),
        (frozenset({ASKER}), (1, 1, 1), "never", True),
        (frozenset({ASKER}), (1, 1, 1), "outage-if-wrong", False),
        (frozenset({ASKER, OTHER}), (1, 1, 1), "outage-if-wrong", True),
        (frozenset({ASKER, OTHER}), (1, 1, 2), "outage-if-wrong", False),
        (frozenset({ASKER, OTHER}), (1, 2, 1), "outage-if-wrong", True),
        (frozenset({ASKER, OTHER}), (1, 2, 1), "brief", False),
    ],
)
def test_enough_people_for_every_plan(
    approvers: frozenset[str] | None, needed: tuple[int, int, int], eyes: FourEyes, *,
    expected: bool,
) -> None:  # fmt: skip
    """Somebody other than the starter can approve what needs approving; unknown is asked later."""
    assert enough(approvers, ASKER, Policy(needed=needed, four_eyes=eyes)) == expected


def test_membership_of_other_groups_than_those_in_force_is_no_membership() -> None:
    """The policy changed while Slack was being asked: what it said was about the old groups."""
    old, new = Policy(groups=("S1",)), Policy(groups=("S2",))
    member = Person(OTHER, in_group="yes")
    admit = admission("approve", member, lambda: NOON, step="client-authentication", asked=old)
    admit(replace(run_at("shown"), policy=old))
    with pytest.raises(NotAllowed, match="could not be asked whether you are an approver"):
        admit(replace(run_at("shown"), policy=new))
