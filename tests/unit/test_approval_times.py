"""Hours, windows and what is due, as values."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.engine import approval_events as a
from bot.engine.approval_events import HeldBack, Window
from bot.engine.engine import Engine
from bot.engine.events import Event, PlanShown, RunOpened
from bot.engine.itinerary import Itinerary
from bot.engine.state import RunState, Task
from bot.engine.window import held_back
from bot.setting_kinds import day_hours
from bot.settings import Settings
from bot.slack import window_words
from bot.store.memory import MemoryStore
from bot.watch import Hours, Reminding, Watch, due
from steps.errors import Rejected, SettingsError
from steps.step import Change, Plan, Risk
from tests.toys import NOON, SITE, TickingClock
from tests.unit.test_settings import TOKENS

BERLIN = (ZoneInfo("Europe/Berlin"), "Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("start", "end", "zone", "inside", "outside"),
    [
        ("08:00", "18:00", "UTC", ("08:00", "17:59"), ("07:59", "18:00")),
        ("22:00", "06:00", "UTC", ("22:00", "05:59", "00:00"), ("21:59", "06:00", "12:00")),
        ("08:00", "18:00", "Europe/Berlin", ("07:00", "16:59"), ("06:59", "17:00")),
        ("00:00", "00:00", "UTC", ("00:00", "12:00", "23:59"), ()),
    ],
)
def test_hours_hold_from_their_start_up_to_their_end(
    start: str, end: str, zone: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    """Over midnight too, and in the zone that is set."""
    hours = Hours(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(zone))
    assert [hours.hold(at(f"2026-11-24T{t}")) for t in inside] == [True] * len(inside)
    assert [hours.hold(at(f"2026-11-24T{t}")) for t in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("now", "start", "end", "expected"),
    [
        # in Berlin it is an hour later than in UTC
        ("2026-11-24T09:00", "22:00", "02:00", ("2026-11-24T21:00", "2026-11-25T01:00")),
        ("2026-11-24T22:30", "22:00", "02:00", ("2026-11-24T21:00", "2026-11-25T01:00")),
        ("2026-11-24T11:00", "09:00", "12:30", ("2026-11-24T08:00", "2026-11-24T11:30")),
        ("2026-11-24T12:00", "09:00", "12:30", ("2026-11-25T08:00", "2026-11-25T11:30")),
        ("2026-11-24T12:00", "2026-12-01 22:00", "2026-12-02 02:00",
         ("2026-12-01T21:00", "2026-12-02T01:00")),
        ("2026-11-24T12:00", "2026-07-01T22:00", "2027-07-01 23:00",
         ("2026-07-01T20:00", "2027-07-01T21:00")),
        ("2026-11-24T12:00", "2026-12-01 22:00", "02:00", ("2026-12-01T21:00", "2026-12-02T01:00")),
        ("2026-11-24T12:00", "2026-12-01 20:00", "23:00", ("2026-12-01T19:00", "2026-12-01T22:00")),
        ("2026-10-24T12:00", "2026-10-24 23:00", "04:00", ("2026-10-24T21:00", "2026-10-25T03:00")),
        ("2026-11-24T12:00", "9:00", "2026-12-02 12:00", ("2026-12-02T08:00", "2026-12-02T11:00")),
    ],
)  # fmt: skip
def test_a_window_is_read_as_it_is_meant(
    now: str, start: str, end: str, expected: tuple[str, str]
) -> None:
    """The next one that is not over, in the zone of whoever wrote it, summer time included."""
    found = window_words.window(start, end, zone=BERLIN, now=at(now))
    assert found == Window(at(expected[0]), at(expected[1]), "Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-24 10:00", "2026-11-24 11:00"),
        ("2026-12-02 10:00", "2026-12-01 10:00"),
        ("25:00", "26:00"),
        ("2026-13-01 10:00", "2026-13-01 11:00"),
        ("tonight", "02:00"),
    ],
)
def test_a_window_that_cannot_be_is_refused(start: str, end: str) -> None:
    """Over already, the wrong way round, or no time at all."""
    with pytest.raises(Rejected):
        window_words.window(start, end, zone=BERLIN, now=NOON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22:00-02:00", ("22:00", "02:00")),
        ("22:00 until 02:00", ("22:00", "02:00")),
        ("22:00 02:00", ("22:00", "02:00")),
        ("2026-12-01 22:00 - 2026-12-02 02:00", ("2026-12-01 22:00", "2026-12-02 02:00")),
        ("2026-12-01T22:00 to 02:00", ("2026-12-01 22:00", "02:00")),
    ],
)
def test_two_times_are_typed_as_people_do(text: str, expected: tuple[str, str]) -> None:
    """With a dash, a word, or nothing between; and else it is said how."""
    assert window_words.both(text) == expected
    for wrong in ("22:00", "", f"{text} and more"):
        with pytest.raises(Rejected, match="22:00-02:00"):
            window_words.both(wrong)


def waiting(risk: Risk = "outage-if-wrong", key: str = "lamp") -> Task:
    plan = Plan(key, SITE, (Change("update", "lamp", "off", "on", risk),))
    return Task(key, "shown", plan, plan.fingerprint, shown_at=NOON,
                deadline=NOON + timedelta(hours=24))  # fmt: skip


WINDOW = Window(NOON, NOON + timedelta(hours=1))
LONGEST = timedelta(minutes=20)


@pytest.mark.parametrize(
    ("minutes", "why"),
    [(-1, "not-open"), (0, None), (40, None), (41, "would-cross"), (60, "over"), (90, "over")],
)
def test_a_window_holds_back_what_can_cause_an_outage(minutes: int, why: HeldBack | None) -> None:
    """Before it, when too little is left, and after it; nothing else, and never the way back."""
    now = NOON + timedelta(minutes=minutes)
    state = RunState(run="R1", window=WINDOW)
    assert held_back(state, waiting(), now=now, longest=LONGEST) == why
    for free in (waiting("brief"), waiting("none"), waiting(key="undo-client-authentication")):
        assert held_back(state, free, now=now, longest=LONGEST) is None
    assert held_back(RunState(run="R1"), waiting(), now=now, longest=LONGEST) is None


def test_what_is_due_is_told_once_and_in_its_order() -> None:
    """A reminder, not again before its time; the deadline before any reminder; never in a run that
    is over.
    """
    often = Reminding(timedelta(hours=1), Hours(time(0), time(0), UTC))
    state = RunState(run="R1", site=SITE, tasks=(waiting(),))

    def types(now: datetime, reminding: Reminding = often) -> list[str]:
        return [event.type for event in due(state, reminding, now=now)]

    assert types(NOON + timedelta(minutes=59)) == []
    assert types(NOON + timedelta(hours=1)) == ["approval-reminded"]
    assert types(NOON + timedelta(hours=1), Reminding(timedelta(0))) == []
    assert types(NOON + timedelta(hours=24)) == ["approval-expired"]
    over = RunState(run="R1", outcome="stopped", tasks=(waiting(),))
    assert due(over, often, now=NOON + timedelta(hours=24)) == ()


def test_a_window_is_told_open_once_while_it_is() -> None:
    """Not before, not after, not twice, and not when nothing is left to do."""
    never = Reminding(timedelta(0))
    state = RunState(run="R1", window=WINDOW, tasks=(Task("lamp", "approved"),))
    assert due(state, never, now=NOON) == (a.WindowOpened(at=NOON),)
    for minutes in (-1, 60):
        assert due(state, never, now=NOON + timedelta(minutes=minutes)) == ()
    for other in (
        RunState(run="R1", window=WINDOW, window_opened=True, tasks=state.tasks),
        RunState(run="R1", window=WINDOW, tasks=(Task("lamp", "done"),)),
    ):
        assert due(other, never, now=NOON) == ()


def test_the_hours_of_the_settings_are_read_with_their_zone() -> None:
    """A zone by its name; and a wrong one is told at the start, with how it is written."""
    assert day_hours("07:30-19:00 Europe/Berlin") == (time(7, 30), time(19), BERLIN[0])
    for wrong in ("8-18", "08:00-18:00", "08:00-18:00 Europe/Atlantis", "08:00-25:00 UTC"):
        with pytest.raises(SettingsError, match="08:00-18:00 Europe/Berlin"):
            Settings.from_env({**TOKENS, "MTLS_APPROVAL_HOURS": wrong})


def test_the_numbers_of_the_settings_are_by_risk() -> None:
    """Three from one to nine."""
    settings = Settings.from_env({**TOKENS, "MTLS_APPROVAL_NEEDED": "1, 2,3"})
    assert settings.approval.needed == (1, 2, 3)
    for wrong in ("1,2", "0,1,1", "1,1,x", "1,1,10", "1,1,1,1"):
        with pytest.raises(SettingsError, match="MTLS_APPROVAL_NEEDED"):
            Settings.from_env({**TOKENS, "MTLS_APPROVAL_NEEDED": wrong})


class Torn(MemoryStore):
    """A store with one stream that cannot be read: a disk's fault, or another version's event."""

    def read(self, stream: str, *, after: int = 0) -> tuple[Event, ...]:
        if stream == "R2":
            raise OSError
        return super().read(stream, after=after)


def waits(store: MemoryStore, run: str, zone: str) -> None:
    """A run whose only card waits for a minute."""
    site = replace(SITE, zone=zone, project=zone)
    plan = Plan("lamp", site, (Change("update", "lamp", "off", "on"),))
    opened = RunOpened(at=NOON, by="U1", site=site, channel="C1", tasks=("lamp",))
    shown = PlanShown(at=NOON, step="lamp", plan=plan, fingerprint=plan.fingerprint,
                      deadline=NOON + timedelta(minutes=1))  # fmt: skip
    store.append(run, [opened, shown], after=0)


def test_a_stream_that_cannot_be_read_stops_no_other_deadline() -> None:
    """Nor does a clock that was set back: the next look comes all the same."""
    store, clock = Torn(), TickingClock()
    for run, zone in (("R1", "a.example"), ("R2", "b.example"), ("R3", "c.example")):
        waits(store, run, zone)
    engine = Engine(store, clock, Itinerary((), (), ()), lambda: "R4")
    watch = Watch(engine, Reminding(timedelta(0)), every=timedelta(hours=2))
    watch()
    assert [e.type for e in store.read("R3")][-1] == "plan-shown"
    clock.tick(-3 * 3600)
    watch()
    clock.tick(5 * 3600 + 60)
    watch()
    expired = [store.read(run)[-1].type == "approval-expired" for run in ("R1", "R3")]
    assert expired == [True, True]
    waits(store, "R5", "d.example")
    clock.tick(-3600)
    watch()
    assert store.read("R5")[-1].type == "approval-expired"
