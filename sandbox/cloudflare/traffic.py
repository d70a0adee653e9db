"""The edge's requests to origins: counted, and broken off when the edge closes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.exchange import Line


class Traffic:
    """Of all nodes together, whatever their configuration. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[Line] = set()
        self._ended = False
        self.pulls = 0
        """Requests that an origin has answered."""
        self.retries = 0
        """Requests that were asked twice of an origin, as the first connection had died."""

    @contextmanager
    def asking(self, line: Line) -> Iterator[None]:
        """While a request is under way on this line; it counts when an answer came."""
        with self._lock:
            self._under_way.add(line)
            if self._ended:
                line.abort()
        try:
            yield
            with self._lock:
                self.pulls += 1
        finally:
            with self._lock:
                self._under_way.discard(line)

    def retried(self) -> None:
        with self._lock:
            self.retries += 1

    def end(self) -> None:
        """Whoever waits for an origin waits no longer, and nobody will from now on."""
        with self._lock:
            self._ended = True
            for line in self._under_way:
                line.abort()
