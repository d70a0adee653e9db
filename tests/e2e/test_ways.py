"""A change comes in by every way that people host code, over real git and real HTTP."""

from pathlib import Path

from tests.e2e.stage import stage

TITLE = "Client authentication at the origin"


def test_pull_requests_close_the_origin_and_open_it_again(tmp_path: Path) -> None:
    """Squash, rebase, merge: three requests, each opened once, and no visitor is refused."""
    with stage(tmp_path, code="github") as on:
        on.begin(visitors=True)
        with on.reviewed("squash", "rebase", "merge"):
            on.close_origin()
            assert on.world.direct.measure() == "closed"
            on.undo()
        requests = on.hosted().requests
        assert [r.title.split()[0] for r in requests] == ["Ask", "Require", "Stop"]
        assert [r.state for r in requests] == ["merged"] * 3
        assert "refuses every visitor" in requests[1].text
        assert on.world.direct.measure() == "open"
        assert on.world.journal.writes("git") == ()
        assert on.secrets_found() == []
        assert on.world.visitors.stop().failures == ()
