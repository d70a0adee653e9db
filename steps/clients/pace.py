"""Fewer requests than the vendor allows: after too many, Cloudflare blocks all for 5 minutes."""

import threading
import time
from collections.abc import Callable


class Pace:
    """Callable that lets at most `per_second` callers through a second, evenly, any thread."""

    def __init__(
        self, per_second: float, *, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._gap = 1.0 / per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def __call__(self) -> None:
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)
