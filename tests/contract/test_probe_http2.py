"""HTTP/2 where a server chooses it, and HTTP/1.1 where it refuses that alone."""

import socket
import ssl

import pytest

from steps.origin.evidence import Expect
from tests import frames as f
from tests.contract import origins
from tests.contract.origins import NGINX_400, Behaviour, answer, origin, over_tls, says
from tests.contract.test_probe import ask

TLS13 = ssl.TLSVersion.TLSv1_3


def http2(asks: origins.Asks, then: Behaviour, *, also: tuple[str, ...] = ()) -> Behaviour:
    made = origins.context(asks, TLS13)
    made.set_alpn_protocols(["h2", *also])
    return over_tls(made, then)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f.headers("200", end=True), "open answered 200"),
        (f.headers("403", end=True), "open answered 403"),
        (f.headers("421", end=True), "open answered 421"),
        (f.headers("400") + f.data(b"bad request"), "open answered 400"),
        (f.headers("400") + f.data(NGINX_400), "closed refused-by-http 400"),
        (f.goodbye(0) + f.headers("200", end=True), "open answered 200"),
        (f.goodbye(0) + f.headers("400") + f.data(NGINX_400), "closed refused-by-http 400"),
        (f.headers("496", end=True), "closed refused-by-http 496"),
        (f.headers("400") + f.data(b"bad", end=False), "inconclusive answer-cut-short 400"),
    ],
)
def test_a_server_of_http2_alone_is_judged_by_its_answer(said: bytes, expected: str) -> None:
    """By the same rules as one of HTTP/1.1."""
    with origin(http2("requested", says(f.SETTINGS + said))) as running:
        seen = ask(running)
    assert expected == f"{seen.verdict} {seen.reason} {seen.status}"


def test_settings_that_come_before_the_refusal_are_no_answer() -> None:
    """Under TLS 1.3 a server may speak before it has looked at the certificate."""

    def settles(conn: socket.socket) -> None:
        conn.sendall(f.SETTINGS)
        conn.recv(65536)

    with origin(http2("requested", settles)) as running:
        alone, agreed = ask(running), ask(running, Expect(control=True))
    assert (alone.reason, agreed.reason) == ("eof-after-request", "refused-by-eof")


@pytest.mark.parametrize("goodbye", [f.reset(0xD), f.goodbye(0xC), b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_a_server_that_refuses_http2_is_asked_again_in_http11(goodbye: bytes) -> None:
    """As Apache does where only some paths ask: the refusal that counts is the second one."""

    def refuses_http2(conn: socket.socket) -> None:
        assert isinstance(conn, ssl.SSLSocket)
        older = conn.selected_alpn_protocol() != "h2"
        says(answer(400, NGINX_400) if older else f.SETTINGS + goodbye)(conn)

    with origin(http2("requested", refuses_http2, also=("http/1.1",))) as running:
        seen = ask(running)
    assert (seen.verdict, seen.reason) == ("closed", "refused-by-http")


def test_an_error_of_http2_alone_proves_nothing() -> None:
    """Where HTTP/1.1 is not spoken either."""
    with origin(http2("requested", says(f.SETTINGS + f.reset(0x7)))) as running:
        seen = ask(running, Expect(control=True))
    assert (seen.verdict, seen.reason) == ("inconclusive", "http2-failed")
    assert "REFUSED_STREAM" in seen.evidence
