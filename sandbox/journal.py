"""What was asked of the stand-ins: every request whole, for tests and for the closing count."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came in; `at` in seconds of the journal's clock."""

    service: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    at: float

    @property
    def is_write(self) -> bool:
        return self.method in WRITES


class Journal:
    """All requests to one sandbox, in the order of their answers. Safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._recorded: list[Recorded] = []

    def now(self) -> float:
        return self._clock()

    def add(self, recorded: Recorded) -> None:
        with self._lock:
            self._recorded.append(recorded)

    def all(self, service: str | None = None) -> tuple[Recorded, ...]:
        with self._lock:
            return tuple(r for r in self._recorded if service in (None, r.service))

    def writes(self, service: str) -> tuple[Recorded, ...]:
        return tuple(r for r in self.all(service) if r.is_write)
