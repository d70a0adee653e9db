"""The timeline of a run and its picture: what was proven when, and what visitors saw meanwhile."""

import struct
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.engine.events import VisitorsSeen
from bot.engine.state import RunState, Task
from bot.slack.picture import png
from bot.slack.timeline import Timeline, described, timeline
from steps.step import Site, Verdict
from tests.toys import NOON

TITLES = {"lamp": "The lamp", "client-authentication": "Client authentication"}
PROVEN = Verdict("proven", ("seen",))


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def task(key: str, begun: float, ended: float, *, verdict: Verdict = PROVEN) -> Task:
    return Task(
        key, status="done", approved_at=after(begun - 1), started_at=after(begun),
        ended_at=after(ended), verdict=verdict,
    )  # fmt: skip


FINISHED = RunState(
    run="R1", site=Site("www.example.com", "example.com", "z1", "p1", "main"), opened_at=NOON,
    tasks=(task("lamp", 2, 5), task("client-authentication", 7, 12), Task("never")),
    outcome="closed", closed_at=after(20),
)  # fmt: skip


def seen(since: float, until: float, served: int, looks: int) -> VisitorsSeen:
    return VisitorsSeen(at=after(until), since=after(since), served=served, looks=looks)


def told(state: RunState = FINISHED, *events: VisitorsSeen) -> Timeline:
    made = timeline(TITLES, state, events)
    assert made is not None
    return made


def test_the_origin_is_closed_from_its_proof_on() -> None:
    """Not from the push, nor from a step that could only be set."""
    access = [(span.name, span.until) for span in told().access]
    assert access == [("open", after(12)), ("closed", after(20))]
    unproven = task("client-authentication", 7, 12, verdict=Verdict("set", ("set",)))
    left = replace(FINISHED, tasks=(FINISHED.tasks[0], unproven))
    assert [s.name for s in told(left).access] == ["open"]


def test_an_undo_opens_it_again() -> None:
    back = task("undo-client-authentication", 14, 16)
    undone = replace(FINISHED, tasks=(*FINISHED.tasks, back), direction="back", outcome="undone")
    assert [s.name for s in told(undone).access] == ["open", "closed", "open"]


def test_only_what_began_is_a_step_and_each_yes_is_marked() -> None:
    assert [s.name for s in told().steps] == ["The lamp", "Client authentication"]
    assert told().approvals == ((after(1), "The lamp"), (after(6), "Client authentication"))


def test_a_run_that_is_open_has_no_timeline() -> None:
    assert timeline(TITLES, replace(FINISHED, closed_at=None), ()) is None
    assert timeline(TITLES, RunState(), ()) is None


def test_no_look_is_lost_when_days_are_joined_to_bars() -> None:
    """A run of two days has at most some hundred bars, and all of its looks."""
    long = replace(FINISHED, closed_at=after(2 * 24 * 60))
    events = [seen(m, m + 1 / 6, 9, 10) for m in range(0, 2 * 24 * 60, 5)]
    bars = told(long, *events).visitors
    assert len(bars) <= 130
    assert (sum(b.served for b in bars), sum(b.looks for b in bars)) == (
        9 * len(events), 10 * len(events),
    )  # fmt: skip


def test_the_words_say_what_the_picture_shows() -> None:
    """Whoever does not see it has the same facts."""
    words = described(told(FINISHED, seen(1, 2, 58, 60)))
    for fact in (
        "www.example.com",
        "open for 12 min, then closed for 8 min",
        "58 of 60",
        "2 steps",
    ):
        assert fact in words


@pytest.mark.parametrize("minutes", [0.5, 20, 3000], ids=["seconds", "minutes", "days"])
def test_it_is_a_picture_of_one_width(minutes: float) -> None:
    """For the shortest run and the longest; with a refusal, and without any look at all."""
    state = replace(FINISHED, tasks=(task("lamp", 0.1, 0.4),), closed_at=after(minutes))
    for events in ((), (seen(0, minutes, 5, 10),)):
        picture = png(told(state, *events))
        assert picture.startswith(b"\x89PNG")
        assert struct.unpack(">I", picture[16:20]) == (1320,)
