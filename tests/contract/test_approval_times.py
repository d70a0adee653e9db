"""Cards and the clock: deadlines, extensions, reminders, windows, and what ends by itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.approval_events import Window
from bot.engine.aside import Lasting
from bot.engine.driver import Driver
from bot.engine.policy import Policy
from bot.engine.work import Patience, Worker
from bot.store.sqlite import SqliteStore
from bot.watch import Hours, Reminding, Watch
from sandbox.faults import Fault
from sandbox.slack.people import APPROVER, APPROVERS, OUTSIDER, STARTER
from tests.contract.approvals_stand import SECOND, Setting, Team, team
from tests.contract.control_stand import denied
from tests.toys import NOON

TWO = Policy(groups=(APPROVERS,), needed=(1, 1, 2))
ALWAYS = Hours(time(0), time(0))


@pytest.fixture
def one() -> Iterator[Team]:
    with team() as made:
        yield made


def test_a_deadline_passes_and_silence_is_no() -> None:
    """Nothing is written, whoever gave one and the starter are told, and a retry shows it anew."""
    with team(Setting(TWO)) as made:
        made.open()
        made.press(APPROVER)
        made.tick(hours=24)
        assert (made.task().status, made.lamp.writes) == ("expired", 0)
        told = made.said("silence is no. Retry")
        assert told.startswith(f"<@{APPROVER}> <@{STARTER}>: ")
        made.press(STARTER, "retry")
        made.drive()
        assert (made.task().status, made.task().cards, made.task().approvals) == ("shown", 2, ())


def test_a_press_just_after_the_deadline_is_too_late(one: Team) -> None:
    """Also before anybody has looked at the clock; just before it, the press counts."""
    one.open()
    one.clock.tick(24 * 3600)
    one.press(APPROVER)
    assert "time of this card has run out" in one.answer(APPROVER)
    one.clock.tick(-1)
    one.press(APPROVER)
    assert "counts" in one.answer(APPROVER)


def test_a_retry_of_what_has_run_out_waits_for_nobody_to_look_at_the_clock(one: Team) -> None:
    """Whoever comes too late is told that Retry helps, and it does; while it waits it does not."""
    one.open()
    assert "under way" in one.type(STARTER, "retry")
    one.clock.tick(24 * 3600)
    assert "is tried again" in one.type(STARTER, "retry")
    one.drive()
    assert one.types()[-3:] == ["approval-expired", "step-retried", "plan-shown"]
    assert (one.task().status, one.task().cards) == ("shown", 2)


def test_a_card_is_extended_just_before_and_not_just_after_the_deadline(one: Team) -> None:
    """Extended it waits as long again; too late it is said what helps."""
    one.open()
    one.clock.tick(24 * 3600 - 1)
    one.press(APPROVER, "extend")
    assert one.task().deadline == one.clock() + timedelta(hours=24)
    assert f"<@{STARTER}>: <@{APPROVER}> lets The lamp wait" in one.said("lets The lamp wait")
    one.tick(hours=2)
    assert one.task().status == "shown"
    one.clock.tick(22 * 3600)
    one.press(APPROVER, "extend")
    assert "time of this card has run out" in one.answer(APPROVER)
    one.watch.round()
    assert one.task().status == "expired"


def test_extend_can_be_typed(one: Team) -> None:
    """The only waiting card is meant; an outsider may not; without a card it is said."""
    assert "No card waits" in one.type(STARTER, "extend")
    one.open()
    one.clock.tick(3600)
    assert "waits for a decision until" in one.type(STARTER, "extend www.example.com")
    assert one.task().deadline == one.clock() + timedelta(hours=24)
    assert "Only an approver" in one.type(OUTSIDER, "extend")
    told = one.type(STARTER, "extend wwww.example.com")
    assert "No run knows the site wwww.example.com. Is www.example.com meant?" in told
    assert not [t for t in one.settled() if "lets The lamp wait" in t]  # the starter knows


def test_a_card_and_a_window_are_found_by_any_host_of_the_site(one: Team) -> None:
    """An alias that the preflight has found; and a window's misspelt site has its nearest."""
    one.open()
    hosts = {"hosts": "www.example.com 2024.example.com"}
    looked = e.StepApplied(at=one.clock(), step="preflight", receipt=hosts)
    one.engine.record(one.engine.view("R1"), looked)
    assert "waits for a decision until" in one.type(STARTER, "extend 2024.example.com")
    assert "waits for a decision until" in one.type(STARTER, "extend R1")
    assert "begins only in it" in one.type(APPROVER, "window 2024.example.com 13:00-15:00")
    assert "begins only in it" in one.type(APPROVER, "window https://2024.example.com 13:00-16:00")
    assert "Is 2024.example.com meant?" in one.type(APPROVER, "window 2023.example.com 13:00-15:00")
    assert one.engine.view("R1").window == Window(
        NOON + timedelta(hours=1), NOON + timedelta(hours=4), "Europe/London"
    )  # fmt: skip


def test_no_deadline_ends_what_was_decided(one: Team) -> None:
    """Approved before the deadline, begun after it."""
    one.open()
    one.press(APPROVER)
    one.clock.tick(48 * 3600)
    one.watch.round()
    one.drive()
    assert one.lamp.writes == 1


def test_a_reminder_comes_at_its_time_and_not_more_often() -> None:
    """After the set time, in the thread, to those who may approve; then as late again."""
    with team(Setting(reminding=Reminding(timedelta(hours=4), ALWAYS))) as made:
        made.open()
        made.tick(hours=3, minutes=59)
        assert "approval-reminded" not in made.types()
        made.tick(minutes=1)
        made.tick(minutes=1)
        assert made.types().count("approval-reminded") == 1
        assert f"<!subteam^{APPROVERS}>" in made.said("The lamp still waits for a decision")
        made.tick(hours=4)
        assert made.types().count("approval-reminded") == 2
        made.press(APPROVER)
        made.settled()
        assert made.said("it waits no longer")


def test_reminders_keep_the_hours_that_are_set() -> None:
    """In the night nobody is mentioned; in the morning once."""
    hours = Hours(time(8), time(18), ZoneInfo("Europe/Berlin"))
    evening = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 17:30 in Berlin
    with team(Setting(reminding=Reminding(timedelta(hours=2), hours), now=evening)) as made:
        made.open()
        for _ in range(13):  # until 06:00 UTC, 07:00 in Berlin
            made.tick(hours=1)
        assert "approval-reminded" not in made.types()
        made.tick(hours=1)
        made.tick(hours=1)
        assert made.types().count("approval-reminded") == 1


def test_a_reminder_is_sent_once_though_the_bot_is_killed(tmp_path: Path) -> None:
    """Killed after the post: the new process finds the message by its operation."""
    store = SqliteStore(tmp_path / "log.sqlite3")
    reminding = Reminding(timedelta(hours=4), ALWAYS)
    with team(Setting(store=store, reminding=reminding)) as made:
        made.open()
        made.settled()
        made.faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
        made.tick(hours=4)
        Watch(made.engine, reminding).round()
        made.settled()
        said = [t for t in made.settled() if "still waits" in t]
        assert (len(said), made.types().count("approval-reminded")) == (1, 1)


def window(start: float, hours: float) -> Window:
    begin = NOON + timedelta(hours=start)
    return Window(begin, begin + timedelta(hours=hours), "Europe/Berlin")


def test_a_window_is_closed_and_then_opens(one: Team) -> None:
    """Approved, told that it waits, begun when the window opens, which is told too."""
    one.open(window=window(2, 2))
    one.press(APPROVER)
    one.drive()
    assert (one.task().status, one.lamp.writes) == ("approved", 0)
    assert "It waits for the maintenance window, which opens" in one.said("The lamp is approved")
    one.tick(hours=1)
    assert one.types().count("step-held") == 1
    one.tick(hours=1)
    assert f"<@{APPROVER}> <@{STARTER}>: The maintenance window is open" in one.said(
        "is open until"
    )
    assert one.lamp.writes == 1


def test_a_step_that_would_cross_the_end_waits_and_says_so(one: Team) -> None:
    """Twenty minutes may be needed, ten are left; another window, given by an approver, lets it."""
    one.open(window=window(0, 1))
    one.clock.tick(50 * 60)
    one.press(APPROVER)
    one.drive()
    assert "Too little is left of the maintenance window" in one.said("The lamp is approved")
    one.tick(minutes=20)
    assert "was over" in one.said("was over")
    assert one.lamp.writes == 0
    assert "Only an approver" in one.type(STARTER, "window off")
    assert "begins only in it" in one.type(SECOND, "window 13:00-15:00")  # two hours from noon UTC
    assert one.engine.view("R1").window == Window(NOON, NOON + timedelta(hours=2), "Europe/Berlin")
    one.drive()
    assert one.lamp.writes == 1


def test_a_step_that_failed_is_not_written_again_outside_its_window(one: Team) -> None:
    """A retry would write as the first try did: in the window it may, after it it waits."""
    one.open(window=window(0, 2))
    one.press(APPROVER)
    one.lamp.before_write = denied
    one.drive()
    one.press(STARTER, "retry")
    one.drive()
    one.clock.tick(3 * 3600)
    one.press(STARTER, "retry")
    assert "maintenance window" in one.answer(STARTER)
    one.lamp.before_write = lambda: None
    one.drive()
    assert (one.task().status, one.lamp.writes) == ("failed", 0)
    assert "No maintenance window" in one.type(SECOND, "window off")
    one.press(STARTER, "retry")
    one.drive()
    assert one.lamp.writes == 1


def test_a_run_is_stopped_while_its_step_waits_for_the_window(one: Team) -> None:
    """Approved is not begun: what only waits can be stopped."""
    one.open(window=window(48, 2))
    one.press(APPROVER)
    one.drive()
    assert one.task().held == "not-open"
    one.because(STARTER, "stop", "we take another week")
    one.tick(hours=49)
    assert (one.engine.view("R1").outcome, one.lamp.writes) == ("stopped", 0)


def test_a_step_without_an_outage_needs_no_window() -> None:
    """Only what can cause an outage waits for it."""
    with team(Setting(risk="brief")) as made:
        made.open(window=window(2, 2))
        made.press(APPROVER)
        made.drive()
        assert made.lamp.writes == 1


def test_a_window_is_given_in_the_form_in_the_starters_zone(one: Team) -> None:
    """22:00 is ten in the evening in Berlin, where the starter is."""
    one.slack.command(STARTER, "/mtls", "start www.example.com", "C0SITEOPS01")

    def form() -> str | None:
        views = [v for v in one.slack.open_views(STARTER) if len(v["blocks"]) > 1]
        return str(views[-1]["id"]) if views else None

    view = one.slack.wait_for(form)
    wrong = one.slack.submit(STARTER, view, {("window_from", "window_from"): "tonight"})
    assert set(wrong.errors) == {"window_from", "window_until"}
    one.slack.submit(STARTER, view, {("window_from", "window_from"): "22:00",
                                     ("window_until", "window_until"): "02:00"})  # fmt: skip
    run = one.slack.wait_for(one.engine.store.runs)[0].run
    assert one.engine.view(run).window == Window(
        datetime(2026, 11, 24, 21, tzinfo=UTC), datetime(2026, 11, 25, 1, tzinfo=UTC),
        "Europe/Berlin",
    )  # fmt: skip
    root = one.slack.wait_for(lambda: one.slack.messages("C0SITEOPS01"))[0]
    assert "Maintenance window:" in str(root["blocks"])


def test_a_window_is_not_given_when_slack_does_not_say_the_zone(one: Team) -> None:
    """22:00 of whom? Refused in words; a window is never guessed."""
    one.open()
    one.faults.add(Fault("slack", "POST", "users.info", "status", 500))
    assert "could not be asked for your time zone" in one.type(APPROVER, "window 22:00-02:00")
    assert one.engine.view("R1").window is None


def test_the_driver_looks_at_the_clock_by_itself() -> None:
    """In its own loop, with nobody calling: the deadline passes and is told."""
    with team() as made:
        made.open()
        made.clock.tick(24 * 3600)
        driver = Driver(made.engine, Worker({}, Patience()), watch=made.watch)
        driver.start()
        try:
            assert "silence is no" in made.said("Nobody decided on The lamp")
        finally:
            driver.stop()


LASTING = {"lamp": Lasting(timedelta(hours=3), until="bell")}


def lit(made: Team) -> None:
    """The lamp is on, with one approval, and a later step waits."""
    made.open()
    made.press(APPROVER)
    made.drive()
    assert made.lamp.writes == 1


RENEWING = Setting(risk="brief", tasks=("lamp", "chime", "bell"), lasting=LASTING)


def test_what_ends_after_three_hours_is_renewed_under_its_approval() -> None:
    """It went out by itself: lit again without a new card, and the starter is told."""
    with team(RENEWING) as made:
        lit(made)
        made.tick(hours=2, minutes=59)
        made.world["lamp"] = "off"
        made.tick(seconds=59)
        assert made.lamp.writes == 1
        made.tick(minutes=6)
        assert (made.lamp.writes, made.world["lamp"]) == (2, "on")
        assert made.types().count("plan-approved") == 1
        assert f"<@{STARTER}>: The lamp had ended by itself" in made.said("made again")
        made.tick(hours=1)
        assert made.types().count("step-renewed") == 1


def test_nothing_is_renewed_while_the_run_is_paused() -> None:
    """A pause holds this write too; whoever resumes has it made again."""
    with team(RENEWING) as made:
        lit(made)
        made.world["lamp"] = "off"
        made.engine.submit("R1", c.Pause(STARTER))
        made.tick(hours=4)
        assert made.lamp.writes == 1
        made.engine.submit("R1", c.Resume(STARTER))
        made.tick(minutes=6)
        assert (made.lamp.writes, made.world["lamp"]) == (2, "on")


def test_what_is_another_plan_now_is_not_renewed_but_told() -> None:
    """The approval was for off to on: flickering to on is nobody's yes."""
    with team(RENEWING) as made:
        lit(made)
        made.world["lamp"] = "flickering"
        made.tick(hours=3)
        made.tick(minutes=6)
        assert (made.lamp.writes, made.task().status) == (1, "done")
        assert "not made again" in made.said("ended by itself, and its plan would be another")
        assert made.types().count("step-lapsed") == 1


def test_a_renewal_that_fails_and_then_would_be_another_is_told_once() -> None:
    """The vendor refuses, then somebody changes it: neither is told every five minutes."""
    with team(RENEWING) as made:
        lit(made)
        made.world["lamp"] = "off"
        made.lamp.before_write = denied
        for _ in range(3):
            made.tick(hours=1, minutes=2)
        told = made.said("could not be made again yet")
        assert told.startswith(f"<@{STARTER}>: The lamp has ended by itself")
        assert "lacks a right" in told
        assert (made.types().count("step-lapsed"), made.types().count("step-delayed")) == (1, 1)
        made.world["lamp"] = "flickering"
        for _ in range(4):
            made.tick(minutes=6)
        assert (made.types().count("step-lapsed"), made.lamp.writes) == (2, 1)


def test_a_renewal_that_was_killed_is_found_made() -> None:
    """Killed after the write and before its event: found on, recorded, not written twice."""
    with team(RENEWING) as made:
        lit(made)
        made.world["lamp"] = "off"
        made.clock.tick(3 * 3600)
        made.driver.work("R1")
        assert made.types()[-1] == "step-lapsed"
        made.world["lamp"] = "on"
        made.clock.tick(400)
        made.drive()
        assert (made.types()[-1], made.lamp.writes) == ("step-renewed", 1)


def test_nothing_is_renewed_once_the_run_does_not_need_it() -> None:
    """After the step that ends it, it stays as it is."""
    with team(RENEWING) as made:
        lit(made)
        made.press(APPROVER, step="chime")
        made.drive()
        made.press(APPROVER, step="bell")
        made.drive()
        made.world["lamp"] = "off"
        made.tick(hours=4)
        assert made.lamp.writes == 1
