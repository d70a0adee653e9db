"""The search for secrets finds them: each planted in each place where none may stand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.engine import events as e
from bot.store.sqlite import SqliteStore
from sandbox.auto import leaks
from sandbox.journal import Journal, Recorded
from tests.toys import NOON

SECRETS = (
    "xoxb-1-planted", "xapp-1-planted", "cfut_planted", "psh-planted", "only-in-the-sandbox",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
)  # fmt: skip


def world(directory: Path, *, log: str = "", slack: str = "") -> Any:
    """As much of a world as is searched."""
    journal = Journal()
    journal.add(
        Recorded("slack", "POST", "/api/chat.postMessage", "", (), slack.encode(), 200, 0.0)
    )
    return cast(
        "Any",
        SimpleNamespace(
            slack=SimpleNamespace(bot_token=SECRETS[0], app_token=SECRETS[1]), host=None,
            cloudflare=SimpleNamespace(token=SECRETS[2]),
            platformsh=SimpleNamespace(api_token=SECRETS[3]),
            bot=SimpleNamespace(log=lambda: log), journal=journal, directory=directory,
        ),
    )  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_wherever_it_stands(tmp_path: Path, secret: str) -> None:
    """In the log, in what went to Slack, and in an event of the store."""
    assert leaks(world(tmp_path, log="all is well", slack="{}")) == []
    assert leaks(world(tmp_path, log=f"request {secret}")) == ["the bot's log"]
    assert leaks(world(tmp_path, slack=f'{{"text": "{secret}"}}')) == ["the requests to Slack"]
    store = SqliteStore(tmp_path / "log.sqlite3")
    said = e.StepDelayed(at=NOON, step="lamp", code="client", message=f"Not valid: {secret}")
    store.append("R1", [said], after=0)
    found = leaks(world(tmp_path))
    store.close()
    assert "log.sqlite3-wal" in found
