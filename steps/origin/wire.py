"""One bounded exchange with one address, over TLS or in the clear: what was seen, no judgement.

TLS runs over memory, so that every byte is ours to count and the answer is read even when sending
failed.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import TypeVar

from OpenSSL import SSL

from steps.origin.answer import USER_AGENT
from steps.origin.client import EVERY_HTTP, context
from steps.origin.evidence import Bounds, ClientIdentity
from steps.origin.http2 import Http2
from steps.origin.peer import authorities, peer_certificate
from steps.origin.reach import NO_ROUTE
from steps.origin.trace import Trace

T = TypeVar("T")
_FATAL, _CLOSE_NOTIFY, _USER_CANCELLED = 2, 0, 90


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
        protocols: tuple[bytes, ...] = EVERY_HTTP, handshake_only: bool = False,
    ) -> Trace:  # fmt: skip
        """Shake hands as a client of `host` and ask for ``/`` in the HTTP that the server takes."""
        connection = SSL.Connection(context(identity, self._note, protocols=protocols), None)
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
                self._converse(sock, connection, host)
            self._keep(connection)
            if not self.trace.alert:
                self._close(sock, connection)
        return self.trace

    def _converse(self, sock: socket.socket, connection: SSL.Connection, host: str) -> None:
        if connection.get_alpn_proto_negotiated() == b"h2":
            self.trace.http2 = Http2(host)
            self._say(sock, connection, self.trace.http2.request())
        else:
            self._say(sock, connection, _request(host))
        while not self.trace.ended:
            came = self._run(sock, connection, lambda: connection.recv(16384)) or b""
            self.trace.data += came
            if self.trace.http2 is not None:
                self._say(sock, connection, self.trace.http2.take(came))
            self._stop_when_enough()

    def _say(self, sock: socket.socket, connection: SSL.Connection, data: bytes) -> None:
        if data and not self.trace.ended:
            self._run(sock, connection, lambda: connection.send(data))
            self._flush(sock, connection)

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
            no_route = failed.errno in NO_ROUTE
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
        if self.trace.ended:
            return
        answer = self.trace.answer
        http2 = self.trace.http2
        if (answer and answer.enough) or (http2 is not None and (http2.error or http2.broken)):
            self.trace.ended = "enough"

    def _note(self, connection: SSL.Connection, where: int, result: int) -> None:
        self.trace.states.add(connection.get_state_string())
        if where != SSL.SSL_CB_READ_ALERT:
            return
        level, alert = result >> 8, result & 0xFF
        # TLS 1.3 has no warnings but these two, whatever the level says.
        modern = connection.get_protocol_version() == SSL.TLS1_3_VERSION
        if alert in (_CLOSE_NOTIFY, _USER_CANCELLED):
            return
        if level == _FATAL or modern:
            self.trace.alert = alert
        else:
            self.trace.warning = alert

    def _keep(self, connection: SSL.Connection) -> None:
        trace = self.trace
        trace.states.add(connection.get_state_string())
        trace.authorities = authorities(connection)
        if trace.server_hello:
            trace.tls_version = connection.get_protocol_version_name()
            trace.certificate = peer_certificate(connection)

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
