"""One HTTP request on one connection, over TLS with a name of its own; for edge and visitors."""

import select
import socket
import ssl
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TypeAlias

from sandbox.authorities import Issued

Headers: TypeAlias = tuple[tuple[str, str], ...]
DIED = (OSError, HTTPException)
"""What a request on a connection may raise: transport, TLS, or an answer that is no HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The first value, or ""."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")


def client_context(
    roots: Iterable[str] | None, *, identity: Issued | None = None
) -> ssl.SSLContext:
    """A client that trusts these PEM roots and checks the name; None trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata="".join(roots))
    if identity is not None:
        load_identity(context, identity)
    return context


def load_identity(context: ssl.SSLContext, identity: Issued) -> None:
    """The ssl module takes keys from files only; this one is gone at once."""
    with tempfile.TemporaryDirectory(prefix="sandbox-tls-") as directory:
        path = Path(directory) / "identity.pem"
        path.touch(mode=0o600)
        path.write_text(identity.key_pem + identity.certificate_pem)
        context.load_cert_chain(path)


def connect(address: str, port: int, *, seconds: float) -> socket.socket:
    """Raises OSError; TimeoutError among them."""
    plain = socket.create_connection((address, port), timeout=seconds)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def secured(plain: socket.socket, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    """The handshake for this name; on failure the connection is closed. Raises OSError."""
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


class Line:
    """A connection that carries one request after another."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._http = HTTPConnection("unused")
        self._http.auto_open = 0  # a lost connection is told, not made again unseen
        self._http.sock = connected
        self.usable = True
        """Whether it may carry another request."""

    def ask(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Answer:
        """The whole answer. Raises one of DIED, and the connection is closed then."""
        self.usable = False
        try:
            self._http.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                self._http.putheader(name, value)
            self._http.endheaders(body or None)
            answer = self._read(self._http.getresponse())
        except DIED:
            self.close()
            raise
        return answer

    def _read(self, response: HTTPResponse) -> Answer:
        with response:
            answer = Answer(response.status, tuple(response.getheaders()), response.read())
        self.usable = not response.will_close
        return answer

    @property
    def dropped(self) -> bool:
        """Whether the other side has ended it (or said something nobody asked for)."""
        seen = select.poll()  # select() raises for descriptors from 1024
        seen.register(self._connected, select.POLLIN)
        return bool(seen.poll(0))

    def abort(self) -> None:
        """Let a request that is under way in another thread fail at once."""
        with suppress(OSError):
            # Not SSLSocket's own, which drops the TLS layer under the other thread.
            socket.socket.shutdown(self._connected, socket.SHUT_RDWR)

    def close(self) -> None:
        self.usable = False
        self._http.close()
        self._connected.close()
