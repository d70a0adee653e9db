"""What must not end a run, or all runs: errors of our own, clocks, retries, half undos."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

import pytest

from bot.engine import commands as c
from bot.engine.engine import Engine
from bot.engine.ports import RunEntry
from bot.slack.access import Policy
from bot.slack.cards import run_messages
from bot.slack.words import Frame
from bot.store.memory import MemoryStore
from steps.errors import Denied, PlanVoid, RateLimited, Unreachable
from steps.step import Outcome, Verdict
from tests.engine_bench import ORDER, Bench
from tests.toys import SITE

OTHER = replace(SITE, name="shop.example.net", zone="example.net", project="other")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def begin_lamp(bench: Bench) -> None:
    """The lamp's plan is shown and approved; nothing has been done about it yet."""
    bench.open()
    bench.drive()
    bench.engine.submit("R1", c.Approve("U2", "lamp", bench.task("lamp").fingerprint))


def stumble() -> None:
    raise KeyError("a mistake of ours")


def denied() -> None:
    raise Denied("No right.", service="lamp", doing="switching")


def test_a_step_that_this_version_does_not_know_is_told(bench: Bench) -> None:
    """After an upgrade that dropped a step people hear of it; before, the run hung in silence."""
    bench.open()
    bench.drive()
    del bench.steps["lamp"]
    bench.approve("lamp")
    failure = bench.task("lamp").failure
    assert failure is not None
    assert "does not know the step lamp" in failure.message


def test_an_error_of_our_own_is_told_and_tried_again(bench: Bench) -> None:
    """One sentence while it goes on trying; once it works again, nothing is left of it."""
    begin_lamp(bench)
    bench.lamp.before_write = stumble
    bench.turns(4)
    assert "stumbled" in bench.task("lamp").delayed
    assert bench.types().count("step-delayed") == 1
    bench.lamp.before_write = lambda: None
    bench.clock.tick(6)
    bench.turns(4)
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)


def test_an_error_of_our_own_that_stays_asks_people(bench: Bench) -> None:
    """After a quarter of an hour the card has words and a Retry."""
    begin_lamp(bench)
    bench.lamp.before_write = stumble
    bench.turns(4)
    bench.clock.tick(16 * 60)
    bench.turns(1)
    failure = bench.task("lamp").failure
    assert failure is not None
    assert (failure.code, failure.phase) == ("error", "applying")


def test_one_runs_error_does_not_hold_up_another(bench: Bench) -> None:
    """Two runs: the first stumbles at every turn, the second goes on."""
    begin_lamp(bench)
    bench.lamp.before_write = stumble
    other = Engine(bench.store, bench.clock, ORDER, new_id=lambda: "R2")
    other.start(c.Start("U1", OTHER, "C1"))
    bench.turns(6)
    lamp = other.view("R2").task("lamp")
    assert lamp is not None
    assert lamp.status == "shown"


class FailsOnce(MemoryStore):
    """A store whose disk is not there for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = Event()
        self.asked_again = Event()

    def runs(self, *, open_only: bool = False) -> tuple[RunEntry, ...]:
        if not self.failed.is_set():
            self.failed.set()
            raise sqlite3.OperationalError("disk I/O error")
        self.asked_again.set()
        return super().runs(open_only=open_only)


def test_the_driver_outlives_a_store_that_fails_for_a_moment() -> None:
    """Its thread ends for nobody: a nudge finds it at work."""
    store = FailsOnce()
    driver = Bench(store=store).driver
    driver.start()
    try:
        assert store.failed.wait(5)
        driver.nudge("R1")
        assert store.asked_again.wait(5)
    finally:
        driver.stop()


def test_a_retry_looks_again_before_it_writes(bench: Bench) -> None:
    """Refused before anything was written, changed by somebody since: the old yes is void."""
    begin_lamp(bench)
    bench.lamp.before_write = denied
    bench.drive()
    assert bench.task("lamp").status == "failed"
    bench.lamp.before_write = lambda: None
    bench.world["lamp"] = "flickering"
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("shown", 0)


def test_a_retry_of_what_is_still_the_same_needs_no_second_yes(bench: Bench) -> None:
    """The control."""
    begin_lamp(bench)
    bench.lamp.before_write = denied
    bench.drive()
    bench.lamp.before_write = lambda: None
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)


def test_a_void_plan_is_planned_anew_and_what_was_noted_is_kept(bench: Bench) -> None:
    """Retry shows a new card; the way back still knows what the first attempt wrote down."""

    def void() -> None:
        raise PlanVoid("It is not what was approved any more.")

    bench.lamp.notes_first = True
    begin_lamp(bench)
    bench.lamp.before_write = void
    bench.drive()
    bench.lamp.before_write = lambda: None
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    bench.drive()
    task = bench.task("lamp")
    assert (task.status, task.cards, task.notes) == ("shown", 2, {})
    assert bench.engine.view("R1").past.receipts["lamp"] == {"about": "to write"}
    bench.engine.submit("R1", c.Undo("U1"))  # half of it may be there: there is a way back


def test_an_outside_that_wants_a_pause_gets_it_whoever_nudges(bench: Bench) -> None:
    """Asked to wait five minutes: nudges and the event of the delay itself do not shorten that."""

    def limited() -> None:
        error = RateLimited("Too many.", service="lamp", doing="switching")
        error.retry_after = 300.0
        asked.append(bench.clock.now)
        raise error

    asked: list[datetime] = []
    begin_lamp(bench)
    bench.lamp.before_write = limited
    for _ in range(29):
        bench.driver.work("R1")
        bench.clock.tick(10)
    assert len(asked) == 1
    bench.lamp.before_write = lambda: None
    bench.clock.tick(30)
    bench.drive()
    assert bench.lamp.writes == 1


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_a_clock_that_is_set_back_does_not_keep_a_wait_from_being_looked_at(
    bench: Bench, back: timedelta
) -> None:
    """Visitors may be refused meanwhile: what was due in ten seconds is not due in an hour."""
    bench.lamp.waits = True
    begin_lamp(bench)
    bench.turns(6)
    assert bench.task("lamp").waiting is not None
    bench.world["warm"] = "yes"
    bench.clock.now -= back
    bench.turns(6)
    assert bench.task("lamp").status == "done"


def test_an_undo_that_was_stopped_can_be_taken_up_again(bench: Bench) -> None:
    """Its cards go on counting, its site is held again, and it comes to its end."""
    bench.open()
    bench.drive()
    bench.approve("lamp")
    bench.engine.submit("R1", c.Undo("U1"))
    bench.drive()
    bench.engine.submit("R1", c.Stop("U1"))
    bench.engine.submit("R1", c.Undo("U2"))
    bench.drive()
    state = bench.engine.view("R1")
    assert [t.key for t in state.tasks] == ["glance", "lamp", "bell", "undo-lamp"]
    assert (bench.task("undo-lamp").status, bench.task("undo-lamp").cards) == ("shown", 2)
    assert bench.approve("undo-lamp").outcome == "undone"


def run_of(bench: Bench, run: str, project: str, *, until: str) -> None:
    """A run on another project of the same zone: ``closed``, ``undone``, ``left`` or ``idle``."""
    site = replace(SITE, project=project, name=f"{project}.example.com")
    bench.world.clear()
    bench.lamp.verdicts = [Verdict("failed", ("dark",))] if until == "left" else []
    Engine(bench.store, bench.clock, ORDER, new_id=lambda: run).start(c.Start("U1", site, "C1"))
    bench.drive(run=run)
    if until == "idle":
        bench.engine.submit(run, c.Stop("U1"))
        return
    bench.approve("lamp", run=run)
    if until == "left":
        bench.engine.submit(run, c.Stop("U1"))
        return
    bench.approve("bell", run=run)
    if until == "undone":
        bench.engine.submit(run, c.Undo("U1"))
        bench.drive(run=run)
        bench.approve("undo-lamp", run=run)


@pytest.mark.parametrize(("earlier", "needs"), [
    (("closed",), True),
    (("left",), True),
    (("undone",), False),
    (("idle",), False),
    (("closed", "idle"), True),
    (("closed", "undone"), True),
    (("undone", "left"), True),
])  # fmt: skip
def test_a_neighbour_that_relies_on_the_zone_is_not_forgotten(
    bench: Bench, earlier: tuple[str, ...], *, needs: bool
) -> None:
    """Half closed counts, and a later run that came to nothing hides no earlier one."""
    for number, until in enumerate(earlier):
        run_of(bench, f"N{number}", "neighbour", until=until)
        bench.clock.tick(60)
    run_of(bench, "R1", SITE.project, until="closed")
    bench.engine.submit("R1", c.Undo("U1"))
    assert bool(bench.engine.view("R1").neighbours) is needs


def test_a_site_is_not_its_own_neighbour(bench: Bench) -> None:
    """A second run that had nothing to do does not keep the first from being undone."""
    run_of(bench, "R1", SITE.project, until="closed")
    bench.clock.tick(60)
    run_of(bench, "R2", SITE.project, until="closed")
    bench.engine.submit("R1", c.Undo("U1"))
    assert bench.engine.view("R1").neighbours == ()


def test_a_card_of_a_failure_without_a_plan_does_not_stay(bench: Bench) -> None:
    """After Retry it says that it is out of date, and has no buttons any more."""
    frame = Frame({}, Policy(frozenset()), bench.clock.now)
    lamp = bench.steps.pop("lamp")
    bench.open()
    failed = run_messages(frame, bench.drive())
    assert "retry" in str(failed["lamp/0"].blocks)
    bench.steps["lamp"] = lamp
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    assert "retry" not in str(run_messages(frame, bench.engine.view("R1"))["lamp/0"].blocks)
    shown = run_messages(frame, bench.drive())
    assert "out of date" in shown["lamp/0"].text
    assert "approve" in str(shown["lamp/1"].blocks)


def test_one_look_that_could_not_be_made_wakes_nobody(bench: Bench) -> None:
    """It is made again for a minute; what stays unclear is told, and not called proven."""
    unclear = Verdict("inconclusive", ("the edge could not be asked",))
    bench.lamp.verdicts = [unclear]
    begin_lamp(bench)
    bench.drive()
    assert bench.task("lamp").status == "applied"
    bench.clock.tick(6)
    bench.drive()
    assert bench.task("lamp").status == "done"


def test_a_proof_that_stays_unclear_asks_people(bench: Bench) -> None:
    """After a minute; Retry looks for as long again."""
    bench.lamp.verdicts = [Verdict("inconclusive", ("the edge could not be asked",))] * 99
    begin_lamp(bench)
    bench.drive()
    bench.clock.tick(61)
    bench.drive()
    assert bench.task("lamp").status == "failed"
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    bench.drive()
    assert bench.task("lamp").status == "applied"


@pytest.mark.parametrize(("lamp", "status", "writes"), [("off", "done", 1), ("dim", "shown", 0)])
def test_a_yes_outlives_a_second_look_that_could_not_be_made(
    bench: Bench, lamp: str, status: str, writes: int
) -> None:
    """After Retry it counts for the same plan, and for no other."""
    begin_lamp(bench)
    bench.lamp.on_look = denied
    bench.drive()
    assert bench.task("lamp").status == "failed"
    bench.lamp.on_look = lambda: None
    bench.world["lamp"] = lamp
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == (status, writes)
    assert bench.types().count("plan-approved") == 1


def test_a_delay_that_is_over_is_not_told_any_longer(bench: Bench) -> None:
    """One look of a wait could not be made, the next one could: the card says what is awaited."""

    def unreachable(*_asked: object, **_more: object) -> Outcome:
        raise Unreachable("The lamp does not answer.", service="lamp", doing="looking")

    bench.lamp.waits = True
    begin_lamp(bench)
    bench.drive()
    look, bench.lamp.poll = bench.lamp.poll, unreachable  # type: ignore[method-assign]
    bench.clock.tick(11)
    bench.drive()
    assert bench.task("lamp").delayed
    bench.lamp.poll = look  # type: ignore[method-assign]
    bench.clock.tick(11)
    bench.drive()
    assert not bench.task("lamp").delayed
