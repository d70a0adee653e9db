"""The rows of a verdict as a table, how each is known in words, and what they were before. Pure."""

from collections import Counter
from collections.abc import Sequence

from bot.slack.blocks import Block, code, escape, sections
from steps.step import Row

_MOST_ROWS = 40
_MOST_WORDS = 12


def table_blocks(rows: Sequence[Row], before: Sequence[Row] = ()) -> list[Block]:
    """A line each, then each kind of evidence once; with `before`, what it said then as well."""
    if not rows:
        return []
    shown = rows[:_MOST_ROWS]
    earlier = {row.subject: row.result for row in before}
    width = max(len(row.subject) for row in shown)
    lines = [f"{row.subject:<{width}}  {_result(row, earlier)}" for row in shown]
    if len(rows) > len(shown):
        lines.append(f"… and {len(rows) - len(shown)} more")
    return [code("\n".join(lines)), *_words(rows)]


def _result(row: Row, earlier: dict[str, str]) -> str:
    was = earlier.get(row.subject)
    return row.result if was is None else f"{was} → {row.result}"


def _words(rows: Sequence[Row]) -> list[Block]:
    told = Counter(row.detail for row in rows if row.detail)
    lines = [
        f"• {escape(words)}" + (f" ({number} times)" if number > 1 else "")
        for words, number in told.most_common(_MOST_WORDS)
    ]
    return sections(lines) if lines else []


def closed_addresses(rows: Sequence[Row]) -> tuple[int, int]:
    """On how many addresses every row of the probe is closed, and how many there are."""
    asked = [(row.subject.rpartition(" at ")[2].rpartition(":")[0], row) for row in rows]
    addresses = {address for address, _ in asked}
    left = {address for address, row in asked if not row.result.startswith("closed")}
    return len(addresses - left), len(addresses)
