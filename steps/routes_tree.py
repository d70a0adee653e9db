"""YAML text as trees with exact positions, from ruamel.yaml's events. Knows no routes.

Not the usual loader: aliases, styles and tags must be seen as written, and an edit needs the place
where a value's own characters end, which for a block is not where the parser's block ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from steps.errors import EditError
from steps.routes_events import content_of

DEEPEST = 50
Kind: TypeAlias = Literal["scalar", "sequence", "mapping", "alias"]
_PROPERTIES = re.compile(r"(?:(?:!<[^>\s]*>|[&!][^\s,\[\]{}]*)[ \t]*)*")
_NOTHING = re.compile(r"(?:\s+|#[^\r\n]*)*")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value as written. `start` and `end` are character offsets; lines and columns from 1."""

    kind: Kind
    start: int
    """Where its anchor and tag begin, if it has any."""
    end: int
    """Where its own last character ends: no trailing comment, no blank line."""
    line: int
    column: int
    value: str = ""
    """The text of a scalar, the name of an alias."""
    tag: str = ""
    anchor: str = ""
    flow: bool = False
    plain: bool = False
    """A scalar without quotes, so that its type is for the reader to find."""
    block_text: bool = False
    margin: int = 0
    """Characters before its first key or dash, for a block."""
    bare: int = 0
    """Where it begins without its anchor and tag; for a block, its first key or dash."""
    items: tuple["Node", ...] = ()
    pairs: tuple[tuple["Node", "Node"], ...] = ()
    target: "Node | None" = None
    """What an alias stands for."""

    @property
    def real(self) -> "Node":
        """Itself, or what it stands for."""
        return self.target or self

    @property
    def is_null(self) -> bool:
        """Nothing, whichever way it is written."""
        plain = self.kind == "scalar" and self.plain and not self.tag
        return plain and self.value in ("", "~", "null", "Null", "NULL")

    @property
    def is_custom(self) -> bool:
        """Under a tag of the platform's own, such as `!include`: it stands for something else."""
        return self.tag.startswith("!") and len(self.tag) > 1

    def own(self, key: str) -> "tuple[Node, Node] | None":
        """The pair under `key` that stands in this mapping itself."""
        return next((pair for pair in self.pairs if pair[0].real.value == key), None)


@lru_cache(maxsize=2)
def read(text: str) -> tuple[Node, ...]:
    """The tree of each document that holds something.

    The last two are kept: an edit and its proofs ask for the same texts several times.

    Raises EditError with line and column for invalid YAML, loose aliases and duplicate keys.
    """
    trees = []
    rest = content_of(text)
    for event in rest:
        tree = _Builder(text, {}).node(event, rest, 0)
        if not (tree.is_null and not tree.anchor):
            trees.append(tree)
    return tuple(trees)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the tree of one document; `known` is what its anchors stand for so far."""

    text: str
    known: dict[str, Node]

    def node(self, event: Event, rest: Iterator[Event], depth: int) -> Node:
        if depth > DEEPEST:
            mark = event.start_mark
            raise EditError(
                "The file is nested too deeply to be edited.",
                line=mark.line + 1, column=mark.column + 1,
            )  # fmt: skip
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if isinstance(event, ScalarEvent):
            made = self._scalar(event)
        else:
            assert isinstance(event, MappingStartEvent | SequenceStartEvent)
            made = self._collection(event, rest, depth)
        if made.anchor:
            self.known[made.anchor] = made
        return made

    def _alias(self, event: AliasEvent) -> Node:
        mark = event.start_mark
        target = self.known.get(event.anchor)
        if target is None:
            raise EditError(
                f"This is not valid YAML: the alias *{event.anchor} stands for nothing before it.",
                line=mark.line + 1, column=mark.column + 1,
            )  # fmt: skip
        return Node("alias", mark.index, event.end_mark.index, mark.line + 1, mark.column + 1,
                    value=event.anchor, target=target)  # fmt: skip

    def _scalar(self, event: ScalarEvent) -> Node:
        mark, end = event.start_mark, event.end_mark.index
        block = event.style in ("|", ">")
        # A block scalar's end is past its line breaks, an empty one's is where the next token
        # begins; an insertion belongs after the last words.
        if block or mark.index == end:
            end = self._last_word(end)
        return Node(
            "scalar", mark.index, end, mark.line + 1, mark.column + 1, value=event.value,
            tag=str(event.tag or ""), anchor=event.anchor or "", plain=not event.style,
            block_text=block, bare=self._bare(event),
        )  # fmt: skip

    def _last_word(self, end: int) -> int:
        while end and self.text[end - 1].isspace():
            end -= 1
        return end

    def _bare(self, event: NodeEvent) -> int:
        """Where the value begins after its anchor and tag."""
        start: int = event.start_mark.index
        if not event.anchor and not getattr(event, "tag", None):
            return start
        found = _PROPERTIES.match(self.text, start)
        return found.end() if found else start

    def _collection(
        self, event: MappingStartEvent | SequenceStartEvent, rest: Iterator[Event], depth: int
    ) -> Node:
        mark, bare, flow = event.start_mark, self._bare(event), bool(event.flow_style)
        children, closing = self._children(rest, depth)
        listed = isinstance(event, SequenceStartEvent)
        pairs = () if listed else self._pairs(children)
        end, margin = closing.end_mark.index, 0
        if not flow:
            end = (pairs[-1][1] if pairs else children[-1]).end
            bare = self._first(bare) if bare > mark.index else bare
            margin = bare - line_start(self.text, bare)
        return Node(
            "sequence" if listed else "mapping", mark.index, end, mark.line + 1, mark.column + 1,
            tag=str(event.tag or ""), anchor=event.anchor or "", flow=flow, margin=margin,
            bare=bare, items=children if listed else (), pairs=pairs,
        )  # fmt: skip

    def _children(self, rest: Iterator[Event], depth: int) -> tuple[tuple[Node, ...], Event]:
        children: list[Node] = []
        for event in rest:
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                return tuple(children), event
            children.append(self.node(event, rest, depth + 1))
        raise EditError("The file ends in the middle of a block.")

    def _pairs(self, children: tuple[Node, ...]) -> tuple[tuple[Node, Node], ...]:
        pairs = tuple(
            (key, _placed(value, key, self.text))
            for key, value in zip(children[::2], children[1::2], strict=True)
        )
        _no_duplicates(pairs)
        return pairs

    def _first(self, bare: int) -> int:
        """A block's first key or dash, after the line of its anchor and tag."""
        found = _NOTHING.match(self.text, bare)
        return found.end() if found else bare


def line_start(text: str, at: int) -> int:
    """Where the line that holds offset `at` begins."""
    begin = text.rfind("\n", 0, at) + 1
    return max(begin, text.rfind("\r", begin, at) + 1)


def _placed(value: Node, key: Node, text: str) -> Node:
    """A value that is left out stands after the colon of its key, or after the key."""
    if value.kind != "scalar" or value.start < value.end or value.tag or value.anchor:
        return value
    colon = re.compile(r"\s*:").match(text, key.end)
    at = colon.end() if colon and colon.end() <= max(value.start, key.end) else key.end
    return replace(value, start=at, end=at, bare=at, line=key.line, column=key.column)


def _no_duplicates(pairs: tuple[tuple[Node, Node], ...]) -> None:
    seen: dict[str, Node] = {}
    for key, _ in pairs:
        name = key.real.value
        if key.real.kind != "scalar":
            continue
        if name in seen:
            raise EditError(
                f"The key {name!r} stands twice (first in line {seen[name].line}).",
                line=key.line, column=key.column,
            )  # fmt: skip
        seen[name] = key
