"""`make long`: undo from each state of a run in the sandbox, with visitors all the time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.auto import CLOSED, UNDONE
from sandbox.faults import Fault
from sandbox.people_acting import buttons
from sandbox.slack.people import SITE_OPS
from tests.e2e.stage import Stage, stage
from tests.e2e.test_steering import TO_REQUIRE, answered, deploying, types


def waiting(on: Stage) -> None:
    """The card of the step that requires waits for its yes."""
    for title in TO_REQUIRE[:-1]:
        on.approve(title)
    on.card(TO_REQUIRE[-1], "Waiting for a yes")


def in_the_deployment(on: Stage) -> None:
    """The commit that requires is pushed, and its deployment is under way."""
    waiting(on)
    on.approve(TO_REQUIRE[-1])
    on.wait(lambda: deploying(on, "client-authentication"))


def failed(on: Stage) -> None:
    """The mode could not be set: the vendor said no."""
    on.world.faults.add(Fault("cloudflare", "PATCH", "/settings/ssl_automatic_mode", "status", 403))
    for title in TO_REQUIRE[:3]:
        on.approve(title)
    on.card(TO_REQUIRE[2], "Cannot go on (denied)")


def paused(on: Stage) -> None:
    """Held before the step that requires."""
    waiting(on)
    types(on, "pause")
    answered(on, "Paused by")


def finished(on: Stage) -> None:
    """Closed, and reported."""
    on.talk.approve_until((CLOSED,))


def stopped(on: Stage) -> None:
    """Ended while the step that requires was at work: the run ended with it."""
    in_the_deployment(on)
    types(on, "stop for today")
    answered(on, "Stopped by")
    on.wait(lambda: on.events("run-closed"))
    assert on.world.direct.measure() == "closed"


STATES = (waiting, in_the_deployment, failed, paused, finished, stopped)


@pytest.mark.parametrize("bring", STATES, ids=lambda one: one.__name__)
def test_undo_from_each_state_refuses_nobody(
    tmp_path: Path, bring: Callable[[Stage], None]
) -> None:
    """Everything as before, at 20 visitors a second and more."""
    with stage(tmp_path, gate=False, ssl="flexible", visitors_rate=22.0) as on:
        on.begin(visitors=True)
        on.start()
        bring(on)
        types(on, "undo run")
        answered(on, "Going back: the whole run")
        on.wait(lambda: on.events("undo-asked"))
        on.wait(lambda: _nothing_to_retry(on))
        on.talk.approve_until((UNDONE,))
        assert on.world.direct.measure() == "open"
        assert on.settings_after() == ["flexible", "auto", "off"]
        assert on.world.visitors.stop().failures == ()


def _nothing_to_retry(on: Stage) -> bool:
    """The card that had failed has no button any more."""
    messages = on.world.slack.messages(SITE_OPS)
    return all(b["action_id"] != "retry" for m in messages for b in buttons(m))
