"""`python app.py audit`: what it prints, what it finds, how it ends; with the log's file alone."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.engine import events as e
from bot.engine.audit import Audit, as_json_lines, as_markdown
from bot.store import chain
from bot.store.auditing import audit as audited
from bot.store.sqlite import SqliteStore
from bot.terminal.audit import audit
from steps.errors import UnknownRun
from steps.step import Change, Plan, Row, Verdict
from tests.architecture import ROOT
from tests.toys import NOON, SITE

PLAN = Plan(
    step="lamp", site=SITE,
    changes=(Change("update", "zone example.com · lamp", "off", "on", "outage-if-wrong"),),
)  # fmt: skip
PROOF = Verdict("proven", ("It shines on 3 of 3.",), rows=(Row("192.0.2.1", "bright"),))
EVENTS = (
    e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp",)),
    e.PlanShown(at=NOON, step="lamp", plan=PLAN, fingerprint=PLAN.fingerprint),
    e.PlanApproved(at=NOON, by="U2", step="lamp", fingerprint=PLAN.fingerprint),
    e.StepStarted(at=NOON, step="lamp", fingerprint=PLAN.fingerprint),
    e.StepApplied(at=NOON, step="lamp", receipt={"before": "off"}),
    e.StepFinished(at=NOON, step="lamp", verdict=PROOF),
    e.RunStopped(at=NOON, by="U1", reason="a *bold* <reason>"),
    e.RunClosed(at=NOON, by="U1", outcome="stopped"),
)
SEEN = e.VisitorsSeen(at=NOON, served=9, looks=10, since=NOON, refused=("520 once",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with one run, and what its visitors saw."""
    made = tmp_path / "log.sqlite3"
    store = SqliteStore(made)
    store.append("R1a2b", EVENTS, after=0)
    store.append("R1a2b/visitors", [SEEN], after=0)
    store.close()
    return made


def edited(path: Path) -> None:
    intruder = sqlite3.connect(path)
    intruder.execute("drop trigger events_are_never_changed")
    intruder.execute("update events set by = 'U9' where stream = 'R1a2b' and seq = 3")
    intruder.commit()
    intruder.close()


def printed(
    capsys: pytest.CaptureFixture[str], path: Path, *, run: str = "R1a2b", json_lines: bool = False,
    verify: bool = False, head: str = "",
) -> tuple[int, str]:  # fmt: skip
    """How it ends, and all that it says."""
    with pytest.raises(SystemExit) as ended:
        audit({"MTLS_STORE_PATH": str(path)}, run, as_json=json_lines, verify=verify, head=head)
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out + said.err


def head_of(path: Path) -> str:
    store = SqliteStore(path, read_only=True)
    try:
        return store.head("R1a2b")
    finally:
        store.close()


def test_the_history_tells_who_what_when_from_what_to_what_and_why(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything that an auditor asks, and nothing foreign is markup."""
    code, told = printed(capsys, path)
    assert code == 0
    for words in (
        "# Run R1a2b: www.example.com", "by U2", "2026-11-24T12:00:00Z", PLAN.fingerprint,
        "update zone example.com · lamp: off → on (outage-if-wrong)", "evidence: It shines",
        "seen: 192.0.2.1: bright", "receipt: before = off", "9 of 10 looks", "520 once",
        "a \\*bold\\* \\<reason\\>", "Every event is as it was written", head_of(path),
    ):  # fmt: skip
        assert words in told


def test_as_json_nothing_is_left_out(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line an event, from which the events can be read again, in both streams."""
    code, told = printed(capsys, path, json_lines=True)
    lines = [json.loads(line) for line in told.splitlines()]
    read = [
        e.EVENT.validate_python({**k["body"], "at": k["at"], "by": k["by"], "type": k["type"]})
        for k in lines
    ]
    assert code == 0
    assert tuple(read) == (*EVENTS, SEEN)
    assert [k["digest"] for k in lines][-2] == head_of(path)


def test_verify_says_that_the_chain_holds(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the number of events and the digest; against the report's digest too."""
    head = head_of(path)
    assert printed(capsys, path, verify=True) == (
        0, f"Run R1a2b: all 8 events are as they were written. Digest of the last: {head}\n",
    )  # fmt: skip
    code, told = printed(capsys, path, verify=True, head=head)
    assert (code, "that of event 8" in told) == (0, True)


def test_verify_names_an_edited_event_and_fails(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, also for whoever only prints."""
    edited(path)
    code, told = printed(capsys, path, verify=True)
    assert (code, "Event 3 (plan-approved) was edited" in told) == (1, True)
    code, told = printed(capsys, path)
    assert (code, "Event 3 (plan-approved) was edited" in told) == (1, True)


def test_a_head_that_is_not_in_the_chain_fails(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a cut end leaves is whole by itself, and not what the report cites."""
    head = head_of(path)
    intruder = sqlite3.connect(path)
    intruder.execute("drop trigger events_are_never_removed")
    intruder.execute("delete from events where stream = 'R1a2b' and seq > 6")
    intruder.commit()
    intruder.close()
    assert printed(capsys, path, verify=True)[0] == 0
    code, told = printed(capsys, path, verify=True, head=head)
    assert (code, "were cut off" in told) == (1, True)


def test_what_is_not_there_is_said_in_words(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such run, with the one that is meant; no such store."""
    code, told = printed(capsys, path, run="R1a2c")
    assert (code, told) == (1, "There is no run R1a2c in this store. Is R1a2b meant?\n")
    code, told = printed(capsys, path.with_name("other.sqlite3"))
    assert (code, "There is no store at" in told) == (1, True)


def test_the_audit_needs_no_token(path: Path) -> None:
    """As a user runs it: with nothing in the environment but where the log is."""
    done = subprocess.run(
        [sys.executable, "app.py", "audit", "R1a2b", "--verify"], cwd=ROOT, capture_output=True,
        text=True, check=False, env={"MTLS_STORE_PATH": str(path), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "all 8 events are as they were written" in done.stdout


def test_a_body_that_cannot_be_read_any_more_is_shown_as_it_is() -> None:
    """An audit of a broken history must not break itself."""
    line = next(chain.chained("R1", EVENTS, behind=()))
    broken = Audit("R1", (line.__class__("R1", 1, line.at, "U1", "run-opened", "{oh", "x"),))
    assert "cannot be read: {oh" in as_markdown(broken)
    assert "{oh" in as_json_lines(broken)
    other = Audit("R1", (line.__class__("R1", 1, line.at, "U1", "odd", '{"plan": 3}', "x"),))
    assert "odd" in as_markdown(other)


def test_an_unknown_run_of_an_empty_store_says_so(tmp_path: Path) -> None:
    """Nothing is there that could be meant."""
    store = SqliteStore(tmp_path / "log.sqlite3")
    with pytest.raises(UnknownRun, match="none at all"):
        audited(store, "R1")
    store.close()
