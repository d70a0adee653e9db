"""Several steps without risk approved at once, each plan by its own fingerprint."""

import itertools
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bot.engine import commands as c
from bot.engine.policy import Policy
from sandbox.people_acting import buttons
from sandbox.slack.people import APPROVER, APPROVERS, OUTSIDER, SITE_OPS, STARTER
from steps.errors import Conflict
from tests.contract.approvals_stand import SECOND, Setting, Team, team
from tests.contract.control_stand import denied
from tests.toys import SITE

TASKS = ("lamp", "bell", "glance", "chime")
TWO = Policy(groups=(APPROVERS,), needed=(1, 2, 1))


@pytest.fixture
def run() -> Iterator[Team]:
    with team(Setting(risk="brief", tasks=TASKS)) as made:
        made.open()
        yield made


def writes(made: Team) -> dict[str, str]:
    return {key: made.world.get(key, "off") for key in ("lamp", "bell", "chime")}


def test_several_riskless_steps_are_approved_at_once(run: Team) -> None:
    """One press: a yes for each plan shown, by its fingerprint; no further card waits."""
    card = run.card("ahead")
    shown = str(card["blocks"])
    assert "Approve with 2 following" in shown
    for one in run.task().foreseen:
        assert one.fingerprint[:8] in shown
    run.press(APPROVER, "ahead")
    assert "Also approved: The bell, The chime" in run.answer(APPROVER)
    run.drive()
    assert run.engine.view("R1").outcome == "closed"
    assert writes(run) == {"lamp": "on", "bell": "on", "chime": "on"}
    yes = [e for e in run.engine.store.read("R1") if e.type == "plan-approved"]
    assert [e.step for e in yes] == ["lamp", "bell", "chime"]
    assert [e.fingerprint for e in yes] == [run.task(e.step).fingerprint for e in yes]
    told = run.said("was approved by")
    assert told == (
        f"<@{STARTER}>: The lamp was approved by <@{APPROVER}>, and with it The bell, The chime."
    )


def test_one_that_changes_before_its_turn_comes_back_as_its_own_card(run: Team) -> None:
    """The others go on; whoever approved it is told what changed; it waits for its own yes."""
    run.press(APPROVER, "ahead")
    run.world["bell"] = "cracked"
    run.drive()
    assert (run.task("bell").status, run.task("bell").approvals) == ("shown", ())
    assert writes(run) == {"lamp": "on", "bell": "cracked", "chime": "off"}
    told = run.said("Your approval of The bell is void")
    assert told.startswith(f"<@{APPROVER}>")
    assert "was off → on, is now cracked → on" in told
    run.press(APPROVER, step="bell")
    run.drive()
    assert run.engine.view("R1").outcome == "closed"


def test_one_that_is_satisfied_before_its_turn_is_skipped(run: Team) -> None:
    """Somebody rang the bell meanwhile: nothing is left to do, and nothing is asked."""
    run.press(APPROVER, "ahead")
    run.world["bell"] = "on"
    run.drive()
    assert (run.task("bell").status, run.engine.view("R1").outcome) == ("skipped", "closed")


def test_what_was_approved_ahead_can_be_taken_back(run: Team) -> None:
    """On the same card, for as long as its turn has not come: it waits for its own yes then."""
    run.press(APPROVER, "ahead")
    run.press(APPROVER, "withdraw")
    assert run.types().count("approval-withdrawn") == 3
    run.press(SECOND)
    run.drive()
    assert writes(run) == {"lamp": "on", "bell": "off", "chime": "off"}
    assert run.task("bell").status == "shown"


def test_what_was_approved_ahead_can_be_taken_back_from_a_newer_card(run: Team) -> None:
    """The card it was said on is out of date: the later yeses stand, and can go back."""
    run.press(APPROVER, "ahead")
    run.world["lamp"] = "dim"
    run.drive()
    assert (run.task().cards, run.task("bell").complete) == (2, True)
    run.settled()
    run.press(APPROVER, "withdraw")
    assert (run.task("bell").approvals, run.task("chime").approvals) == ((), ())
    run.press(SECOND)
    assert "Also approved" not in run.answer(SECOND)
    run.drive()
    assert writes(run) == {"lamp": "on", "bell": "off", "chime": "off"}


def test_a_plain_approval_claims_no_yes_that_another_has_given() -> None:
    """What somebody else approved ahead is not said to be approved by this press."""
    with team(Setting(TWO, risk="brief", tasks=TASKS)) as made:
        made.open()
        made.press(SECOND, "ahead")
        assert "Also approved: The bell, The chime" in made.answer(SECOND)
        made.press(APPROVER)
        assert "Also approved" not in made.answer(APPROVER)
        made.drive()
        assert made.engine.view("R1").outcome == "closed"


def test_a_plan_approved_ahead_that_could_not_be_asked_for_keeps_its_yes(run: Team) -> None:
    """Its turn came while the vendor refused: a retry is no new question."""
    run.press(APPROVER, "ahead")
    run.bell.on_look = denied
    run.drive()
    assert run.task("bell").status == "failed"
    run.bell.on_look = lambda: None
    run.press(STARTER, "retry", step="bell")
    run.drive()
    assert run.engine.view("R1").outcome == "closed"
    assert run.task("bell").approvals[0].by == APPROVER


def test_plans_are_foreseen_again_when_somebody_was_faster() -> None:
    """Somebody pauses meanwhile: what was found is not recorded, and it is sought anew."""
    with team(Setting(risk="brief", tasks=TASKS)) as made:
        engine, looks = made.engine, itertools.count()

        def between() -> None:
            if made.task().status == "shown" and next(looks) == 0:
                engine.submit("R1", c.Pause(STARTER))

        made.bell.on_look = between
        engine.start(c.Start(STARTER, SITE, SITE_OPS))
        with suppress(Conflict):
            made.drive()
        assert (made.task().status, made.task().foreseen) == ("shown", ())
        made.drive()
        assert [one.step for one in made.task().foreseen] == ["bell", "chime"]


def test_an_outsider_approves_none_of_them(run: Team) -> None:
    """The press counts for all or for none."""
    run.press(OUTSIDER, "ahead")
    assert "Only an approver" in run.answer(OUTSIDER)
    assert "plan-approved" not in run.types()


def test_a_plain_approval_is_for_the_cards_own_plan(run: Team) -> None:
    """The first button approves one plan; the next card asks again."""
    run.press(APPROVER)
    run.drive()
    assert writes(run) == {"lamp": "on", "bell": "off", "chime": "off"}


def test_two_are_needed_for_each_of_them() -> None:
    """One of two given ahead stands on the step's own card when its turn comes."""
    policy = Policy(groups=(APPROVERS,), needed=(2, 1, 1))
    with team(Setting(policy, risk="brief", tasks=TASKS)) as made:
        made.open()
        made.press(APPROVER, "ahead")
        made.drive()
        assert (made.world["lamp"], made.world.get("bell")) == ("on", None)
        assert "Given: 1 of 2" in made.card(step="bell")["text"]
        made.press(SECOND, step="bell")
        made.drive()
        assert made.world["bell"] == "on"


def test_what_can_cause_an_outage_stands_alone() -> None:
    """Its card offers nothing else, and it is on no other card."""
    with team(Setting(tasks=("lamp", "bell"))) as made:
        made.open()
        names = {b["action_id"] for b in buttons(made.card())}
        assert (names & {"ahead"}, "plans-foreseen" in made.types()) == (set(), False)
    with team(Setting(tasks=("bell", "lamp", "chime"))) as made:
        made.open()
        made.card("ahead", "bell")
        assert [one.step for one in made.task("bell").foreseen] == ["chime"]
