"""The event log in memory, for tests: the same promises, except that it ends with the process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.engine.events import Event
from bot.engine.ports import RunEntry
from bot.store.projection import project
from steps.errors import Conflict, SiteBusy, StoreLocked


class MemoryStore:
    """See `bot.engine.ports.EventStore`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = threading.Lock()
        self._streams: dict[str, tuple[Event, ...]] = {}
        self._claims: dict[str, str] = {}
        self._runs: dict[str, RunEntry] = {}

    def read(self, stream: str) -> tuple[Event, ...]:
        """See EventStore."""
        with self._lock:
            return self._streams.get(stream, ())

    def append(
        self,
        stream: str,
        events: Sequence[Event],
        *,
        after: int,
        claims: Sequence[str] = (),
        release: bool = False,
    ) -> int:
        """See EventStore."""
        with self._lock:
            there = self._streams.get(stream, ())
            if len(there) != after:
                raise Conflict(f"{stream} has {len(there)} events, not {after}.")
            self._claim(stream, claims)
            self._streams[stream] = (*there, *events)
            for event in events:
                entry = project(self._runs.get(stream), stream, event)
                if entry is not None:
                    self._runs[stream] = entry
            if release:
                self._claims = {c: run for c, run in self._claims.items() if run != stream}
            return after + len(events)

    def runs(self, *, open_only: bool = False) -> tuple[RunEntry, ...]:
        """See EventStore."""
        with self._lock:
            entries = [r for r in self._runs.values() if not (open_only and r.outcome)]
        return tuple(sorted(entries, key=lambda r: (r.opened_at, r.run), reverse=True))

    def streams(self, beginning: str) -> tuple[str, ...]:
        """See EventStore."""
        with self._lock:
            return tuple(sorted(s for s in self._streams if s.startswith(beginning)))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See EventStore."""
        if not self._held.acquire(blocking=False):
            raise StoreLocked("Another bot works on the same store.")
        try:
            yield
        finally:
            self._held.release()

    def _claim(self, run: str, claims: Sequence[str]) -> None:
        for claim in claims:
            holder = self._claims.get(claim, run)
            if holder != run:
                raise SiteBusy(
                    f"Another run ({holder}) is open for this {claim.split(':')[0]}.",
                    hint="Finish, undo or stop that run first; /mtls status shows it.",
                )
        self._claims.update(dict.fromkeys(claims, run))
