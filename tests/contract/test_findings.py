"""A history that somebody changes behind the bot's back: found, and the event is named."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine import events as e
from bot.store import chain
from bot.store.findings import against, findings
from bot.store.sqlite import SqliteStore
from tests.toys import NOON, SITE

FORGED = e.StepRetried(at=NOON, by="U9", step="lamp")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """Six events of a run, each with its digest."""
    made = SqliteStore(tmp_path / "log.sqlite3")
    made.append("R1", [
        e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp",)),
        e.PlanApproved(at=NOON, by="U2", step="lamp", fingerprint="f"),
        e.StepStarted(at=NOON, step="lamp", fingerprint="f"),
        e.StepNoted(at=NOON, step="lamp", notes={"id": "1"}),
        e.StepApplied(at=NOON, step="lamp", receipt={"before": "off"}),
        e.RunClosed(at=NOON, outcome="closed"),
    ], after=0)  # fmt: skip
    yield made
    made.close()


def attacked(tmp_path: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    """SQL of somebody who has the file, and takes the triggers off first."""
    intruder = sqlite3.connect(tmp_path / "log.sqlite3")
    for trigger in ("events_are_never_changed", "events_are_never_removed"):
        intruder.execute(f"drop trigger {trigger}")
    for statement in statements:
        intruder.execute(statement, values if "?" in statement else ())
    intruder.commit()
    intruder.close()


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["update events set by = 'U9' where seq = 2"], ["Event 2 (plan-approved) was edited"]),
        (["update events set body = '{}' where seq = 4"], ["Event 4 (step-noted)"]),
        (["update events set at = '2020-01-01T00:00:00Z' where seq = 6"], ["Event 6 (run-closed)"]),
        (["update events set digest = substr(digest, 2) || 'a' where seq = 3"], ["Event 3"]),
        (["delete from events where seq = 3"], ["Event 3 was removed."]),
        (["delete from events where seq in (2, 3)"], ["Event 2 to 3 was removed."]),
        (["delete from events where seq = 1"], ["Event 1 was removed."]),
        (
            ["delete from events where seq = 3",
             "update events set seq = seq + 1000 where seq > 3",
             "update events set seq = seq - 1001 where seq > 1000"],
            ["before event 3 (step-noted) was removed"],
        ),
        (
            ["update events set seq = 1000 where seq = 3",
             "update events set seq = 3 where seq = 4",
             "update events set seq = 4 where seq = 1000"],
            ["Events 3 and 4 have changed places."],
        ),
    ],
)  # fmt: skip
def test_an_edited_removed_or_moved_event_is_named(
    store: SqliteStore, tmp_path: Path, statements: list[str], named: list[str]
) -> None:
    """One sentence that names it; untouched, there is none."""
    assert findings(store.lines("R1")) == ()
    attacked(tmp_path, *statements)
    found = findings(store.lines("R1"))
    assert all(words in found[0] for words in named), found
    assert len(found) == (2 if "digest" in statements[0] else 1)  # a digest is of two events


@pytest.mark.parametrize("honest", [True, False])
def test_an_inserted_event_is_named(store: SqliteStore, tmp_path: Path, *, honest: bool) -> None:
    """With a digest that fits, or with any."""
    before = store.lines("R1")[1].digest
    line = chain.line("R1", 3, FORGED, before=before if honest else chain.EMPTY)
    attacked(
        tmp_path,
        "update events set seq = seq + 1000 where seq >= 3",
        "update events set seq = seq - 999 where seq > 1000",
        "insert into events (stream, seq, at, by, type, body, digest) values (?, ?, ?, ?, ?, ?, ?)",
        values=(line.stream, line.seq, line.at, line.by, line.type, line.body, line.digest),
    )
    found = findings(store.lines("R1"))
    assert "Event 3 (step-retried) was inserted." in found


def test_an_edit_with_its_digest_written_anew_shows_at_the_next_event(
    store: SqliteStore, tmp_path: Path
) -> None:
    """Nobody can tell from the chain alone which of the two it was, so both are named."""
    first, second = store.lines("R1")[:2]
    forged = e.PlanApproved(at=NOON, by="U9", step="lamp", fingerprint="f")
    line = chain.line("R1", 2, forged, before=first.digest)
    assert line.digest != second.digest
    attacked(tmp_path, "update events set by = 'U9', digest = ? where seq = 2",
             values=(line.digest,))  # fmt: skip
    assert findings(store.lines("R1")) == (
        "Event 3 (step-started) was edited, or event 2 was and its digest written anew.",
    )


@pytest.mark.parametrize("rewritten", [False, True])
def test_a_cut_end_and_a_rewrite_show_only_against_the_head(
    store: SqliteStore, tmp_path: Path, *, rewritten: bool
) -> None:
    """The chain by itself is whole; the head that was written down is not in it."""
    lines = store.lines("R1")
    head = lines[-1].digest
    assert against(lines, head) == ""
    if rewritten:
        forged = list(chain.chained("R1", [FORGED, FORGED], behind=()))
    else:
        forged = list(lines[:-1])
    attacked(tmp_path, "delete from events")
    for line in forged:
        values = (line.stream, line.seq, line.at, line.by, line.type, line.body, line.digest)
        connection = sqlite3.connect(tmp_path / "log.sqlite3")
        connection.execute("insert into events values (?, ?, ?, ?, ?, ?, ?)", values)
        connection.commit()
        connection.close()
    found = store.lines("R1")
    assert findings(found) == ()
    assert "No event has the digest" in against(found, head)


def test_what_was_appended_after_the_head_is_no_finding(store: SqliteStore) -> None:
    """A run that is undone after its report has grown; the head is still in it."""
    head = store.lines("R1")[-1].digest
    store.append("R1", [e.UndoAsked(at=NOON, by="U1", tasks=("undo-lamp",))], after=6)
    assert against(store.lines("R1"), head) == ""
    assert against(store.lines("R1"), "0" * 64) != ""
