"""The command line of the bot, as a user runs it."""

from pathlib import Path

from tests.e2e.stage import stage


def test_check_says_that_all_is_in_order_and_names_each_moved_seam(tmp_path: Path) -> None:
    """Exit 0; every seam of the sandbox is named, since none may be moved unseen."""
    with stage(tmp_path) as on:
        done = on.world.bot.run("check")
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
        assert "missing" not in done.stdout
        assert "Somebody can approve (1 people)" in done.stdout
        for name in on.world.environment():
            if name.startswith("MTLS_SEAM_"):
                assert name in done.stdout


def test_check_names_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    """A token without a right, a scope too few, nobody to approve: exit 1, in words."""
    with stage(tmp_path) as on:
        token = next(iter(on.world.cloudflare.tokens.values()))
        token.permissions -= {"dns:read"}
        on.world.slack.credentials.scopes.discard("usergroups:read")
        done = on.world.bot.run("check")
        assert done.returncode == 1
        assert "DNS Read" in done.stdout
        assert "usergroups:read" in done.stdout


def test_plan_is_a_dry_run(tmp_path: Path) -> None:
    """Every step with what it would change; nothing is written and nothing claimed."""
    with stage(tmp_path, ssl="flexible") as on:
        done = on.world.bot.run(
            "plan", "--site", "www.example.com", "--project", on.world.platformsh.project.id
        )
        assert done.returncode == 0, done.stderr
        assert "zone example.com · SSL/TLS mode: flexible -> full" in done.stdout
        assert "Origin CA certificate: nothing ->" in done.stdout
        assert on.vendor_writes() == {"cloudflare": 0, "platformsh": 0, "git": 0}


def test_settings_that_are_wrong_are_told_all_at_once(tmp_path: Path) -> None:
    """Exit 64, a sentence for each, and no traceback."""
    with stage(tmp_path) as on:
        on.world.bot._environment.pop("MTLS_CLOUDFLARE_TOKEN")
        on.world.bot._environment["MTLS_RUN_SETTLE_SECONDS"] = "soon"
        on.world.bot._environment["MTLS_SLACK_APROVERS"] = "U1"
        done = on.world.bot.run("check")
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
