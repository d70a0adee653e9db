"""Logs: known fields only, no secret in any of them, and libraries take the same way out."""

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.logs import FIELDS, HIDDEN, configure, redact
from tests.architecture import sources

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"
TOKENS = {
    "a user token of Cloudflare": "cfut_0123456789abcdefXYZ",
    "an account token of Cloudflare": "cfat_0123456789abcdefXYZ",
    "a global key of Cloudflare": "cfk_0123456789abcdefXYZ",
    "an OAuth token of Cloudflare": "cfoat_0123456789abcdefXYZ",
    "an Origin CA key": "v1.0-e24fd090c02efcfecb4de8f4ff246fd5c75b48946fdf0ce26c59f91d0d90797b",
    "a token from before 2026": "Zt0123456789abcdefghijABCDEFGHIJ_-klmnop",
    "a Platform.sh token": "Q3zX9aPq7vJ2kLmN8rTsUwYbCdEfGhIjKlMnOpQrStU",
    "a bot's token": "xoxb-1234567890-abcDEF",
    "an app's token": "xapp-1-A012-345-abcdef",
    "a person's token": "xoxp-1-2-3-abcdef",
    "an access token": "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
    "a private key": KEY,
    "half a private key": KEY[:50],
    "a header": "Bearer abcdefgh12345678",
}
KEPT = (
    "3f78644bd8a9a7c5e2f1b0d4c6a8e9f7d5b3a1c0",  # a commit
    "a" * 64,  # a fingerprint
    "/client/v4/zones/0123456789abcdef0123456789abcdef/settings/ssl",
    "main-bvxea6i-q7x2m5kd3vw4t.eu-5.platformsh.site",
    "U0APPROVER1 approved origin-certificate",
    "-----BEGIN CERTIFICATE-----",
)
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line that was logged."""
    line: dict[str, Any] = json.loads(capsys.readouterr().err)
    return line


@pytest.mark.parametrize("secret", TOKENS.values(), ids=TOKENS)
def test_a_secret_is_taken_out_of_a_text(secret: str) -> None:
    """Wherever it stands in the text; what stands around it stays."""
    assert redact(f"it said {secret} here").startswith("it said [hidden]")
    assert secret not in redact(f"token={secret}")


@pytest.mark.parametrize("text", KEPT)
def test_what_people_need_stays(text: str) -> None:
    """Commits, fingerprints, paths and names are no secrets."""
    assert redact(f"seen: {text}") == f"seen: {text}"


def test_a_known_secret_is_taken_out_whatever_it_looks_like() -> None:
    """A password has no form; it is hidden because it is known. An empty one hides nothing."""
    assert redact("user preview, correct horse", {PASSWORD, ""}) == f"user preview, {HIDDEN}"


@pytest.mark.parametrize("secret", [*TOKENS.values(), PASSWORD], ids=[*TOKENS, "a password"])
@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_leaves_in_any_kind_of_value(
    secret: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in texts, lists, mappings, bytes, exceptions, nor tracebacks."""
    configure("info", form, {PASSWORD})
    log = structlog.get_logger()
    log.info(secret, reason=[secret], run={secret: secret}, failed=ValueError(secret))
    log.info("bytes", card=secret.encode() if secret.isascii() else b"")
    try:
        int(secret)
    except ValueError:
        log.exception("driver", run="R1")
    logging.getLogger("slack_sdk.web").error("failed with %s", secret)
    told = capsys.readouterr().err
    assert secret not in told
    assert secret.splitlines()[-1][:20] not in told
    assert told.count(HIDDEN) >= 6


def test_an_unknown_field_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    """A body or a header is not logged because somebody forgot."""
    configure("info", "json")
    structlog.get_logger().info("request", status=200, body={"a": 1}, headers="x")
    line = logged(capsys)
    assert (line["status"], line["body"], line["headers"]) == (200, HIDDEN, HIDDEN)


def test_libraries_log_the_same_way_from_warnings_up(capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON with level and time; chatter is not let through."""
    configure("info", "json")
    for name in ("httpx", "slack_sdk", "paramiko.transport", "anything"):
        logging.getLogger(name).info("chatter")
    assert capsys.readouterr().err == ""
    logging.getLogger("httpx").warning("retrying %s", "cfut_secret123")
    line = logged(capsys)
    assert (line["event"], line["level"]) == ("retrying [hidden]", "warning")
    assert "timestamp" in line


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Below it nothing is told."""
    configure("warning", "json")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert logged(capsys)["event"] == "loud"


def test_every_field_that_the_code_logs_is_known() -> None:
    """What is logged arrives; and the list holds nothing that nobody logs by hand."""
    used: dict[str, str] = {}
    for source in sources("app.py", "bot", "steps"):
        for node in source.nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
                used |= {k.arg: f"{source.path}:{node.lineno}" for k in node.keywords if k.arg}
    assert {name: where for name, where in used.items() if name not in FIELDS} == {}
    assert Path(used["service"].split(":")[0]).name == "http.py"
