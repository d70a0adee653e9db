"""What cards say beside the step: seams by name, since when, what is usual, what it means."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.engine import events as e
from bot.engine.fold import evolve
from bot.engine.state import Task, Visitors
from bot.settings import Seam
from bot.slack.card_words import (
    activity_words,
    certificate_words,
    for_visitors,
    seams_words,
    since,
    usual_words,
)
from bot.slack.spans import lasted
from steps.step import Change, Plan, Waiting
from tests.goldens import states
from tests.toys import NOON, SITE

STATES = states()
DEPLOY = Plan(step="a", site=SITE, changes=(Change("deploy", "main", None, "new"),))
DONE = Task("a", "done", DEPLOY, started_at=NOON, ended_at=NOON + timedelta(seconds=130))
WAITS = Task("b", "started", DEPLOY, started_at=NOON,
             waiting=Waiting("the redeploy", {"activity": "q1w2e3"}, NOON, NOON))  # fmt: skip


def test_every_seam_that_is_moved_is_named_in_two_lines_at_most() -> None:
    """All moved, as in the sandbox; each name can be put together again."""
    every = [f"MTLS_SEAM_{name.upper()} = x" for name in Seam.model_fields]
    said = seams_words(every)
    assert len(said) < 280
    for name in Seam.model_fields:
        first, _, end = name.rpartition("_")
        assert name in said or (first in said and f"({end})" in said), name
    assert seams_words(every[:1]).endswith("slack_url")
    assert seams_words([]) == ""


def test_since_when_is_told_for_what_has_begun() -> None:
    """Not for what comes next, nor for what is over."""
    told = {name: since(task) for name, s in STATES.items() for task in s.tasks[1:2]}
    assert told["shown"].startswith(", since <!date^")
    assert told["waiting"].startswith(", since")
    assert told["set"] == ""
    assert told["opened"] == ""


def test_a_deployment_tells_how_long_the_last_one_took_and_where_its_log_is() -> None:
    """From this run's own log; without an earlier one nothing is claimed."""
    state = replace(STATES["waiting"], tasks=(DONE, WAITS))
    assert usual_words(state, WAITS) == " The last deployment of this run took 2 min 10 s."
    assert f"`platform activity:log q1w2e3 -p {SITE.project}`" in activity_words(state, WAITS)
    assert usual_words(replace(state, tasks=(WAITS,)), WAITS) == ""
    watches = replace(WAITS, waiting=Waiting("visitors", {"phase": "watch"}, NOON, NOON))
    assert usual_words(state, watches) == ""
    assert activity_words(state, DONE) == ""


def test_a_deployment_tells_its_own_state_and_what_is_usual_there() -> None:
    """In Platform.sh's word, and by its list; without them neither is claimed."""
    state = replace(STATES["waiting"], tasks=(DONE, WAITS))
    handle = {"activity": "q1w2e3", "state": "in_progress", "usual": "94"}
    told = replace(WAITS, waiting=Waiting("the redeploy", handle, NOON, NOON))
    assert usual_words(state, told) == " It usually takes about 1 min 34 s."
    assert "Platform.sh says: in progress." in activity_words(state, told)
    assert "Platform.sh says" not in activity_words(state, WAITS)


@pytest.mark.parametrize(("what", "kept"), [("the lamp to warm up", True), ("the heat", False)])
def test_since_when_is_not_forgotten_while_the_same_is_awaited(what: str, *, kept: bool) -> None:
    """Another state of the same deployment is no new wait; another deployment is one."""
    later = NOON + timedelta(minutes=3)
    event = e.StepWaiting(
        at=later, step="lamp", what=what, handle={"state": "in_progress"}, look_again_at=later,
        give_up_at=later,
    )  # fmt: skip
    task = evolve(STATES["waiting"], event).task("lamp")
    assert task is not None
    assert task.waiting_since == (NOON if kept else later)


@pytest.mark.parametrize(
    ("started", "visitors", "words"),
    [
        (False, Visitors(), "Nothing was written by this step"),
        (True, Visitors(), "No look is on record yet"),
        (True, Visitors(9, 10), "9 of 10 looks through Cloudflare were served."),
    ],
)
def test_a_failure_says_what_it_means_for_visitors(
    started: bool, visitors: Visitors, words: str
) -> None:
    """Nothing written, not looked at, or what the looks saw."""
    task = replace(WAITS, started_at=NOON if started else None)
    assert words in for_visitors(replace(STATES["failed"], visitors=visitors), task)


def test_the_report_counts_the_days_of_the_certificate() -> None:
    """From the receipt of the step that installed it; a run that installed none claims none."""
    task = Task("origin-certificate", "done", receipt={"not_after": "2027-11-24T12:00:00+00:00"})
    state = replace(STATES["closed"], tasks=(task,))
    assert "lasts 365 days, until 2027-11-24" in certificate_words(state, date(2026, 11, 24))
    assert certificate_words(STATES["closed"], date(2026, 11, 24)) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (89, "89 s"), (90, "1 min 30 s"), (7140, "119 min"), (7200, "2 h"), (9000, "2 h 30 min"),
        (86_400, "24 h"), (3 * 86_400, "3 days"), (-1, "0 s"),
    ],
)  # fmt: skip
def test_a_span_is_told_in_the_measure_that_people_use(seconds: int, words: str) -> None:
    """Seconds, minutes, hours, days."""
    assert lasted(timedelta(seconds=seconds)) == words
