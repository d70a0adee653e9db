"""Settings: read from a mapping, refused all at once in words, and nothing secret is shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.settings import VARIABLES, Settings, table
from steps.errors import SettingsError

TOKENS = {
    "MTLS_SLACK_BOT_TOKEN": "xoxb-1-very-secret",
    "MTLS_SLACK_APP_TOKEN": "xapp-1-very-secret",
    "MTLS_CLOUDFLARE_TOKEN": "cfut_very-secret",
    "MTLS_PLATFORMSH_TOKEN": "platform-very-secret",
}


def problems(**more: str) -> tuple[str, ...]:
    """The problems of an environment with the tokens and something more."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({**TOKENS, **more})
    return caught.value.problems


def test_four_tokens_are_enough() -> None:
    """Everything else has a default."""
    settings = Settings.from_env(TOKENS)
    assert settings.slack.bot_token.get_secret_value() == "xoxb-1-very-secret"
    assert settings.run.settle_seconds == 60
    assert settings.store.path == Path("data/mtls.sqlite3")
    assert settings.seam.platformsh_url == "https://api.upsun.com"
    assert settings.seams_moved() == ()


def test_every_problem_is_told_at_once() -> None:
    """What is missing, what is unreadable, and what is a typo: one sentence each, by name."""
    env = {
        "MTLS_SLACK_BOT_TOKEN": "xoxb-1",
        "MTLS_RUN_SETTLE_SECONDS": "soon",
        "MTLS_RUN_WAY_BACK_LOOKS": "0",
        "MTLS_SEAM_PROBE_NETWORKS": "127.0.0.0/99",
        "MTLS_SLACK_APROVERS": "U1",
    }
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    told = caught.value.problems
    for name in (
        "MTLS_SLACK_APP_TOKEN", "MTLS_CLOUDFLARE_TOKEN", "MTLS_PLATFORMSH_TOKEN",
        "MTLS_RUN_SETTLE_SECONDS", "MTLS_RUN_WAY_BACK_LOOKS", "MTLS_SEAM_PROBE_NETWORKS",
        "MTLS_SLACK_APROVERS",
    ):  # fmt: skip
        assert sum(name in one for one in told) == 1, (name, told)
    assert len(told) == 7


def test_an_empty_environment_names_the_four_tokens() -> None:
    """Whoever starts the bot without anything is told everything that is needed."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({})
    assert {f"{name} is missing." for name in TOKENS} == set(caught.value.problems)


def test_an_unknown_name_is_a_typo() -> None:
    """It is refused, and the nearest setting is named."""
    (told,) = problems(MTLS_SLACK_APPROVER="U1")
    assert told == "MTLS_SLACK_APPROVER is not a setting. Is MTLS_SLACK_APPROVERS meant?"


def test_names_of_others_are_left_alone() -> None:
    """Slack's OAuth variables and everything without our prefix play no role."""
    env = {**TOKENS, "SLACK_CLIENT_ID": "1", "SLACK_CLIENT_SECRET": "2", "HOME": "/", "mtls_x": ""}
    assert Settings.from_env(env) == Settings.from_env(TOKENS)


def test_the_environment_of_the_process_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the given mapping counts, also where the process has a setting of that name."""
    monkeypatch.setenv("MTLS_RUN_SETTLE_SECONDS", "7")
    monkeypatch.setenv("MTLS_SLACK_BOT_TOKEN", "xoxb-from-the-process")
    settings = Settings.from_env(TOKENS)
    assert settings.run.settle_seconds == 60
    assert settings.slack.bot_token.get_secret_value() == "xoxb-1-very-secret"


@pytest.mark.parametrize("written", ["U1,U2", "U1, U2", "U1 U2", " U1 ,, U2 "])
def test_lists_are_written_with_commas_or_spaces(written: str) -> None:
    """However they are set apart, the ids are the same."""
    settings = Settings.from_env({**TOKENS, "MTLS_SLACK_APPROVERS": written})
    assert settings.slack.approvers == ("U1", "U2")


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("1", True), ("false", False)])
def test_a_switch_is_read(written: str, meant: bool) -> None:
    """On and off in the usual words."""
    settings = Settings.from_env({**TOKENS, "MTLS_APPROVAL_SITE_POLICIES": written})
    assert settings.approval.site_policies is meant


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MTLS_SLACK_BOT_TOKEN", "xapp-1-swapped", "does not begin with xoxb-"),
        ("MTLS_SLACK_APP_TOKEN", "xoxb-1-swapped", "does not begin with xapp-"),
        ("MTLS_CLOUDFLARE_TOKEN", "cfk_swapped", "an API token is needed"),
        ("MTLS_CLOUDFLARE_TOKEN", "v1.0-swapped", "an API token is needed"),
        ("MTLS_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("MTLS_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("MTLS_RUN_GATE_PATH", "verify", "a path begins with /"),
        ("MTLS_RUN_LOOK_HEADER", "X-Look", "a header is written Name: value"),
        ("MTLS_ACCESS_USER", "preview", "USER and PASSWORD are set together"),
        ("MTLS_SEAM_AUTH_URL", "auth.example.com", "begins with https://"),
        ("MTLS_SEAM_EDGE_HTTP_PORT", "70000", "less than or equal to 65535"),
        ("MTLS_SEAM_CLIENT_CA", "/nowhere/ca.pem", "does not point to a file"),
        ("MTLS_CLOUDFLARE_TOKEN", "", "MTLS_CLOUDFLARE_TOKEN is missing."),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name: str, value: str, words: str) -> None:
    """In words that say what is wanted, and without a token that was given."""
    (told,) = problems(**{name: value})
    assert words in told
    assert "swapped" not in told


def test_each_moved_seam_is_named_with_its_value() -> None:
    """In production none may be moved unseen."""
    env = {
        **TOKENS,
        "MTLS_SEAM_CLOUDFLARE_URL": "http://127.0.0.1:9/client/v4",
        "MTLS_SEAM_PROBE_NETWORKS": "127.0.0.0/8, 10.0.0.0/8",
        "MTLS_SEAM_ORIGIN_HTTPS_PORT": "443",
    }
    assert Settings.from_env(env).seams_moved() == (
        "MTLS_SEAM_CLOUDFLARE_URL = http://127.0.0.1:9/client/v4",
        "MTLS_SEAM_PROBE_NETWORKS = 127.0.0.0/8 10.0.0.0/8",
    )


def test_settings_do_not_change() -> None:
    """Neither a group nor one setting can be set anew."""
    settings = Settings.from_env(TOKENS)
    for part, name in ((settings.run, "settle_seconds"), (settings, "run")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, getattr(part, name))


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_no_token_shows(name: str) -> None:
    """Neither in a representation, nor in a dump, nor in an error beside it."""
    settings = Settings.from_env(TOKENS)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.seams_moved()}"
    refused = problems(MTLS_RUN_SETTLE_SECONDS="x")
    assert TOKENS[name] not in shown + "".join(refused)


@given(st.sampled_from(sorted(VARIABLES)), st.text(max_size=30))
def test_any_value_is_taken_or_refused_in_words(name: str, value: str) -> None:
    """No text of a setting ends in anything but settings or a sentence that names it."""
    told: tuple[str, ...] = ()
    try:
        Settings.from_env({**TOKENS, name: value})
    except SettingsError as error:
        told = error.problems
    group = "_".join(name.split("_")[:2])
    assert all(one.startswith(group) for one in told)


def test_every_setting_has_a_meaning_and_a_group() -> None:
    """The table has a row for each variable; only the tokens are required."""
    rows = table()
    assert len({variable for variable, _, _ in rows}) == len(rows) == len(VARIABLES)
    assert all(meaning.endswith(".") for _, _, meaning in rows)
    assert {variable for variable, default, _ in rows if default == "required"} == set(TOKENS)


def test_what_is_left_empty_is_as_if_it_was_not_set() -> None:
    """`NAME=` in a file of settings does not switch anything."""
    settings = Settings.from_env({**TOKENS, "MTLS_SLACK_APPROVERS": "", "MTLS_RUN_GATE_PATH": ""})
    assert settings == Settings.from_env(TOKENS)
