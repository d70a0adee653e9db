"""Approving together, through Slack's payloads: who counts, how many, and who is told."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.engine.approval_events import Window
from bot.engine.policy import Policy
from sandbox.faults import Fault
from sandbox.slack.people import APPROVER, APPROVERS, OUTSIDER, SITE_OPS, STARTER
from tests.contract.approvals_stand import SECOND, Setting, Team, team
from tests.toys import NOON

TWO = Policy(groups=(APPROVERS,), needed=(1, 1, 2))


@pytest.fixture
def one() -> Iterator[Team]:
    with team() as made:
        yield made


@pytest.fixture
def two() -> Iterator[Team]:
    with team(Setting(TWO)) as made:
        yield made


def test_two_approvers_needed_and_one_presses_twice(two: Team) -> None:
    """The second press of the same person is no second approval; another person's is."""
    two.open()
    two.press(APPROVER)
    assert "1 of 2" in two.answer(APPROVER)
    two.press(APPROVER)
    assert "once: 1 more must come from others" in two.answer(APPROVER)
    two.drive()
    assert (two.task().status, two.lamp.writes) == ("shown", 0)
    assert two.said(f"Given: 1 of 2, by <@{APPROVER}>")
    two.press(SECOND)
    two.drive()
    assert (two.task().status, two.lamp.writes) == ("done", 1)
    assert two.types().count("plan-approved") == 2
    assert f"Approved by <@{APPROVER}> and <@{SECOND}>" in two.said("Done and proven")


def test_whoever_has_said_yes_is_not_told_that_theirs_is_awaited() -> None:
    """By `/mtls` alone: the other approver's yes is."""
    with team(Setting(Policy(groups=(APPROVERS,), needed=(1, 1, 2)))) as made:
        made.open()
        made.press(APPROVER)
        assert "waits for your yes" not in made.type(APPROVER, "")
        assert "waits for your yes" in made.type(SECOND, "")


def test_a_starter_presses_their_own_step(one: Team) -> None:
    """An approver who started the run does not count where it can cause an outage."""
    with one.slack.workspace.changing():
        one.slack.workspace.groups[APPROVERS].members.append(STARTER)
    one.open()
    assert f"and not <@{STARTER}> who asked for it" in one.card()["text"]
    one.press(STARTER)
    assert "your own yes does not count" in one.answer(STARTER)
    assert "plan-approved" not in one.types()


def test_a_starter_who_is_an_approver_presses_a_step_without_outage() -> None:
    """Four eyes begin at the risk that the policy names."""
    with team(Setting(risk="brief")) as made:
        with made.slack.workspace.changing():
            made.slack.workspace.groups[APPROVERS].members.append(STARTER)
        made.open()
        made.press(STARTER)
        assert "counts: 1 of 1" in made.answer(STARTER)


def test_an_outsider_presses(one: Team) -> None:
    """Told privately who may; nothing in the log, nothing in the channel."""
    one.open()
    before = one.settled()
    one.press(OUTSIDER)
    assert "Only an approver" in one.answer(OUTSIDER)
    assert (one.settled(), "plan-approved" in one.types()) == (before, False)


def test_the_user_group_changes_between_card_and_press(one: Team) -> None:
    """Membership is asked at the press: who left does not count, who came does."""
    one.open()
    one.card()
    with one.slack.workspace.changing():
        one.slack.workspace.groups[APPROVERS].members[:] = [OUTSIDER]
    one.press(APPROVER)
    assert "Only an approver" in one.answer(APPROVER)
    one.press(OUTSIDER)
    assert "counts: 1 of 1" in one.answer(OUTSIDER)


def test_membership_is_cached_briefly_and_then_asked_again(one: Team) -> None:
    """Within half a minute a group is not asked twice; after it the change is seen."""
    one.open()
    one.press(OUTSIDER)
    with one.slack.workspace.changing():
        one.slack.workspace.groups[APPROVERS].members.append(OUTSIDER)
    one.press(OUTSIDER)
    assert "Only an approver" in one.answer(OUTSIDER)
    one.tick(seconds=31)
    one.press(OUTSIDER)
    assert "counts" in one.answer(OUTSIDER)


@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
def test_slack_cannot_be_asked(one: Team, method: str) -> None:
    """Neither yes nor no, said privately; asked again, the same press counts."""
    one.open()
    one.faults.add(Fault("slack", "POST", method, "status", 500))
    one.press(APPROVER)
    assert "could not be asked" in one.answer(APPROVER)
    assert "plan-approved" not in one.types()
    one.press(APPROVER)
    assert "counts" in one.answer(APPROVER)


def test_an_approval_is_taken_back(two: Team) -> None:
    """Until the step begins; the starter is told, and it waits for two again."""
    two.open()
    two.press(APPROVER)
    two.press(APPROVER, "withdraw")
    assert "is taken back" in two.answer(APPROVER)
    assert f"<@{STARTER}>: <@{APPROVER}> has taken back" in two.said("has taken back")
    two.press(SECOND)
    two.drive()
    assert (two.task().status, two.lamp.writes) == ("shown", 0)
    two.press(APPROVER)
    two.drive()
    assert two.lamp.writes == 1


def test_a_complete_approval_is_taken_back_before_the_step_begins(one: Team) -> None:
    """Approved, not begun: one press and nothing is written; another person's press takes none."""
    one.open()
    one.press(APPROVER)
    one.press(SECOND, "withdraw")
    assert "no approval of yours" in one.answer(SECOND)
    one.press(APPROVER, "withdraw")
    one.drive()
    assert (one.task().status, one.lamp.writes) == ("shown", 0)


def test_a_begun_step_takes_nothing_back(one: Team) -> None:
    """A press on the card as it was before the step began is refused, and says what helps."""
    one.open()
    one.press(APPROVER)
    message = one.card("withdraw")
    one.driver.work("R1")
    one.slack.press(APPROVER, SITE_OPS, message["ts"], "withdraw")
    one.slack.wait_for(lambda: "taken back until" in one.answer(APPROVER) or None)
    assert "approval-withdrawn" not in one.types()


def test_the_plan_drifts_after_the_first_of_two_approvals(two: Team) -> None:
    """Both yeses are void, whoever gave one is told what changed, and the new card wants two."""
    two.open()
    two.press(APPROVER)
    two.world["lamp"] = "flickering"
    two.press(SECOND)
    two.drive()
    assert (two.task().status, two.lamp.writes, two.task().approvals) == ("shown", 0, ())
    told = two.said("is void")
    assert told.startswith(f"<@{APPROVER}> <@{SECOND}>: ")
    assert "was off → on, is now flickering → on" in told
    two.press(APPROVER)
    two.drive()
    assert two.lamp.writes == 0
    two.press(SECOND)
    two.drive()
    assert two.lamp.writes == 1


def test_what_somebody_did_between_yes_and_start_is_skipped(one: Team) -> None:
    """Nothing is left to do, so nobody is asked to approve a plan that changes nothing."""
    one.open()
    one.press(APPROVER)
    one.world["lamp"] = "on"
    one.drive()
    assert (one.task().status, one.engine.view("R1").outcome) == ("skipped", "closed")
    assert (one.lamp.writes, "plan-drifted" in one.types()) == (0, False)


def test_declining_asks_for_a_reason_that_stands_on_card_and_log(one: Team) -> None:
    """The modal comes back with words; the starter is mentioned with them."""
    one.open()
    one.because(APPROVER, "decline", "the <shop> is on sale")
    assert one.task().reason == "the <shop> is on sale"
    told = one.said("was declined by")
    assert told.startswith(f"<@{STARTER}>")
    assert "the &lt;shop&gt; is on sale" in told
    assert "“the &lt;shop&gt; is on sale”" in one.said("Declined by")


def test_a_blank_is_no_reason_and_an_old_form_is_told_at_its_input(one: Team) -> None:
    """Slack counts blanks as characters; what a form of another version asks is not guessed at."""
    one.open()
    one.slack.press(APPROVER, SITE_OPS, one.card("decline")["ts"], "decline")
    view = one.slack.wait_for(lambda: one.slack.open_views(APPROVER))[-1]
    entered = {("reason", "reason"): "    "}
    wrong = one.slack.submit(APPROVER, view["id"], entered)
    assert wrong.errors == {"reason": "Say why, in a few words."}
    with one.slack.workspace.changing():
        one.slack.workspace.screens.modals[APPROVER][-1].body["private_metadata"] = "decline|R1"
    entered = {("reason", "reason"): "why not"}
    assert "another version" in one.slack.submit(APPROVER, view["id"], entered).errors["reason"]
    assert one.task().status == "shown"


def test_an_outsiders_reason_declines_nothing(one: Team) -> None:
    """Whoever may not is refused when the form comes back."""
    one.open()
    one.because(OUTSIDER, "decline", "I do not like it")
    assert "Only an approver" in one.answer(OUTSIDER)
    assert one.task().status == "shown"


def test_stopping_asks_for_a_reason(one: Team) -> None:
    """It stands in the log and on the card with who stopped, the starter too."""
    one.open()
    one.because(STARTER, "stop", "next week instead")
    state = one.engine.view("R1")
    assert (state.outcome, state.stop_reason) == ("stopped", "next week instead")
    assert f"Stopped by <@{STARTER}>. Reason: “next week instead”." in one.said("Stopped by")


def test_ten_people_press_at_the_same_instant(one: Team) -> None:
    """One decision, ten answers: one counts, nine are told who was first."""
    people = [one.hire(f"U0PRESSER{n}0") for n in range(10)]
    one.open()
    message = one.card()
    gate = threading.Barrier(len(people))

    def press(user: str) -> None:
        gate.wait()
        one.slack.press(user, SITE_OPS, message["ts"], "approve")

    threads = [threading.Thread(target=press, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one.slack.wait_for(lambda: all(one.slack.ephemerals(user) for user in people))
    answers = [one.answer(user) for user in people]
    assert len([a for a in answers if "counts: 1 of 1" in a]) == 1
    assert len([a for a in answers if "Already approved by" in a]) == 9
    assert one.types().count("plan-approved") == 1


def test_the_starter_is_mentioned_at_each_decision(two: Team) -> None:
    """One message for each yes, with how many there are; posted once, also after a restart."""
    two.open()
    two.press(APPROVER)
    two.press(SECOND)
    texts = two.settled()
    told = [t for t in texts if t.startswith(f"<@{STARTER}>: The lamp was approved by")]
    assert told == [
        f"<@{STARTER}>: The lamp was approved by <@{APPROVER}> (1 of 2).",
        f"<@{STARTER}>: The lamp was approved by <@{SECOND}> (2 of 2).",
    ]


def test_taking_the_requirement_off_needs_one_approver_whatever_the_policy() -> None:
    """The starter included, with three wanted everywhere, and outside of the window."""
    back, strict = "undo-client-authentication", Policy(groups=(APPROVERS,), needed=(3, 3, 3),
                                                        four_eyes="none")  # fmt: skip
    window = Window(NOON + timedelta(days=1), NOON + timedelta(days=2))
    with team(Setting(strict, tasks=(back,))) as made:
        with made.slack.workspace.changing():
            made.slack.workspace.groups[APPROVERS].members.append(STARTER)
        made.open(window=window)
        assert "Waiting for a yes from" in made.card(step=back)["text"]
        made.press(OUTSIDER, step=back)
        assert "Only an approver" in made.answer(OUTSIDER)
        made.press(STARTER, step=back)
        made.drive()
        assert made.world[back] == "on"
