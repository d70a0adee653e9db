"""An address that takes no connection and refuses none, as behind a firewall."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def dead_address(address: str = "127.0.0.16", port: int = 0) -> Iterator[tuple[str, int]]:
    """A listener whose queue is full: the kernel drops whoever comes."""
    with ExitStack() as held:
        full = held.enter_context(socket.socket())
        full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        full.bind((address, port))
        full.listen(0)
        while True:
            waiting = held.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(full.getsockname())
            except TimeoutError:
                break
        yield full.getsockname()
