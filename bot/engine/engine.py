"""The door for people: read, decide, append, nudge the driver. Milliseconds, no network."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TypeAlias

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.approvals import AskPolicy, Rules
from bot.engine.control_events import SiteProbed
from bot.engine.decide import Command, decide
from bot.engine.fold import evolve
from bot.engine.itinerary import Itinerary
from bot.engine.policy import Policy, is_policy_stream, policy_of_place, policy_stream
from bot.engine.ports import Clock, EventStore, RunEntry
from bot.engine.sites import SiteEntry, site_stream
from bot.engine.state import RunState
from steps.errors import Conflict, Rejected
from steps.step import Site, Verdict

_ATTEMPTS = 20
"""Of an append that keeps losing against others; each loss means that somebody else won."""
_MOST_KNOWN = 256
"""Streams that are kept in memory; the one that was first read goes first."""
_NEWEST = 10
"""Runs of a site that are read to see whether it relies on its zone."""


Admit: TypeAlias = Callable[[RunState], None]


def _anybody(_state: RunState) -> None:
    """For those who are no people: the driver, and tests of the engine."""


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
    rules: Rules = field(default_factory=Rules)
    changed: list[Callable[[str], None]] = field(default_factory=list)
    _known: dict[str, RunState] = field(default_factory=dict, init=False, repr=False)
    """Streams as far as they were read: a log only grows, so only what is new is read."""

    def _folded(self, stream: str) -> RunState:
        known = self._known.get(stream, RunState(run=stream))
        state = reduce(evolve, self.store.read(stream, after=known.seq), known)
        self._known[stream] = state
        for oldest in tuple(self._known)[:-_MOST_KNOWN]:  # copied: other threads read too
            self._known.pop(oldest, None)
        return state

    def state(self, run: str) -> RunState:
        """What the run is now by its own events and the policy in force; no looks or neighbours."""
        state = self._folded(run)
        if is_policy_stream(run):
            return replace(state, policy=self.rules.in_force(state.own_policy))
        return replace(state, policy=self._in_force(state.site), head=self.store.head(run))

    def view(self, run: str) -> RunState:
        """What the run is now, with what visitors saw."""
        state = self.state(run)
        if is_policy_stream(run):
            return state
        seen = self._folded(visitors_stream(run))
        return replace(state, visitors=seen.visitors, neighbours=self._neighbours(state))

    def policy_of(self, site: Site) -> Policy:
        """Who may approve what on this site: its own policy from the log, else the settings'."""
        stream = policy_stream(site)
        return self.rules.in_force(self._folded(stream).own_policy)

    def _in_force(self, site: Site | None) -> Policy:
        return self.policy_of(site) if site else self.rules.policy

    def _neighbours(self, state: RunState) -> tuple[str, ...]:
        """Other sites of the run's zone that a run has closed, or has left half closed."""
        site = state.site
        if site is None or state.direction == "forward":
            return ()
        return tuple(sorted(
            f"{one.project}/{one.environment} ({one.name})"
            for one in self.store.zone(site.zone)
            if (one.project, one.environment) != (site.project, site.environment)
            and self._relies(one)
        ))  # fmt: skip

    def _relies(self, site: SiteEntry) -> bool:
        """Whether the site may rely on the zone's settings: it asks, or a run left it half closed.

        Its newest runs tell; what older ones did to its origin stands in the list of sites.
        """
        newest = self.store.newest(_NEWEST, place=(site.project, site.environment))
        return site.requires or any(self._may_rely(entry) for entry in newest)

    def _may_rely(self, entry: RunEntry) -> bool:
        """Whether what a run has left behind may rely on the zone's settings."""
        if entry.outcome in ("closed", "undone"):
            return entry.outcome == "closed"
        return self._folded(entry.run).changed

    def start(self, command: c.Start, *, admit: Admit = _anybody) -> RunState:
        """Open a run. Raises SiteBusy when the zone or the environment has an open one."""
        return self.submit(self.new_id(), command, admit=admit)

    def ask_policy(self, command: AskPolicy, *, admit: Admit = _anybody) -> RunState:
        """Open the card that asks for another policy of a site."""
        return self.submit(policy_stream(command.site), command, admit=admit)

    def submit(self, run: str, command: Command, *, admit: Admit = _anybody) -> RunState:
        """Carry out a person's command. Raises Rejected; then nothing happened.

        `admit` raises when whoever asks may not: it is shown the very state that is decided on.
        """
        for _ in range(_ATTEMPTS):
            state = self.state(run)
            now = self.clock()
            admit(state)
            decided = decide(state, command, now=now, itinerary=self.itinerary, rules=self.rules)
            try:
                self._append(state, self._with_seams(decided))
            except Conflict:
                continue
            self.tell(run)
            return self.view(run)
        raise Conflict("The run is changing faster than this could be decided; press again.")

    def refusal(self, state: RunState, command: Command) -> str:
        """Why the command would not be carried out in this state, or nothing: it would."""
        try:
            decide(state, command, now=self.clock(), itinerary=self.itinerary, rules=self.rules)
        except Rejected as rejected:
            return rejected.for_people
        return ""

    def probed(self, site: Site, verdict: Verdict, *, by: str) -> None:
        """Keep with the site what its origin answered whoever asked outside of a run."""
        stream = site_stream(site.project, site.environment)
        event = SiteProbed(at=self.clock(), by=by, verdict=verdict)
        for _ in range(_ATTEMPTS):
            try:
                self.store.append(stream, [event], after=len(self.store.read(stream)))
            except Conflict:
                continue
            return

    def record(self, state: RunState, *events: e.Event) -> RunState:
        """Append what the driver found, behind the state it was found in. Raises Conflict."""
        self._append(state, events)
        self.tell(state.run)
        return self.state(state.run)

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
        """Something was appended that belongs to `run`: driver and outbox look at it.

        Whose policy it is looks again too: its cards name who may approve.
        """
        for stream in (run, *self._under(run)):
            for listener in self.changed:
                listener(stream)

    def _under(self, stream: str) -> tuple[str, ...]:
        """The open runs of the site whose policy the stream holds; none for a run."""
        if not is_policy_stream(stream):
            return ()
        return tuple(
            entry.run for entry in self.store.runs(open_only=True)
            if policy_of_place(entry.project, entry.environment) == stream
        )  # fmt: skip


def visitors_stream(run: str) -> str:
    """Where the looks of a run are kept, apart from its decisions so that neither waits."""
    return f"{run}/visitors"


def cards_stream(run: str) -> str:
    """Where the messages of a run are kept."""
    return f"{run}/cards"
