"""What acts in front of a zone's settings: read loosely, and judged by the hosts it can touch."""

from collections.abc import Callable, Iterator

import httpx
import pytest
import stamina

from steps.clients import cloudflare_overrides as overrides
from steps.clients.cloudflare import CloudflareClient
from steps.clients.cloudflare_overrides import CouldNotLook, SslOverride, pattern_takes
from steps.errors import RateLimited, Unreachable
from tests.unit.test_client_cloudflare import Api, Z, ok

LOOKS: dict[str, Callable[[CloudflareClient, str], object]] = {
    "configuration rules": overrides.ssl_rules,
    "page rules": overrides.ssl_page_rules,
    "load balancers": overrides.load_balanced,
    "workers": overrides.worker_patterns,
}


@pytest.fixture(autouse=True)
def _without_pauses() -> Iterator[None]:
    """Retries happen at once."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


def test_rules_that_set_another_mode_are_told_and_others_are_not() -> None:
    """Only enabled rules with `ssl` among their parameters."""
    rules = [
        {"enabled": True, "expression": "host eq a", "action_parameters": {"ssl": "flexible"}},
        {"enabled": False, "action_parameters": {"ssl": "off"}},
        {"action_parameters": {"polish": "off"}},
        {"action": "skip", "action_parameters": None},
    ]
    path = f"GET /zones/{Z}/rulesets/phases/http_config_settings/entrypoint"
    found = overrides.ssl_rules(Api({path: ok({"rules": rules})}).client(), Z)
    assert found == (SslOverride("configuration rule", "flexible", "host eq a"),)
    targets = [{"target": "url", "constraint": {"operator": "matches", "value": "*a.example/*"}}]
    pages = [{"status": s, "targets": t, "actions": [{"id": "ssl", "value": "off"}, {"id": "x"}]}
             for s, t in (("active", targets), ("active", []), ("disabled", targets))]  # fmt: skip
    told = overrides.ssl_page_rules(Api({f"GET /zones/{Z}/pagerules": ok(pages)}).client(), Z)
    assert told == (SslOverride("page rule", "off", "*a.example/*"),
                    SslOverride("page rule", "off", ""))  # fmt: skip


def test_load_balancers_and_workers_in_use_are_told_and_others_are_not() -> None:
    """A balancer that is off and a route without a script take no host."""
    balancers = [{"name": "WWW.example.com", "enabled": True}, {"name": "a.b", "enabled": False}]
    routes = [{"pattern": "www.example.com/*", "script": "shop"}, {"pattern": "a.b/*"}]
    api = Api({f"GET /zones/{Z}/load_balancers": ok(balancers),
               f"GET /zones/{Z}/workers/routes": ok(routes)})  # fmt: skip
    assert overrides.load_balanced(api.client(), Z) == ("www.example.com",)
    assert overrides.worker_patterns(api.client(), Z) == ("www.example.com/*",)


@pytest.mark.parametrize("name", LOOKS)
def test_what_may_not_be_looked_at_is_neither_there_nor_absent(name: str) -> None:
    """Denied is a type of its own; none at all (404) is an empty answer; silence is an error."""
    assert LOOKS[name](Api({}).client(), Z) == ()
    for status in (401, 403):
        client = Api({"*": {"success": False}}, status=status).client()
        assert isinstance(LOOKS[name](client, Z), CouldNotLook)
    for status, kind in ((429, RateLimited), (503, Unreachable)):
        with pytest.raises(kind):
            LOOKS[name](Api({"*": {}}, status=status).client(), Z)


@pytest.mark.parametrize(
    ("expression", "touches"),
    [
        ('(http.host eq "www.example.com")', True),
        ('(http.host eq "status.example.com")', False),
        ('(http.host in {"a.example.com" "www.example.com"})', True),
        ('(http.host eq "a.example.com") or (http.host eq "b.example.com")', False),
        ('(http.host eq "a.example.com") or (http.request.uri.path eq "/x")', True),
        ('(http.host ne "status.example.com")', True),
        ('not http.host eq "status.example.com"', True),
        ('ends_with(http.host, ".example.com")', True),
        ('ends_with(http.host, ".example.org")', False),
        ("true", True),
        ("", True),
    ],
)
def test_a_rule_touches_whatever_it_does_not_clearly_leave_out(
    expression: str, *, touches: bool
) -> None:
    """Nobody evaluates rules here, so doubt counts as yes."""
    rule = SslOverride("configuration rule", "off", expression)
    assert rule.may_touch("www.example.com") == touches


@pytest.mark.parametrize(
    ("pattern", "takes"),
    [
        ("*www.example.com/*", True),
        ("www.example.com/old/*", True),
        ("https://www.example.com/", True),
        ("*example.com/*", True),
        ("*.example.com/*", True),
        ("example.com/*", False),
        ("http://status.example.com/*", False),
        ("", True),
    ],
)
def test_a_url_pattern_fits_by_its_host(pattern: str, *, takes: bool) -> None:
    """Page rules and the routes of Workers; a rule without a pattern fits everything."""
    assert pattern_takes(pattern, "www.example.com") == takes
    assert SslOverride("page rule", "off", pattern).may_touch("www.example.com") == takes


@pytest.mark.parametrize(("mode", "encrypts"), [("off", False), ("flexible", False),
                                               ("full", True), ("strict", True)])  # fmt: skip
def test_only_the_low_modes_present_no_certificate(mode: str, *, encrypts: bool) -> None:
    """A certificate is presented on a pull over TLS only."""
    assert SslOverride("page rule", mode, "").encrypts == encrypts


def test_a_zone_and_its_records_are_compared_in_punycode() -> None:
    """A zone may be told in Unicode and found under either spelling; records are punycode."""

    def zones(request: httpx.Request) -> httpx.Response:
        named = request.url.params["name"] == "b\u00fccher.example"
        found = [{"id": Z, "name": "b\u00fccher.example"}] if named else []
        return httpx.Response(200, json=ok(found))

    found = Api({"GET /zones": zones}).client().zone("www.b\u00fccher.example")
    assert (found.id, found.name) == (Z, "xn--bcher-kva.example")
