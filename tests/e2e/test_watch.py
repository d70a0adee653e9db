"""Afterwards: what somebody changes behind a finished run is told in its thread."""

import json
from pathlib import Path

from sandbox.slack.people import APPROVERS, SITE_OPS, STARTER
from tests.e2e.stage import Stage, stage


def said(on: Stage, words: str) -> str:
    """The newest message that holds some words, once it is there."""
    found: list[str] = on.wait(
        lambda: [m["text"] for m in on.world.slack.messages(SITE_OPS) if words in m["text"]]
    )
    return found[-1]


def test_what_changes_after_a_run_is_told_in_its_thread_and_its_end_too(tmp_path: Path) -> None:
    """Origin pulls off while the origin requires: visitors are refused, and people are called."""
    with stage(tmp_path, watch_seconds=0.5) as on:
        on.begin(prepared=True)
        on.close_origin()
        on.world.cloudflare.zone.set("tls_client_auth", "off")
        told = said(on, "is not as this run left it")
        assert f"<@{STARTER}>" in told
        assert APPROVERS in told
        assert "authenticated origin pulls (global) is off, and was left as on" in told
        assert "www.example.com" in said(on, "Visitors are refused: ")
        on.world.cloudflare.zone.set("tls_client_auth", "on")
        assert f"<@{STARTER}>" in said(on, "is as this run left it again")
        findings = [json.loads(body)["findings"] for _, body in on.events("drift-seen")]
        # Between the end of the run and the change it was looked at, and nothing was told.
        told_of = [sentence for found in findings for sentence in found]
        assert all("refused" in one or "origin pulls" in one for one in told_of)
        assert (findings[0] != [], findings[-1]) == (True, [])
        assert on.secrets_found() == []
