"""One suite for every store: what the log promises, and what it refuses."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.engine import events as e
from bot.engine.control_events import SiteProbed
from bot.engine.ports import EventStore
from bot.engine.sites import site_stream
from bot.store.chain import EMPTY, broken_at
from bot.store.memory import MemoryStore
from bot.store.projection import Lists, project
from bot.store.schema import (
    ONE_RUN,
    OPEN_RUNS,
    SITE_OF_HOST,
    SITES_OF_ZONE,
    asking_sites,
    newest_runs,
)
from bot.store.sqlite import SqliteStore
from steps.errors import Conflict, SiteBusy, StoreError, StoreLocked
from steps.step import Site, Verdict
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
    assert store.read("R1", after=1) == (STARTED,)
    assert store.read("R1", after=2) == store.read("R2") == ()


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


def test_streams_are_found_by_their_beginning(store: EventStore) -> None:
    """In order of their letters, each once, and no others."""
    for name in ("policy:b/main", "policy:a/main", "policz", "R1", "policy"):
        store.append(name, [OPENED, STARTED], after=0)
    assert store.streams("policy:") == ("policy:a/main", "policy:b/main")
    assert store.streams("nothing") == ()


SHOP = Site("shop.example.com", "example.com", "z" * 32, "shop42", "main")


def a_life(store: EventStore) -> None:
    """Two sites, three runs: closed, taken back, stopped halfway; and a probe between them."""
    verdict = Verdict("proven", ("Closed.",))
    hosts = {"hosts": "www.example.com img.example.com", "not_after": ""}
    closed: list[e.Event] = [
        OPENED, e.StepApplied(at=NOON, step="preflight", receipt=hosts),
        e.StepApplied(at=NOON, step="origin-certificate", receipt={"not_after": "2027-01-02T03"}),
        e.StepStarted(at=NOON, step="client-authentication", fingerprint="f"),
        e.StepFinished(at=NOON, step="client-authentication", verdict=verdict),
        CLOSED,
    ]  # fmt: skip
    store.append("R1", closed, after=0)
    opened = OPENED.model_copy(update={"site": SHOP, "at": NOON + timedelta(hours=1)})
    begun = e.StepStarted(at=opened.at, step="client-authentication", fingerprint="f")
    stopped = e.RunClosed(at=opened.at, outcome="stopped")
    store.append("R2", [opened, begun, stopped], after=0)
    probed = SiteProbed(
        at=NOON + timedelta(hours=2), by="U1", verdict=Verdict("failed", ("Open.",))
    )
    store.append(site_stream(SHOP.project, SHOP.environment), [probed], after=0)
    store.append("R1/visitors", [e.VisitorsSeen(at=NOON, served=1, looks=1, since=NOON)], after=0)


def rebuilt(store: EventStore, streams: tuple[str, ...]) -> Lists:
    """Both lists, from the log alone."""
    lists = Lists()
    for stream in streams:
        for event in store.read(stream):
            lists.add(stream, event)
    return lists


def test_the_lists_equal_what_the_log_says(store: EventStore) -> None:
    """Rebuilt from the events, runs and sites are the same; hosts lead to their site."""
    a_life(store)
    lists = rebuilt(store, ("R1", "R2", site_stream(SHOP.project, SHOP.environment)))
    assert store.runs() == (lists.runs["R2"], lists.runs["R1"])
    assert {s.name: s for s in store.sites(9)} == {s.name: s for s in lists.sites.values()}
    shop, main = store.site("shop.example.com"), store.site("img.example.com")
    assert shop == lists.sites[SHOP.project, "main"]
    assert main == lists.sites[SITE.project, "main"]
    assert store.hosts() == ("img.example.com", "shop.example.com", "www.example.com")
    assert store.site("www.example.org") is None


def test_a_site_is_asking_from_the_first_write_until_its_way_back_is_proven(
    store: EventStore,
) -> None:
    """A run that was stopped halfway still asks; what was seen last is told, not what is hoped."""
    a_life(store)
    shop = store.site("shop.example.com")
    assert shop is not None
    assert (shop.requires, shop.access) == (True, "open")
    assert [s.name for s in store.sites(9, zone="example.com")] == [
        "www.example.com", "shop.example.com",
    ]  # fmt: skip
    assert [s.ends for s in store.sites(1)] == ["2027-01-02"]
    assert store.sites(9, zone="example.org") == ()
    back: list[e.Event] = [
        e.UndoAsked(at=NOON, by="U1", tasks=("undo-client-authentication",)),
        e.StepFinished(at=NOON, step="undo-client-authentication",
                       verdict=Verdict("proven", ("Open.",))),
    ]  # fmt: skip
    store.append("R2", back, after=3)
    assert [s.name for s in store.sites(9)] == ["www.example.com"]


def test_the_newest_runs_are_found_by_outcome_and_by_place(store: EventStore) -> None:
    """At most so many, the newest first."""
    a_life(store)
    assert [r.run for r in store.newest(9)] == ["R2", "R1"]
    assert [r.run for r in store.newest(1)] == ["R2"]
    assert [r.run for r in store.newest(9, outcome="closed")] == ["R1"]
    assert [r.run for r in store.newest(9, place=(SHOP.project, "main"))] == ["R2"]
    assert store.newest(9, outcome="closed", place=(SHOP.project, "main")) == ()


STATEMENTS = (
    OPEN_RUNS, SITE_OF_HOST, SITES_OF_ZONE, ONE_RUN,
    asking_sites(zone=False), asking_sites(zone=True),
    *(newest_runs(outcome=outcome, place=place) for outcome in (False, True)
      for place in (False, True)),
)  # fmt: skip


def reads_all(sqlite: SqliteStore, statement: str) -> list[str]:
    """The parts of SQLite's own plan that read or sort a whole table of runs or sites."""
    wanted = statement.count("?")
    rows = sqlite._database().execute(f"explain query plan {statement}", [1] * wanted)
    details = [str(row[3]) for row in rows]
    return [d for d in details if ("SCAN" in d and "INDEX" not in d) or "TEMP B-TREE" in d]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_answer_reads_the_whole_past(sqlite: SqliteStore, statement: str) -> None:
    """Each statement behind status and list is served by an index, sorted as it comes."""
    assert reads_all(sqlite, statement) == []


def test_a_statement_that_reads_all_would_be_noticed(sqlite: SqliteStore) -> None:
    """The negative control: sorted by something that no index knows."""
    assert reads_all(sqlite, "select * from runs order by environment") != []


def test_the_head_is_the_digest_of_the_newest_event(store: EventStore) -> None:
    """Of each stream by itself; zeros before the first event."""
    assert store.head("R1") == EMPTY
    a_life(store)
    assert store.head("R1") == store.lines("R1")[-1].digest
    assert store.head("R1") != store.head("R2")


@pytest.mark.parametrize("version", [0, 99])
def test_a_store_of_another_version_gets_its_lists_anew(tmp_path: Path, version: int) -> None:
    """From before there were lists, or with wrong ones; its log is untouched."""
    first = SqliteStore(tmp_path / "log.sqlite3")
    a_life(first)
    before = (first.runs(), first.sites(9), first.hosts(), first.lines("R1"))
    first.close()
    old = sqlite3.connect(tmp_path / "log.sqlite3")
    old.executescript(f"delete from sites; drop table hosts; pragma user_version = {version}")
    old.close()
    again = SqliteStore(tmp_path / "log.sqlite3")
    assert (again.runs(), again.sites(9), again.hosts(), again.lines("R1")) == before
    again.close()


def test_a_store_that_is_only_read_cannot_be_changed(tmp_path: Path) -> None:
    """Opened beside the bot for the audit; one that is not there is not made."""
    with pytest.raises(StoreError, match="no store at"):
        SqliteStore(tmp_path / "none.sqlite3", read_only=True)
    assert not (tmp_path / "none.sqlite3").exists()
    first = SqliteStore(tmp_path / "log.sqlite3")
    first.append("R1", [OPENED], after=0)
    reader = SqliteStore(tmp_path / "log.sqlite3", read_only=True)
    assert reader.read("R1") == (OPENED,)
    with pytest.raises(StoreError, match="could not be written"):
        reader.append("R1", [CLOSED], after=1)
    reader.close()
    first.close()


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
