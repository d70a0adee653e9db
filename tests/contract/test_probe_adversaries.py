"""Servers without manners, the plain port, many addresses, and what is never asked at all."""

import socket
import ssl
from ipaddress import ip_network

import pytest

from steps.origin.asking import Asking, Shared, Target
from steps.origin.evidence import Bounds, Expect, ProbeReport
from steps.origin.probe import probe
from tests.contract import origins
from tests.contract.dead import dead_address
from tests.contract.origins import Behaviour, Origin, answer, forever, origin, over_tls, says

LOOPBACK = (ip_network("127.0.0.0/8"),)
TLS13 = ssl.TLSVersion.TLSv1_3
QUICK = Bounds(connect=0.5, attempt=0.6)


def ask(running: Origin, *, plain: bool = False) -> ProbeReport:
    port = running.port
    return probe(
        ["www.example.com"], [running.address], https_port=1 if plain else port,
        http_port=port if plain else None, settings=QUICK, expect=Expect(control=True),
        allowed=LOOPBACK,
    )  # fmt: skip


def reason(running: Origin, *, plain: bool = False) -> str:
    attempt = ask(running, plain=plain).attempts[-1]
    return f"{attempt.verdict} {attempt.reason}"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (origins.closes, "eof-before-tls"),
        (origins.resets, "reset-before-tls"),
        (says(answer(200)), "not-tls"),
        (says(b"\x15\x03\x03\x00\x02\x02\x74"), "handshake-failed"),
        (says(b"\x15\x03\x03\x00\x02\x02\x70"), "unknown-host"),
        (forever(b"\x00"), "not-tls"),
        (forever(b"\x16", pause=0.1), "not-tls"),
    ],
)  # fmt: skip
def test_what_is_no_handshake_is_inconclusive(behaviour: Behaviour, expected: str) -> None:
    """Ends, resets, plain HTTP and alerts without having asked prove nothing, control or not."""
    with origin(behaviour) as running:
        assert f"inconclusive {expected}" == reason(running)


def test_silence_ends_at_the_bound() -> None:
    """Before TLS and after the handshake; neither is a refusal."""
    with origin(origins.silent) as running:
        assert reason(running) == "inconclusive silent-before-tls"
    quiet = over_tls(origins.context("requested", TLS13), origins.silent)
    with origin(quiet) as running:
        assert reason(running) == "inconclusive no-answer"


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (forever(b"x", first=answer(200)), "open answered"),
        (forever(b"x", first=b"HTTP/1.1 200 OK\r\nX: "), "open answered"),
        (forever(b"x" * 16384), "inconclusive not-http"),
        (forever(b"x", first=b"HTTP/1.1 400 Bad\r\n\r\n", pause=0.05),
         "inconclusive answer-cut-short"),
        (forever(b"HTTP/1.1 100 Continue\r\n\r\n"), "inconclusive answer-cut-short"),
        (says(b"HTTP/1.1 20"), "inconclusive answer-cut-short"),
        (says(b"\x00\x01\x02"), "inconclusive not-http"),
        (says(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(200)), "open answered"),
    ],
)  # fmt: skip
def test_an_answer_without_end_is_judged_by_what_came(then: Behaviour, expected: str) -> None:
    """Endless bodies, endless headers and slow drips stop at the bounds."""
    with origin(over_tls(origins.context("not-asked", TLS13), then)) as running:
        (attempt,) = ask(running).attempts
    assert expected == f"{attempt.verdict} {attempt.reason}"
    assert QUICK.most_bytes >= attempt.bytes_read


def test_the_plain_port_may_only_redirect_to_https() -> None:
    """A redirect to https is closed; content, another redirect and an error page are open."""
    to_https = answer(301, headers="Location: https://www.example.com/\r\n")
    to_http = answer(301, headers="Location: http://www.example.com/x\r\n")
    expected = {
        to_https: "closed redirects-to-https",
        to_http: "open http-content",
        answer(200): "open http-content",
        answer(404): "open http-content",
        b"garbage": "inconclusive not-http",
    }
    for said, verdict in expected.items():
        with origin(says(said)) as running:
            assert verdict == reason(running, plain=True)
    with origin(origins.closes) as running:
        assert reason(running, plain=True) == "inconclusive no-answer"


def test_the_plain_port_is_asked_as_often_as_the_other() -> None:
    """A node that serves content there is found, whichever answers first."""
    to_https = answer(301, headers="Location: https://www.example.com/\r\n")
    turns = iter([to_https, to_https, answer(200)])

    def by_turns(conn: socket.socket) -> None:
        says(next(turns))(conn)

    with origin(by_turns) as running:
        report = probe(
            ["www.example.com"], [running.address], https_port=1, http_port=running.port,
            settings=Bounds(connect=0.5, attempt=0.6, sessions=3), allowed=LOOPBACK,
        )  # fmt: skip
    plain = report.attempts[-1]
    assert (plain.verdict, plain.reason, plain.sessions) == ("open", "http-content", 3)


def test_one_verdict_comes_from_many_addresses() -> None:
    """Any open is open, else any inconclusive is inconclusive, else closed; addresses counted."""
    closing = over_tls(origins.context("required", TLS13), says(answer(200)))
    opening = over_tls(origins.context("not-asked", TLS13), says(answer(200)))
    seen = {}
    for name, second in {"closed": closing, "open": opening, "unclear": origins.closes}.items():
        with origin(closing, "127.0.0.1") as one, origin(second, "127.0.0.2", one.port):
            report = probe(
                ["www.example.com", "example.com"], ["127.0.0.1", "127.0.0.2"],
                https_port=one.port, http_port=None, settings=QUICK, allowed=LOOPBACK,
            )  # fmt: skip
        seen[name] = (report.verdict, report.closed, report.of, len(report.attempts))
    assert seen["closed"] == ("closed", 2, 2, 4)
    assert seen["open"] == ("open", 1, 2, 4)
    assert seen["unclear"] == ("inconclusive", 1, 2, 4)


def test_a_dead_address_costs_its_time_once_and_not_for_every_host() -> None:
    """Whoever comes later to the same port of it is told at once; another port is tried."""
    clock = iter(range(10**6))
    bounds = Bounds(connect=0.1, attempt=30)
    shared = Shared(bounds, Expect(), clock=lambda: float(next(clock)))
    with dead_address() as (address, port):
        first, second = (Asking(Target(host, address, port, tls=True), shared).attempt()
                         for host in ("a.example", "b.example"))  # fmt: skip
        other = Asking(Target("a.example", address, 1, tls=False), shared).attempt()
    assert (first.reason, second.reason) == ("connect-timeout", "connect-timeout")
    assert (second.milliseconds, other.reason) == (1000, "connection-refused")


def test_no_address_and_no_connection_are_inconclusive() -> None:
    """Nothing asked is nothing proven."""
    with origin(origins.closes) as running:
        pass
    refused = probe(["a.example"], ["127.0.0.1"], https_port=running.port, allowed=LOOPBACK)
    nobody = probe([], [])
    assert (nobody.verdict, nobody.reason) == ("inconclusive", "no-addresses")
    assert (refused.verdict, refused.reason) == ("inconclusive", "connection-refused")


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "nonsense"])
def test_addresses_inside_are_not_probed_unless_allowed(address: str) -> None:
    """A name server cannot make the bot knock on doors inside."""
    (attempt,) = probe(["a.example"], [address], http_port=None).attempts
    assert attempt.reason == "address-not-allowed"


@pytest.mark.parametrize("host", ["a b", "a\r\nX: y", "{default}", "", "ä.example", "a" * 300])
def test_what_is_no_host_name_is_never_sent(host: str) -> None:
    """It would be put into a request header."""
    with origin(origins.closes) as running:
        report = probe([host], ["127.0.0.1"], https_port=running.port, allowed=LOOPBACK)
        assert (report.reason, running.connections) == ("bad-host-name", 0)
