"""The hash chain: each event carries the digest of all before it, so an edited history shows."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

from bot.engine.events import EVENT, Event
from bot.engine.ports import NOTHING
from bot.engine.recorded import Line

EMPTY = NOTHING
"""The digest before the first event of a stream."""


def line(stream: str, seq: int, event: Event, *, before: str) -> Line:
    """`event` as the `seq`-th line (from 1) of its stream, chained to the digest `before`."""
    fields = EVENT.dump_python(event, mode="json")
    at, by, kind = fields.pop("at"), fields.pop("by"), fields.pop("type")
    body = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Line(stream, seq, at, by, kind, body, digest(before, stream, seq, at, by, kind, body))


def chained(stream: str, events: Sequence[Event], *, behind: Sequence[Line]) -> Iterator[Line]:
    """The lines of `events` that continue those which are there."""
    before = behind[-1].digest if behind else EMPTY
    for seq, one in enumerate(events, len(behind) + 1):
        made = line(stream, seq, one, before=before)
        yield made
        before = made.digest


def digest(before: str, *parts: str | int) -> str:
    """SHA-256 over the digest before and the parts as a JSON list, 64 hex digits."""
    text = json.dumps([before, *parts], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def event(stored: Line) -> Event:
    """The event of a stored line. Raises pydantic's ValidationError for one that we never wrote."""
    fields = json.loads(stored.body)
    return EVENT.validate_python({**fields, "at": stored.at, "by": stored.by, "type": stored.type})


def broken_at(lines: Iterable[Line]) -> int | None:
    """The `seq` of the first line that does not continue the chain; None for a whole one."""
    before = EMPTY
    for expected, one in enumerate(lines, 1):
        found = digest(before, one.stream, one.seq, one.at, one.by, one.type, one.body)
        if one.seq != expected or one.digest != found:
            return expected
        before = one.digest
    return None
