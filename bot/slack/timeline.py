"""A run as a timeline: when what was done, by whose yes, and who was served meanwhile. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.engine.events import VisitorsSeen
from bot.engine.state import RunState, Task
from bot.slack.spans import lasted

_MOST_BINS = 120
_SHORTEST_BIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Bar:
    """Visitors in one stretch of time; both counts are looks, not rates."""

    since: datetime
    until: datetime
    served: int
    looks: int


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted, with its name."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that the picture shows."""

    title: str
    since: datetime
    until: datetime
    visitors: tuple[Bar, ...]
    access: tuple[Span, ...]
    """Direct access as it was proven: spans named ``open`` or ``closed``, without a gap."""
    steps: tuple[Span, ...]
    approvals: tuple[tuple[datetime, str], ...]
    """When a yes was given, and to which step."""


def timeline(
    titles: Mapping[str, str], state: RunState, seen: Iterable[VisitorsSeen]
) -> Timeline | None:
    """The timeline of a finished run, its steps by their `titles`; None while it is open."""
    if state.opened_at is None or state.closed_at is None or state.site is None:
        return None
    since, until = state.opened_at, state.closed_at
    worked = [t for t in state.tasks if t.started_at is not None]
    return Timeline(
        title=state.site.name, since=since, until=until,
        visitors=tuple(_bars(since, until, seen)),
        access=tuple(_access(state, since, until)),
        steps=tuple(Span(titles.get(t.key, t.key), t.started_at or since, _end(t, until))
                    for t in worked),
        approvals=tuple((t.approved_at, titles.get(t.key, t.key)) for t in worked if t.approved_at),
    )  # fmt: skip


def described(told: Timeline) -> str:
    """What the picture shows, in words, for whoever does not see it."""
    looks = sum(bar.looks for bar in told.visitors)
    served = sum(bar.served for bar in told.visitors)
    access = ", then ".join(
        f"{span.name} for {lasted(span.until - span.since)}" for span in told.access
    )
    longest = sorted(told.steps, key=lambda span: span.since - span.until)[:3]
    steps = ", ".join(f"{span.name} {lasted(span.until - span.since)}" for span in longest)
    return (
        f"The run for {told.title} as a timeline of {lasted(told.until - told.since)}."
        f" Direct access: {access}. Visitors: {served} of {looks} looks served."
        f" {len(told.steps)} steps, {len(told.approvals)} approvals; the longest: {steps}."
    )


def _end(task: Task, until: datetime) -> datetime:
    failed = task.failure.at if task.failure else None
    return task.ended_at or failed or until


def _access(state: RunState, since: datetime, until: datetime) -> Iterator[Span]:
    """What was proven last holds until something else was proven."""
    now, begun = "open", since
    for key, becomes in (
        ("client-authentication", "closed"), ("undo-client-authentication", "open"),
    ):  # fmt: skip
        task = state.task(key)
        if task is None or task.verdict is None or task.ended_at is None:
            continue
        if task.verdict.state == "proven" and becomes != now:
            yield Span(now, begun, task.ended_at)
            now, begun = becomes, task.ended_at
    yield Span(now, begun, max(begun, until))


def _bars(since: datetime, until: datetime, seen: Iterable[VisitorsSeen]) -> Iterator[Bar]:
    """The stretches, joined so that at most so many are left."""
    least = max(_SHORTEST_BIN, (until - since) / _MOST_BINS)
    open_bar: Bar | None = None
    for event in sorted(seen, key=lambda event: event.since):
        bar = Bar(event.since, event.at, event.served, event.looks)
        if open_bar is not None and bar.until - open_bar.since > least:
            yield open_bar
            open_bar = None
        open_bar = bar if open_bar is None else _joined(open_bar, bar)
    if open_bar is not None:
        yield open_bar


def _joined(one: Bar, other: Bar) -> Bar:
    return Bar(one.since, other.until, one.served + other.served, one.looks + other.looks)
