"""`make long`: the whole way back, from mode flexible and from the middle; nobody is refused."""

from pathlib import Path

from sandbox.auto import UNDONE
from tests.e2e.stage import stage
from tests.e2e.test_way_back import GATED, until_client_authentication


def test_undo_goes_back_to_flexible_and_nobody_is_refused(tmp_path: Path) -> None:
    """Not even the site's circle of before is anything new to the visitors."""
    with stage(tmp_path, ssl="flexible") as on:
        on.begin(visitors=True)
        on.close_origin()
        assert on.settings_after() == ["strict", "custom", "on"]
        on.undo()
        assert on.settings_after() == ["flexible", "auto", "off"]
        assert on.world.visitors.stop().failures == ()


def test_turned_round_while_the_change_is_being_deployed_nobody_is_refused(tmp_path: Path) -> None:
    """The abandoned deployment still lands; the way back waits for it and goes through it."""
    with stage(tmp_path) as on:
        until_client_authentication(
            on, (*GATED, "Client authentication at the origin"), pretend=False
        )
        on.wait(lambda: [e for e in on.events("step-waiting") if "client-auth" in e[1]])
        on.talk.undo()
        on.talk.approve_until((UNDONE,))
        assert on.world.direct.measure() == "open"
        assert on.settings_after() == ["full", "auto", "off"]
        assert on.world.visitors.stop().failures == ()
