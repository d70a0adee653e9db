"""The engine's memory of what it has read, with many readers."""

import sys
from concurrent.futures import ThreadPoolExecutor

from bot.engine.engine import Engine
from bot.engine.itinerary import Itinerary
from bot.store.memory import MemoryStore
from tests.toys import TickingClock


def test_many_who_read_many_runs_at_once_get_in_nobodys_way() -> None:
    """More streams than are kept in memory, asked for by six threads that change places often."""
    engine = Engine(MemoryStore(), TickingClock(), Itinerary((), (), ()), lambda: "R1")

    def look(place: int) -> list[str]:
        return [engine.view(f"R{(place + 7 * n) % 600}").run for n in range(1500)]

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as pool:
            seen = [run for runs in pool.map(look, range(6)) for run in runs]
    finally:
        sys.setswitchinterval(before)
    assert len(seen) == 6 * 1500
