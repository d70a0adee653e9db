"""The options of a list while somebody types into it: at most a hundred, and why there are few."""

import json
from collections.abc import Sequence

from bot.engine.ports import Option
from bot.slack.blocks import OPTION, Block, option
from bot.slack.start_choices import Listed

TOLD = "-"
"""The value of a line that says something and is no choice."""
_MOST, _LONGEST_VALUE = 100, 150
_MOST_BYTES = 60_000
"""Above 65,535 bytes Slack's client sends no acknowledgement at all (tried beforehand)."""


def suggestions(listed: Listed, typed: str, *, free: bool = False) -> list[Block]:
    """What fits `typed`, best first; `free` lets what was typed be taken as it is."""
    wanted = typed.strip().casefold()
    fitting = [one for one in listed.options if _fits(one, wanted)]
    fitting.sort(key=lambda one: not one.value.casefold().startswith(wanted))
    told = _told(listed, typed, fitting)
    room = _MOST - len(told) - int(free)
    made = [option(one.value, one.label or one.value) for one in fitting[:room]]
    if len(fitting) > room:
        made = [*made[: room - 1], _line(f"{len(fitting) - room + 1} more: type on to see them")]
    exact = any(one.value.casefold() == wanted for one in fitting)
    if free and wanted and not exact and len(typed.strip()) <= _LONGEST_VALUE:
        made.append(option(typed.strip(), f"Take {typed.strip()} as it is typed"))
    return _small([*told, *made])


def _fits(one: Option, wanted: str) -> bool:
    return len(one.value) <= _LONGEST_VALUE and (
        wanted in one.value.casefold() or wanted in one.label.casefold()
    )


def _told(listed: Listed, typed: str, fitting: Sequence[Option]) -> list[Block]:
    if listed.state != "known":
        return [_line(listed.words)]
    if fitting:
        return []
    return [_line(f"Nothing is called {typed.strip()}" if typed.strip() else "There is none")]


def _line(words: str) -> Block:
    """A line that is read, and refused at the input when it is chosen."""
    if len(words) <= OPTION:
        return option(TOLD, words)
    first = words[:OPTION].rpartition(" ")[0] or words[:OPTION]
    return option(TOLD, first, words[len(first) :].strip())


def _small(options: list[Block]) -> list[Block]:
    while len(json.dumps({"options": options})) > _MOST_BYTES:
        options = options[: len(options) * 3 // 4]
    return options
