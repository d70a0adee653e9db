"""The driver and its rules, with toy steps and a clock that the test moves."""

from datetime import datetime, timedelta

import pytest

from bot.engine import commands as c
from bot.engine.decide import verdict_digest
from bot.engine.engine import Engine
from steps.errors import (
    AlreadyDecided,
    Denied,
    NothingToUndo,
    PlanHasChanged,
    RateLimited,
    Rejected,
    SiteBusy,
    Unreachable,
)
from steps.step import Verdict
from tests.engine_bench import ORDER, Bench
from tests.toys import SITE


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_nothing_is_written_before_a_yes(bench: Bench) -> None:
    """A run shows its first plan and waits; the look before it needed nobody."""
    bench.open()
    state = bench.drive()
    assert (bench.lamp.writes, state.status) == (0, "needs-approval")
    assert bench.task("glance").status == "done"


def test_an_approved_run_goes_through_to_its_end(bench: Bench) -> None:
    """Each yes carries out its own step, and the last closes the run."""
    bench.open()
    bench.drive()
    bench.approve("lamp")
    state = bench.approve("bell")
    assert (state.outcome, bench.lamp.writes, bench.bell.writes) == ("closed", 1, 1)
    assert bench.store.runs(open_only=True) == ()


def test_a_satisfied_step_is_skipped_and_asks_nobody(bench: Bench) -> None:
    """Running again on a finished site changes nothing."""
    bench.world.update(lamp="on", bell="on")
    bench.open()
    state = bench.drive()
    assert state.outcome == "closed"
    assert "plan-approved" not in bench.types()
    assert bench.lamp.writes == 0


def test_a_change_between_card_and_click_voids_the_yes(bench: Bench) -> None:
    """The second look sees another plan: a new card says what changed, and nothing is written."""
    bench.open()
    bench.drive()
    before = bench.task("lamp").fingerprint
    bench.world["lamp"] = "flickering"
    bench.approve("lamp")
    task = bench.task("lamp")
    assert (task.status, bench.lamp.writes, task.cards) == ("shown", 0, 2)
    assert task.fingerprint != before
    assert "flickering" in task.differences[0]


def test_the_old_card_cannot_approve_the_new_plan(bench: Bench) -> None:
    """A press on a card whose plan has drifted is refused."""
    bench.open()
    bench.drive()
    old = bench.task("lamp").fingerprint
    bench.world["lamp"] = "flickering"
    bench.approve("lamp")
    with pytest.raises(PlanHasChanged):
        bench.engine.submit("R1", c.Approve("U2", "lamp", old))


def test_a_second_press_says_who_approved(bench: Bench) -> None:
    """Two clicks, one approval."""
    bench.open()
    bench.drive()
    yes = c.Approve("U2", "lamp", bench.task("lamp").fingerprint)
    bench.engine.submit("R1", yes)
    with pytest.raises(AlreadyDecided, match="U2"):
        bench.engine.submit("R1", yes)
    assert bench.types().count("plan-approved") == 1


def test_a_kill_after_the_write_is_adopted_not_repeated(bench: Bench) -> None:
    """Killed between request and event: after the restart the write is found, not made again."""

    def killed() -> None:
        raise KeyboardInterrupt

    bench.open()
    bench.drive()
    bench.lamp.on_write = killed
    with pytest.raises(KeyboardInterrupt):
        bench.approve("lamp")
    bench.lamp.on_write = lambda: None
    bench.restart()
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)
    assert bench.types().count("plan-approved") == 1


def test_a_kill_before_the_write_goes_on_under_the_same_yes(bench: Bench) -> None:
    """Started and not yet written: the restart writes once."""
    bench.open()
    bench.drive()
    bench.engine.submit("R1", c.Approve("U2", "lamp", bench.task("lamp").fingerprint))
    bench.driver.work("R1")
    assert bench.types()[-1] == "step-started"
    bench.restart()
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)


def test_somebody_elses_change_during_the_kill_needs_a_new_yes(bench: Bench) -> None:
    """Neither as before nor as planned: not guessed, but shown again."""
    bench.open()
    bench.drive()
    bench.engine.submit("R1", c.Approve("U2", "lamp", bench.task("lamp").fingerprint))
    bench.driver.work("R1")
    bench.world["lamp"] = "flickering"
    bench.restart()
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("shown", 0)


def test_notes_are_committed_before_the_write(bench: Bench) -> None:
    """What a step wants written down is in the log before it acts."""
    bench.lamp.notes_first = True
    bench.open()
    bench.drive()
    seen: list[str] = []
    bench.lamp.on_write = lambda: seen.extend(bench.types())
    bench.approve("lamp")
    assert seen[-1] == "step-noted"


def test_waiting_is_looked_at_when_due_and_ends(bench: Bench) -> None:
    """A wait is an event; the driver looks again at its time, and each look adds nothing."""
    bench.lamp.waits = True
    bench.open()
    bench.drive()
    bench.approve("lamp")
    assert bench.task("lamp").waiting is not None
    bench.clock.tick(11)
    bench.drive()
    assert bench.types().count("step-waiting") == 1
    bench.world["warm"] = "yes"
    bench.clock.tick(11)
    bench.drive()
    assert bench.task("lamp").status == "done"


def test_a_wait_without_an_end_asks_a_person(bench: Bench) -> None:
    """Past its time the step fails with words, and retry takes it up where it was."""
    bench.lamp.waits = True
    bench.open()
    bench.drive()
    bench.approve("lamp")
    bench.clock.tick(120)
    bench.drive()
    failure = bench.task("lamp").failure
    assert failure is not None
    assert (failure.code, failure.phase) == ("gave-up-waiting", "applying")
    bench.world["warm"] = "yes"
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    for _ in range(4):
        bench.drive()
        bench.clock.tick(11)
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)


def test_proof_that_is_not_there_yet_is_looked_for_again(bench: Bench) -> None:
    """Not yet is looked at again; it becomes a failure only when its time is over."""
    bench.lamp.verdicts = [Verdict("not-yet", ("dark",))] * 500
    bench.open()
    bench.drive()
    bench.approve("lamp")
    assert bench.task("lamp").status == "applied"
    bench.clock.tick(601)
    bench.drive()
    failure = bench.task("lamp").failure
    assert failure is not None
    assert (failure.code, failure.phase) == ("verification", "verifying")


def test_an_inconclusive_verdict_is_passed_only_by_acceptance(bench: Bench) -> None:
    """An approver may accept what was named, by the digest of exactly that verdict."""
    verdict = Verdict("inconclusive", ("2001:db8::1 has no route",), acceptable=True)
    bench.lamp.verdicts = [verdict]
    bench.open()
    bench.drive()
    bench.approve("lamp")
    assert bench.task("lamp").status == "failed"
    with pytest.raises(PlanHasChanged):
        bench.engine.submit("R1", c.Accept("U2", "lamp", "0" * 64))
    state = bench.engine.submit("R1", c.Accept("U2", "lamp", verdict_digest(verdict)))
    assert ("done", verdict.evidence) == (bench.task("lamp").status, state.accepted)


def test_a_failed_proof_cannot_be_accepted(bench: Bench) -> None:
    """Open is not something that a button makes closed."""
    verdict = Verdict("failed", ("the origin answered",))
    bench.lamp.verdicts = [verdict]
    bench.open()
    bench.drive()
    bench.approve("lamp")
    with pytest.raises(Rejected):
        bench.engine.submit("R1", c.Accept("U2", "lamp", verdict_digest(verdict)))


def test_silence_outside_is_waited_out_and_told_once(bench: Bench) -> None:
    """Unreachable is neither yes nor no: one event, further looks, then a person is asked."""

    def unreachable() -> None:
        raise Unreachable("The lamp does not answer.", service="lamp", doing="switching")

    bench.open()
    bench.drive()
    bench.lamp.before_write = unreachable
    bench.approve("lamp")
    bench.clock.tick(6)
    bench.drive()
    assert bench.types().count("step-delayed") == 1
    assert bench.task("lamp").status == "started"
    bench.lamp.before_write = lambda: None
    bench.clock.tick(6)
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)


@pytest.mark.parametrize(("told", "asked_again_after"), [(None, 30), (7.0, 7), (120.0, 120)])
def test_too_many_requests_are_waited_out_whether_or_not_the_vendor_says_how_long(
    bench: Bench, told: float | None, asked_again_after: int
) -> None:
    """Which headers an answer carries is not documented: their absence is no leave to hurry."""

    def limited() -> None:
        error = RateLimited("Too many requests.", service="lamp", doing="switching")
        error.retry_after = told
        raise error

    bench.open()
    bench.drive()
    bench.lamp.before_write = limited
    bench.approve("lamp")
    due = bench.driver.work("R1") - bench.clock()
    assert due.total_seconds() == asked_again_after


def test_silence_without_an_end_asks_a_person(bench: Bench) -> None:
    """After a quarter of an hour the step fails with what could not be reached."""

    def unreachable() -> None:
        raise Unreachable("The lamp does not answer.", service="lamp", doing="switching")

    bench.open()
    bench.drive()
    bench.lamp.before_write = unreachable
    bench.approve("lamp")
    bench.clock.tick(16 * 60)
    bench.drive()
    failure = bench.task("lamp").failure
    assert failure is not None
    assert failure.code == "unreachable"


def test_an_answer_that_was_lost_is_found_by_looking(bench: Bench) -> None:
    """The write took effect and the answer did not come: the next look adopts it."""

    def lost() -> None:
        raise Unreachable("The lamp does not answer.", service="lamp", doing="switching")

    bench.open()
    bench.drive()
    bench.lamp.on_write = lost
    bench.approve("lamp")
    bench.clock.tick(6)
    bench.drive()
    assert (bench.task("lamp").status, bench.lamp.writes) == ("done", 1)


def test_a_denial_fails_at_once_with_the_vendors_words(bench: Bench) -> None:
    """A no is an answer: it is shown, with code and request id, and can be tried again."""

    def denied() -> None:
        raise Denied(
            "No right.", service="lamp", doing="switching", vendor_code="10000", request_id="ray"
        )

    bench.open()
    bench.drive()
    bench.lamp.on_write = denied
    bench.approve("lamp")
    failure = bench.task("lamp").failure
    assert failure is not None
    assert (failure.code, failure.vendor_code, failure.request_id) == ("denied", "10000", "ray")


def test_undo_turns_the_run_round(bench: Bench) -> None:
    """The ways back are steps with their own cards; what was not reached is not run."""
    bench.open()
    bench.drive()
    bench.approve("lamp")
    bench.engine.submit("R1", c.Undo("U1"))
    bench.drive()
    assert bench.task("undo-lamp").status == "shown"
    state = bench.approve("undo-lamp")
    assert (state.outcome, bench.world["lamp"]) == ("undone", "off")
    assert bench.bell.writes == 0


def test_a_finished_run_can_be_undone_and_holds_its_site_again(bench: Bench) -> None:
    """The undo of a closed run takes its claims back."""
    bench.open()
    bench.drive()
    bench.approve("lamp")
    bench.approve("bell")
    bench.engine.submit("R1", c.Undo("U1"))
    assert bench.engine.view("R1").outcome == ""
    other = Engine(bench.store, bench.clock, ORDER, new_id=lambda: "R2")
    with pytest.raises(SiteBusy):
        other.start(c.Start("U1", SITE, "C1"))


def test_an_untouched_run_has_nothing_to_undo(bench: Bench) -> None:
    """Before the first write there is no way back to walk, whatever was looked at."""
    bench.open()
    bench.drive()
    assert (bench.task("glance").status, bench.task("lamp").status) == ("done", "shown")
    with pytest.raises(NothingToUndo):
        bench.engine.submit("R1", c.Undo("U1"))


def test_one_open_run_for_each_site(bench: Bench) -> None:
    """A second run on the same zone is refused and names the first."""
    bench.open()
    other = Engine(bench.store, bench.clock, ORDER, new_id=lambda: "R2")
    with pytest.raises(SiteBusy, match="R1"):
        other.start(c.Start("U1", SITE, "C1"))


def test_stop_between_steps_frees_the_site(bench: Bench) -> None:
    """Stopped means closed: the claims are free, and a late press is refused."""
    bench.open()
    bench.drive()
    fingerprint = bench.task("lamp").fingerprint
    bench.engine.submit("R1", c.Stop("U1", "later"))
    with pytest.raises(AlreadyDecided):
        bench.engine.submit("R1", c.Approve("U2", "lamp", fingerprint))
    assert bench.store.runs(open_only=True) == ()


def test_declined_can_be_tried_again_with_a_new_card(bench: Bench) -> None:
    """A no is kept with its reason; retry plans afresh."""
    bench.open()
    bench.drive()
    bench.engine.submit("R1", c.Decline("U2", "lamp", bench.task("lamp").fingerprint, "not today"))
    assert (
        bench.engine.view("R1").status,
        bench.task("lamp").reason,
    ) == ("needs-help", "not today")
    bench.engine.submit("R1", c.Retry("U1", "lamp"))
    bench.drive()
    assert (bench.task("lamp").status, bench.task("lamp").cards) == ("shown", 2)


def test_the_driver_thread_takes_up_open_runs_and_ends(bench: Bench) -> None:
    """Started, it drives without being told; nudged by a yes, it goes on at once."""
    bench.open()
    driver = bench.driver
    driver.start()
    try:
        _until(lambda: bench.task("lamp").status == "shown")
        bench.engine.submit("R1", c.Approve("U2", "lamp", bench.task("lamp").fingerprint))
        _until(lambda: bench.task("bell").status == "shown")
    finally:
        driver.stop()
    assert bench.lamp.writes == 1


def _until(condition: object) -> None:
    import time  # noqa: PLC0415 - the one test that needs real time

    deadline = datetime.now().astimezone() + timedelta(seconds=5)
    assert callable(condition)
    while not condition():
        assert datetime.now().astimezone() < deadline
        time.sleep(0.005)
