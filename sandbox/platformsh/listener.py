"""One listening socket of the router: a thread for each connection, until it is out of date."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from sandbox.platformsh.client_hello import peek_server_name
from sandbox.platformsh.gateway import Arrival, answer
from sandbox.platformsh.http11 import MalformedError, Wire
from sandbox.platformsh.router_config import Config

_HANDSHAKE_SECONDS = 10.0
_IDLE_SECONDS = 75.0


class Listener:
    """Accepts until closed. `config` gives that of now; each connection keeps its own."""

    def __init__(
        self, listening: socket.socket, config: Callable[[], Config], *, secure: bool
    ) -> None:
        self._listening = listening
        self._config = config
        self._secure = secure
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        address, port = listening.getsockname()
        self.router = f"router-{address.rpartition('.')[2]}"
        self._thread = threading.Thread(target=self._accept, name=f"{address}:{port}", daemon=True)
        self._thread.start()

    def close_idle(self) -> None:
        """End the kept connections that were opened under another configuration."""
        now = self._config()
        with self._lock:
            for connection in self._open:
                connection.end_if_idle_and_not(now)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._thread.join(timeout=5)
        self._listening.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            connection.abort()
        for connection in left:
            connection.thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                accepted, peer = self._listening.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(accepted, peer[0], self._config, self._secure, self.router)
            with self._lock:
                self._open.add(connection)
            connection.thread = threading.Thread(
                target=self._run, args=(connection,), name=f"{self.router}-connection", daemon=True
            )
            connection.thread.start()

    def _run(self, connection: "_Connection") -> None:
        try:
            # Clients go away at any moment and break off handshakes: none of that is ours.
            with suppress(OSError, MalformedError):
                connection.serve()
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)


class _Connection:
    """One client; `config` is the configuration under which its handshake was made."""

    thread: threading.Thread

    def __init__(
        self, accepted: socket.socket, peer: str, config: Callable[[], Config], secure: bool,
        router: str,
    ) -> None:  # fmt: skip
        self._socket = accepted
        self._config = config
        self._under = config()
        self._arrival = Arrival(secure, "", verified=False, router=router, peer=peer)
        self._lock = threading.Lock()
        self._idle = False

    def end_if_idle_and_not(self, config: Config) -> None:
        with self._lock:
            if self._idle and self._under is not config:
                # SSLSocket.shutdown() would drop the TLS layer, and an answer that is being
                # written would leave in clear text. Ending the reading side is enough.
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RD)

    def abort(self) -> None:
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._socket.close()

    def serve(self) -> None:
        if self._arrival.secure and not self._handshake():
            return
        self._socket.settimeout(_IDLE_SECONDS)
        wire = Wire(self._socket)
        while self._wait(wire):
            request = wire.read()
            response = answer(request, self._arrival, self._under)
            stale = self._config() is not self._under
            close = stale or not request.keeps_alive
            wire.write(response, head_only=request.method == "HEAD", close=close)
            if close:
                return

    def _wait(self, wire: Wire) -> bool:
        with self._lock:
            self._idle = True
        try:
            return wire.wait()
        finally:
            with self._lock:
                self._idle = False

    def _handshake(self) -> bool:
        self._socket.settimeout(_HANDSHAKE_SECONDS)
        name = peek_server_name(self._socket, seconds=_HANDSHAKE_SECONDS)
        if name is None:
            return False
        self._under = self._config()
        context = self._under.context(name)
        with self._lock:
            tls = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
            self._socket = tls
        tls.do_handshake()
        self._arrival = replace(
            self._arrival, server_name=name, verified=bool(tls.getpeercert(binary_form=True))
        )
        return True
