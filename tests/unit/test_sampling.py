"""The bot's own visitor: stretches of served and refused looks, and how long each was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.engine import Engine, visitors_stream
from bot.engine.itinerary import Itinerary
from bot.engine.sampling import Sample, Sampler
from bot.engine.state import RunState, Visitors
from bot.store.memory import MemoryStore
from steps.step import Plan
from tests.toys import NOON, SITE, TickingClock

ORDER = Itinerary(("lamp",), ("lamp",), ())


def test_an_outage_lasts_from_its_first_refused_look_to_the_next_served_one() -> None:
    """Two served, three refused, one served: one refused stretch of three seconds."""
    clock = TickingClock()
    engine = Engine(MemoryStore(), clock, ORDER, new_id=lambda: "R1")
    engine.start(c.Start("U1", SITE, "C1"))
    looks = iter([True, True, False, False, False, True])

    def take(_state: object) -> Sample:
        return Sample(next(looks), "HTTP 520")

    sampler = Sampler(engine, take, every=timedelta(seconds=1))
    for _ in range(6):
        sampler._sample("R1")
        clock.tick(1)
    sampler.stop()
    seen = engine.view("R1").visitors
    assert (seen.served, seen.looks) == (3, 6)
    begin = NOON + timedelta(seconds=2)
    assert seen.refused == ((begin, begin + timedelta(seconds=3), ("HTTP 520",)),)


def test_nothing_to_compare_with_is_no_look() -> None:
    """Before the baseline nobody is counted."""
    engine = Engine(MemoryStore(), TickingClock(), ORDER, new_id=lambda: "R1")
    engine.start(c.Start("U1", SITE, "C1"))
    sampler = Sampler(engine, lambda _state: None, every=timedelta(seconds=1))
    sampler._sample("R1")
    sampler.stop()
    assert engine.view("R1").visitors.looks == 0


def sampled(*samples: Sample | None) -> Visitors:
    """What visitors saw after these samples, a second apart."""
    clock = TickingClock()
    engine = Engine(MemoryStore(), clock, ORDER, new_id=lambda: "R1")
    engine.start(c.Start("U1", SITE, "C1"))
    coming = iter(samples)
    sampler = Sampler(engine, lambda _state: next(coming), every=timedelta(seconds=1))
    for _ in samples:
        sampler._sample("R1")
        clock.tick(1)
    sampler.stop()
    return engine.view("R1").visitors


def test_a_look_that_says_neither_is_counted_as_neither() -> None:
    """Could-not-look is not served; it does not end an outage either."""
    refused, unclear = Sample(served=False, saw="HTTP 520"), Sample(served=False, unclear=True)
    seen = sampled(Sample(served=True), unclear, refused, unclear, refused)
    assert (seen.served, seen.looks, seen.unclear) == (1, 3, 2)
    assert len(seen.refused) == 1


def test_the_sampler_outlives_a_run_that_cannot_be_looked_at() -> None:
    """A look of one run that goes wrong leaves the other's visitor at work."""
    engine = Engine(MemoryStore(), TickingClock(), ORDER, new_id=iter(("R1", "R2")).__next__)
    engine.start(c.Start("U1", SITE, "C1"))
    other = replace(SITE, zone="example.net", project="other")
    engine.start(c.Start("U1", other, "C1"))
    looked: list[str] = []

    def take(state: RunState) -> Sample:
        looked.append(state.run)
        if state.run == "R1":
            raise KeyError("a mistake of ours")
        return Sample(served=True)

    sampler = Sampler(engine, take, every=timedelta(seconds=1))
    sampler._round()
    sampler._round()
    sampler.stop()
    assert sorted(looked) == ["R1", "R1", "R2", "R2"]
    assert engine.view("R2").visitors.looks == 2


@pytest.mark.parametrize(("waits", "events"), [(False, 3), (True, 1)])
def test_a_run_that_awaits_people_for_days_does_not_fill_its_log(
    *, waits: bool, events: int
) -> None:
    """A stretch every ten seconds while the run is at work, one in five minutes while it rests."""
    clock, store = TickingClock(), MemoryStore()
    engine = Engine(store, clock, ORDER, new_id=lambda: "R1")
    state = engine.start(c.Start("U1", SITE, "C1"))
    if waits:
        plan = Plan(step="lamp", site=SITE, changes=())
        engine.record(state, e.PlanShown(at=NOON, step="lamp", plan=plan, fingerprint="f"))
    sampler = Sampler(engine, lambda _state: Sample(served=True), every=timedelta(seconds=1))
    for _ in range(30):
        sampler._sample("R1")
        clock.tick(1)
    sampler.stop()
    assert len(store.read(visitors_stream("R1"))) == events


@pytest.mark.parametrize(("fails", "looks"), [(True, 4), (False, 0)])
def test_a_failure_is_told_with_what_was_seen_until_then(*, fails: bool, looks: int) -> None:
    """Its card says at once what it means for visitors; once, and not at every look after it."""
    clock, store = TickingClock(), MemoryStore()
    engine = Engine(store, clock, ORDER, new_id=lambda: "R1")
    state = engine.start(c.Start("U1", SITE, "C1"))
    sampler = Sampler(engine, lambda _state: Sample(served=True), every=timedelta(seconds=1))
    for second in range(9):
        if fails and second == 4:
            engine.record(state, e.StepFailed(at=clock(), step="lamp", phase="planning",
                                              code="denied", message="No right."))  # fmt: skip
        sampler._sample("R1")
        clock.tick(1)
    assert engine.view("R1").visitors.looks == looks
    assert len(store.read(visitors_stream("R1"))) == int(fails)
    sampler.stop()
