"""One bounded exchange with one address, over TLS or in the clear: what was seen, no judgement.

TLS runs over memory, so that every byte is ours to count and the answer is read even when sending
failed. A session is never resumed: each exchange has a context of its own.
"""

import errno
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, TypeVar

from cryptography import x509
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL, crypto

from steps.origin.answer import is_enough
from steps.origin.evidence import Bounds, ClientIdentity, PeerCertificate, UnclearReason

T = TypeVar("T")
USER_AGENT = "mtls-bot-probe"
_FATAL, _CLOSE_NOTIFY, _USER_CANCELLED = 2, 0, 90
_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT; an old origin is still an origin
_NO_ROUTE = {
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETDOWN,
}  # fmt: skip


@dataclass(slots=True)
class Trace:
    """What one exchange left behind; filled while it runs."""

    no_connection: UnclearReason | None = None
    states: set[bytes] = field(default_factory=set)
    """OpenSSL's own names of the handshake states that were passed."""
    tls_version: str = ""
    handshake_done: bool = False
    certificate: PeerCertificate | None = None
    authorities: tuple[tuple[str, bytes], ...] = ()
    """Distinguished names as text and as DER."""
    alert: int | None = None
    """The fatal alert that the server sent."""
    data: bytearray = field(default_factory=bytearray)
    """What came as application data, or in the clear."""
    raw: int = 0
    """Bytes taken from the socket."""
    ended: Literal["", "eof", "reset", "timeout", "full", "garbled", "enough"] = ""

    @property
    def server_hello(self) -> bool:
        return any(b"read server hello" in state for state in self.states)

    @property
    def requested(self) -> bool:
        """Whether a client certificate was asked for, with names of authorities or without."""
        asked = any(b"read server certificate request" in state for state in self.states)
        return asked or bool(self.authorities)


class Exchange:
    """The socket of one attempt, its deadline and its byte count."""

    def __init__(
        self, bounds: Bounds, *, clock: Callable[[], float] = time.monotonic,
        deadline: float | None = None,
    ) -> None:  # fmt: skip
        """`deadline` on the clock, when several exchanges share one bound."""
        self._bounds = bounds
        self._clock = clock
        own = clock() + bounds.attempt
        self._deadline = own if deadline is None else min(own, deadline)
        self._broken = False
        self.trace = Trace()

    def plain(self, address: str, port: int, host: str) -> Trace:
        """Ask for ``/`` without TLS."""
        sock = self._connect(address, port)
        if sock is None:
            return self.trace
        with sock:
            self._send(sock, _request(host))
            while not self.trace.ended and (received := self._receive(sock)):
                self.trace.data += received
                self._stop_when_enough()
        return self.trace

    def tls(
        self, address: str, port: int, host: str, *, identity: ClientIdentity | None = None,
        handshake_only: bool = False,
    ) -> Trace:  # fmt: skip
        """Shake hands as a client of `host` and ask for ``/``."""
        connection = SSL.Connection(_context(identity, self._note), None)
        connection.set_connect_state()
        if not _is_address(host):
            connection.set_tlsext_host_name(host.encode())

        sock = self._connect(address, port)
        if sock is None:
            return self.trace

        def shake() -> bool:
            connection.do_handshake()
            return True

        with sock:
            self.trace.handshake_done = bool(self._run(sock, connection, shake))
            if self.trace.handshake_done and not handshake_only:
                self._converse(sock, connection, _request(host))
            self._keep(connection)
            if not self.trace.alert:
                self._close(sock, connection)
        return self.trace

    def _converse(self, sock: socket.socket, connection: SSL.Connection, request: bytes) -> None:
        if self._run(sock, connection, lambda: connection.send(request)) is None:
            return
        self._flush(sock, connection)
        while not self.trace.ended:
            self.trace.data += self._run(sock, connection, lambda: connection.recv(16384)) or b""
            self._stop_when_enough()

    def _run(
        self, sock: socket.socket, connection: SSL.Connection, act: Callable[[], T]
    ) -> T | None:
        """Do one thing of TLS, feeding it what it waits for; None when the exchange has ended."""
        while not self.trace.ended:
            try:
                return act()
            except SSL.WantReadError:
                self._flush(sock, connection)
                if received := self._receive(sock):
                    connection.bio_write(received)
            except SSL.ZeroReturnError:
                self.trace.ended = "eof"
            except (SSL.Error, ValueError):
                self._flush(sock, connection)
                self.trace.ended = "garbled"
        return None

    def _connect(self, address: str, port: int) -> socket.socket | None:
        try:
            allowed = min(self._bounds.connect, self._left())
            return socket.create_connection((address, port), timeout=allowed)
        except TimeoutError:
            self.trace.no_connection = "connect-timeout"
        except ConnectionRefusedError:
            self.trace.no_connection = "connection-refused"
        except OSError as failed:
            no_route = failed.errno in _NO_ROUTE
            self.trace.no_connection = "no-route" if no_route else "connect-failed"
        return None

    def _flush(self, sock: socket.socket, connection: SSL.Connection) -> None:
        with suppress(SSL.WantReadError):
            while waiting := connection.bio_read(65536):
                self._send(sock, waiting)

    def _send(self, sock: socket.socket, data: bytes) -> None:
        # A refusal may already be waiting to be read, so failing to send is not the end.
        try:
            sock.settimeout(self._left())
            sock.sendall(data)
        except OSError:
            self._broken = True

    def _receive(self, sock: socket.socket) -> bytes:
        if self.trace.raw >= self._bounds.most_bytes:
            self.trace.ended = "full"
            return b""
        try:
            sock.settimeout(self._left())
            received = sock.recv(min(16384, self._bounds.most_bytes - self.trace.raw))
        except TimeoutError:
            self.trace.ended = "timeout"
            return b""
        except OSError:
            self.trace.ended = "reset"
            return b""
        self.trace.raw += len(received)
        if not received:
            # A reset is told once, and may have been told to the sending side.
            self.trace.ended = "reset" if self._broken else "eof"
        return received

    def _left(self) -> float:
        left = self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _stop_when_enough(self) -> None:
        if not self.trace.ended and is_enough(bytes(self.trace.data)):
            self.trace.ended = "enough"

    def _note(self, connection: SSL.Connection, where: int, result: int) -> None:
        self.trace.states.add(connection.get_state_string())
        if where != SSL.SSL_CB_READ_ALERT:
            return
        level, alert = result >> 8, result & 0xFF
        # TLS 1.3 has no warnings but these two, whatever the level says.
        modern = connection.get_protocol_version() == SSL.TLS1_3_VERSION
        if alert not in (_CLOSE_NOTIFY, _USER_CANCELLED) and (level == _FATAL or modern):
            self.trace.alert = alert

    def _keep(self, connection: SSL.Connection) -> None:
        trace = self.trace
        trace.states.add(connection.get_state_string())
        trace.authorities = tuple((_text(n), n.der()) for n in connection.get_client_ca_list())
        if trace.server_hello:
            trace.tls_version = connection.get_protocol_version_name()
            trace.certificate = _peer(connection)

    def _close(self, sock: socket.socket, connection: SSL.Connection) -> None:
        with suppress(SSL.Error):
            connection.shutdown()
            self._flush(sock, connection)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _request(host: str) -> bytes:
    return (
        f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    ).encode()


def _context(
    identity: ClientIdentity | None, note: Callable[[SSL.Connection, int, int], None]
) -> SSL.Context:
    """A client that listens to everything: old versions, weak ciphers, any certificate."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    context.set_options(SSL.OP_NO_TICKET | _LEGACY_SERVER_CONNECT)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_alpn_protos([b"http/1.1"])
    # Without this offer a server that asks only for some paths (TLS 1.3) never asks at all.
    # pyOpenSSL has no method for it.
    Binding().lib.SSL_CTX_set_post_handshake_auth(context._context, 1)  # noqa: SLF001
    context.set_info_callback(note)
    if identity is not None:
        context.use_certificate(identity.certificate)
        context.use_privatekey(identity.key)
    return context


def _text(name: crypto.X509Name) -> str:
    pairs = name.get_components()
    return ", ".join(f"{k.decode('latin-1')}={v.decode('utf-8', 'replace')}" for k, v in pairs)


def _peer(connection: SSL.Connection) -> PeerCertificate | None:
    """The facts of the certificate shown; what cannot be read of it is left empty."""
    chain = connection.get_peer_cert_chain() or []
    if not chain:
        return None
    pems = tuple(crypto.dump_certificate(crypto.FILETYPE_PEM, one).decode() for one in chain)
    der = crypto.dump_certificate(crypto.FILETYPE_ASN1, chain[0])
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    names, issuer, not_after = _facts(der)
    return PeerCertificate(digest.finalize().hex(), names, issuer, not_after, pems)


def _facts(der: bytes) -> tuple[tuple[str, ...], str, str]:
    try:
        leaf = x509.load_der_x509_certificate(der)
        names = tuple(
            name
            for extension in leaf.extensions
            if isinstance(extension.value, x509.SubjectAlternativeName)
            for name in extension.value.get_values_for_type(x509.DNSName)
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return (), "", ""
    return names, leaf.issuer.rfc4514_string(), leaf.not_valid_after_utc.isoformat()
