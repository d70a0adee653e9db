"""The buttons of the final report, over a real socket."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.engine import commands as c
from sandbox.people_acting import buttons
from sandbox.slack.people import APPROVER, GUEST, SITE_OPS, STARTER
from tests.contract.desk_stand import Office, office
from tests.toys import SITE


@pytest.fixture
def desk() -> Iterator[Office]:
    with office(risky=False) as made:
        made.engine.start(c.Start(STARTER, SITE, SITE_OPS))
        made.drive()
        task = made.engine.view("R1").task("lamp")
        assert task is not None
        made.engine.submit("R1", c.Approve(APPROVER, "lamp", task.fingerprint))
        made.drive()
        yield made


def report(desk: Office) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        for message in desk.slack.messages(SITE_OPS):
            if any(b["action_id"] == "history" for b in buttons(message)):
                return message
        return None

    message: dict[str, Any] = desk.slack.wait_for(found)
    return message


def told(desk: Office, user: str, words: str) -> None:
    desk.slack.wait_for(lambda: [m for m in desk.slack.ephemerals(user) if words in m["text"]])


def test_the_origin_is_asked_again_from_the_report(desk: Office) -> None:
    """What it says is for whoever pressed, and is kept with the site."""
    desk.slack.press(STARTER, SITE_OPS, report(desk)["ts"], "probe")
    told(desk, STARTER, f"Origin probe of {SITE.name}: open")
    assert "site-probed" in [
        e.type for e in desk.engine.store.read(f"site/{SITE.project}/{SITE.environment}")
    ]


def test_the_history_comes_into_the_thread_from_the_report(desk: Office) -> None:
    """Two files, asked for by name."""
    desk.slack.press(STARTER, SITE_OPS, report(desk)["ts"], "history")
    told(desk, STARTER, "The history of R1 is in its thread.")
    messages = desk.slack.messages(SITE_OPS)
    assert any("History of R1" in m["text"] for m in messages)


def test_a_guest_is_refused_by_the_one_place_that_decides(desk: Office) -> None:
    """Only members get the history; a guest is told. Anybody may have the origin probed."""
    desk.slack.press(GUEST, SITE_OPS, report(desk)["ts"], "history")
    told(desk, GUEST, "Guests of the workspace may look")
    assert desk.engine.store.read(f"site/{SITE.project}/{SITE.environment}") == ()
