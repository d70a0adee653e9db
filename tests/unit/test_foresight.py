"""Which later plans a card may offer, and which cards may offer any."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import pytest

from bot.engine.foresight import foresee, may_lead
from bot.engine.state import Approval, RunState, Task, TaskStatus
from steps.errors import PreconditionFailed, Unreachable
from steps.step import Change, Past, Plan, Site
from tests.toys import NOON, SITE, Bell, Glance, Lamp

BRIEF = Change("update", "lamp", "off", "on", "brief")
OUTAGE = replace(BRIEF, risk="outage-if-wrong")
PLAIN = replace(BRIEF, risk="none")


@dataclass
class Planned(Bell):
    """A bell whose plan is given, or an error instead."""

    gives: Plan | Exception | None = None

    def plan(self, site: Site, facts: str, past: Past) -> Plan:
        if isinstance(self.gives, Exception):
            raise self.gives
        assert self.gives is not None
        return self.gives


class Look(Planned):
    """A look never waits for anybody."""

    kind: ClassVar[Literal["change", "look"]] = "look"


def bell(*changes: Change, accepting: tuple[str, ...] = ()) -> Plan:
    return Plan("bell", SITE, changes, accepting=accepting)


def offered(step: Planned, task: Task) -> list[str]:
    """The keys that the lamp's card would offer too."""
    shown = Task("lamp", "shown", Plan("lamp", SITE, (BRIEF,)))
    state = RunState(run="R1", site=SITE, tasks=(shown, Task("glance"), task))
    steps = {"lamp": Lamp({}), "glance": Glance({}), "bell": step}
    return [one.step for one in foresee(state, shown, steps)]


@pytest.mark.parametrize(
    ("gives", "expected"),
    [
        (bell(PLAIN), ["bell"]),
        (bell(PLAIN, PLAIN), ["bell"]),
        (bell(PLAIN, BRIEF), []),
        (bell(OUTAGE), []),
        (bell(PLAIN, accepting=("status.example.com would blink.",)), []),
        (bell(), []),
        (PreconditionFailed("The lamp comes first."), []),
        (Unreachable("No answer.", service="bell", doing="reading"), []),
    ],
)
def test_only_a_plan_without_any_risk_is_offered(
    gives: Plan | Exception, expected: list[str]
) -> None:
    """Nor one that asks to accept something, changes nothing, or cannot be made yet."""
    assert offered(Planned({}, gives=gives), Task("bell")) == expected


def test_what_is_decided_already_or_a_look_is_not_offered() -> None:
    """Looks run anyway; what was approved on an earlier card is not asked for twice."""
    plain = Planned({}, gives=bell(PLAIN))
    assert offered(Look({}, gives=bell(PLAIN)), Task("bell")) == []
    assert offered(plain, Task("bell", approvals=(Approval("U2", NOON),))) == []
    assert offered(plain, Task("bell", "skipped")) == []


@pytest.mark.parametrize(
    ("status", "plan", "expected"),
    [
        ("shown", Plan("lamp", SITE, (BRIEF,)), True),
        ("shown", Plan("lamp", SITE, (PLAIN,)), True),
        ("shown", Plan("lamp", SITE, (OUTAGE,)), False),
        ("shown", Plan("lamp", SITE, (BRIEF,), accepting=("a host would break",)), False),
        ("approved", Plan("lamp", SITE, (BRIEF,)), False),
        ("shown", None, False),
    ],
)
def test_what_can_cause_an_outage_is_decided_by_itself(
    status: TaskStatus, plan: Plan | None, *, expected: bool
) -> None:
    """So is what asks to accept something by name."""
    assert may_lead(Task("lamp", status, plan)) == expected
