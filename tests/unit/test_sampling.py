"""The bot's own visitor: stretches of served and refused looks, and how long each was."""

from datetime import timedelta

from bot.engine import commands as c
from bot.engine.decide import Itinerary
from bot.engine.engine import Engine
from bot.engine.sampling import Sample, Sampler
from bot.store.memory import MemoryStore
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
