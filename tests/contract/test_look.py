"""The visitor's look against real TLS servers on loopback."""

import socket
import ssl
from dataclasses import replace
from itertools import count

import pytest

from steps.errors import Unreachable
from steps.origin.look import Look, Way, judge, look, look_everywhere, redirect_loop
from steps.origin.reach import reached
from tests.contract import origins
from tests.contract.origins import Behaviour, Origin, answer, forever, origin, over_tls, says

TLS13 = ssl.TLSVersion.TLSv1_3
PAGE = b"<html><title>Shop, 3 items</title>hello</html>"
FROM_PLATFORM = "Content-Type: text/html\r\nX-Platform-Router: r1\r\nCF-Cache-Status: DYNAMIC\r\n"
NO_WAY = "ff0e::1"
"""Multicast: the kernel connects to none of it."""
GOOD = answer(200, PAGE, headers=FROM_PLATFORM)


def way(running: Origin, **changed: object) -> Way:
    tokens = count(1)
    settings: dict[str, object] = {
        "resolve": lambda _host: [running.address], "fresh": lambda: f"token{next(tokens)}",
        "https_port": running.port, "http_port": running.port, "roots": origins.web().pem,
        "timeout": 2.0,
    }  # fmt: skip
    return Way(**(settings | changed))  # type: ignore[arg-type]


def edge(then: Behaviour) -> Behaviour:
    return over_tls(origins.context("not-asked", TLS13), then)


def test_a_look_brings_back_what_a_visitor_gets() -> None:
    """Status, the headers that tell who answered, the kind of page; the rest is not kept."""
    with origin(edge(says(GOOD))) as running:
        seen = look("https://www.example.com/", way(running))
    assert (seen.status, seen.error, seen.tls_ok) == (200, "", True)
    assert (seen.from_platform, seen.cache_status) == (True, "DYNAMIC")
    assert seen.header("content-length") == ""
    assert Look.from_receipt(seen.to_receipt()) == replace(seen, milliseconds=0)


def test_each_look_asks_for_another_address_and_for_the_host_itself() -> None:
    """No cache can answer, the host is in the request, and a header of the settings goes along."""
    asked: list[bytes] = []

    def note(conn: socket.socket) -> None:
        asked.append(conn.recv(65536))
        conn.sendall(GOOD)

    with origin(edge(note)) as running:
        by = way(running, header=("X-Pass", "let-me-in"))
        for url in ("https://www.example.com/a?b=c", "https://www.example.com"):
            assert look(url, by).url == url
    assert asked[0].startswith(b"GET /a?b=c&mtls-look=token1 HTTP/1.1\r\n")
    assert asked[1].startswith(b"GET /?mtls-look=token2 HTTP/1.1\r\n")
    assert b"\r\nhost: www.example.com\r\n" in asked[0].lower()
    assert b"\r\nx-pass: let-me-in\r\n" in asked[0].lower()


def test_a_redirect_is_recorded_and_not_followed() -> None:
    """The token that makes a look fresh does not show in where it leads."""
    moved = answer(301, headers="Location: https://example.com/x?mtls-look=token1\r\n")
    with origin(edge(says(moved))) as running:
        seen = look("https://www.example.com/", way(running))
        assert running.connections == 1
    assert (seen.status, seen.location) == (301, "https://example.com/x")


@pytest.mark.parametrize(
    ("host", "roots", "error"),
    [
        ("other.example.org", "web", "tls-name"),
        ("www.example.com", "stranger", "tls-authority"),
    ],
)
def test_a_certificate_that_a_browser_refuses_is_broken(host: str, roots: str, error: str) -> None:
    """Another name, or an authority that visitors do not trust; the hint says which."""
    with origin(edge(says(GOOD))) as running:
        good = look("https://www.example.com/", way(running))
        seen = look(f"https://{host}/", way(running, roots=getattr(origins, roots)().pem))
    judged = judge(seen, good)
    assert (seen.error, seen.tls_ok, judged.state) == (error, False, "broken")
    assert judged.hint


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (edge(origins.silent), "timeout"),
        (edge(origins.closes), "cut"),
        (edge(says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")), "cut"),
        (edge(forever(b"x", first=b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n",
                      pause=0.05)), "timeout"),
        (edge(says(b"\x00\x01garbage\r\n\r\n")), "cut"),
        (says(b"no tls here"), "tls-handshake"),
    ],
)  # fmt: skip
def test_no_page_is_an_error_of_its_kind(behaviour: Behaviour, error: str) -> None:
    """Bounded, and never an exception."""
    with origin(behaviour) as running:
        seen = look("https://www.example.com/", way(running, timeout=0.4))
    assert (seen.status, seen.error) == (None, error)


def test_an_endless_page_is_judged_by_its_beginning() -> None:
    """Reading stops at a bound of its own."""
    endless = forever(b"x" * 16384, first=b"HTTP/1.1 200 OK\r\n\r\n" + PAGE)
    with origin(edge(endless)) as running:
        seen = look("https://www.example.com/", way(running))
    assert (seen.status, seen.error) == (200, "")


def test_what_cannot_be_asked_is_inconclusive() -> None:
    """No name, no connection: neither says anything about the site."""

    def nobody(_host: str) -> list[str]:
        raise Unreachable("no name server answers", service="dns", doing="looking up")

    with origin(edge(says(GOOD))) as running:
        good = look("https://www.example.com/", way(running))
        unresolved = look("https://www.example.com/", way(running, resolve=nobody))
    refused = look("https://www.example.com/", way(running))
    assert (unresolved.error, judge(unresolved, good).state) == ("unresolved", "inconclusive")
    assert (refused.error, judge(refused, good).state) == ("unreachable", "inconclusive")


def test_a_dead_edge_address_is_passed_over_and_named_when_all_are_asked() -> None:
    """One look takes the first that connects; looking everywhere tells each."""
    with origin(edge(says(GOOD)), "127.0.0.2") as running:
        by = way(running, resolve=lambda _host: ["127.0.0.3", "127.0.0.2"])
        one = look("https://www.example.com/", by)
        each = look_everywhere("https://www.example.com/", by)
    assert (one.address, one.status) == ("127.0.0.2", 200)
    assert [(a.address, a.error) for a in each] == [("127.0.0.3", "unreachable"), ("127.0.0.2", "")]


def test_a_kind_of_address_without_a_way_from_here_is_known_as_such() -> None:
    """As IPv6 on a machine that has only IPv4; one that refuses is another matter."""
    with origin(edge(says(GOOD)), "127.0.0.2") as running:
        by = way(running, resolve=lambda _host: [NO_WAY, "127.0.0.3", "127.0.0.2"])
        one = look("https://www.example.com/", by)
        each = look_everywhere("https://www.example.com/", by)
    assert (one.address, one.status) == ("127.0.0.2", 200)
    assert [seen.error for seen in each] == ["no-route", "unreachable", ""]
    assert [seen.address for seen in reached(each)] == ["127.0.0.3", "127.0.0.2"]


def test_a_redirect_loop_is_found_and_an_end_is_not_a_loop() -> None:
    """Https to https on the same host in a circle; a redirect to another host is an end."""
    slash = answer(301, headers="Location: /\r\n")
    away = answer(301, headers="Location: https://elsewhere.example/\r\n")
    nonsense = answer(301, headers="Location: https://[\r\n")
    found = {}
    for said in (slash, away, nonsense, GOOD):
        with origin(edge(says(said))) as running:
            found[said] = redirect_loop("https://www.example.com/", way(running))
            seen = look("https://www.example.com/", way(running))
        assert judge(seen, seen).state in ("fine", "inconclusive")
    assert found[slash] == ("https://www.example.com/", "https://www.example.com/")
    assert (found[away], found[nonsense], found[GOOD]) == ((), (), ())


def test_a_page_that_echoes_the_verification_tells_it() -> None:
    """From the body alone, beside the header's name, or as a header of the answer."""
    said = {
        answer(200, b"SUCCESS\n"): "SUCCESS",
        answer(200, b'{"X-Client-Verify": "NONE"}'): "NONE",
        answer(200, b"[HTTP_X_CLIENT_VERIFY] => SUCCESS"): "SUCCESS",
        answer(200, b"page", headers="X-Client-Verify: SUCCESS\r\n"): "SUCCESS",
        answer(200, b"SUCCESS story of the month"): "",
    }
    for page, verify in said.items():
        with origin(edge(says(page))) as running:
            assert look("https://www.example.com/", way(running)).client_verify == verify


def test_nginx_without_a_certificate_is_recognised() -> None:
    """The words of the origin that Cloudflare passes on to the visitor."""
    with origin(edge(says(answer(400, origins.NGINX_400)))) as running:
        seen = look("https://www.example.com/", way(running))
    assert seen.refusal == "no required ssl certificate was sent"


def test_a_look_without_tls_uses_the_plain_port() -> None:
    """For what a visitor gets who types no https."""
    with origin(says(answer(301, headers="Location: https://www.example.com/\r\n"))) as running:
        assert look("http://www.example.com/", way(running)).status == 301
