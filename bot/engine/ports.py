"""What the engine needs from outside, as protocols; implementations are handed in by `app`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from bot.engine.events import Event
from bot.engine.recorded import Line
from bot.engine.sites import SiteEntry
from steps.step import Site, Step

Clock: TypeAlias = Callable[[], datetime]
Steps: TypeAlias = Mapping[str, Step[Any]]
"""Every step by key."""


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One line of the list of runs; a projection of RunOpened and RunClosed."""

    run: str
    site: str
    zone: str
    project: str
    environment: str
    opened_at: datetime
    outcome: str
    """Empty while the run is open."""


Place: TypeAlias = tuple[str, str]
"""A site by its project and environment."""


NOTHING = "0" * 64
"""The head of a stream that has no event."""


class EventStore(Protocol):
    """An append-only log of streams. A stream is a run, its cards, or a site."""

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """The events of the stream in order, but for the first `after`; empty if none are left."""
        ...

    def append(
        self,
        stream: str,
        events: Sequence[Event],
        *,
        after: int,
        claims: Sequence[str] = (),
        release: bool = False,
    ) -> int:
        """Add `events` behind the first `after` ones, durably; returns the new length.

        `claims` are taken, or with `release` all of the stream's are freed, in the same
        transaction. Raises Conflict when the stream is longer than `after`, SiteBusy (with the
        holder's run in the hint) when a claim is held by another run.
        """
        ...

    def lines(self, stream: str) -> tuple[Line, ...]:
        """The stream as it is stored, with its digests; for the audit."""
        ...

    def head(self, stream: str) -> str:
        """The digest of the stream's newest event; `NOTHING` when there is none."""
        ...

    def runs(self, *, open_only: bool = False) -> tuple[RunEntry, ...]:
        """The runs, newest first."""
        ...

    def streams(self, beginning: str) -> tuple[str, ...]:
        """The names of the streams that begin so, in order of their letters."""
        ...

    def newest(self, most: int, *, outcome: str = "", place: Place | None = None
               ) -> tuple[RunEntry, ...]:  # fmt: skip
        """The newest runs, at most so many; only of one outcome, only of one site.

        Takes as long for many runs in the store as for few.
        """
        ...

    def sites(self, most: int, *, zone: str = "") -> tuple[SiteEntry, ...]:
        """The sites whose origin asks for a certificate, at most so many, the soonest to end first.

        As quick for many as for few, like `newest`.
        """
        ...

    def zone(self, zone: str) -> tuple[SiteEntry, ...]:
        """Every site of a zone, whether its origin asks or not."""
        ...

    def site(self, host: str) -> SiteEntry | None:
        """The site that has this host, protected or not."""
        ...

    def hosts(self) -> tuple[str, ...]:
        """Every host of every site, in order."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the store for this process's driver; raises StoreLocked when another has it."""
        ...


class Option(Protocol):
    """Something a person may pick: what is stored, and what is shown."""

    @property
    def value(self) -> str: ...
    @property
    def label(self) -> str: ...


class Directory(Protocol):
    """Answers for the start form: what the tokens see. May be slow; never called in a listener."""

    def zones(self) -> Sequence[Option]:
        """Zones that the Cloudflare token sees, by name; the value is the name."""
        ...

    def projects(self) -> Sequence[Option]:
        """Projects that the Platform.sh token sees."""
        ...

    def environments(self, project: str) -> Sequence[Option]:
        """Active environments of a project, production first."""
        ...

    def site(self, name: str, project: str, environment: str) -> Site:
        """The site with its zone found by longest suffix, in the default order and validity.

        Raises UnknownSite when no zone of the token covers the name, ClientError otherwise.
        """
        ...
