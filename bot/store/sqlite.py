"""The event log in one SQLite file: durable, append-only, one bot at a time."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from bot.engine.events import Event
from bot.engine.ports import RunEntry
from bot.store import chain
from bot.store.projection import project
from bot.store.schema import ALL_RUNS, OPEN_RUNS, STATEMENTS
from steps.errors import Conflict, SiteBusy, StoreError, StoreLocked

_BUSY_SECONDS = 30.0


class SqliteStore:
    """See `bot.engine.ports.EventStore`.

    One connection a thread, as sqlite-utils wants it; WAL with full synchronisation, so that an
    event whose append returned survives a power cut.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # one file has one lock, whatever link leads to it
        self._local = threading.local()
        self._connections: list[Database] = []
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        database = self._database()
        for statement in STATEMENTS:
            database.execute(statement)

    def read(self, stream: str) -> tuple[Event, ...]:
        """See EventStore."""
        return tuple(chain.event(line) for line in self.lines(stream))

    def lines(self, stream: str) -> tuple[chain.Line, ...]:
        """The stored lines with their digests, for the audit."""
        rows = self._database().execute(
            "select stream, seq, at, by, type, body, digest from events"
            " where stream = ? order by seq",
            [stream],
        )
        return tuple(chain.Line(*row) for row in rows)

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
                _update_runs(database, stream, event)
                before = line.digest
            if release:
                database.execute("delete from claims where run = ?", [stream])
        return after + len(events)

    def runs(self, *, open_only: bool = False) -> tuple[RunEntry, ...]:
        """See EventStore."""
        rows = self._database().execute(OPEN_RUNS if open_only else ALL_RUNS)
        return tuple(_entry(row) for row in rows)

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
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        database = Database(connection)  # turns recursive_triggers on: REPLACE is a delete too
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
    row = database.execute(
        "select seq, digest from events where stream = ? order by seq desc limit 1", [stream]
    ).fetchone()
    length, digest = row or (0, chain.EMPTY)
    if length != after:
        raise Conflict(f"{stream} has {length} events, not {after}.")
    return str(digest)


def _insert(database: Database, line: chain.Line) -> None:
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


def _update_runs(database: Database, run: str, event: Event) -> None:
    row = database.execute(
        "select run, site, zone, project, environment, opened_at, outcome from runs where run = ?",
        [run],
    ).fetchone()
    entry = _entry(row) if row else None
    changed = project(entry, run, event)
    if changed is not None and changed is not entry:
        database.execute(
            "insert into runs values (?, ?, ?, ?, ?, ?, ?)"
            " on conflict (run) do update set outcome = excluded.outcome",
            [
                changed.run, changed.site, changed.zone, changed.project, changed.environment,
                changed.opened_at.isoformat(), changed.outcome,
            ],
        )  # fmt: skip


def _entry(row: tuple[str, str, str, str, str, str, str]) -> RunEntry:
    run, site, zone, project_id, environment, opened_at, outcome = row
    opened = datetime.fromisoformat(opened_at)
    return RunEntry(run, site, zone, project_id, environment, opened, outcome)
