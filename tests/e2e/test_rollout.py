"""A whole run through Slack's payloads, with the bot as a process and visitors all the time."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from sandbox.people_acting import buttons
from sandbox.slack.people import APPROVER, OUTSIDER, SITE_OPS, STARTER
from sandbox.slack.views import NotThere
from steps import rollout
from tests.e2e.stage import Stage, stage

LOOKS = ("preflight", "origin-probe")


def test_a_run_closes_the_origin_and_its_undo_opens_it_and_nobody_is_refused(
    tmp_path: Path,
) -> None:
    """Open → closed → open over real TLS; 20 visitors a second or more, none of them refused."""
    with stage(tmp_path, sessions=2, picture=True, visitors_rate=22.0) as on:
        on.begin(visitors=True)
        access = [on.world.direct.measure()]
        on.close_origin(access=("staging",))
        access.append(on.world.direct.measure())
        closed_writes = on.vendor_writes()
        staging = on.world.platformsh.project.environments["staging"]
        assert staging.http_access is not None
        assert [user for user, _ in staging.http_access.basic_auth] == ["preview"]
        first_run_approvals = len(on.events("plan-approved"))
        the_probe_is_told(on)
        on.close_origin()  # a second run on the finished site
        assert on.vendor_writes() == closed_writes
        assert len([e for e in on.events("run-closed") if "closed" in e[1]]) == 2
        assert len(on.events("plan-approved")) == first_run_approvals == 9
        looked = [body for _, body in on.events("step-finished")]
        assert [sum(f'"step":"{look}"' in b for b in looked) for look in LOOKS] == [2, 2]
        changes = set(rollout("no-downtime")) - {*LOOKS, "http-access"}  # not chosen this time
        assert len(on.events("step-skipped")) == len(changes)
        on.undo()
        access.append(on.world.direct.measure())
        summary = on.world.visitors.stop()
        assert (access, summary.failures) == (["open", "closed", "open"], ())
        assert summary.rate >= 20
        assert on.secrets_found() == []
        assert not on.world.platformsh.project.http_access_of(staging).basic_auth
        assert on.world.cloudflare.zone.certificates[0].revoked_at is not None
        certificates = on.world.platformsh.project.certificates.values()
        assert all(c.is_provisioned for c in certificates)


def the_log_is_cited(on: Stage, report: str) -> None:
    """In commit and report, by a digest that the audit finds again; another it does not."""
    vendor = on.world.platformsh
    said = vendor.message(vendor.head())
    run, approver, digest = re.findall(
        r"mtls-bot run (\w+), approved by (\w+)\.\nIts log until here: ([0-9a-f]{64})$", said
    )[0]
    assert approver == APPROVER
    last = re.findall(r"digest of its log ([0-9a-f]{64})", report)[0]
    assert last != digest
    for cited, ends in ((digest, 0), (last, 0), ("0" * 64, 1)):
        assert on.world.bot.run("audit", run, "--verify", "--head", cited).returncode == ends


def the_picture_is_told(on: Stage) -> None:
    """In the thread, once, with the same in words for whoever does not see it."""
    messages = on.world.slack.messages

    def pictures() -> list[dict[str, Any]]:
        return [file for m in messages(SITE_OPS) for file in m.get("files") or ()]

    on.wait(pictures)
    (picture,) = pictures()
    assert "Direct access: open for" in picture["alt_txt"]
    content = httpx.get(picture["url_private"]).content
    assert content.startswith(b"\x89PNG")


def the_probe_is_told(on: Stage) -> None:
    """In the report beside what it was before, and to anybody who asks, at any time."""
    report = json.dumps(on.card("The origin is closed")["blocks"], ensure_ascii=False)
    assert "www.example.com at 127.0.0." in report
    assert "open (answered) → closed (refused-by-" in report
    assert "It refuses a foreign certificate too." in report
    the_log_is_cited(on, report)
    the_picture_is_told(on)
    on.world.slack.command(OUTSIDER, "/mtls", "probe www.example.com", SITE_OPS)
    said = "Origin probe of www.example.com: closed."
    on.wait(lambda: [text for text in on.refusals(OUTSIDER) if text.startswith(said)])


def test_the_published_order_refuses_visitors_and_the_report_says_how_long(
    tmp_path: Path,
) -> None:
    """The measure works: between require and origin pulls somebody is refused, and it is told.

    Its undo, back to the strict mode of before, refuses nobody.
    """
    with stage(tmp_path, ssl="strict") as on:
        on.begin(visitors=True)
        on.start("published")
        on.talk.approve_until(("Authenticated Origin Pulls on: Waiting",))
        # The approver takes a moment: an outage of some seconds is seen by the bot's own visitor.
        on.wait(lambda: on.world.visitors.summary().failed > 40)
        on.finish()
        report = on.card("The origin is closed.", "Refused from")
        refused = on.world.visitors.summary().failed
        assert refused > 0
        assert on.world.direct.measure() == "closed"
        assert " s at most" in report["text"]
        on.undo()
        assert on.settings_after() == ["strict", "auto", "off"]
        assert on.world.visitors.stop().failed == refused


def test_only_who_may_approve_approves(tmp_path: Path) -> None:
    """An outsider's and the starter's press are refused in words, to them alone."""
    with stage(tmp_path) as on:
        on.begin()
        on.start()
        card = on.card("Development mode on", "Waiting for a yes")
        on.press(card, "approve", OUTSIDER)
        on.wait(lambda: on.refusals(OUTSIDER))
        on.press(card, "approve", STARTER)
        on.wait(lambda: [t for t in on.refusals() if "approver" in t])
        assert on.events("plan-approved") == []
        on.press(card, "approve")
        with suppress(NotThere):  # a double click, where the buttons are still there
            on.press(card, "approve")
        on.card("Origin certificate", "Waiting for a yes")
        assert len(on.events("plan-approved")) == 1


def test_a_zone_that_changed_between_card_and_click_voids_the_yes(tmp_path: Path) -> None:
    """A new card says what changed; nothing was written by the bot."""
    with stage(tmp_path, ssl="flexible") as on:
        on.begin()
        on.start()
        for title in ("Development mode on", "Origin certificate"):
            on.approve(title)
        card = on.card("SSL mode Full", "Waiting for a yes")
        writes = on.vendor_writes()
        on.world.cloudflare.zone.set("ssl", "off")
        on.press(card, "approve")
        again = on.wait(lambda: on.events("plan-drifted"))
        assert "was flexible" in again[0][1]
        newest = on.card("SSL mode Full", "off → full")
        assert newest["ts"] != card["ts"]
        assert on.vendor_writes() == writes
        assert not list(buttons(on.card("SSL mode Full: this card is out of date")))


def test_steps_without_risk_are_approved_with_the_card_before_them(tmp_path: Path) -> None:
    """The plans hold until their turn: origin pulls are switched on without a card that waits."""
    with stage(tmp_path, ssl="full") as on:
        on.begin()
        on.start()

        def offered() -> bool:
            card = on.card("Development mode on", "Following without risk, Authenticated Origin")
            return "ahead" in {b["action_id"] for b in buttons(card)}

        on.wait(offered)
        on.press(on.card("Development mode on"), "ahead")
        on.approve("Origin certificate")
        on.card("Gate", "Waiting for a yes")
        on.card("Authenticated Origin Pulls on", "beforehand")
        yes = [body for _, body in on.events("plan-approved")]
        assert [body for body in yes if '"pressed_on":"development-mode"' in body] != []
        assert on.world.cloudflare.zone.setting("tls_client_auth") == "on"


def test_every_block_is_named_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    """The preflight stops a run on a zone and a project that are not ready; retry looks again."""
    with stage(tmp_path) as on:
        zone, project = on.world.cloudflare.zone, on.world.platformsh.project
        edge = on.world.platformsh.edge_hostname
        zone.point("img.cdn.example.com", edge, proxied=False)
        project.is_suspended = True
        on.begin()
        on.start()
        card = on.card("Preflight", "Cannot go on")
        assert "img.cdn.example.com is DNS-only" in card["text"]
        assert "is suspended" in card["text"]
        assert on.vendor_writes() == {"cloudflare": 0, "platformsh": 0, "git": 0}
        zone.point("img.cdn.example.com", edge)
        project.is_suspended = False
        on.world.cloudflare.settle()
        on.press(card, "retry")
        on.card("Development mode on", "Waiting for a yes")
