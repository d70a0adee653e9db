"""The stand-in's router over real TLS: what it refuses, what it serves, and how it changes."""

import re
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest

from sandbox.authorities import Issued
from sandbox.platformsh.client_hello import parse
from sandbox.platformsh.router_config import Policy
from tests.contract.platformsh_stand import (
    PICTURES,
    SITE,
    Stand,
    authorities,
    requiring,
    routes,
    standing,
    trusting,
    visit,
)

Shown = Literal["none", "right", "wrong"]
TLS = ssl.TLSVersion
PLATFORM = {"x-platform-cluster", "x-platform-router", "x-platform-processor", "x-debug-info"}


@pytest.fixture(scope="module")
def closed() -> Iterator[Stand]:
    """Production requires the client certificate; staging asks for nothing."""
    with standing() as stand:
        stand.deploy(requiring())
        yield stand


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    """As it is at the start; put back after the test."""
    yield running
    running.reset()


def identity(shown: Shown) -> Issued | None:
    made = authorities()
    return {
        "none": None,
        "right": made.client_identity,
        "wrong": made.origin_ca_rsa.issue(["stranger"], days=1, key="ecc", client=True),
    }[shown]


@pytest.mark.parametrize("version", [TLS.TLSv1_2, TLS.TLSv1_3])
@pytest.mark.parametrize("shown", ["none", "right", "wrong"])
@pytest.mark.parametrize("address", [0, 1, 2])
def test_a_requiring_host_serves_only_the_right_certificate(
    closed: Stand, version: ssl.TLSVersion, shown: Shown, address: int
) -> None:
    """Without it, or with another, there is an alert and never an answer."""
    context = trusting(identity(shown), version=version)
    if shown == "right":
        answer = visit(closed, SITE, "/verify", context=context, address=address)
        assert answer.headers["x-client-verify"] == "SUCCESS"
        assert answer.text == "X-Client-Verify: SUCCESS\n"
        return
    with pytest.raises(httpx.TransportError, match=r"alert|EOF|reset|closed|disconnected"):
        visit(closed, SITE, context=context, address=address)


@pytest.mark.parametrize("version", [TLS.TLSv1_2, TLS.TLSv1_3])
@pytest.mark.parametrize("shown", ["none", "right", "wrong"])
def test_an_open_host_on_the_same_address_serves_everybody(
    closed: Stand, version: ssl.TLSVersion, shown: Shown
) -> None:
    """The negative control: the refusal belongs to the host, not to the address."""
    context = trusting(identity(shown), version=version)
    answer = visit(closed, closed.staging_host, "/verify", context=context)
    assert (answer.status_code, answer.headers["x-client-verify"]) == (200, "NONE")


def test_another_name_in_the_handshake_is_no_way_around(closed: Stand) -> None:
    """The name of an open host with the Host header of a closed one is misdirected."""
    answer = visit(closed, SITE, server_name=closed.staging_host)
    assert answer.status_code == 421
    assert not PLATFORM & set(answer.headers)


def test_a_refusal_can_be_told_in_http(closed: Stand) -> None:
    """As nginx does: the handshake completes, the request is answered with 400."""
    router = closed.platformsh.router
    router.policy = Policy(refusal="http400")
    try:
        answer = visit(closed, SITE)
        with_certificate = visit(closed, SITE, context=trusting(identity("right")))
    finally:
        router.policy = Policy()
    assert answer.status_code == 400
    assert "No required SSL certificate was sent" in answer.text
    assert not PLATFORM & set(answer.headers)
    assert with_certificate.status_code == 200


def test_versions_can_be_limited(stand: Stand) -> None:
    """A client that speaks only what the router does not is refused."""
    stand.platformsh.router.policy = Policy(maximum=TLS.TLSv1_2)
    assert visit(stand, SITE, context=trusting(version=TLS.TLSv1_2)).status_code == 200
    with pytest.raises(httpx.TransportError):
        visit(stand, SITE, context=trusting(version=TLS.TLSv1_3))


def test_request_lets_in_both_and_tells_the_application(stand: Stand) -> None:
    """The gate's mode: the page says who came with a certificate."""
    stand.deploy(requiring("request"))
    without = visit(stand, SITE, "/verify")
    with_it = visit(stand, SITE, "/verify", context=trusting(identity("right")))
    assert tuple(a.headers["x-client-verify"] for a in (without, with_it)) == ("NONE", "SUCCESS")


def test_require_without_authorities_takes_any_publicly_trusted_certificate(stand: Stand) -> None:
    """The documented default, which is no cloaking: a certificate from the public authority."""
    stand.deploy({".platform/routes.yaml": routes("require", listed=False)})
    public = authorities().public.issue(["anybody"], days=1, key="ecc", client=True)
    assert visit(stand, SITE, context=trusting(public)).status_code == 200
    with pytest.raises(httpx.TransportError):
        visit(stand, SITE, context=trusting(identity("right")))


def test_a_route_without_the_block_leaves_its_host_open(stand: Stand) -> None:
    """Of several routes of one host the weakest counts."""
    forgot = (
        routes("require") + b'"https://{default}/old/":\n  type: upstream\n  upstream: app:http\n'
    )
    stand.deploy({**requiring(), ".platform/routes.yaml": forgot})
    assert visit(stand, SITE).status_code == 200
    with pytest.raises(httpx.TransportError):
        visit(stand, PICTURES)


def test_a_handshake_in_small_pieces_is_understood(closed: Stand) -> None:
    """The name is found although the first message comes in three segments."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing, server_hostname=SITE)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    assert parse(hello).name == SITE
    assert not parse(hello[:100]).complete
    where = (closed.platformsh.addresses[0], closed.platformsh.https_port)
    with socket.create_connection(where, timeout=5) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (hello[:3], hello[3:80], hello[80:]):
            plain.sendall(piece)
            time.sleep(0.01)
        assert plain.recv(2) == b"\x16\x03"


def test_a_name_spread_over_two_records_is_found() -> None:
    """A client may cut its first message into several TLS records."""
    outgoing = ssl.MemoryBIO()
    tls = trusting().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=SITE)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    message = outgoing.read()[5:]
    records = [b"\x16\x03\x01" + len(p).to_bytes(2) + p for p in (message[:60], message[60:])]
    assert parse(b"".join(records)).name == SITE


def plain(stand: Stand, host: str, path: str = "/") -> httpx.Response:
    where = f"http://{stand.platformsh.addresses[0]}:{stand.platformsh.http_port}{path}"
    return httpx.get(where, headers={"Host": host})


def test_port_80_redirects_and_never_asks_for_a_certificate(closed: Stand) -> None:
    """The generated redirect, with the path kept; expected, and no leak of content."""
    answer = plain(closed, SITE, "/about?a=1")
    assert (301, f"https://{SITE}/about?a=1") == (answer.status_code, answer.headers["location"])


def test_an_http_upstream_route_serves_content_around_the_requirement(stand: Stand) -> None:
    """The way around that preflight must find."""
    text = routes("require") + b'"http://{default}/":\n  type: upstream\n  upstream: app:http\n'
    stand.deploy({**requiring(), ".platform/routes.yaml": text})
    assert (
        plain(stand, SITE).status_code,
        plain(stand, SITE).headers["content-type"],
    ) == (200, "text/html; charset=utf-8")


def test_pages_are_stable_and_carry_the_platforms_headers(stand: Stand) -> None:
    """The same bytes from every address, HTML and cacheable files."""
    for path, cached in (("/", False), ("/static/app.css", True), ("/static/logo.svg", True)):
        answers = [visit(stand, SITE, path, address=a) for a in range(3)]
        assert len({a.content for a in answers}) == 1
        assert set(answers[0].headers) >= PLATFORM
        assert cached == ("max-age" in answers[0].headers["cache-control"])
    assert len({visit(stand, SITE, address=a).headers["x-platform-router"] for a in range(3)}) == 3


def test_routes_of_every_kind_are_followed(stand: Stand) -> None:
    """Redirect of a host, redirect of a path, proxy, and a page that is missing."""
    www = visit(stand, "www.example.com", "/about")
    assert (301, f"https://{SITE}/about") == (www.status_code, www.headers["location"])
    old = visit(stand, SITE, "/old-prices")
    assert (302, f"https://{SITE}/prices") == (old.status_code, old.headers["location"])
    assert "archive.example.org" in visit(stand, SITE, "/archive/1").text
    assert visit(stand, SITE, "/nothing").status_code == 404


def test_nobody_is_served_under_a_name_that_is_not_routed(stand: Stand) -> None:
    """Nor under production's generated name, which is off once a domain is attached."""
    name = stand.platformsh.edge_hostname
    answer = visit(stand, name)
    assert answer.status_code == 404
    assert not PLATFORM & set(answer.headers)


def set_access(stand: Stand, **access: object) -> None:
    path = f"{stand.path}/environments/staging"
    assert stand.api.patch(path, json={"http_access": access}).is_success


def test_basic_authentication_holds_once_it_is_deployed(stand: Stand) -> None:
    """Refused without credentials, let in with them; production is not touched."""
    set_access(stand, is_enabled=True, basic_auth={"preview": "long enough"})
    assert stand.platformsh.settle()
    host = stand.staging_host
    refused = visit(stand, host)
    assert refused.status_code == 401
    assert re.match("Basic", refused.headers["www-authenticate"])
    assert visit(stand, host, auth=("preview", "something else")).status_code == 401
    assert visit(stand, host, auth=("preview", "long enough")).status_code == 200
    assert visit(stand, SITE).status_code == 200


def test_enabled_access_control_with_nothing_in_it_protects_nothing(stand: Stand) -> None:
    """Addresses are judged by X-Forwarded-For, an empty list refuses nobody."""
    set_access(stand, is_enabled=True, basic_auth=None, addresses=None)
    assert stand.platformsh.settle()
    assert visit(stand, stand.staging_host).status_code == 200
    set_access(stand, addresses=[{"permission": "deny", "address": "0.0.0.0/0"}])
    assert stand.platformsh.settle()
    assert visit(stand, stand.staging_host).status_code == 403
