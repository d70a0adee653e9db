"""Each block of the preflight: found, named, and absent where there is nothing to block."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from steps.clients.cloudflare_overrides import SslOverride
from steps.preflight_checks import (
    PreflightFacts,
    ProjectFacts,
    ZoneFacts,
    problems,
    remarks,
)
from steps.routes import Finding
from steps.site_hosts import Host

SETTINGS = {
    "ssl": "full",
    "ssl_automatic_mode": "auto",
    "tls_client_auth": "off",
    "development_mode": "off",
    "always_use_https": "on",
}
ZONE = ZoneFacts("example.com", "active", paused=False, settings=SETTINGS)
PROJECT = ProjectFacts(
    project="q7x2m5kd3vw4t",
    environment="main",
    suspended=False,
    type="production",
    status="active",
    dirty=False,
    staged=False,
    manual=False,
    head="a" * 40,
    deployed="a" * 40,
    last_deployment_good=True,
    config_dir=".platform",
    routes_have_tls=True,
    edge_hostname="main-bvxea6i-q7x2m5kd3vw4t.eu-5.platformsh.site",
)
HOST = Host("www.example.com", "proxied", "main-bvxea6i.platformsh.site", leads_here=True)
FINE = PreflightFacts(ZONE, PROJECT, (HOST,), findings=(), wrong_ca=False)


def test_a_site_in_order_has_no_problems() -> None:
    """The negative control of every block below."""
    assert problems(FINE) == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": "pending"}, "pending, not active"),
        ({"paused": True}, "paused"),
        ({"other_certificates": ("A zone-level certificate is on.",)}, "zone-level certificate"),
    ],
)
def test_a_zone_that_is_not_ready_blocks(changed: dict[str, Any], words: str) -> None:
    """Status, pause, and certificates that override the global switch."""
    found = problems(replace(FINE, zone=replace(ZONE, **changed)))
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"suspended": True}, "suspended"),
        ({"type": "staging"}, "staging, not production"),
        ({"status": "paused"}, "paused, not active"),
        ({"dirty": True}, "activity is running"),
        ({"staged": True}, "staged"),
        ({"last_deployment_good": False}, "has failed"),
        ({"deployed": "b" * 40}, "other people's work"),
        ({"way_problems": ("The token may not make branches there.",)}, "may not make branches"),
        ({"routes_have_tls": False}, "dedicated cluster"),
    ],
)
def test_a_project_that_is_not_ready_blocks(changed: dict[str, Any], words: str) -> None:
    """Whatever our push or redeploy would trip over, or release."""
    found = problems(replace(FINE, project=replace(PROJECT, **changed)))
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (Host("a.example.com", "dns-only", "192.0.2.1"), "a.example.com is DNS-only"),
        (Host("shop.example.org", "other-zone"), "shop.example.org is not in this zone"),
        (Host("b.example.com", "absent"), "b.example.com has no record"),
        (Host("c.example.com", "proxied", "lb.example.net"), "leads to lb.example.net"),
    ],
)
def test_a_host_that_would_be_cut_off_blocks_by_name(host: Host, words: str) -> None:
    """Only a proxied host of this zone that leads here is served once the origin requires."""
    found = problems(replace(FINE, hosts=(HOST, host)))
    assert len(found) == 1
    assert words in found[0]


def test_what_is_wrong_in_the_routes_blocks_with_its_line() -> None:
    """Named with its place; a remark does not block, nor what an approver may accept later."""
    wrong = Finding("typographic-quotes", "The quotes are typographic.", line=7)
    remark = Finding("wildcard", "A wildcard route.", blocking=False)
    way_around = Finding("http-upstream", "http://{default}/ serves content.", line=9)
    facts = replace(FINE, findings=(wrong, remark, way_around))
    assert problems(facts) == ("The quotes are typographic. (line 7)",)
    assert "asks to accept this by name" in " ".join(remarks(facts))
    assert "A wildcard route." in remarks(facts)


def test_the_origin_ca_root_as_client_ca_blocks() -> None:
    """The classic mistake is refused in words."""
    found = problems(replace(FINE, wrong_ca=True))
    assert len(found) == 1
    assert "classic mistake" in found[0]


def test_all_problems_are_named_at_once() -> None:
    """Nobody presses Retry five times for five problems."""
    facts = replace(
        FINE,
        zone=replace(ZONE, paused=True),
        project=replace(PROJECT, staged=True),
        hosts=(HOST, Host("b.example.com", "absent")),
    )
    assert len(problems(facts)) == 3


def test_more_names_than_a_certificate_takes_block() -> None:
    """Two hundred fit; the apex and its wildcard are two of them."""

    def hosts(count: int) -> PreflightFacts:
        deep = (Host(f"h{n}.x.example.com", "proxied", leads_here=True) for n in range(count))
        return replace(FINE, hosts=tuple(deep))

    assert problems(hosts(198)) == ()
    assert "201 names; Cloudflare takes 200" in problems(hosts(199))[0]


def test_what_people_should_know_of_the_project_is_said() -> None:
    """A failed hook, a commit that nobody names, a certificate that is there already."""
    project = replace(PROJECT, deployed="", hook_failed=True, other_custom=("c1 for a.example",))
    said = " ".join(remarks(replace(FINE, project=project)))
    assert problems(replace(FINE, project=project)) == ()
    for words in ("not told by its activities", "A hook of the last deployment", "c1 for a.exampl"):
        assert words in said
        assert words not in " ".join(remarks(FINE))


def test_what_people_should_know_is_said_and_stops_nothing() -> None:
    """Plain http pulls, overrides, what the token may not see, its end, inheriting environments."""
    facts = replace(
        FINE,
        zone=replace(
            ZONE,
            settings={**SETTINGS, "always_use_https": "off"},
            overrides=(SslOverride("page rule", "full", "*example.com/legacy*"),),
            unseen=("The token may not read page rules.",),
            token_ends=datetime(2027, 1, 31, tzinfo=UTC),
        ),
        neighbours=("status.example.com",),
        inheriting=("staging",),
    )
    said = " ".join(remarks(facts))
    assert problems(facts) == ()
    for words in (
        "port 80",
        "/legacy",
        "page rules",
        "2027-01-31",
        "status.example.com",
        "staging",
    ):
        assert words in said
    assert "port 80" not in " ".join(remarks(FINE))


def test_who_must_act_for_a_change_to_come_in_is_told_and_blocks_nothing() -> None:
    """Requests, patches and manual deployments are ways, not obstacles."""
    project = replace(PROJECT, manual=True, way=("Somebody must merge it.",))
    facts = replace(FINE, project=project)
    assert problems(facts) == ()
    assert "Somebody must merge it." in remarks(facts)
    assert "what our commits stage is deployed" in " ".join(remarks(facts))
