"""Where the two keys are taken out again: the cuts that are the mirror of those of `routes_edit`.

Read from the file alone: our authority in a list, `# was …` beside a value that was another, and
`# new` beside a key that was put into a block of somebody else's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from steps.routes_meaning import AUTHORITIES, MODE, TLS, Meanings, is_merge
from steps.routes_read import Section, is_ours
from steps.routes_text import Cut, has_comma, line_end
from steps.routes_tree import Node, line_start

_WAS = re.compile(r"[ \t]*# was (\S+)")
_WAS_ALIAS = re.compile(r"[ \t]*# was (\*\S+)")
_WAS_OTHER_BLOCK = re.compile(r"[ \t]*# was (\*\S+|~|[Nn]ull|NULL)(?!\S)")
_NEW = re.compile(r".*# new[ \t]*$")


class _Tls(NamedTuple):
    """A tls block with our authority, and the pair and mapping that it stands in."""

    route: Node
    key: Node
    block: Node


def cuts_back(text: str, part: Section, ca_path: str) -> list[Cut]:
    """The cuts that take out of one document what was put in."""
    work = _Back(text, part.meanings, ca_path)
    cuts: list[Cut] = []
    for route, key, value in _pairs(part.root):
        is_block = key.real.value == TLS and bool(value.pairs) and not value.flow
        was = _WAS_OTHER_BLOCK if is_block else _WAS_ALIAS
        restored = _restored(text, key, value, was)
        if restored and (key.real.value == TLS or value.kind != "scalar"):
            cuts += restored
        elif key.real.value == TLS and value.kind == "mapping" and work.ours(value):
            cuts += work.block(_Tls(route, key, value))
    return _outermost(cuts)


def _pairs(node: Node) -> Iterator[tuple[Node, Node, Node]]:
    for key, value in node.pairs:
        yield node, key, value
        yield from _pairs(value)
    for item in node.items:
        yield from _pairs(item)


def _outermost(cuts: list[Cut]) -> list[Cut]:
    """Without those that lie within another one."""
    kept: list[Cut] = []
    for cut in sorted(set(cuts), key=lambda one: (one.start, -one.end)):
        if not kept or cut.start >= kept[-1].end:
            kept.append(cut)
    return kept


def _restored(text: str, key: Node, value: Node, was: re.Pattern[str] = _WAS) -> list[Cut]:
    """A value in whose place another one stood, if a note beside it says so."""
    block = bool(value.pairs) and not value.flow
    if block:
        colon = re.compile(r"\s*:").match(text, key.end)
        found = was.match(text, colon.end()) if colon else None
        if not found:
            return []
        rest = Cut(line_end(text, found.end()), line_end(text, value.end), "")
        return [Cut(found.start(), found.end(), f" {found[1]}"), rest]
    found = was.match(text, value.end)
    if not found:
        return []
    if found[1] == "empty":
        return [Cut(value.bare - 1, found.end(), "")]
    return [Cut(value.bare or value.start, found.end(), found[1])]


@dataclass(frozen=True, slots=True)
class _Back:
    """The way back in one document."""

    text: str
    meanings: Meanings
    ca_path: str

    def ours(self, tls: Node) -> bool:
        """A block that lets our authority in, by a list of its own or by one that it shares."""
        listed = self.meanings.pairs(tls).get(AUTHORITIES)
        return listed is not None and any(self._is_ours(item) for item in listed.value.real.items)

    def _is_ours(self, item: Node) -> bool:
        return is_ours(self.meanings, item, self.ca_path)

    def block(self, tls: _Tls) -> list[Cut]:
        """Out of one block: what we put in, which may be all of it."""
        mode, listed = tls.block.own(MODE), tls.block.own(AUTHORITIES)
        mode_was = (mode and _restored(self.text, *mode)) or []
        if listed is None:
            fresh = mode is not None and self._is_new(mode[0]) and not mode_was
            return self._without(tls.block, [mode]) if mode and fresh else mode_was
        alone = len(listed[1].items) == 1
        list_was = _restored(self.text, *listed)
        new = self._is_new(listed[0])
        if self._is_new(tls.key) and any(is_merge(key) for key, _ in tls.route.pairs):
            return self._without(tls.route, [(tls.key, tls.block)])
        # Between braces there is no room for a note, but we always write the mode in quotes.
        quoted = mode is not None and self.text[mode[1].start] == '"'
        theirs = tls.block.flow and not quoted
        if not (alone and mode and not theirs and not mode_was and not list_was and not new
                and (tls.block.flow or not listed[1].flow)):  # fmt: skip
            return self._apart(tls.block, mode_was, list_was)
        if self._is_new(mode[0]):
            return [*self._without(tls.block, [mode]), *self._items(listed[1])]
        alias = self._alias_of(tls.block)
        if alias:
            return [Cut(tls.block.start, tls.block.end, alias)]
        if any(key.real.value not in (MODE, AUTHORITIES) for key, _ in tls.block.pairs):
            return self._without(tls.block, [mode, listed])
        if mode[0].start < listed[0].start:
            return self._without(tls.route, [(tls.key, tls.block)])
        return self._emptied(tls.block)

    def _alias_of(self, block: Node) -> str:
        """The alias in whose place a block between braces was put, if it was."""
        first, listed = block.pairs[0], block.own(AUTHORITIES)
        merged = is_merge(first[0]) and first[1].target is not None
        in_turn = listed is not None and block.pairs[1:2] == (listed,)
        return f"*{first[1].value}" if block.flow and merged and in_turn else ""

    def _apart(self, block: Node, mode_was: list[Cut], list_was: list[Cut]) -> list[Cut]:
        """The keys one by one, where the two were not put in together."""
        mode, listed = block.own(MODE), block.own(AUTHORITIES)
        assert listed is not None
        cuts = [*mode_was, *list_was]
        if mode and self._is_new(mode[0]) and not mode_was:
            cuts += self._without(block, [mode])
        alone = len(listed[1].items) == 1
        new = self._is_new(listed[0]) and (alone or listed[1].flow)
        if (new or (block.flow and alone)) and not list_was:
            return [*cuts, *self._without(block, [listed])]
        theirs = alone and not listed[1].flow
        return cuts if list_was or theirs else [*cuts, *self._items(listed[1])]

    def _is_new(self, key: Node) -> bool:
        return bool(_NEW.match(self.text[key.end : line_end(self.text, key.end)]))

    def _items(self, listed: Node) -> list[Cut]:
        """Our item out of a list that stays; a shared one is seen to where it stands."""
        if listed.target is not None:
            return []
        ours = next(item for item in listed.items if self._is_ours(item))
        if not listed.flow:
            dash = self.text.rfind("-", 0, ours.start)
            return [self._lines(dash, ours.end)]
        return self._entry(listed, list(listed.items), ours.start, ours)

    def _without(self, block: Node, pairs: list[tuple[Node, Node]]) -> list[Cut]:
        """Pairs out of a mapping that stays."""
        if not block.flow:
            return [self._lines(key.start, value.end) for key, value in pairs]
        pairs = sorted(pairs, key=lambda pair: pair[0].start)
        return self._entry(
            block, [value for _, value in block.pairs], pairs[0][0].start, pairs[-1][1]
        )

    def _lines(self, first: int, last: int) -> Cut:
        """Whole lines, with the line break before them."""
        start = line_start(self.text, first)
        start -= 2 if self.text[:start].endswith("\r\n") else min(start, 1)
        return Cut(start, line_end(self.text, last), "")

    def _entry(self, flow: Node, entries: list[Node], start: int, last: Node) -> list[Cut]:
        """Words between braces, with the comma before them."""
        before = [one for one in entries if one.end <= start]
        if not before:
            return self._emptied(flow)
        begin = line_start(self.text, start)
        if self.text[begin:start].strip() or begin <= flow.bare:
            return [Cut(before[-1].end, last.end, "")]
        lines = self._lines(start, last.end)
        if has_comma(self.text, last):
            return [lines]
        comma = self.text.index(",", before[-1].end)
        return [Cut(comma, comma + 1, ""), lines]

    def _emptied(self, block: Node) -> list[Cut]:
        """All that is between the braces, or below the key."""
        if not block.flow:
            return [self._lines(block.bare, block.end)]
        inside = self.text[block.bare + 1 : block.end - 1]
        pad = " " * (len(inside) - len(inside.lstrip(" ")))
        return [Cut(block.bare, block.end, f"{{{pad}}}" if block.pairs else f"[{pad}]")]
