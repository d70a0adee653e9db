"""Trouble on order: a test, or a person on the page, queues a fault for a matching request."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next `times` requests that match.

    ``status``: answered with `status`, no effect. ``cut-before``: the connection ends, no effect.
    ``cut-after``: the effect happens and the connection ends without an answer. ``slow``: answered
    after `seconds`.
    """

    service: str
    method: str
    path: str
    """A regular expression that is searched in the path."""
    kind: Literal["status", "cut-before", "cut-after", "slow"]
    status: int = 500
    seconds: float = 0.0
    times: int = 1
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    on_hit: Callable[[], None] = lambda: None
    """Called when the fault strikes; after the effect, where there is one."""


class Faults:
    """The queue of faults of one sandbox. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[tuple[Fault, int]] = []
        self._down: frozenset[str] = frozenset()

    @property
    def down(self) -> frozenset[str]:
        """The services that answer nothing but 503 at the moment."""
        return self._down

    def outage(self, service: str, *, lasts: bool) -> None:
        """A whole service goes down, until it is told to come back."""
        with self._lock:
            self._down = self._down | {service} if lasts else self._down - {service}

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._queue.append((fault, fault.times))

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """The first fault that matches, used up once."""
        with self._lock:
            if service in self._down:
                return Fault(service, method, "", "status", 503)
            for at, (fault, left) in enumerate(self._queue):
                if (fault.service, fault.method) == (service, method) and re.search(
                    fault.path, path
                ):
                    if left > 1:
                        self._queue[at] = (fault, left - 1)
                    else:
                        del self._queue[at]
                    return fault
        return None
