"""The origin probe against real TLS servers: each verdict with its negative control."""

import socket
import ssl
from ipaddress import ip_network

import pytest
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from steps.certificates import public_key_digest
from steps.origin.evidence import Attempt, Bounds, ClientIdentity, Expect
from steps.origin.probe import probe, seen_certificates
from tests.contract import origins
from tests.contract.origins import (
    Asks,
    Authority,
    Behaviour,
    Origin,
    answer,
    origin,
    over_tls,
    says,
)

LOOPBACK = (ip_network("127.0.0.0/8"),)
BOTH = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
BOTH_OPENSSL = [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION]
NOBODY = Expect()


def ask(running: Origin, expect: Expect = NOBODY, *, sessions: int = 1) -> Attempt:
    report = probe(
        ["www.example.com"], [running.address], https_port=running.port, http_port=None,
        settings=Bounds(connect=1, attempt=2, sessions=sessions), expect=expect, allowed=LOOPBACK,
    )  # fmt: skip
    return report.attempts[0]


def server(asks: Asks, version: ssl.TLSVersion, then: Behaviour) -> Behaviour:
    return over_tls(origins.context(asks, version), then)


@pytest.mark.parametrize("version", BOTH)
def test_an_origin_that_requires_a_certificate_is_closed_by_its_alert(
    version: ssl.TLSVersion,
) -> None:
    """The alert comes in the handshake under TLS 1.2 and on the first read under TLS 1.3."""
    alert = {BOTH[0]: "handshake_failure", BOTH[1]: "certificate_required"}[version]
    with origin(server("required", version, says(answer(200)))) as running:
        seen = ask(running)
    assert (seen.verdict, seen.reason) == ("closed", "refused-by-alert")
    assert (alert, True) == (seen.alert, seen.certificate_requested)
    assert {BOTH[0]: "TLSv1.2", BOTH[1]: "TLSv1.3"}[version] == seen.tls_version


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 421, 500, 503])
def test_any_answer_of_the_application_is_open(version: ssl.TLSVersion, status: int) -> None:
    """The origin answered without a client certificate, whatever the application said."""
    with origin(server("not-asked", version, says(answer(status)))) as running:
        seen = ask(running)
    assert ("open", "answered", status) == (seen.verdict, seen.reason, seen.status)
    assert not seen.certificate_requested


@pytest.mark.parametrize("version", BOTH)
def test_an_origin_that_asks_and_answers_all_the_same_is_open(version: ssl.TLSVersion) -> None:
    """Having been asked is told, and is no refusal."""
    with origin(server("requested", version, says(answer(200)))) as running:
        seen = ask(running)
    assert (seen.verdict, seen.reason, seen.certificate_requested) == ("open", "answered", True)


@pytest.mark.parametrize("version", BOTH)
def test_nginx_refuses_with_an_http_answer(version: ssl.TLSVersion) -> None:
    """A 400 that names the missing certificate is closed."""
    with origin(server("requested", version, origins.wants_certificate)) as running:
        seen = ask(running)
    assert (seen.verdict, seen.reason, seen.status) == ("closed", "refused-by-http", 400)


@pytest.mark.parametrize("status", [495, 496])
def test_the_numbers_of_nginx_are_a_refusal_by_themselves(status: int) -> None:
    """Front ends that let 495 and 496 out mean the client certificate by them."""
    with origin(server("requested", BOTH[1], says(answer(status)))) as running:
        assert ask(running).reason == "refused-by-http"


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("then", [origins.closes, origins.resets])
def test_an_end_without_a_word_is_closed_only_if_a_control_agrees(
    version: ssl.TLSVersion, then: Behaviour
) -> None:
    """The same end is a refusal when the site answers elsewhere, and unclear when nobody says."""
    with origin(server("requested", version, then)) as running:
        alone = ask(running)
        agreed = ask(running, Expect(control=lambda: True))
        denied = ask(running, Expect(control=False))
    assert (alone.verdict, alone.reason) == ("inconclusive", "eof-after-request")
    assert (agreed.verdict, agreed.reason) == ("closed", "refused-by-eof")
    assert (denied.verdict, denied.reason) == ("inconclusive", "eof-after-request")


@pytest.mark.parametrize("then", [origins.closes, origins.resets])
def test_an_end_without_having_asked_is_never_closed(then: Behaviour) -> None:
    """No control can turn that into a refusal."""
    with origin(server("not-asked", BOTH[1], then)) as running:
        seen = ask(running, Expect(control=True))
    assert (seen.verdict, seen.reason) == ("inconclusive", "eof-without-request")


def test_a_certificate_that_is_accepted_is_a_control_too() -> None:
    """An address that answers the right certificate and ends without a word otherwise refuses."""

    def only_known(conn: socket.socket) -> None:
        conn.recv(65536)
        assert isinstance(conn, ssl.SSLSocket)
        if conn.getpeercert():
            conn.sendall(answer(200))

    right = origins.clients().issue("cloudflare")
    wrong = origins.stranger().issue("cloudflare")
    with origin(server("requested", BOTH[1], only_known)) as running:
        accepted = ask(running, Expect(identity=right))
        refused = ask(running, Expect(identity=wrong))
    assert accepted.reason == "refused-by-eof"
    assert refused.reason == "eof-after-request"


@pytest.mark.parametrize("version", BOTH_OPENSSL)
def test_an_origin_that_takes_any_certificate_is_open(version: int) -> None:
    """It refuses who has none and lets in a self-signed one that nobody issued: it only asks."""
    with origin(origins.takes_any_certificate(version)) as running:
        seen = ask(running)
    assert (seen.verdict, seen.reason) == ("open", "only-asks")


@pytest.mark.parametrize("version", BOTH_OPENSSL)
def test_authorities_other_than_ours_are_a_way_in(version: int) -> None:
    """Ours alone is closed; another beside it is open; without knowing ours nothing follows."""
    ours, other = origins.clients(), origins.stranger()
    expect = Expect(our_ca=ours.pem)
    refusing = origins.takes_any_certificate
    with origin(refusing(version, naming=(ours,), refusing=True)) as running:
        alone = ask(running, expect)
    with origin(refusing(version, naming=(ours, other), refusing=True)) as running:
        beside, unknown = ask(running, expect), ask(running)
    with origin(refusing(version, refusing=True)) as running:
        nobody = ask(running, expect)
    assert ("closed", (f"CN={ours.name}",)) == (alone.verdict, alone.authorities)
    assert (beside.verdict, beside.reason) == ("open", "other-authorities")
    assert unknown.verdict == "closed"
    assert (nobody.verdict, nobody.authorities) == ("closed", ())


def test_a_certificate_asked_for_after_the_request_is_seen() -> None:
    """TLS 1.3 may ask late; the probe offers that and sees the refusal."""
    made = origins.context("required", BOTH[1])
    made.post_handshake_auth = True
    with origin(over_tls(made, origins.asks_after_request)) as running:
        seen = ask(running)
    assert (seen.verdict, seen.certificate_requested) == ("closed", True)


def test_closed_counts_only_when_every_session_agrees() -> None:
    """A node that lets in one session in between is found."""
    turns = iter([True, True, False, False])
    required, lax = (server(asks, BOTH[1], says(answer(200))) for asks in ("required", "not-asked"))

    def by_turns(conn: socket.socket) -> None:
        (required if next(turns) else lax)(conn)

    with origin(by_turns) as running:
        seen = ask(running, sessions=3)
    assert (seen.verdict, seen.sessions) == ("open", 3)
    with origin(required) as running:
        steady = ask(running, sessions=3)
        assert (steady.verdict, steady.sessions, running.connections) == ("closed", 3, 4)


def test_the_certificate_that_the_origin_shows_is_told_even_when_it_refuses() -> None:
    """Names, issuer and fingerprint, and whether it is the one that was installed."""
    identity = origins.server_identity()
    fingerprint = identity.certificate.fingerprint(hashes.SHA256()).hex()
    key = public_key_digest(origins.pems(identity)[0])
    for version in BOTH:
        with origin(server("required", version, says(answer(200)))) as running:
            seen = ask(running, Expect(our_key=key))
            other = ask(running, Expect(our_key="00"))
        assert seen.certificate is not None
        assert fingerprint == seen.certificate.fingerprint
        assert seen.certificate.names == ("www.example.com", "example.com")
        assert "that was installed" in seen.evidence
        assert "another one" in other.evidence


def test_names_of_a_server_are_no_escape_sequences() -> None:
    """They are shown in terminals and in chats."""
    rude = Authority.create("\x1b[2J\r\nrude")
    made = origins.context("required", BOTH[1], identity=rude.issue("www.example.com"))
    refusing = origins.takes_any_certificate(BOTH_OPENSSL[1], naming=(rude,), refusing=True)
    with origin(over_tls(made, says(answer(200)))) as running:
        shown = ask(running)
    with origin(refusing) as running:
        named = ask(running)
    assert shown.certificate is not None
    assert shown.certificate.issuer.endswith("rude")
    assert named.authorities == ("CN=\ufffd[2J\ufffd\ufffdrude",)
    assert shown.certificate.issuer.isprintable()


def test_what_an_address_shows_is_seen_in_fresh_sessions() -> None:
    """One certificate in all sessions is agreed on; two different ones are not."""
    first, second = origins.server_identity(), origins.web().issue("www.example.com")
    turns = iter([first, first, first, second])

    def behave(conn: socket.socket) -> None:
        identity: ClientIdentity = next(turns)
        over_tls(origins.context("required", BOTH[1], identity=identity), origins.closes)(conn)

    with origin(behave) as running:
        shown = [
            seen_certificates(
                [running.address], "www.example.com", port=running.port,
                settings=Bounds(connect=1, attempt=2, sessions=2), allowed=LOOPBACK,
            )[0]
            for _ in range(2)
        ]  # fmt: skip
    assert shown[0].agreed is not None
    assert (shown[1].agreed, len(shown[1].certificates)) == (None, 2)


def test_an_address_that_shows_nothing_says_why() -> None:
    """No certificate is not an agreed one."""
    with origin(origins.closes) as running:
        (shown,) = seen_certificates(
            [running.address], "www.example.com", port=running.port, allowed=LOOPBACK
        )
    assert (shown.agreed, shown.certificates) == (None, (None,))
    assert "before any TLS" in shown.trouble


@pytest.mark.parametrize(("address", "no_route"), [("ff0e::1", True), ("127.0.0.9", False)])
def test_no_way_to_an_address_is_told_from_nobody_there(address: str, *, no_route: bool) -> None:
    """IPv6 on a machine without it; a closed port is a port of a machine that is reached."""
    anywhere = (ip_network("::/0"), *LOOPBACK)
    (shown,) = seen_certificates([address], "www.example.com", port=9, allowed=anywhere)
    assert (shown.agreed, shown.no_route) == (None, no_route)
