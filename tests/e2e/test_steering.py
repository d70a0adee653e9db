"""Undo, in part and from the middle, with visitors all the time; nobody is refused on the way."""

import json
from pathlib import Path
from typing import Any

from sandbox.auto import UNDONE
from sandbox.faults import Fault
from sandbox.slack.people import SITE_OPS, STARTER
from tests.e2e.stage import Stage, stage

PULLS = "/settings/tls_client_auth"
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
        on.card(f"<@{STARTER}>", "way back is not done")
        on.press(stuck, "retry", STARTER)
        on.card("Origin certificate as before", "Waiting for a yes")
        on.talk.approve_until((UNDONE,))
        assert on.world.direct.measure() == "open"
        assert on.settings_after() == ["flexible", "auto", "off"]
        assert on.world.visitors.stop().failures == ()
        assert on.secrets_found() == []
