"""The command line of the bot, as a user runs it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.bot_process import BotProcess
from sandbox.slack.people import APPROVER, APPROVERS
from tests.e2e.stage import Stage, stage


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One world for all commands; nothing here changes it for good."""
    with stage(tmp_path_factory.mktemp("world"), ssl="flexible") as made:
        yield made


def test_check_says_that_all_is_in_order_and_names_each_moved_seam(on: Stage) -> None:
    """Exit 0; every seam of the sandbox is named, since none may be moved unseen."""
    done = on.world.bot.run("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "missing" not in done.stdout
    assert "Somebody can approve (1 person)" in done.stdout
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
    assert "Preflight: SSL mode flexible" in done.stdout
    assert on.vendor_writes() == {"cloudflare": 0, "platformsh": 0, "git": 0}


def test_setup_asks_tries_and_ends_in_a_file_that_check_takes(on: Stage, tmp_path: Path) -> None:
    """A wrong token is refused as it is given; names become ids; only the owner can read it."""
    whole, file = on.world.environment(), tmp_path / "settings.env"
    seams = {name: value for name, value in whole.items() if name.startswith("MTLS_SEAM_")}
    typed = [
        "xoxb-wrong", whole["MTLS_SLACK_BOT_TOKEN"], "no-token", whole["MTLS_SLACK_APP_TOKEN"],
        whole["MTLS_CLOUDFLARE_TOKEN"], whole["MTLS_PLATFORMSH_TOKEN"],
        "@nobody", "@approvers, approver",
    ]  # fmt: skip
    bot = BotProcess(seams, on.world.directory / "setup.log")
    done = bot.run("setup", "--file", str(file), typed="\n".join(typed) + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "https://api.slack.com/apps?new_app=1&manifest_yaml=display_information" in done.stdout
    for refused in ("invalid_auth", "MTLS_SLACK_APP_TOKEN", "Not found: @nobody"):
        assert refused in done.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    kept = dict(line.split("=", 1) for line in file.read_text().splitlines()[1:])
    assert kept["MTLS_SLACK_APPROVERS"] == f"'{APPROVER}'"
    assert kept["MTLS_SLACK_APPROVER_GROUPS"] == f"'{APPROVERS}'"
    for name in ("MTLS_SLACK_BOT_TOKEN", "MTLS_CLOUDFLARE_TOKEN", "MTLS_PLATFORMSH_TOKEN"):
        assert kept[name] == f"'{whole[name]}'"
        assert whole[name] not in done.stdout + done.stderr
    again = bot.run("setup", "--file", str(file), typed="\n" * 5)
    assert again.returncode == 0, again.stdout + again.stderr
    assert dict(line.split("=", 1) for line in file.read_text().splitlines()[1:]) == kept


def test_check_tells_machines_the_same(on: Stage) -> None:
    """One object a row, with the same three fields as the table."""
    rows = json.loads(on.world.bot.run("check", "--json").stdout)
    assert {tuple(row) for row in rows} == {("what", "state", "todo")}
    assert {row["state"] for row in rows} == {"fine", "moved"}


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
