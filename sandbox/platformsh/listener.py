"""One listening socket of the router: a thread for each connection, until it is out of date."""

import selectors
import socket
import ssl
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
_LINGER_SECONDS = 0.3


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
                connection.look_again(now)

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
        self._wake, self._woken = socket.socketpair()
        self._served = False
        self._lock = threading.Lock()

    def look_again(self, config: Config) -> None:
        """Wake the connection if it waits under another configuration; it ends itself then.

        Only its own thread touches the socket: `SSLSocket.shutdown()` from another would drop the
        TLS layer, and an answer that is being written would leave in clear text.
        """
        with self._lock:
            if self._under is not config and self._wake.fileno() >= 0:
                self._wake.send(b"!")

    def abort(self) -> None:
        with self._lock, suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError, ValueError):
            self._say_goodbye()
        with suppress(OSError):
            self._linger()
        with self._lock:
            for opened in (self._socket, self._wake, self._woken):
                opened.close()

    def _say_goodbye(self) -> None:
        """Tell a TLS client that this is the end, without waiting for its answer."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(0)
            self._socket.unwrap()

    def _linger(self) -> None:
        """Let the client read our last words: closing on what it has sent would reset them away."""
        plain = socket.socket
        plain.shutdown(self._socket, socket.SHUT_WR)
        self._socket.settimeout(_LINGER_SECONDS)
        while plain.recv(self._socket, 65536):
            pass

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
            self._served = True
            if close:
                return

    def _wait(self, wire: Wire) -> bool:
        """Wait for a request; False when the client is gone or nothing but a change came."""
        if not wire.has_more and not self._readable():
            return False
        return wire.wait()

    def _readable(self) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while ready := {key.fileobj for key, _ in selector.select(_IDLE_SECONDS)}:
                if self._socket in ready:
                    return True  # also when a change came with it: the answer says close
                self._woken.recv(64)
                if self._served and self._config() is not self._under:
                    return False
        return False

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
