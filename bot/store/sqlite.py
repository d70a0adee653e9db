"""The event log in one SQLite file: durable, append-only, one bot at a time."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.engine.events import Event
from bot.engine.ports import Place, RunEntry
from bot.engine.recorded import Line
from bot.engine.sites import SiteEntry
from bot.store import chain
from bot.store.database import Database
from bot.store.lists import follow, made_anew, run_entry, site_entry
from bot.store.schema import (
    ALL_RUNS,
    OPEN_RUNS,
    SITE_OF_HOST,
    SITES_OF_ZONE,
    STATEMENTS,
    STREAMS,
    asking_sites,
    newest_runs,
)
from steps.errors import Conflict, SiteBusy, StoreError, StoreLocked

_BUSY_SECONDS = 30.0


class SqliteStore:
    """See `bot.engine.ports.EventStore`.

    One connection a thread, as sqlite-utils wants it; WAL with full synchronisation, so that an
    event whose append returned survives a power cut. `read_only` is for whoever looks at a log,
    also while a bot writes to it: nothing is made, and nothing can be changed.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path.resolve()  # one file has one lock, whatever link leads to it
        self._read_only = read_only
        self._local = threading.local()
        self._connections: list[Database] = []
        self._lock = threading.Lock()
        if read_only:
            if not path.is_file():
                raise StoreError(
                    f"There is no store at {path}.", hint="MTLS_STORE_PATH says where it is."
                )
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        database = self._database()
        for statement in STATEMENTS:
            database.execute(statement)
        made_anew(database)

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        """See EventStore."""
        lines = lines_of(self._database(), stream, after=after)
        return tuple(chain.event(line) for line in lines)

    def lines(self, stream: str) -> tuple[Line, ...]:
        """See EventStore."""
        return lines_of(self._database(), stream)

    def head(self, stream: str) -> str:
        """See EventStore."""
        return _newest(self._database(), stream)[1]

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
        database = self._database()
        with _writing(database):
            before = _head(database, stream, after)
            for claim in claims:
                _claim(database, claim, stream)
            for seq, event in enumerate(events, after + 1):
                line = chain.line(stream, seq, event, before=before)
                _insert(database, line)
                before = line.digest
            follow(database, stream, events)
            if release:
                database.execute("delete from claims where run = ?", [stream])
        return after + len(events)

    def runs(self, *, open_only: bool = False) -> tuple[RunEntry, ...]:
        """See EventStore."""
        rows = self._database().execute(OPEN_RUNS if open_only else ALL_RUNS)
        return tuple(run_entry(row) for row in rows)

    def newest(
        self, most: int, *, outcome: str = "", place: Place | None = None
    ) -> tuple[RunEntry, ...]:
        """See EventStore."""
        statement = newest_runs(outcome=bool(outcome), place=place is not None)
        given = [*([outcome] if outcome else []), *(place or ()), most]
        return tuple(run_entry(row) for row in self._database().execute(statement, given))

    def sites(self, most: int, *, zone: str = "") -> tuple[SiteEntry, ...]:
        """See EventStore."""
        given = [*([zone] if zone else []), most]
        rows = self._database().execute(asking_sites(zone=bool(zone)), given)
        return tuple(site_entry(row) for row in rows)

    def zone(self, zone: str) -> tuple[SiteEntry, ...]:
        """See EventStore."""
        return tuple(site_entry(row) for row in self._database().execute(SITES_OF_ZONE, [zone]))

    def site(self, host: str) -> SiteEntry | None:
        """See EventStore."""
        row = self._database().execute(SITE_OF_HOST, [host]).fetchone()
        return site_entry(row) if row else None

    def hosts(self) -> tuple[str, ...]:
        """See EventStore."""
        rows = self._database().execute("select distinct host from hosts order by host")
        return tuple(str(row[0]) for row in rows)

    def streams(self, beginning: str) -> tuple[str, ...]:
        """See EventStore. A range of the primary key: other streams are not read."""
        rows = self._database().execute(STREAMS, [beginning, f"{beginning}\U0010ffff"])
        return tuple(row[0] for row in rows)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See EventStore. The lock is the process's: it ends with it, however it ends."""
        with self._path.with_suffix(self._path.suffix + ".lock").open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreLocked(
                    "Another bot works on the same store.",
                    hint="Stop the other one, or give this one a store of its own"
                    " (MTLS_STORE_PATH).",
                ) from error
            self._must_be_whole()
            yield

    def _must_be_whole(self) -> None:
        """What an open run goes on by must be what was recorded: an approval can be forged."""
        for entry in self.runs(open_only=True):
            if seq := chain.broken_at(self.lines(entry.run)):
                raise StoreError(
                    f"The log of run {entry.run} was changed outside of the bot, at event {seq}.",
                    hint="Find out who did that. Put a copy of the store back from before it.",
                )

    def close(self) -> None:
        """Close every connection; the store is not used afterwards."""
        with self._lock:
            for database in self._connections:
                database.close()
            self._connections.clear()

    def _database(self) -> Database:
        found = getattr(self._local, "database", None)
        if isinstance(found, Database):
            return found
        address = f"{self._path.absolute().as_uri()}?mode={'ro' if self._read_only else 'rwc'}"
        connection = sqlite3.connect(
            address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        database = Database(connection)  # turns recursive_triggers on: REPLACE is a delete too
        if not self._read_only:
            database.enable_wal()
            database.execute("pragma synchronous = full")
        with self._lock:
            self._connections.append(database)
        self._local.database = database
        return database


@contextmanager
def _writing(database: Database) -> Iterator[None]:
    """A transaction that has the write lock from its start, so that what it reads stays true."""
    try:
        database.execute("begin immediate")
        yield
        database.execute("commit")
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"The log could not be written: {error}.",
            hint="Nothing was recorded. Look at the disk that the store is on, then try again.",
        ) from error
    finally:
        if database.conn.in_transaction:
            database.rollback()


def _head(database: Database, stream: str, after: int) -> str:
    """The digest of the `after`-th event. Raises Conflict when it is not the last."""
    length, digest = _newest(database, stream)
    if length != after:
        raise Conflict(f"{stream} has {length} events, not {after}.")
    return digest


def _newest(database: Database, stream: str) -> tuple[int, str]:
    """Number and digest of the stream's last event."""
    row = database.execute(
        "select seq, digest from events where stream = ? order by seq desc limit 1", [stream]
    ).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, chain.EMPTY)


def lines_of(database: Database, stream: str, *, after: int = 0) -> tuple[Line, ...]:
    """The stored lines of a stream in their order, but for the first `after`."""
    rows = database.execute(
        "select stream, seq, at, by, type, body, digest from events"
        " where stream = ? and seq > ? order by seq",
        [stream, after],
    )
    return tuple(Line(*row) for row in rows)


def _insert(database: Database, line: Line) -> None:
    try:
        database.execute(
            "insert into events (stream, seq, at, by, type, body, digest)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [line.stream, line.seq, line.at, line.by, line.type, line.body, line.digest],
        )
    except sqlite3.IntegrityError as error:
        raise Conflict(f"{line.stream} has an event {line.seq} already.") from error


def _claim(database: Database, claim: str, run: str) -> None:
    try:
        database.execute("insert into claims (claim, run) values (?, ?)", [claim, run])
    except sqlite3.IntegrityError as error:
        row = database.execute("select run from claims where claim = ?", [claim]).fetchone()
        if row is None:
            raise StoreError(f"The claim {claim} was refused by the store.") from error
        if row[0] != run:
            raise SiteBusy(
                f"Another run ({row[0]}) is open for this {claim.split(':', maxsplit=1)[0]}.",
                hint="Finish, undo or stop that run first; /mtls status shows it.",
            ) from error
