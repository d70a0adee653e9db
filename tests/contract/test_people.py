"""Who somebody is, as Slack tells it in its several ways; asked over a real socket."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.slack.access import Policy
from bot.slack.app_factory import web_client
from bot.slack.people import People
from sandbox.faults import Fault, Faults
from sandbox.journal import Journal
from sandbox.slack import SlackStandIn
from sandbox.slack.people import APPROVERS, TEAM
from tests.toys import TickingClock

OURS = {"id": "U9", "team_id": TEAM, "is_bot": False, "is_restricted": False}


class Office:
    """Slack, and the bot's view of its people."""

    def __init__(self) -> None:
        self.faults, self.journal = Faults(), Journal()
        self.slack = SlackStandIn(journal=self.journal, faults=self.faults)
        self.clock = TickingClock(datetime.now(UTC))
        client = web_client(self.slack.bot_token, self.slack.api_url)
        self.people = People(client, Policy(frozenset(), (APPROVERS,)), self.clock)

    def says(self, method: str, **answer: Any) -> None:
        """What Slack answers to the next call of a method."""
        body = json.dumps({"ok": True, **answer})
        self.faults.add(Fault("slack", "POST", method, "status", 200, body=body))

    def asked(self, method: str) -> int:
        return sum(method in request.path for request in self.journal.all("slack"))


@pytest.fixture(scope="module")
def running() -> Iterator[Office]:
    made = Office()
    yield made
    made.slack.close()


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    yield running
    running.faults.clear()


@pytest.mark.parametrize(
    ("user", "is_what"),
    [
        (OURS, set()),
        ({**OURS, "team_id": "T0ELSEWHERE"}, {"foreign"}),
        ({**OURS, "team_id": "T0ELSEWHERE", "is_stranger": False}, {"foreign"}),
        ({**OURS, "is_restricted": True}, {"guest"}),
        ({**OURS, "is_ultra_restricted": True}, {"guest"}),
        ({**OURS, "is_bot": True}, {"bot"}),
        ({**OURS, "deleted": True}, {"deleted"}),
        ({**OURS, "enterprise_user": {"enterprise_id": "E1"}}, set()),
    ],
    ids=["one-of-ours", "of-a-shared-channel", "stranger-flag-is-no-test", "guest",
         "single-channel-guest", "bot", "deactivated", "of-a-grid-that-is-not-ours"],
)  # fmt: skip
def test_a_person_is_told_by_team_and_kind(
    office: Office, user: dict[str, Any], is_what: set[str]
) -> None:
    """`deleted` may be left out, and `is_stranger` is false or absent for people from outside."""
    office.says("users.info", user=user)
    who = office.people.person("U9", TEAM)
    found = {"foreign": not who.ours, "guest": who.guest, "bot": who.bot, "deleted": who.deleted}
    assert {name for name, so in found.items() if so} == is_what


def test_slackbot_is_a_bot_although_slack_does_not_say_so(office: Office) -> None:
    """Its `is_bot` is false."""
    office.says("users.info", user={**OURS, "id": "USLACKBOT"})
    assert office.people.person("USLACKBOT", TEAM).bot


def test_the_members_of_a_group_are_asked_for_seldom(office: Office) -> None:
    """Twenty a minute are allowed; half a minute later they are asked again."""
    before = office.asked("usergroups.users.list")
    for _ in range(5):
        assert office.people.approvers()
    assert office.asked("usergroups.users.list") - before <= 1
    office.clock.tick(timedelta(seconds=31).total_seconds())
    office.people.approvers()
    assert office.asked("usergroups.users.list") - before <= 2
    assert office.asked("usergroups.users.list") > before


def test_a_group_that_is_gone_has_nobody_and_one_that_cannot_be_asked_is_unknown(
    office: Office,
) -> None:
    """Neither lets anybody in; only the second is worth pressing again."""
    for error, found in (("no_such_subteam", frozenset()), ("plan_upgrade_required", None)):
        office.clock.tick(31)
        body = json.dumps({"ok": False, "error": error})
        office.faults.add(Fault("slack", "POST", "usergroups.users", "status", 200, body=body))
        assert office.people.approvers() == found
