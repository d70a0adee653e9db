"""Lines that keep what they were beside them, where the way back cannot be read from the YAML.

Between braces there is no place for a note beside each value, so the line gets one at its end.
"""

import re
from collections.abc import Iterator, Sequence

from steps.routes_meaning import AUTHORITIES, MODE
from steps.routes_text import Cut, line_end
from steps.routes_tree import line_start

NOTE, ADDED = " # was: ", " # added"
_BREAK = re.compile(r"\r\n|\r|\n")
_PAD = re.compile(r"[\ufeff \t]*")


def with_notes(text: str, cuts: Sequence[Cut]) -> list[Cut]:
    """The cuts, and a note at the end of each line that they change."""
    changed = {line_start(text, cut.start): None for cut in cuts if _within_a_line(text, cut)}
    marked = [
        cut._replace(text=_BREAK.sub(lambda found: ADDED + found[0], cut.text)[len(ADDED):] + ADDED)
        if _BREAK.match(cut.text) and line_start(text, cut.start) in changed else cut
        for cut in cuts
    ]  # fmt: skip
    return [*marked, *(_note(text, begin) for begin in changed)]


def _within_a_line(text: str, cut: Cut) -> bool:
    """It changes one line, leaves no note of its own, and is more than a comma before a line."""
    words = text[cut.start : cut.end] + cut.text
    return not _BREAK.search(words) and "# was " not in cut.text and cut.text != ","


def _note(text: str, begin: int) -> Cut:
    end = line_end(text, begin)
    line = text[begin:end]
    return Cut(end, end, NOTE + line[len(_pad(line)) :])


def without_notes(text: str) -> str:
    """The text with each such line as it was, and without those that were added below it."""
    return "".join(_lines_before(text)) if NOTE in text else text


def _lines_before(text: str) -> Iterator[str]:
    below = False
    ends = ["", *_BREAK.findall(text)]
    for newline, line in zip(ends, _BREAK.split(text), strict=True):
        code, _, was = line.partition(NOTE)
        if was and _is_ours(code):
            below = True
            yield newline + _pad(line) + was
        elif not (below and line.endswith(ADDED) and _is_ours(line)):
            below = False
            yield newline + line


def _is_ours(line: str) -> bool:
    return MODE in line or AUTHORITIES in line or "!include" in line


def _pad(line: str) -> str:
    found = _PAD.match(line)
    return found[0] if found else ""
