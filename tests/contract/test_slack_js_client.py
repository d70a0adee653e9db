"""A witness that we did not write: Slack's JavaScript clients against the stand-in."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack import SlackStandIn
from sandbox.slack.people import SITE_OPS, STARTER
from tests.contract.slack_stand import MODAL, standing

HERE = Path(__file__).parent / "js" / "slack"
BUILD = Path(__file__).parents[2] / "build" / "slack-witness"
pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("node") and shutil.which("npm")),
        reason="node and npm are not here: Slack's JavaScript clients did NOT bear witness",
    ),
    pytest.mark.timeout(180),
]


@cache
def modules() -> Path:
    """The directory that holds the clients, installed once from the lock file."""
    wanted = (HERE / "package-lock.json").read_bytes()
    done = BUILD / "installed.json"
    if not done.exists() or done.read_bytes() != wanted:
        BUILD.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, BUILD / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ended = subprocess.run(command, cwd=BUILD, capture_output=True, text=True, check=False)
        if ended.returncode:
            pytest.skip(f"npm ci failed, Slack's clients did NOT bear witness: {ended.stderr}")
        done.write_bytes(wanted)
    return BUILD


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with standing() as running:
        yield running


@pytest.fixture(scope="module")
def seen(slack: SlackStandIn) -> dict[str, Any]:
    """What the clients read and did, from one run of the script."""
    given = {
        "url": slack.api_url, "bot": slack.bot_token, "app": slack.app_token,
        "channel": SITE_OPS, "modal": MODAL,
    }  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "MODULES": str(modules())}
    with subprocess.Popen(
        ["node", str(HERE / "witness.mjs"), json.dumps(given)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as script:  # fmt: skip
        assert script.stdout is not None
        assert script.stdout.readline() == "connected\n", script.communicate()[1]
        slack.wait_connected()
        slack.command(STARTER, "/mtls", "start", SITE_OPS)
        out, errors = script.communicate(timeout=30)
    assert script.returncode == 0, errors
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def test_it_writes_and_reads_messages(slack: SlackStandIn, seen: dict[str, Any]) -> None:
    """Team, post, update without blocks, and the thread as it is."""
    assert (seen["team"], seen["updated"]) == ("T0SANDBOX1", "Run again")
    assert seen["thread"] == ["Run again", "Step"]
    assert "blocks" not in slack.messages(SITE_OPS)[0]


def test_it_is_refused_by_name(seen: dict[str, Any]) -> None:
    """An unknown trigger and fifty-one blocks come back as the client's own platform errors."""
    assert (seen["refused"], seen["blocks"]) == ("invalid_trigger_id", "invalid_blocks")


def test_it_receives_a_command_and_opens_a_modal(slack: SlackStandIn, seen: dict[str, Any]) -> None:
    """Over Socket Mode: acknowledged words reach the person, the trigger opens the view."""
    assert seen["command"] == {"command": "/mtls", "text": "start", "view": "start"}
    assert [m["text"] for m in slack.ephemerals(STARTER)] == ["Opening …"]
    assert len(slack.open_views(STARTER)) == 1
