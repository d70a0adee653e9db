"""An engine with toy steps, driven by hand; for tests of the driver and its rules."""

from dataclasses import dataclass, field

from bot.engine import commands as c
from bot.engine.driver import Driver
from bot.engine.engine import Engine
from bot.engine.itinerary import Itinerary
from bot.engine.state import RunState, Task
from bot.engine.work import Patience, Worker
from bot.store.memory import MemoryStore
from tests.toys import SITE, Bell, Glance, Lamp, LampBack, TickingClock

ORDER = Itinerary(no_downtime=("glance", "lamp", "bell"), published=("lamp",), back=("undo-lamp",))


@dataclass
class Bench:
    """An engine with toy steps, driven by hand."""

    world: dict[str, str] = field(default_factory=dict)
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: TickingClock = field(default_factory=TickingClock)

    def __post_init__(self) -> None:
        self.lamp = Lamp(self.world)
        self.bell = Bell(self.world)
        self.back = LampBack(self.world)
        self.engine = Engine(self.store, self.clock, ORDER, new_id=lambda: "R1")
        self.restart()

    def restart(self) -> None:
        """What a kill and a new start leave: the store and the world, nothing in memory."""
        self.steps = {s.key: s for s in (self.lamp, self.bell, self.back, Glance(self.world))}
        self.driver = Driver(self.engine, Worker(self.steps, Patience()))

    def open(self) -> RunState:
        return self.engine.start(c.Start("U1", SITE, "C1"))

    def drive(self, units: int = 30, run: str = "R1") -> RunState:
        """Work until nothing is due now."""
        for _ in range(units):
            if self.driver.work(run) > self.clock():
                break
        return self.engine.view(run)

    def turns(self, rounds: int) -> None:
        """What the driver's loop does, so many times: every run that is due, errors included."""
        for _ in range(rounds):
            self.driver._round()

    def task(self, key: str, run: str = "R1") -> Task:
        task = self.engine.view(run).task(key)
        assert task is not None
        return task

    def approve(self, key: str, run: str = "R1") -> RunState:
        self.engine.submit(run, c.Approve("U2", key, self.task(key, run).fingerprint))
        return self.drive(run=run)

    def types(self) -> list[str]:
        return [event.type for event in self.store.read("R1")]
