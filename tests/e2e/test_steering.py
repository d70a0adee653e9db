"""Undo, in part and from the middle, with visitors all the time; nobody is refused on the way."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from sandbox.auto import UNDONE
from sandbox.faults import Fault
from sandbox.slack.people import SITE_OPS, STARTER
from tests.e2e.stage import Stage, stage

PULLS = "/settings/tls_client_auth"
PARTLY = "The run is taken back in part."
TO_REQUIRE = (
    "Development mode on", "Origin certificate", "SSL mode Full", "Authenticated Origin Pulls on",
    "Client authentication at the origin",
)  # fmt: skip


def types(on: Stage, text: str) -> None:
    """The starter types a command."""
    on.world.slack.command(STARTER, "/mtls", text, SITE_OPS)


def answered(on: Stage, words: str) -> str:
    """What the starter is told, once it holds the words."""

    def found() -> str | None:
        texts = [t for t in on.refusals() if words in t and not t.startswith("Heard")]
        return texts[-1] if texts else None

    text: str = on.wait(found)
    return text


def deploying(on: Stage, step: str) -> list[dict[str, Any]]:
    """The deployments that the step is waiting for."""
    waits = [json.loads(body) for _, body in on.events("step-waiting")]
    return [w for w in waits if w["step"] == step and w["handle"].get("phase") == "deploy"]


def test_undo_in_the_middle_of_the_deployment_that_requires_refuses_nobody(tmp_path: Path) -> None:
    """The way back comes behind it in the vendor's queue; one that fails is loud and tried again.

    A run that still waits for its first yes is undone before it: it has nothing to take back.
    """
    with stage(tmp_path, gate=False, ssl="flexible") as on:
        on.begin(visitors=True)
        on.start()
        on.card("Development mode on", "Waiting for a yes")
        types(on, "undo run")
        answered(on, "nothing to undo")
        for title in TO_REQUIRE:
            on.approve(title)
        on.wait(lambda: deploying(on, "client-authentication"))
        on.world.faults.add(
            Fault("cloudflare", "PATCH", "/settings/tls_client_auth", "status", 403)
        )
        types(on, "undo run")
        assert "stays revoked" in answered(on, "Going back: the whole run")
        on.approve("Client authentication off")
        on.approve("Authenticated Origin Pulls as before")
        stuck = on.card("Authenticated Origin Pulls as before", "Cannot go on (denied)")
        on.card(f"<@{STARTER}>", "the way back is not done")
        on.press(stuck, "retry", STARTER)
        on.card("Origin certificate as before", "Waiting for a yes")
        on.talk.approve_until((UNDONE,))
        assert on.world.direct.measure() == "open"
        assert on.settings_after() == ["flexible", "auto", "off"]
        assert on.world.visitors.stop().failures == ()
        assert on.secrets_found() == []


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
