"""The command line of the bot, as a user runs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from tests.e2e.stage import Stage, stage


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One world for all commands; nothing here changes it for good."""
    with stage(tmp_path_factory.mktemp("world"), ssl="flexible") as made:
        yield made


def test_check_says_that_all_is_in_order_and_names_each_moved_seam(on: Stage) -> None:
    """Exit 0; every seam of the sandbox is named, since none may be moved unseen."""
    done = on.world.bot.run("check")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert "missing" not in done.stdout
    assert "Somebody can approve (1 people)" in done.stdout
    for name in on.world.environment():
        if name.startswith("MTLS_SEAM_"):
            assert name in done.stdout


def test_check_names_what_is_missing_and_how_to_get_it(on: Stage) -> None:
    """A token without a right, a scope too few, nobody to approve: exit 1, in words."""
    token = next(iter(on.world.cloudflare.tokens.values()))
    held, scopes = token.permissions, on.world.slack.credentials.scopes
    token.permissions = held - {"dns:read"}
    scopes.discard("usergroups:read")
    done = on.world.bot.run("check")
    token.permissions = held
    scopes.add("usergroups:read")
    assert done.returncode == 1
    assert "DNS Read" in done.stdout
    assert "usergroups:read" in done.stdout


def test_plan_is_a_dry_run(on: Stage) -> None:
    """Every step with what it would change; nothing is written and nothing claimed."""
    done = on.world.bot.run(
        "plan", "--site", "www.example.com", "--project", on.world.platformsh.project.id
    )
    assert done.returncode == 0, done.stderr
    assert "zone example.com · SSL/TLS mode: flexible -> full" in done.stdout
    assert "Origin CA certificate: nothing ->" in done.stdout
    assert on.vendor_writes() == {"cloudflare": 0, "platformsh": 0, "git": 0}


def test_settings_that_are_wrong_are_told_all_at_once(on: Stage) -> None:
    """Exit 64, a sentence for each, and no traceback."""
    environment = on.world.environment()
    environment.pop("MTLS_CLOUDFLARE_TOKEN")
    environment |= {"MTLS_RUN_SETTLE_SECONDS": "soon", "MTLS_SLACK_APROVERS": "U1"}
    done = BotProcess(environment, on.world.directory / "wrong.log").run("check")
    assert done.returncode == 64
    for words in ("MTLS_CLOUDFLARE_TOKEN is missing", "SETTLE_SECONDS", "Is MTLS_SLACK_APP"):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_bot_on_the_same_store_refuses_to_start(tmp_path: Path) -> None:
    """It says who has the store, and the first one goes on."""
    with stage(tmp_path) as on:
        on.begin()
        second = on.world.bot.run()
        assert second.returncode == 1
        assert "Another bot works on the same store" in second.stderr
        assert on.world.bot.running
