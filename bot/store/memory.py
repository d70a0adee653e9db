"""The event log in memory, for tests: the same promises, except that it ends with the process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.engine.events import Event
from bot.engine.ports import Place, RunEntry
from bot.engine.recorded import Line
from bot.engine.sites import SiteEntry
from bot.store import chain
from bot.store.projection import Lists
from steps.errors import Conflict, SiteBusy, StoreLocked


class MemoryStore:
    """See `bot.engine.ports.EventStore`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = threading.Lock()
        self._streams: dict[str, tuple[Event, ...]] = {}
        self._lines: dict[str, tuple[Line, ...]] = {}
        self._claims: dict[str, str] = {}
        self._lists = Lists()

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """See EventStore."""
        with self._lock:
            return self._streams.get(stream, ())[after:]

    def lines(self, stream: str) -> tuple[Line, ...]:
        """See EventStore."""
        with self._lock:
            return self._lines.get(stream, ())

    def head(self, stream: str) -> str:
        """See EventStore."""
        lines = self.lines(stream)
        return lines[-1].digest if lines else chain.EMPTY

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
            lines = self._lines.get(stream, ())
            self._lines[stream] = (*lines, *chain.chained(stream, events, behind=lines))
            for event in events:
                self._lists.add(stream, event)
            if release:
                self._claims = {c: run for c, run in self._claims.items() if run != stream}
            return after + len(events)

    def runs(self, *, open_only: bool = False) -> tuple[RunEntry, ...]:
        """See EventStore."""
        with self._lock:
            entries = [r for r in self._lists.runs.values() if not (open_only and r.outcome)]
        return tuple(sorted(entries, key=lambda r: (r.opened_at, r.run), reverse=True))

    def streams(self, beginning: str) -> tuple[str, ...]:
        """See EventStore."""
        with self._lock:
            return tuple(sorted(s for s in self._streams if s.startswith(beginning)))

    def newest(
        self, most: int, *, outcome: str = "", place: Place | None = None
    ) -> tuple[RunEntry, ...]:
        """See EventStore."""
        found = (
            r for r in self.runs()
            if outcome in ("", r.outcome) and place in (None, (r.project, r.environment))
        )  # fmt: skip
        return tuple(found)[:most]

    def sites(self, most: int, *, zone: str = "") -> tuple[SiteEntry, ...]:
        """See EventStore."""
        with self._lock:
            found = [s for s in self._lists.sites.values() if s.requires and zone in ("", s.zone)]
        found.sort(key=lambda s: (s.ends == "", s.ends, s.project, s.environment))
        return tuple(found[:most])

    def zone(self, zone: str) -> tuple[SiteEntry, ...]:
        """See EventStore."""
        with self._lock:
            found = [site for site in self._lists.sites.values() if site.zone == zone]
        return tuple(sorted(found, key=lambda s: (s.project, s.environment)))

    def site(self, host: str) -> SiteEntry | None:
        """See EventStore."""
        with self._lock:
            return next((s for s in self._lists.sites.values() if host in s.hosts), None)

    def hosts(self) -> tuple[str, ...]:
        """See EventStore."""
        with self._lock:
            return tuple(sorted({host for s in self._lists.sites.values() for host in s.hosts}))

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
