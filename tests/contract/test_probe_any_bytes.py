"""Whatever a server sends: the probe does not raise, does not outlast its bound, and says closed
only after a certificate was asked for, or by an HTTP refusal that names it.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from steps.origin.evidence import Attempt, Bounds, Expect
from steps.origin.probe import probe
from tests.contract import origins
from tests.contract.origins import Asks, Behaviour, Origin, answer, origin, over_tls, says
from tests.frames import FRAMES

LOOPBACK = (ip_network("127.0.0.0/8"),)
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
QUICK = Bounds(connect=0.5, attempt=0.25)
MANY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=25)
IN_THE_CLEAR = [
    b"\x16\x03\x03\x00\x04", b"\x15\x03\x03\x00\x02\x02\x28", b"\x15\x03\x03\x00\x02\x02\x74",
    b"\x15\x03\x03\x00\x02\x01\x00", b"\x14\x03\x03\x00\x01\x01", b"\x17\x03\x03\x00\x05hello",
    b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00", b"\x16\x03\x03\x00\x04\x00\x00\x00\x00",
]  # fmt: skip
OF_HTTP = [
    b"HTTP/1.1 ", b"HTTP/1.0 200 OK\r\n", b"400 Bad Request\r\n", b"496 \r\n", b"\r\n\r\n",
    b"301 Moved\r\nLocation: https://www.example.com/\r\n", b"Content-Length: 9999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", origins.NGINX_400,
    b"HTTP/1.1 403 Forbidden\r\n\r\nclient certificate required",
]  # fmt: skip


def pieces(*known: list[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes that are now and then what a server would really say."""
    likely = st.sampled_from([one for some in known for one in some])
    return st.lists(likely | st.binary(max_size=40), max_size=8).map(b"".join)


def proven(attempt: Attempt) -> bool:
    """Whether there is what a closed needs: a request for a certificate, or a refusal by name."""
    by_name = attempt.reason == "refused-by-http" and attempt.status in (400, 495, 496)
    return attempt.certificate_requested or by_name or attempt.reason == "redirects-to-https"


def holds(running: Origin, *, plain: bool = False) -> Attempt:
    """Ask, with a control that agrees to everything, and look at what must hold."""
    report = probe(
        ["www.example.com"], [running.address], https_port=1 if plain else running.port,
        http_port=running.port if plain else None, settings=QUICK, expect=Expect(control=True),
        allowed=LOOPBACK,
    )  # fmt: skip
    attempt = report.attempts[-1]
    assert attempt.verdict != "closed" or proven(attempt), attempt
    assert attempt.milliseconds < 1000 * QUICK.attempt + 3000
    assert attempt.bytes_read <= QUICK.most_bytes
    return attempt


class Script:
    """A server that behaves as the test wants it to next."""

    def __init__(self) -> None:
        self.next: Behaviour = origins.closes

    def behave(self, conn: socket.socket) -> None:
        self.next(conn)


def every(strategy: st.SearchStrategy[bytes], behaviour: Callable[[bytes], Behaviour], *,
          plain: bool = False) -> set[str]:  # fmt: skip
    """The verdicts over many examples of one kind of server."""
    script = Script()
    seen: set[str] = set()
    with origin(script.behave) as running:

        @MANY
        @given(strategy)
        @example(b"HTTP/1.1 200 OK\r\n\r\n")
        def check(said: bytes) -> None:
            script.next = behaviour(said)
            seen.add(holds(running, plain=plain).verdict)

        check()
    return seen


def test_bytes_before_any_tls_are_never_a_refusal() -> None:
    """Records, alerts and HTTP in the clear where TLS should be."""
    assert every(pieces(IN_THE_CLEAR, OF_HTTP), says) == {"inconclusive"}


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("asks", ["not-asked", "requested"])
def test_bytes_after_the_handshake_are_judged_by_what_they_name(
    asks: Asks, version: ssl.TLSVersion
) -> None:
    """Application data of any kind, from servers that ask and from such that do not."""
    made = origins.context(asks, version)
    assert "open" in every(pieces(OF_HTTP), lambda said: over_tls(made, says(said)))


@pytest.mark.parametrize("asks", ["not-asked", "requested"])
def test_frames_are_judged_by_what_they_name(asks: Asks) -> None:
    """HTTP/2 of any kind: frames in any order, cut, repeated, with rubbish in between."""
    made = origins.context(asks, TLS13)
    made.set_alpn_protocols(["h2"])
    assert every(pieces(FRAMES, OF_HTTP), lambda said: over_tls(made, says(said)))


def test_bytes_on_the_plain_port_are_closed_only_by_a_redirect_or_a_name() -> None:
    """Whatever answers there."""
    assert "open" in every(pieces(OF_HTTP), says, plain=True)


def garbling(made: ssl.SSLContext, at: int, rubbish: bytes, drop: int) -> Behaviour:
    """A real server whose bytes are damaged on the way, from the one at `at` on."""

    def behave(conn: socket.socket) -> None:
        came, going, sent = ssl.MemoryBIO(), ssl.MemoryBIO(), 0
        tls = made.wrap_bio(came, going, server_side=True)
        for act in (tls.do_handshake, lambda: tls.read(65536), lambda: tls.write(answer(200))):
            while True:
                waits = False
                try:
                    act()
                except ssl.SSLWantReadError:
                    waits = True
                except ssl.SSLError:
                    conn.sendall(going.read())
                    return
                out = going.read()
                cut = at - sent
                sent += len(out)
                if 0 <= cut < len(out):
                    out = out[:cut] + rubbish + out[cut + drop :]
                conn.sendall(out)
                if not waits:
                    break
                received = conn.recv(65536)
                if not received:
                    return
                came.write(received)

    return behave


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("asks", ["not-asked", "required"])
def test_a_damaged_handshake_is_never_a_refusal_of_who_was_not_asked(
    asks: Asks, version: ssl.TLSVersion
) -> None:
    """Bytes of a real server, cut, replaced and put in at any place."""
    made, script = origins.context(asks, version), Script()
    with origin(script.behave) as running:

        @FEW
        @given(st.integers(0, 2500), st.binary(max_size=6), st.integers(0, 400))
        def check(at: int, rubbish: bytes, drop: int) -> None:
            script.next = garbling(made, at, rubbish, drop)
            seen = holds(running)
            assert asks == "required" or seen.verdict != "closed"

        check()
        script.next = garbling(made, 10**6, b"", 0)
        assert holds(running).verdict == {"not-asked": "open", "required": "closed"}[asks]


def test_a_shower_of_everything_ends_at_the_bounds() -> None:
    """Endless records, endless frames, endless requests to renegotiate: each within its bound."""
    made = origins.context("requested", TLS13)
    made.set_alpn_protocols(["h2"])
    for endless in (
        origins.forever(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"),
        over_tls(made, origins.forever(FRAMES[0])),
        over_tls(made, origins.forever(FRAMES[1] * 100)),
    ):
        with origin(endless) as running:
            assert holds(running).verdict in ("inconclusive", "open")
    with suppress(OSError), origin(origins.silent) as running:
        assert holds(running).reason == "silent-before-tls"
