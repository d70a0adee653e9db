"""One suite for every store: what the log promises, and what it refuses."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.engine import events as e
from bot.engine.ports import EventStore
from bot.store.chain import broken_at
from bot.store.memory import MemoryStore
from bot.store.projection import project
from bot.store.sqlite import SqliteStore
from steps.errors import Conflict, SiteBusy, StoreError, StoreLocked
from tests.toys import NOON, SITE

OPENED = e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp",))
STARTED = e.StepStarted(at=NOON, step="lamp", fingerprint="f")
CLOSED = e.RunClosed(at=NOON, outcome="closed")


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    made = SqliteStore(tmp_path / "log.sqlite3")
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "log.sqlite3")
    yield made
    made.close()


def test_what_was_appended_is_read_in_order(store: EventStore) -> None:
    """Events come back equal, with times, plans and mappings."""
    store.append("R1", [OPENED], after=0)
    assert store.append("R1", [STARTED], after=1) == 2
    assert store.read("R1") == (OPENED, STARTED)
    assert store.read("R2") == ()


def test_the_second_writer_of_a_place_is_refused(store: EventStore) -> None:
    """Two that saw the same length: one wins, the other reads again."""
    store.append("R1", [OPENED], after=0)
    store.append("R1", [STARTED], after=1)
    with pytest.raises(Conflict):
        store.append("R1", [CLOSED], after=1)
    assert store.read("R1") == (OPENED, STARTED)


def test_ten_writers_at_once_make_one_event(store: EventStore) -> None:
    """The primary key decides, whatever the threads do."""
    store.append("R1", [OPENED], after=0)
    results: list[str] = []
    gate = threading.Barrier(10)

    def press() -> None:
        gate.wait()
        try:
            store.append("R1", [STARTED], after=1)
            results.append("won")
        except Conflict:
            results.append("lost")

    threads = [threading.Thread(target=press) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (results.count("won"), results.count("lost")) == (1, 9)
    assert len(store.read("R1")) == 2


def test_a_claim_is_held_until_released(store: EventStore) -> None:
    """One open run for a zone; closed frees it."""
    store.append("R1", [OPENED], after=0, claims=["zone:example.com"])
    with pytest.raises(SiteBusy, match="R1"):
        store.append("R2", [OPENED], after=0, claims=["zone:example.com"])
    assert store.read("R2") == ()
    store.append("R1", [CLOSED], after=1, release=True)
    store.append("R2", [OPENED], after=0, claims=["zone:example.com"])
    assert tuple(r.run for r in store.runs(open_only=True)) == ("R2",)


def test_the_list_of_runs_equals_what_the_log_says(store: EventStore) -> None:
    """The projection can be rebuilt from the events, and is the same."""
    later = OPENED.model_copy(update={"at": NOON + timedelta(hours=1)})
    store.append("R1", [OPENED, STARTED, CLOSED], after=0)
    store.append("R2", [later], after=0)
    undone = e.UndoAsked(at=NOON, by="U1", tasks=("undo-lamp",))
    store.append("R1", [undone], after=3)
    rebuilt = []
    for run in ("R2", "R1"):
        entry = None
        for event in store.read(run):
            entry = project(entry, run, event)
        rebuilt.append(entry)
    assert tuple(rebuilt) == store.runs()
    assert tuple(r.run for r in store.runs(open_only=True)) == ("R2", "R1")


def test_only_one_driver_has_the_store(store: EventStore) -> None:
    """A second one is refused while the first holds it, and not afterwards."""
    with store.exclusive(), pytest.raises(StoreLocked), store.exclusive():
        pass
    with store.exclusive():
        pass


@pytest.mark.parametrize(
    "attack",
    [
        "update events set by = 'U9' where seq = 1",
        "delete from events where seq = 1",
        (
            "insert or replace into events select stream, seq, at, 'U9', type, body, digest"
            " from events where seq = 1"
        ),
    ],
)
def test_history_cannot_be_changed_through_the_bots_connection(
    sqlite: SqliteStore, attack: str
) -> None:
    """Update, delete and replace all end in the trigger."""
    sqlite.append("R1", [OPENED, STARTED], after=0)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sqlite._database().execute(attack)
    assert sqlite.read("R1") == (OPENED, STARTED)


def test_an_edit_behind_the_bots_back_breaks_the_chain(sqlite: SqliteStore, tmp_path: Path) -> None:
    """Whoever drops the trigger can edit; the digests then show where."""
    sqlite.append("R1", [OPENED, STARTED, CLOSED], after=0)
    assert broken_at(sqlite.lines("R1")) is None
    intruder = sqlite3.connect(tmp_path / "log.sqlite3")
    intruder.execute("drop trigger events_are_never_changed")
    intruder.execute("update events set by = 'U9' where seq = 2")
    intruder.commit()
    intruder.close()
    assert broken_at(sqlite.lines("R1")) == 2


def test_a_removed_event_breaks_the_chain(sqlite: SqliteStore, tmp_path: Path) -> None:
    """A gap in the middle is found at its place."""
    sqlite.append("R1", [OPENED, STARTED, CLOSED], after=0)
    intruder = sqlite3.connect(tmp_path / "log.sqlite3")
    intruder.execute("drop trigger events_are_never_removed")
    intruder.execute("delete from events where seq = 2")
    intruder.commit()
    intruder.close()
    assert broken_at(sqlite.lines("R1")) == 2


def test_an_append_is_on_disk_when_it_returns(sqlite: SqliteStore, tmp_path: Path) -> None:
    """WAL with full synchronisation, and another process sees the event at once."""
    sqlite.append("R1", [OPENED], after=0)
    database = sqlite._database()
    assert (
        database.execute("pragma journal_mode").fetchone()[0],
        database.execute("pragma synchronous").fetchone()[0],
    ) == ("wal", 2)
    other = SqliteStore(tmp_path / "log.sqlite3")
    assert other.read("R1") == (OPENED,)
    other.close()


def test_a_failed_append_leaves_no_half(sqlite: SqliteStore) -> None:
    """A claim that is refused takes the events of its transaction with it."""
    sqlite.append("R1", [OPENED], after=0, claims=["zone:a"])
    with pytest.raises(SiteBusy):
        sqlite.append("R2", [OPENED], after=0, claims=["zone:b", "zone:a"])
    sqlite.append("R3", [OPENED], after=0, claims=["zone:b"])
    assert sqlite.read("R2") == ()


def test_a_link_to_the_store_is_the_same_store(tmp_path: Path) -> None:
    """Two names of one file, one driver: the lock belongs to the file."""
    path, link = tmp_path / "log.sqlite3", tmp_path / "elsewhere.sqlite3"
    one = SqliteStore(path)
    link.symlink_to(path)
    other = SqliteStore(link)
    with one.exclusive(), pytest.raises(StoreLocked), other.exclusive():
        raise AssertionError("both have it")
    one.close()
    other.close()


def test_a_store_that_cannot_be_written_says_so(sqlite: SqliteStore, tmp_path: Path) -> None:
    """An error of ours with words for whoever pressed, not one of SQLite's in a log."""
    sqlite.append("R1", [OPENED], after=0)
    full = sqlite3.connect(tmp_path / "log.sqlite3")
    full.execute("alter table events rename to gone")
    full.close()
    with pytest.raises(StoreError, match="could not be written"):
        sqlite.append("R1", [STARTED], after=1)


def test_nobody_goes_on_by_a_history_that_was_edited(sqlite: SqliteStore, tmp_path: Path) -> None:
    """An approval can be forged behind the bot's back; the next start sees it and stops."""
    sqlite.append("R1", [OPENED, STARTED], after=0)
    with sqlite.exclusive():
        pass
    intruder = sqlite3.connect(tmp_path / "log.sqlite3")
    intruder.execute("drop trigger events_are_never_changed")
    intruder.execute("update events set by = 'U9' where seq = 2")
    intruder.commit()
    intruder.close()
    with pytest.raises(StoreError, match="R1 was changed outside of the bot, at event 2"):
        sqlite.exclusive().__enter__()
