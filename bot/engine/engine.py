"""The door for people: read, decide, append, nudge the driver. Milliseconds, no network."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.decide import Itinerary, decide
from bot.engine.fold import fold
from bot.engine.ports import Clock, EventStore, RunEntry
from bot.engine.state import RunState
from steps.errors import Conflict
from steps.step import Site

_ATTEMPTS = 20
"""Of an append that keeps losing against others; each loss means that somebody else won."""


def claims_of(site: Site) -> tuple[str, ...]:
    """What one open run holds: its zone, and its project's environment."""
    return (f"zone:{site.zone}", f"environment:{site.project}/{site.environment}")


@dataclass(frozen=True)
class Engine:
    """Decides commands against the log.

    `changed` is called after each append with the run's id: it nudges driver and outbox.
    """

    store: EventStore
    clock: Clock
    itinerary: Itinerary
    new_id: Callable[[], str]
    seams: tuple[str, ...] = ()
    changed: list[Callable[[str], None]] = field(default_factory=list)

    def state(self, run: str) -> RunState:
        """What the run is now by its own events, without looks and neighbours."""
        return fold(run, self.store.read(run))

    def view(self, run: str) -> RunState:
        """What the run is now, with what visitors saw."""
        state = self.state(run)
        seen = fold(run, self.store.read(visitors_stream(run)))
        return replace(state, visitors=seen.visitors, neighbours=self._neighbours(state))

    def _neighbours(self, state: RunState) -> tuple[str, ...]:
        """Other sites of the run's zone that a run has closed, or has left half closed."""
        site = state.site
        if site is None or state.direction == "forward":
            return ()
        return tuple(sorted({
            f"{entry.project}/{entry.environment} ({entry.site})" for entry in self.store.runs()
            if entry.zone == site.zone
            and (entry.project, entry.environment) != (site.project, site.environment)
            and self._may_rely(entry)
        }))  # fmt: skip

    def _may_rely(self, entry: RunEntry) -> bool:
        """Whether what a run has left behind may rely on the zone's settings."""
        if entry.outcome in ("closed", "undone"):
            return entry.outcome == "closed"
        return fold(entry.run, self.store.read(entry.run)).changed

    def start(self, command: c.Start) -> RunState:
        """Open a run. Raises SiteBusy when the zone or the environment has an open one."""
        return self.submit(self.new_id(), command)

    def submit(self, run: str, command: c.Command) -> RunState:
        """Carry out a person's command. Raises Rejected; then nothing happened."""
        for _ in range(_ATTEMPTS):
            state = fold(run, self.store.read(run))
            decided = decide(state, command, now=self.clock(), itinerary=self.itinerary)
            try:
                self._append(state, self._with_seams(decided))
            except Conflict:
                continue
            self.tell(run)
            return self.view(run)
        raise Conflict("The run is changing faster than this could be decided; press again.")

    def record(self, state: RunState, *events: e.Event) -> RunState:
        """Append what the driver found, behind the state it was found in. Raises Conflict."""
        self._append(state, events)
        self.tell(state.run)
        return fold(state.run, self.store.read(state.run))

    def _append(self, state: RunState, events: tuple[e.Event, ...]) -> None:
        claims: tuple[str, ...] = ()
        for event in events:
            if isinstance(event, e.RunOpened):
                claims = claims_of(event.site)
            if isinstance(event, e.UndoAsked) and state.outcome and state.site:
                claims = claims_of(state.site)
        release = any(isinstance(event, e.RunClosed) for event in events)
        self.store.append(state.run, events, after=state.seq, claims=claims, release=release)

    def _with_seams(self, events: tuple[e.Event, ...]) -> tuple[e.Event, ...]:
        return tuple(
            event.model_copy(update={"seams": self.seams}) if isinstance(event, e.RunOpened)
            else event for event in events
        )  # fmt: skip

    def tell(self, run: str) -> None:
        """Something was appended that belongs to `run`: driver and outbox look at it."""
        for listener in self.changed:
            listener(run)


def visitors_stream(run: str) -> str:
    """Where the looks of a run are kept, apart from its decisions so that neither waits."""
    return f"{run}/visitors"


def cards_stream(run: str) -> str:
    """Where the messages of a run are kept."""
    return f"{run}/cards"
