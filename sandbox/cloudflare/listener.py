"""One listening socket of the edge: a thread for each visitor's connection."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus

from sandbox.platformsh.http11 import MalformedError, Request, Response, Wire

_HANDSHAKE_SECONDS = 10.0
_IDLE_SECONDS = 400.0


class Listener:
    """Accepts until closed. With a `context` it speaks TLS, that of the moment's."""

    def __init__(
        self, listening: socket.socket, answer: Callable[[Request, str], Response], *,
        context: Callable[[], ssl.SSLContext] | None,
    ) -> None:  # fmt: skip
        self._listening = listening
        self._answer = answer
        self._context = context
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        address, port = listening.getsockname()
        self._thread = threading.Thread(target=self._accept, name=f"{address}:{port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._thread.join(timeout=5)
        self._listening.close()
        with self._lock:
            left = dict(self._open)
        for connection in left.values():
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in left:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                accepted, peer = self._listening.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(
                target=self._run, args=(accepted, peer[0]), name="edge-connection", daemon=True
            )
            with self._lock:
                self._open[thread] = accepted
            thread.start()

    def _run(self, accepted: socket.socket, peer: str) -> None:
        connection = accepted
        try:
            # Visitors go away at any moment and break off handshakes: none of that is ours.
            with suppress(OSError, MalformedError):
                connection = self._opened(accepted)
                self._serve(connection, peer)
        finally:
            with self._lock:
                self._open.pop(threading.current_thread(), None)
            connection.close()

    def _opened(self, accepted: socket.socket) -> socket.socket:
        if self._context is None:
            return accepted
        accepted.settimeout(_HANDSHAKE_SECONDS)
        try:
            tls = self._context().wrap_socket(
                accepted, server_side=True, do_handshake_on_connect=False
            )
        except OSError:
            accepted.close()
            raise
        with self._lock:
            self._open[threading.current_thread()] = tls
        try:
            tls.do_handshake()
        except OSError:
            tls.close()
            raise
        return tls

    def _serve(self, connection: socket.socket, peer: str) -> None:
        connection.settimeout(_IDLE_SECONDS)
        wire = Wire(connection)
        while wire.wait():
            request = wire.read()
            response = self._answer(request, peer)
            close = not request.keeps_alive
            connection.sendall(_wire_form(response, head=request.method == "HEAD", close=close))
            if close:
                return


def _wire_form(response: Response, *, head: bool, close: bool) -> bytes:
    """As bytes; Cloudflare's own statuses have no standard words."""
    known = {status.value: status.phrase for status in HTTPStatus}
    lines = [f"HTTP/1.1 {response.status} {known.get(response.status, '')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    lines += [f"Date: {formatdate(usegmt=True)}", f"Content-Length: {len(response.body)}"]
    lines += [f"Connection: {'close' if close else 'keep-alive'}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + (b"" if head else response.body)
