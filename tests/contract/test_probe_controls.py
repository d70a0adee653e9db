"""What makes a refusal a proof: the foreign certificate, our own, and sessions of their own."""

import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from steps.origin.asking import Asking, Shared, Target
from steps.origin.client import (
    context,
    foreign_identity,
    foreign_p384_identity,
    foreign_rsa_identity,
)
from steps.origin.evidence import Bounds, ClientIdentity, Expect
from tests.contract import origins
from tests.contract.origins import answer, origin, over_tls, says
from tests.contract.test_probe import BOTH, BOTH_OPENSSL, ask, server

TLS12, TLS13 = BOTH


def openssl_server(version: int, identity: ClientIdentity | None = None) -> SSL.Context:
    shown = identity or origins.server_identity()
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(version)
    made.set_max_proto_version(version)
    made.use_certificate(shown.certificate)
    made.use_privatekey(shown.key)
    return made


@pytest.mark.parametrize("version", BOTH_OPENSSL)
def test_a_foreign_certificate_that_is_hung_up_on_was_refused(version: int) -> None:
    """As Node.js: an alert for who has none, and the end without a word for who has a wrong one."""
    made = openssl_server(version)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)

    def hangs_up(raw: socket.socket) -> None:
        raw.settimeout(None)  # pyOpenSSL takes a time-out for a socket that never blocks
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            tls.recv(65536)

    with origin(hangs_up) as running:
        seen = ask(running)
        assert (seen.verdict, seen.reason) == ("closed", "refused-by-alert")
        assert running.connections == 3  # none, foreign, and foreign once more


def test_one_hang_up_may_be_chance() -> None:
    """A foreign certificate that is let in the second time was not refused."""
    turns = iter([False, True])

    def by_turns(raw: socket.socket) -> None:
        raw.settimeout(None)
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            tls.recv(65536)
            if next(turns):
                tls.send(answer(200))

    made = openssl_server(SSL.TLS1_3_VERSION)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    with origin(by_turns) as running:
        assert ask(running).reason == "only-asks"


@pytest.mark.parametrize("control", [None, True])
def test_who_hangs_up_on_nothing_and_takes_anything_only_asks(control: bool | None) -> None:
    """Ended without a byte for who has none, answered for any certificate: open, control or not."""
    made = openssl_server(SSL.TLS1_3_VERSION)
    made.set_verify(SSL.VERIFY_PEER, lambda *_: True)

    def anything(raw: socket.socket) -> None:
        raw.settimeout(None)
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            tls.recv(65536)
            if tls.get_peer_certificate():
                tls.send(answer(200))

    with origin(anything) as running:
        seen = ask(running, Expect(control=control))
    assert (seen.verdict, seen.reason) == ("open", "only-asks")


@pytest.mark.parametrize("version", BOTH)
def test_an_origin_that_refuses_everybody_proves_nothing(version: ssl.TLSVersion) -> None:
    """The certificate that it should accept is tried where it is at hand."""
    right, wrong = origins.clients().issue("cloudflare"), origins.stranger().issue("cloudflare")
    with origin(server("required", version, says(answer(200)))) as running:
        accepted, refused = (ask(running, Expect(identity=one)) for one in (right, wrong))
    assert (accepted.verdict, accepted.reason) == ("closed", "refused-by-alert")
    assert "It answers who has the right certificate." in accepted.evidence
    assert (refused.verdict, refused.reason) == ("inconclusive", "own-certificate-refused")


@pytest.mark.parametrize(
    ("version", "takes", "size"),
    [
        (SSL.TLS1_2_VERSION, b"RSA-PSS+SHA256:RSA+SHA256", 2048),
        (SSL.TLS1_3_VERSION, b"RSA-PSS+SHA256:RSA+SHA256", 2048),
        (SSL.TLS1_3_VERSION, b"ECDSA+SHA384", 384),
    ],
)
def test_the_foreign_certificate_is_really_shown(version: int, takes: bytes, size: int) -> None:
    """To a server that takes RSA or P-384 only as well; else its refusal were the first again."""
    shown = {2048: foreign_rsa_identity, 384: foreign_p384_identity}[size]()
    made = openssl_server(version, shown)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    library, ffi = Binding().lib, Binding().ffi
    wanted = ffi.new("char[]", takes)
    assert library.SSL_CTX_set1_sigalgs_list(made._context, wanted)
    sizes: list[int] = []

    def notes(raw: socket.socket) -> None:
        raw.settimeout(None)
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            certificate = tls.get_peer_certificate(as_cryptography=True)
            sizes.append(getattr(certificate and certificate.public_key(), "key_size", 0))
            tls.recv(65536)

    with origin(notes) as running:
        ask(running)
    assert set(sizes) == {size}


def test_no_session_is_ever_resumed() -> None:
    """A server that hands out tickets, and keeps sessions, sees none of them again."""
    made = origins.context("requested", TLS12)
    reused: list[bool | None] = []

    def notes(conn: socket.socket) -> None:
        assert isinstance(conn, ssl.SSLSocket)
        says(answer(200))(conn)
        reused.append(conn.session_reused)

    for version in BOTH:
        made.minimum_version, made.maximum_version = min(version, TLS12), version
        with origin(over_tls(made, notes)) as running:
            for _ in range(3):
                ask(running)
    assert reused == [False] * 6
    client = context(None, lambda *_: None)
    assert client.get_session_cache_mode() == SSL.SESS_CACHE_OFF


def test_an_authority_with_a_name_of_another_age_is_known_again() -> None:
    """TeletexString in Latin-1, as OpenSSL wrote it for long; names are compared as they stand."""
    modern = origins.Authority.create("Oerg")
    der = modern.certificate.public_bytes(Encoding.DER)
    aged = der.replace(b"\x0c\x04Oerg", b"\x14\x04O\xf6rg")
    old = replace(modern, certificate=x509.load_der_x509_certificate(aged))
    naming = origins.takes_any_certificate(SSL.TLS1_3_VERSION, naming=(old,), refusing=True)
    with origin(naming) as running:
        ours, other = (ask(running, Expect(our_ca=one.pem)) for one in (old, modern))
    assert (ours.verdict, ours.reason) == ("closed", "refused-by-alert")
    assert "our authority only" in ours.evidence
    assert other.reason == "other-authorities"


@pytest.mark.parametrize("version", BOTH)
def test_an_alert_that_a_reset_follows_is_still_read(version: ssl.TLSVersion) -> None:
    """Sending may fail by then; what was said before is waiting to be read."""
    made = origins.context("required", version)

    def resets_after(raw: socket.socket) -> None:
        came, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = made.wrap_bio(came, going, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(going.read())
                came.write(raw.recv(65536))
            except ssl.SSLError:
                raw.sendall(going.read())
                break
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()

    with origin(resets_after) as running:
        for _ in range(10):
            seen = ask(running)
            assert (seen.verdict, seen.reason) == ("closed", "refused-by-alert")


def test_a_certificate_asked_for_by_renegotiation_is_seen() -> None:
    """TLS 1.2, where Apache asks only for some paths once the request has come."""
    made = openssl_server(SSL.TLS1_2_VERSION)
    made.set_session_id(b"renegotiates")
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    made.set_options(SSL.OP_NO_TICKET)

    def asks_later(raw: socket.socket) -> None:
        raw.settimeout(None)
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            tls.recv(65536)
            tls.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: False)
            tls.renegotiate()
            tls.do_handshake()
            tls.recv(65536)
            tls.send(answer(200))

    with origin(asks_later) as running:
        seen = ask(running)
    assert (seen.verdict, seen.reason, seen.certificate_requested) == (
        "closed", "refused-by-alert", True,
    )  # fmt: skip


def test_the_foreign_certificates_are_made_once() -> None:
    """And differ in their kind of key alone."""
    assert foreign_identity() is foreign_identity()
    assert foreign_rsa_identity() is foreign_rsa_identity()
    one, other = foreign_identity().certificate, foreign_rsa_identity().certificate
    assert one.issuer == one.subject == other.subject
    assert [e.value for e in one.extensions] == [e.value for e in other.extensions]


def test_a_slow_control_does_not_eat_the_time_of_the_origin() -> None:
    """A look through Cloudflare may take longer than a whole attempt."""

    def slow() -> bool:
        threading.Event().wait(0.5)
        return True

    with origin(server("requested", TLS13, origins.closes)) as running:
        target = Target("www.example.com", running.address, running.port, tls=True)
        seen = Asking(target, Shared(Bounds(attempt=0.4), Expect(control=slow))).attempt()
    assert (seen.verdict, seen.reason) == ("closed", "refused-by-eof")
