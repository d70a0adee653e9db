"""The one decision who may do what, over every combination."""

from itertools import product

import pytest

from bot.engine.state import RunState, Task
from bot.slack.access import Act, Membership, Person, Policy, allow
from steps.errors import NotAllowed
from steps.step import Change, Plan, Risk
from tests.toys import SITE

STARTER, BY_ID, OTHER = "U1", "U2", "U3"
POLICY = Policy(frozenset({BY_ID}), ("S1",))
RISKS: tuple[Risk, ...] = ("none", "brief", "outage-if-wrong")
ACTS: tuple[Act, ...] = (
    "start", "approve", "decline", "retry", "accept", "undo", "stop", "status", "plan", "probe",
    "help",
)  # fmt: skip


def run_at(risk: Risk, key: str = "client-authentication") -> RunState:
    plan = Plan(step=key, site=SITE, changes=(Change("update", "x", "a", "b", risk),))
    return RunState(run="R1", site=SITE, starter=STARTER, tasks=(Task(key, "shown", plan),))


def may(act: Act, who: Person, state: RunState, policy: Policy = POLICY) -> bool:
    try:
        allow(act, who, state, policy)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (Person(BY_ID, ours=False), "of this workspace"),
        (Person(BY_ID, guest=True), "Guests"),
        (Person(BY_ID, bot=True), "Only people"),
        (Person(BY_ID, deleted=True), "Only people"),
        (Person(BY_ID, known=False), "could not be asked"),
    ],
)
@pytest.mark.parametrize("act", [a for a in ACTS if a not in ("status", "help")])
def test_strangers_may_only_look(act: Act, who: Person, words: str) -> None:
    """Other organisations, guests, bots, the deactivated, and whoever could not be asked about."""
    with pytest.raises(NotAllowed, match=words):
        allow(act, who, run_at("none"), POLICY)


@pytest.mark.parametrize("act", ["status", "help"])
def test_everybody_may_ask_where_it_stands(act: Act) -> None:
    """Status and help answer anyone."""
    assert may(act, Person(OTHER, ours=False, guest=True, known=False), run_at("none"))


@pytest.mark.parametrize("act", ["start", "plan", "probe"])
def test_every_member_may_begin(act: Act) -> None:
    """Starting asks for nothing but membership; nothing is written by it."""
    assert may(act, Person(OTHER), RunState())


@pytest.mark.parametrize(("risk", "group"), [*product(RISKS, ["yes", "no", "unknown"])])
def test_only_approvers_approve(risk: Risk, group: Membership) -> None:
    """By id or by group; a group that could not be asked is not a yes."""
    state = run_at(risk)
    assert may("approve", Person(BY_ID), state)
    assert may("approve", Person(OTHER, in_group=group), state) == (group == "yes")
    for act in ("decline", "accept"):
        assert may(act, Person(OTHER, in_group=group), state) == (group == "yes")


@pytest.mark.parametrize(("risk", "allowed"), [*product(RISKS, [True, False])])
def test_who_started_does_not_approve_an_outage(risk: Risk, *, allowed: bool) -> None:
    """Four eyes on what can take the site down, unless the settings say otherwise."""
    policy = Policy(frozenset({STARTER}), starter_may_approve=allowed)
    expected = allowed or risk != "outage-if-wrong"
    assert may("approve", Person(STARTER), run_at(risk), policy) == expected
    assert may("approve", Person(STARTER), run_at(risk), POLICY) is False


def test_getting_back_needs_one_approver_the_starter_included() -> None:
    """Taking the requirement off the origin is never held up by four eyes."""
    state = run_at("outage-if-wrong", "undo-client-authentication")
    policy = Policy(frozenset({STARTER}))
    assert may("approve", Person(STARTER), state, policy)
    assert not may("approve", Person(OTHER), state, policy)


@pytest.mark.parametrize("act", ["retry", "undo", "stop"])
def test_the_starter_may_help_the_run(act: Act) -> None:
    """Retry, undo and stop: approvers and whoever started, nobody else."""
    state = run_at("outage-if-wrong")
    assert may(act, Person(STARTER), state)
    assert may(act, Person(BY_ID), state)
    assert not may(act, Person(OTHER), state)
