"""What is wrong with a chain, in sentences that name the event. Pure.

Whoever edits the file behind the bot's back can also write digests anew. What shows then is the
next event, which does not continue the forged one; the end of a chain and a complete rewrite show
only against a head that was written down elsewhere (`against`).
"""

from collections.abc import Iterator, Sequence

from bot.engine.recorded import Line
from bot.store.chain import EMPTY, digest

_NEAR = 3
"""How far from its place an event is looked for that has been moved."""


def findings(lines: Sequence[Line]) -> tuple[str, ...]:
    """A sentence for each event that is edited, missing, inserted or moved; none when whole."""
    broken = [n for n in range(len(lines)) if not _continues(lines, n)]
    places = {n: _place(lines, n) for n in broken}
    said = [*_gaps(lines), *_moved(lines, places), *_edited(lines, places)]
    if broken and not said:
        said.append(f"What stood before event {lines[broken[0]].seq} was exchanged.")
    return tuple(dict.fromkeys(said))


def against(lines: Sequence[Line], head: str) -> str:
    """Why the chain is not the one whose head was written down; empty when it continues it."""
    if any(line.digest == head for line in lines):
        return ""
    return (
        f"No event has the digest {head[:16]}…: events were cut off behind it, or the whole history"
        " was written anew."
    )


def _digest(before: str, line: Line, seq: int) -> str:
    return digest(before, line.stream, seq, line.at, line.by, line.type, line.body)


def _before(lines: Sequence[Line], index: int) -> str:
    return lines[index - 1].digest if index else EMPTY


def _continues(lines: Sequence[Line], index: int) -> bool:
    return _digest(_before(lines, index), lines[index], lines[index].seq) == lines[index].digest


def _after_gap(lines: Sequence[Line], index: int) -> bool:
    return lines[index].seq != (lines[index - 1].seq if index else 0) + 1


def _gaps(lines: Sequence[Line]) -> Iterator[str]:
    expected = 1
    for line in lines:
        if line.seq > expected:
            gone = f"{expected}" if line.seq == expected + 1 else f"{expected} to {line.seq - 1}"
            yield f"Event {gone} was removed."
        expected = line.seq + 1


def _place(lines: Sequence[Line], index: int) -> int | None:
    """Where the event stood when it was written, as the digests say; None when they do not."""
    line = lines[index]
    near = range(max(0, index - _NEAR), min(len(lines), index + _NEAR + 1))
    own = _written_as(line, [EMPTY, *(lines[n].digest for n in near if n != index)])
    if own is not None or index + 1 == len(lines):
        return own
    follower = _written_as(lines[index + 1], [line.digest])
    return follower - 1 if follower is not None and follower != lines[index + 1].seq else None


def _written_as(line: Line, befores: Sequence[str]) -> int | None:
    tried = range(max(1, line.seq - _NEAR), line.seq + _NEAR + 1)
    return next(
        (seq for before in befores for seq in tried if _digest(before, line, seq) == line.digest),
        None,
    )  # fmt: skip


def _moved(lines: Sequence[Line], places: dict[int, int | None]) -> Iterator[str]:
    """Of events that stand where another one stood, the first; those behind it moved along."""
    at = {lines[n].seq: place for n, place in places.items()}
    types = {line.seq: line.type for line in lines}
    for index, place in places.items():
        seq = lines[index].seq
        if place is None or place == seq:
            continue
        if at.get(place) == seq:
            yield f"Events {min(seq, place)} and {max(seq, place)} have changed places."
        elif at.get(seq - 1) == place - 1:
            continue
        elif place < seq:
            yield f"Event {place} ({types.get(place, '?')}) was inserted."
        else:
            yield f"An event before event {seq} ({types[seq]}) was removed, the rest renumbered."


def _edited(lines: Sequence[Line], places: dict[int, int | None]) -> Iterator[str]:
    for index, place in places.items():
        line = lines[index]
        if place is None and not _after_gap(lines, index):
            other = f", or event {line.seq - 1} was and its digest written anew" if index else ""
            yield f"Event {line.seq} ({line.type}) was edited{other}."
