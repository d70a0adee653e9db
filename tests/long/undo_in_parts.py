"""`make long`: a finished run taken back bit by bit, with visitors all the time."""

import sqlite3
from pathlib import Path

from sandbox.auto import UNDONE
from tests.e2e.stage import Stage, stage
from tests.e2e.test_steering import answered, types

PARTLY = "The run is taken back in part."


def test_a_finished_run_is_undone_in_parts_and_stopped_on_the_way_and_nobody_is_refused(
    tmp_path: Path,
) -> None:
    """The last step; back to a step, stopped and taken up; then the rest."""
    with stage(tmp_path) as on:
        on.begin(visitors=True)
        on.close_origin()
        types(on, "undo img.cdn.example.com last")
        answered(on, "SSL mode held at Full")
        on.talk.approve_until((PARTLY,))
        access = [on.world.direct.measure()]
        assert on.settings_after() == ["full", "custom", "on"]
        types(on, "undo to ssl-full")
        answered(on, "Client authentication at the origin")
        on.approve("Client authentication off")
        on.card("Authenticated Origin Pulls as before", "Waiting for a yes")
        access.append(on.world.direct.measure())
        types(on, "stop it is late")
        assert "In force: " in answered(on, "Stopped by")
        types(on, "status www.example.com")
        answered(on, "Origin OPEN")
        types(on, "undo run")
        answered(on, "Going back: the whole run")
        on.talk.approve_until((UNDONE,))
        assert access == ["closed", "open"]
        assert on.settings_after() == ["full", "auto", "off"]
        assert on.world.visitors.stop().failures == ()
        stands = on.world.bot.run("status", "--site", "www.example.com")
        assert (stands.returncode, "Origin OPEN" in stands.stdout) == (0, True), stands.stderr
        verified = on.world.bot.run("audit", _run(on), "--verify")
        assert (verified.returncode, verified.stderr) == (0, "")


def _run(on: Stage) -> str:
    """The id of the only run."""
    connection = sqlite3.connect(on.world.directory / "log.sqlite3")
    try:
        (row,) = connection.execute("select run from runs").fetchall()
    finally:
        connection.close()
    return str(row[0])
