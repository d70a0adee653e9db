"""The draft of one document's edit: its cuts so far, and what every part of the edit needs.

Knows who shares which value; `routes_edit` decides where a block goes, `routes_tls` what goes in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from steps.errors import EditError
from steps.routes_meaning import AUTHORITIES, MODE, Meanings, Pair, Role
from steps.routes_read import Mode, Section, is_ours
from steps.routes_text import (
    Cut,
    Style,
    as_flow,
    block_by_hand,
    include,
    line_break,
    line_end,
    list_lines,
    mode_line,
    mode_pair,
    step_of,
)
from steps.routes_tree import Node

NEW = "# new"
_TOKEN = re.compile(r"[^\s#]\S*")


@dataclass(frozen=True, slots=True)
class Draft:
    """The edit of one document; `cuts` is what it comes to, `done` what was seen to already."""

    text: str
    part: Section
    mode: Mode
    ca_path: str
    used: dict[Node, set[Role]]
    indented: bool
    """Lists stand below their keys."""
    cuts: list[Cut] = field(default_factory=list)
    done: set[Node] = field(default_factory=set)

    @property
    def meanings(self) -> Meanings:
        return self.part.meanings

    def only(self, node: Node, role: Role) -> bool:
        """Nobody uses a value otherwise than those who want it changed."""
        return self.used.get(node) == {role}

    def changes(self, merged: Node) -> bool:
        """A mapping that is merged into a route gets the block itself."""
        return merged in self.done or self.only(merged, "route")

    def style(self, pair: Pair, block: Node) -> Style:
        """How a route is indented."""
        step = step_of(block, pair.key.column - 1)
        return Style(step, step if self.indented else 0)

    def insert(self, at: int, lines: list[str]) -> None:
        """Lines after the line that holds an offset."""
        end = line_end(self.text, at)
        newline = line_break(self.text, end)
        self.cuts.append(Cut(end, end, "".join(newline + line for line in lines)))

    def instead(self, alias: Node, lines: list[str]) -> None:
        """Lines below a key in the place of its alias, which is named beside it."""
        self.cuts.append(Cut(alias.start, alias.end, f"# was *{alias.value}"))
        self.insert(alias.end, lines)

    def replace(self, pair: Pair, words: str) -> None:
        """Another value under a key; what it was stands beside it."""
        value = pair.value
        start = value.start if value.target is not None else value.bare
        written = self.text[start : value.end]
        if written and not _TOKEN.fullmatch(written) and not pair.holder.flow:
            raise self.refused(
                f"what stands under {pair.key.real.value} is more than a word", value
            )
        note = "" if pair.holder.flow else f" # was {written or 'empty'}"
        space = "" if written else " "
        self.cuts.append(Cut(start, value.end, f"{space}{words}{note}"))

    def refused(self, why: str, at: Node) -> EditError:
        """A shape that is not edited, with what to put in by hand."""
        hint = f"Put these keys into the route by hand:\n{block_by_hand(self.ca_path)}"
        return EditError(f"This is not edited: {why}.", line=at.line, column=at.column, hint=hint)

    def part_from_others(self, shared: Node) -> None:
        """Every alias of a value that is not changed with it becomes a copy of what it was."""
        for alias, in_braces in _aliases(self.part.root, in_braces=False):
            if alias.target is shared and self.only(alias, "other"):
                note = "" if in_braces else f" # was *{alias.value}"
                self.cuts.append(Cut(alias.start, alias.end, as_flow(alias) + note))

    def lines(self, had: Node | None, margin: int, style: Style) -> list[str]:
        """A whole block's keys as lines: what it had elsewhere, and our two."""
        pad = " " * margin
        found = [f"{pad}{as_flow(pair.key)}: {as_flow(pair.value)}" for pair in self._kept(had)]
        found += mode_line(self.mode_for(had), margin)
        listed = self.listed(had)
        if not listed:
            return [*found, *list_lines(self.ca_path, margin, style)]
        return [*found, f"{pad}{AUTHORITIES}: [{', '.join([*listed, include(self.ca_path)])}]"]

    def words(self, had: Node | None) -> str:
        """A whole block's keys between braces: what it had elsewhere, and our two."""
        kept = [f"{as_flow(pair.key)}: {as_flow(pair.value)}" for pair in self._kept(had)]
        listed = ", ".join([*self.listed(had), include(self.ca_path)])
        return ", ".join([*kept, mode_pair(self.mode_for(had)), f"{AUTHORITIES}: [{listed}]"])

    def _kept(self, had: Node | None) -> Iterator[Pair]:
        found = self.meanings.pairs(had) if had is not None else {}
        return (pair for name, pair in found.items() if name not in (MODE, AUTHORITIES))

    def listed(self, had: Node | None) -> list[str]:
        """The authorities of others in a block, between brackets."""
        pair = self.meanings.pairs(had).get(AUTHORITIES) if had is not None else None
        items = pair.value.real.items if pair else ()
        return [as_flow(item) for item in items if not is_ours(self.meanings, item, self.ca_path)]

    def mode_for(self, had: Node | None) -> str:
        """The mode that is wanted; `require` is never lowered."""
        was = self.meanings.word(had, MODE) if had is not None else ""
        return "require" if was == "require" else self.mode


def _aliases(node: Node, *, in_braces: bool) -> Iterator[tuple[Node, bool]]:
    if node.kind == "alias":
        yield node, in_braces
    for child in (*node.items, *(value for _, value in node.pairs)):
        yield from _aliases(child, in_braces=in_braces or node.flow)
