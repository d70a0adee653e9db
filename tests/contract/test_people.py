"""Who somebody is, as Slack tells it in its several ways; asked over a real socket."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.engine.policy import Policy
from bot.slack.app_factory import web_client
from bot.slack.people import People
from sandbox.faults import Fault, Faults
from sandbox.journal import Journal
from sandbox.slack import SlackStandIn
from sandbox.slack.people import APPROVER, APPROVERS, GUEST, OUTSIDER, STARTER, TEAM
from tests.toys import TickingClock

POLICY = Policy(groups=(APPROVERS,))
OURS = {"id": "U9", "team_id": TEAM, "is_bot": False, "is_restricted": False}


class Office:
    """Slack, and the bot's view of its people."""

    def __init__(self) -> None:
        self.faults, self.journal = Faults(), Journal()
        self.slack = SlackStandIn(journal=self.journal, faults=self.faults)
        self.clock = TickingClock(datetime.now(UTC))
        client = web_client(self.slack.bot_token, self.slack.api_url)
        self.people = People(client, self.clock)

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
    who = office.people.person("U9", TEAM, POLICY)
    found = {"foreign": not who.ours, "guest": who.guest, "bot": who.bot, "deleted": who.deleted}
    assert {name for name, so in found.items() if so} == is_what


def test_slackbot_is_a_bot_although_slack_does_not_say_so(office: Office) -> None:
    """Its `is_bot` is false."""
    office.says("users.info", user={**OURS, "id": "USLACKBOT"})
    assert office.people.person("USLACKBOT", TEAM, POLICY).bot


def test_the_members_of_a_group_are_asked_for_seldom(office: Office) -> None:
    """Twenty a minute are allowed; half a minute later they are asked again."""
    before = office.asked("usergroups.users.list")
    for _ in range(5):
        assert office.people.approvers(POLICY)
    assert office.asked("usergroups.users.list") - before <= 1
    office.clock.tick(timedelta(seconds=31).total_seconds())
    office.people.approvers(POLICY)
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
        assert office.people.approvers(POLICY) == found


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"tz": "Europe/Berlin", "tz_offset": 3600}, "Europe/Berlin"),
        ({"tz": "Europe/Atlantis", "tz_offset": 3600}, "UTC+01:00"),
        ({"tz": "", "tz_offset": -12600}, "UTC-03:30"),
        ({"tz": None, "tz_offset": None}, "UTC"),
        ({}, "UTC"),
    ],
)
def test_the_zone_of_a_person_is_slacks_or_its_offset(
    office: Office, told: dict[str, Any], name: str
) -> None:
    """A name that this machine does not know is no reason to guess another zone."""
    office.says("users.info", user={**OURS, **told})
    zone, called = office.people.zone("U9")
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    offset = noon.astimezone(zone).utcoffset()
    assert (called, offset) == (name, timedelta(seconds=told.get("tz_offset") or 0))


def test_whose_yes_could_count_is_asked_of_no_more_people_than_needed(office: Office) -> None:
    """One needed, and one of two may be whoever asks; guests are none; unknown is not none."""
    before = office.asked("users.info")
    named = Policy(frozenset({STARTER, APPROVER, OUTSIDER, GUEST}))
    assert office.people.counting(named) == frozenset({APPROVER, OUTSIDER})
    assert office.asked("users.info") - before == 3
    assert office.people.counting(Policy(frozenset({GUEST}))) == frozenset()
    office.faults.add(Fault("slack", "POST", "users.info", "status", 500))
    assert office.people.counting(Policy(frozenset({GUEST, APPROVER}))) is None
    office.faults.add(Fault("slack", "POST", "users.info", "status", 500, times=99))
    before = office.asked("users.info")
    assert office.people.counting(Policy(frozenset(f"U{n}" for n in range(90)))) is None
    assert office.asked("users.info") - before == 3
