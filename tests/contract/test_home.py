"""The home tab over a real socket: whose it is, what it shows to whom, and what it costs Slack."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.engine import commands as c
from bot.engine.sites import SiteEntry
from bot.slack.home import Seen, home_blocks
from sandbox.faults import Fault
from sandbox.slack.people import (
    APPROVER,
    BOT_USER,
    FOREIGN,
    GUEST,
    OUTSIDER,
    PRIVATE,
    SITE_OPS,
    STARTER,
)
from tests.contract.desk_stand import Office, office
from tests.goldens import FRAME
from tests.slack_rules import shape_errors, violations
from tests.toys import NOON, SITE

PUBLISH = "/api/views.publish"


@pytest.fixture
def desk() -> Iterator[Office]:
    with office() as made:
        made.slack.workspace.channels[PRIVATE].members.add(BOT_USER)
        yield made


def run_in(desk: Office, channel: str = SITE_OPS) -> None:
    """A run whose first card waits."""
    desk.engine.start(c.Start(STARTER, SITE, channel))
    desk.drive()


def shows(desk: Office, user: str, words: str) -> str:
    """The tab's text, once it holds the words; what Slack would refuse never comes so far."""

    def found() -> str | None:
        view = desk.slack.home(user)
        said = words_of(view) if view else ""
        return said if words in said else None

    text: str = desk.slack.wait_for(found)
    return text


def words_of(view: dict[str, Any]) -> str:
    """Everything that is to be read in it."""
    body = {"type": "home", "blocks": view["blocks"]}
    assert (violations(body), shape_errors(body)) == ([], [])
    texts = [b.get("text", {}).get("text", "") for b in view["blocks"]]
    texts += [e["text"] if isinstance(e["text"], str) else e["text"]["text"]
              for b in view["blocks"] for e in b.get("elements", ())]  # fmt: skip
    return "\n".join(texts)


def opened(desk: Office, user: str, words: str) -> str:
    desk.slack.open_home(user)
    return shows(desk, user, words)


def published(desk: Office) -> int:
    return sum(r.path == PUBLISH for r in desk.journal.all("slack"))


def settled(desk: Office) -> int:
    """The same once it stays so: a request stands in the journal a moment after its effect."""
    count, since = published(desk), time.monotonic()
    while time.monotonic() - since < 0.3:
        if published(desk) != count:
            count, since = published(desk), time.monotonic()
        time.sleep(0.01)
    return count


def test_an_empty_workspace_is_told_the_first_steps(desk: Office) -> None:
    """Nothing was ever started: how to begin, and the button for it."""
    said = opened(desk, STARTER, "First steps")
    assert "/invite @mtls-bot" in said
    assert "Start a run …" in said
    assert "Open runs" not in said


def test_what_waits_for_a_yes_stands_with_whoever_may_give_it(desk: Office) -> None:
    """The approver's tab asks; the starter's shows the run and asks nothing."""
    run_in(desk)
    assert "Waits for you (1)" in opened(desk, APPROVER, "your yes or no to *The lamp*")
    said = opened(desk, STARTER, "Open runs (1)")
    assert "Nothing waits for you." in said
    assert "Waiting for a yes" in said


@pytest.mark.parametrize(
    ("user", "channel", "seen"),
    [
        (OUTSIDER, SITE_OPS, True),
        (OUTSIDER, PRIVATE, False),
        (STARTER, PRIVATE, False),
        (APPROVER, PRIVATE, True),
        (GUEST, SITE_OPS, True),
        (GUEST, PRIVATE, False),
        (FOREIGN, PRIVATE, False),
    ],
)
def test_a_run_is_shown_to_those_who_see_its_channel(
    desk: Office, user: str, channel: str, seen: bool
) -> None:
    """A public channel is open to the workspace, a private one to its members, all else to none."""
    run_in(desk, channel)
    said = opened(desk, user, "Open runs")
    assert (SITE.name in said) == seen
    assert ("Start a run …" in said) == (user not in (GUEST, FOREIGN))


def test_a_guest_sees_no_public_channel_that_they_are_not_in(desk: Office) -> None:
    """What the workspace may read, a guest may not."""
    desk.slack.workspace.channels[SITE_OPS].members.discard(GUEST)
    run_in(desk)
    assert SITE.name not in opened(desk, GUEST, "Open runs")


def test_a_channel_that_cannot_be_asked_about_is_not_shown_and_said(desk: Office) -> None:
    """Could-not-ask is not a yes, and it is not silence either."""
    run_in(desk)
    desk.faults.add(Fault("slack", "POST", "conversations.info", "status", 500, times=9))
    said = opened(desk, APPROVER, "could not be asked whether you are in their channel")
    assert SITE.name not in said
    desk.faults.clear()
    assert SITE.name in opened(desk, APPROVER, "Open runs (1)")


def test_who_cannot_be_asked_about_sees_nothing_and_the_tab_comes_right_by_itself(
    desk: Office,
) -> None:
    """Slack does not say who it is: that is said; once it does, the tab is published anew."""
    run_in(desk)
    desk.faults.add(Fault("slack", "POST", "users.info", "status", 500))
    assert SITE.name not in opened(desk, APPROVER, "Who you are could not be asked")
    assert SITE.name in shows(desk, APPROVER, "Open runs (1)")


def test_an_open_tab_follows_what_happens(desk: Office) -> None:
    """Opened once; the decision of somebody else shows without opening it again."""
    run_in(desk)
    opened(desk, APPROVER, "Waits for you (1)")
    before = settled(desk)
    run = desk.engine.store.runs()[0].run
    task = desk.engine.view(run).task("lamp")
    assert task is not None
    desk.engine.submit(run, c.Decline(APPROVER, "lamp", task.fingerprint, "not today"))
    shows(desk, APPROVER, "was declined by")
    assert settled(desk) == before + 1


def test_a_storm_of_changes_is_one_view_a_person(desk: Office) -> None:
    """A hundred changes in an instant are published once or twice, and not at all to strangers."""
    run_in(desk)
    opened(desk, APPROVER, "Waits for you (1)")
    before = settled(desk)
    run = desk.engine.store.runs()[0].run
    for _ in range(50):
        desk.engine.submit(run, c.Pause(APPROVER))
        desk.engine.submit(run, c.Resume(APPROVER))
    desk.engine.submit(run, c.Pause(APPROVER))
    shows(desk, APPROVER, "Paused by")
    assert published(desk) - before <= 2
    assert desk.slack.home(STARTER) is None


def test_slack_being_down_delays_a_tab_and_no_run(desk: Office) -> None:
    """The tab comes later; the run is where it would be, and its cards are too."""
    desk.faults.add(Fault("slack", "POST", "views.publish", "status", 503, times=1))
    desk.slack.open_home(APPROVER)
    started = time.monotonic()
    run_in(desk)
    assert time.monotonic() - started < 1
    assert desk.engine.view("R1").status == "needs-approval"
    shows(desk, APPROVER, "Waits for you (1)")


def test_drift_is_told_from_the_log_alone(desk: Office) -> None:
    """A site that should refuse and was seen open stands on top; nothing of a vendor is asked."""
    closed = SiteEntry("abc", "main", "www.example.com", "example.com", (), "R1",
                       requires=True, access="closed", seen_at=NOON)  # fmt: skip
    opened_again, weaker = (
        replace(closed, access="open"),
        replace(closed, drift=("SSL is <full>.",)),
    )
    told = [str(home_blocks(FRAME, Seen(sites=(s,)))) for s in (opened_again, weaker, closed)]
    assert ["Drift (1)" in one for one in told] == [True, True, False]
    assert "SSL is &lt;full&gt;. `/mtls start` on it" in told[1]
    assert "Drift" not in told[2]
