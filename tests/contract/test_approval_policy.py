"""A site's own policy: asked for by a form, approved under the one in force, kept in the log."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.engine.policy import Policy, policy_stream
from sandbox.faults import Fault
from sandbox.slack.people import (
    APPROVER,
    APPROVERS,
    GENERAL,
    GUEST,
    OUTSIDER,
    SITE_OPS,
    STARTER,
    Person,
)
from tests.contract.approvals_stand import SECOND, Setting, Team, team
from tests.toys import SITE

STREAM = policy_stream(SITE)
Values = dict[tuple[str, str], Any]


@pytest.fixture
def made() -> Iterator[Team]:
    with team() as one:
        one.open()
        yield one


def form(made: Team, user: str, channel: str = SITE_OPS) -> dict[str, Any]:
    """The form that this command has opened, once it is more than the loading view."""
    before = {view["id"] for view in made.slack.open_views(user)}
    made.slack.command(user, "/mtls", "policy www.example.com", channel)

    def shown() -> dict[str, Any] | None:
        views = [v for v in made.slack.open_views(user) if len(v["blocks"]) > 1]
        return next((v for v in views if v["id"] not in before), None)

    view: dict[str, Any] = made.slack.wait_for(shown)
    return view


def ask(made: Team, user: str, values: Values) -> None:
    """The form filled in and sent, and its answer waited for."""
    before = len(made.answers(user))
    made.slack.submit(user, form(made, user)["id"], values)
    made.slack.wait_for(lambda: len(made.answers(user)) > before)


PEOPLE: Values = {("people", "people"): [OUTSIDER, STARTER], ("groups", "groups"): [],
                  ("outage", "outage"): "2", ("eyes", "eyes"): "never"}  # fmt: skip


def test_a_policy_is_changed_by_approvals_under_the_one_in_force(made: Team) -> None:
    """Nothing changes until it is approved; then it holds for the card that waits already."""
    assert f"<!subteam^{APPROVERS}>" in str(form(made, STARTER)["blocks"])
    ask(made, STARTER, PEOPLE)
    assert "waits in a card" in made.answer(STARTER)
    made.press(OUTSIDER, step="policy")
    assert "Only an approver" in made.answer(OUTSIDER)
    made.press(OUTSIDER)
    assert "Only an approver" in made.answer(OUTSIDER)
    made.press(APPROVER, step="policy")
    assert made.types(STREAM) == ["policy-asked", "plan-approved", "policy-changed"]
    expected = Policy(frozenset({OUTSIDER, STARTER}), (), (1, 1, 2), "never")
    assert made.engine.policy_of(SITE) == expected
    made.said(f"The lamp: Waiting for 2 approvals from <@{OUTSIDER}>, <@{STARTER}>.")
    made.press(APPROVER)
    assert "Only an approver" in made.answer(APPROVER)
    made.press(OUTSIDER)
    made.press(STARTER)
    made.drive()
    assert made.lamp.writes == 1


def test_whoever_asked_for_a_change_does_not_count_for_it(made: Team) -> None:
    """Four eyes, whatever the run: an approver's own wish needs another approver."""
    ask(made, APPROVER, PEOPLE)
    made.press(APPROVER, step="policy")
    assert "your own yes does not count" in made.answer(APPROVER)
    made.press(SECOND, step="policy")
    assert made.types(STREAM)[-1] == "policy-changed"


def test_a_declined_change_changes_nothing_and_can_be_asked_again(made: Team) -> None:
    """With its reason on the card; the next one is a new card."""
    ask(made, STARTER, PEOPLE)
    ask(made, STARTER, PEOPLE)
    assert "waits for a decision already" in made.answer(STARTER)
    made.because(APPROVER, "decline", "not these two", step="policy")
    assert "“not these two”" in made.said("Nothing changes.")
    assert made.engine.policy_of(SITE) == made.engine.rules.policy
    ask(made, STARTER, PEOPLE)
    assert made.types(STREAM).count("policy-asked") == 2


def test_a_change_that_nobody_decides_expires(made: Team) -> None:
    """Silence is no here too, and there is no retry: it is asked for anew."""
    ask(made, STARTER, PEOPLE)
    made.tick(hours=25)
    assert made.types(STREAM)[-1] == "approval-expired"
    told = [text for text in made.settled() if "/mtls policy` asks for it anew" in text]
    assert [text.startswith(f"<@{STARTER}>") for text in told] == [False, True]


def test_a_change_whose_time_has_run_out_keeps_nobody_from_asking(made: Team) -> None:
    """Also before anybody has looked at the clock."""
    ask(made, STARTER, PEOPLE)
    made.clock.tick(24 * 3600)
    ask(made, STARTER, PEOPLE)
    assert "waits in a card" in made.answer(STARTER)
    assert made.task("policy", STREAM).cards == 2


def test_a_site_goes_back_to_the_settings_policy(made: Team) -> None:
    """By a card as well; and asking for what is in force already asks for nothing."""
    ask(made, STARTER, {("source", "source"): ["settings"]})
    assert "in force already" in made.answer(STARTER)
    ask(made, STARTER, PEOPLE | {("outage", "outage"): "1"})
    made.press(APPROVER, step="policy")
    ask(made, APPROVER, {("source", "source"): ["settings"]})
    made.press(STARTER, step="policy")
    assert made.engine.policy_of(SITE) == made.engine.rules.policy


def test_a_policy_under_which_nobody_could_approve_is_not_asked_for(made: Team) -> None:
    """Nobody at all is told at the input; too few in words; unknown is not enough."""
    empty: Values = {("people", "people"): [], ("groups", "groups"): []}
    wrong = made.slack.submit(STARTER, form(made, STARTER)["id"], empty)
    assert set(wrong.errors) == {"people"}
    ask(made, STARTER, {("outage", "outage"): "4"})
    assert "nobody could be seen to have enough approvals" in made.answer(STARTER)
    view = form(made, STARTER)["id"]
    made.clock.tick(31)
    made.faults.add(Fault("slack", "POST", "usergroups.users.list", "status", 500, times=9))
    before = len(made.answers(STARTER))
    made.slack.submit(STARTER, view, {("outage", "outage"): "2"})
    made.slack.wait_for(lambda: len(made.answers(STARTER)) > before)
    assert "nobody could be seen" in made.answer(STARTER)
    assert made.types(STREAM) == []


def test_a_policy_of_people_who_never_count_is_not_asked_for(made: Team) -> None:
    """A guest, and somebody who has left: approved, it would have locked everybody out."""
    with made.slack.workspace.changing():
        made.slack.people["U0LEFT00001"] = Person("U0LEFT00001", "Left", deleted=True)
    only: Values = {("people", "people"): [GUEST, "U0LEFT00001"], ("groups", "groups"): []}
    ask(made, STARTER, only)
    assert "nobody could be seen to have enough approvals" in made.answer(STARTER)
    ask(made, STARTER, only | {("people", "people"): [GUEST, OUTSIDER]})
    assert made.types(STREAM) == ["policy-asked"]


def test_a_policy_is_not_asked_for_where_its_card_could_not_be_posted(made: Team) -> None:
    """A card that nobody sees would wait for a day, and let nobody ask again."""
    view = form(made, STARTER, GENERAL)["id"]
    made.slack.submit(STARTER, view, PEOPLE)

    own = made.slack.workspace.direct(STARTER).id
    told = made.slack.wait_for(lambda: made.slack.messages(own))[-1]
    assert "The bot is not in this channel" in told["text"]
    assert made.types(STREAM) == []
    ask(made, STARTER, PEOPLE)
    assert made.types(STREAM) == ["policy-asked"]


def test_a_guest_does_not_see_the_form(made: Team) -> None:
    """Refused in words, and nothing is asked for."""
    assert "Guests" in made.type(GUEST, "policy www.example.com")
    assert "Guests" in str(made.slack.open_views(GUEST)[-1]["blocks"])


def test_groups_that_cannot_be_asked_for_stay_as_they_are(made: Team) -> None:
    """The form says so and changes the rest."""
    made.faults.add(Fault("slack", "POST", "usergroups.list", "status", 500))
    view = form(made, STARTER)
    assert "could not be asked for" in str(view["blocks"])
    before = len(made.answers(STARTER))
    made.slack.submit(STARTER, view["id"], {("brief", "brief"): "2"})
    made.slack.wait_for(lambda: len(made.answers(STARTER)) > before)
    made.press(APPROVER, step="policy")
    assert made.engine.policy_of(SITE) == Policy(groups=(APPROVERS,), needed=(1, 2, 1))


def test_extending_means_the_run_before_the_policy(made: Team) -> None:
    """Both wait on one site: the typed command is for the run's card, the policy's has a button."""
    ask(made, STARTER, PEOPLE)
    made.clock.tick(3600)
    assert "The lamp waits" in made.type(STARTER, "extend")
    made.press(APPROVER, "extend", step="policy")
    assert made.types(STREAM)[-1] == "approval-extended"


def test_a_policy_that_wants_two_is_changed_by_two() -> None:
    """The first yes changes nothing, and nobody is held to a policy that is not in force."""
    with team(Setting(Policy(groups=(APPROVERS,), needed=(1, 1, 2)))) as two:
        two.open()
        ask(two, STARTER, PEOPLE | {("outage", "outage"): "1"})
        two.press(APPROVER, step="policy")
        assert two.types(STREAM)[-1] == "plan-approved"
        assert two.engine.policy_of(SITE) == two.engine.rules.policy
        two.press(SECOND, step="policy")
        assert two.types(STREAM)[-1] == "policy-changed"
