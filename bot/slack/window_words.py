"""A maintenance window as people write it, in their own time zone. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.engine.approval_events import Window
from steps.errors import Rejected

_DATE, _TIME = r"(?:(\d{4}-\d{2}-\d{2})[ T]+)?", r"(\d{1,2}:\d{2})"
_ONE = re.compile(rf"{_DATE}{_TIME}")
_BOTH = re.compile(rf"{_DATE}{_TIME}\s*(?:-|\u2013|to|until)?\s*{_DATE}{_TIME}")
HINT = "Like 22:00, or 2026-11-26 22:00."


def is_moment(text: str) -> bool:
    """Whether it can be read as a time, with or without its date."""
    return _moment(_ONE.fullmatch(text.strip())) is not None


def both(text: str) -> tuple[str, str]:
    """The two times of a text like ``22:00-02:00``. Raises Rejected."""
    found = _BOTH.fullmatch(text.strip())
    if found is None:
        raise Rejected("A window is written from-until: 22:00-02:00.", hint=HINT)
    start = " ".join(filter(None, found.group(1, 2)))
    return start, " ".join(filter(None, found.group(3, 4)))


def window(start: str, end: str, *, zone: tuple[tzinfo, str], now: datetime) -> Window:
    """The window between two times as somebody in `zone` means them.

    Times without a date are the next that are not over yet, an end alone the next after its start.
    Raises Rejected.
    """
    first, last = (_moment(_ONE.fullmatch(text.strip())) for text in (start, end))
    if first is None or last is None:
        raise Rejected("This is no time of day.", hint=HINT)
    local = now.astimezone(zone[0])
    if first[0] is not None and last[0] is None:
        last = (first[0] + timedelta(days=last[1] <= first[1]), last[1])  # the first one after it
    until = _on(last, local, zone[0])
    if last[0] is None and until <= now:
        until = _on((local.date() + timedelta(days=1), last[1]), local, zone[0])
    begin = _on((first[0] or until.astimezone(zone[0]).date(), first[1]), local, zone[0])
    if first[0] is None and begin >= until:
        day = until.astimezone(zone[0]).date() - timedelta(days=1)
        begin = _on((day, first[1]), local, zone[0])
    if begin >= until or until <= now:
        raise Rejected("A window ends after it begins, and not in the past.", hint=HINT)
    return Window(begin, until, zone[1])


def _on(moment: tuple[date | None, time], local: datetime, zone: tzinfo) -> datetime:
    day = moment[0] or local.date()
    return datetime.combine(day, moment[1], zone).astimezone(UTC)


def _moment(found: re.Match[str] | None) -> tuple[date | None, time] | None:
    if found is None:
        return None
    hour, minute = found[2].split(":")
    try:
        day = date.fromisoformat(found[1]) if found[1] else None
        return day, time(int(hour), int(minute))
    except ValueError:
        return None
