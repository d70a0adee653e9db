"""The real steps, planned before their turn and renewed after it: what a yes stays good for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.engine import approval_events as a
from bot.engine.aside import Aside
from bot.engine.foresight import foresee
from bot.engine.next import Rest
from bot.engine.state import RunState, Task
from bot.wiring import FORESEEABLE, LASTING
from steps import rollout
from steps.development_mode import CACHED
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import CHANGES, Bench, before

FORWARD = tuple(key for key in rollout("no-downtime") if key in CHANGES)


def run_at(bench: Bench, key: str) -> RunState:
    """A run whose turn is `key`; its plan as it is made now."""
    _, past = before(key)
    plan = bench.plan(key, past)
    at = FORWARD.index(key)
    tasks = (
        *(Task(done, "done", receipt=dict(past.receipts.get(done, {}))) for done in FORWARD[:at]),
        Task("preflight", "done", receipt=dict(past.receipts["preflight"])),
        Task(key, "shown", plan, plan.fingerprint),
        *(Task(later) for later in FORWARD[at + 1 :]),
    )
    return RunState(run="R1", site=SITE, tasks=tasks)


def foreseen(bench: Bench, key: str) -> dict[str, a.Foreseen]:
    """The plans that the card of `key` would offer too."""
    state = run_at(bench, key)
    task = state.task(key)
    assert task is not None
    return {one.step: one for one in foresee(state, task, bench.steps())}


@pytest.mark.parametrize("key", ["development-mode", "origin-certificate"])
def test_origin_pulls_are_foreseen_as_they_are_planned_at_their_turn(key: str) -> None:
    """Where pulls are encrypted already; what comes in between leaves the yes as good as it was."""
    bench, _ = before(key)
    assert "origin-pulls" not in foreseen(bench, key)  # flexible: it could not be planned yet
    bench.zone.settings["ssl"] = "full"
    at_its_turn, past = before("origin-pulls")
    expected = at_its_turn.plan("origin-pulls", past).fingerprint
    assert foreseen(bench, key)["origin-pulls"].fingerprint == expected


@pytest.mark.parametrize("key", FORWARD)
def test_whatever_is_foreseen_is_without_risk_and_among_what_may_be(key: str) -> None:
    """From each step of a run; and nothing that is left out of the list could have been offered."""
    bench, _ = before(key)
    found = foreseen(bench, key)
    assert {one.plan.risk for one in found.values()} <= {"none"}
    assert set(found) <= FORESEEABLE


def test_development_mode_is_switched_on_again_under_its_approval() -> None:
    """Three hours after it was switched on it is off: told, written, recorded; one write."""
    bench, past = before("development-mode")
    plan = bench.plan("development-mode", past)
    done = Task("development-mode", "done", plan, plan.fingerprint, ended_at=NOON,
                notes={CACHED: ""})  # fmt: skip
    later = Task("development-mode-off")
    state = RunState(run="R1", site=SITE, tasks=(done, later))
    aside = Aside(bench.steps(), lasting=LASTING)
    over = NOON + timedelta(hours=3)
    assert aside.do(state, Rest(), now=over - timedelta(seconds=1)) is None
    lapsed = a.StepLapsed(at=over, step="development-mode", renewed_as=plan.fingerprint)
    assert aside.do(state, Rest(), now=over) == (lapsed,)
    known = RunState(run="R1", site=SITE, tasks=(replace(done, lapsed_at=over), later))
    renewed = (a.StepRenewed(at=over, step="development-mode"),)
    assert aside.do(known, Rest(), now=over) == renewed
    assert bench.zone.settings["development_mode"] == "on"
    assert bench.world.writes == [("zone example.com · development mode",)]
