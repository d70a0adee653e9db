"""Small steps and clocks for tests of the engine: no vendor, no network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from steps.step import Change, Done, Noted, Outcome, Past, Plan, Site, Verdict, Waiting

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

SITE = Site(
    name="www.example.com",
    zone="example.com",
    zone_id="z" * 32,
    project="q7x2m5kd3vw4t",
    environment="main",
)


@dataclass
class TickingClock:
    """A clock that tests move."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Lamp:
    """A toy step: a lamp that is switched to `wanted`, in a world that anybody may change."""

    world: dict[str, str]
    wanted: str = "on"
    waits: bool = False
    notes_first: bool = False
    on_look: Callable[[], None] = lambda: None
    before_write: Callable[[], None] = lambda: None
    on_write: Callable[[], None] = lambda: None
    verdicts: list[Verdict] = field(default_factory=list)
    writes: int = 0
    key: ClassVar[str] = "lamp"
    title: ClassVar[str] = "The lamp"
    kind: ClassVar[Literal["change", "look"]] = "change"

    def observe(self, site: Site) -> str:
        self.on_look()
        return self.world.get(self.key, "off")

    def plan(self, site: Site, facts: str, past: Past) -> Plan:
        changes = () if facts == self.wanted else (Change("update", self.key, facts, self.wanted),)
        return Plan(step=self.key, site=site, changes=changes)

    def satisfied(self, site: Site, facts: str, past: Past) -> tuple[str, ...]:
        return (f"{self.key} is {facts}",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        if self.notes_first and not notes:
            return Noted({"about": "to write"})
        if self.world.get(self.key, "off") != self.wanted:
            self.before_write()
            self.world[self.key] = self.wanted
            self.writes += 1
            self.on_write()
        if self.waits:
            again = now + timedelta(seconds=10)
            return Waiting("the lamp to warm up", {"id": "1"}, again, now + timedelta(minutes=1))
        return Done({"before": plan.changes[0].before or ""})

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        if self.world.get("warm"):
            return Done({"before": plan.changes[0].before or ""})
        again = now + timedelta(seconds=10)
        return Waiting(waiting.what, waiting.handle, again, waiting.give_up_at)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        if self.verdicts:
            return self.verdicts.pop(0)
        return Verdict("proven", (f"{self.key} shines",))


@dataclass
class Bell(Lamp):
    """A second toy, so that a run has an order."""

    key: ClassVar[str] = "bell"
    title: ClassVar[str] = "The bell"


@dataclass
class LampBack(Lamp):
    """The way back from the lamp."""

    wanted: str = "off"
    key: ClassVar[str] = "undo-lamp"
    title: ClassVar[str] = "The lamp as before"

    of: ClassVar[str] = "lamp"

    def observe(self, site: Site) -> str:
        return self.world.get(self.of, "off")

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        self.before_write()
        self.world[self.of] = "off"
        self.writes += 1
        return Done({})


@dataclass
class BellBack(LampBack):
    """The way back from the bell, which comes first."""

    key: ClassVar[str] = "undo-bell"
    title: ClassVar[str] = "The bell as before"
    of: ClassVar[str] = "bell"


@dataclass
class Glance(Lamp):
    """A look: reads, and never waits for anybody."""

    key: ClassVar[str] = "glance"
    title: ClassVar[str] = "A glance"
    kind: ClassVar[Literal["change", "look"]] = "look"

    def plan(self, site: Site, facts: str, past: Past) -> Plan:
        return Plan(step=self.key, site=site, changes=())

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        return Done({"saw": self.world.get("lamp", "off")})
