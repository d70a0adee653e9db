"""YAML text as trees with exact positions, from ruamel.yaml's events. Knows no routes.

Not the usual loader: aliases, styles and tags must be seen as written, and an edit needs the place
where a value's own characters end, which for a block is not where the parser's block ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from steps.errors import EditError
from steps.routes_events import documents_of

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

    def own(self, key: str) -> "tuple[Node, Node] | None":
        """The pair under `key` that stands in this mapping itself."""
        return next((pair for pair in self.pairs if pair[0].real.value == key), None)


def read(text: str) -> tuple[Node, ...]:
    """The tree of each document that holds something.

    Raises EditError with line and column for invalid YAML, loose aliases and duplicate keys.
    """
    trees = []
    for events in documents_of(text):
        rest = iter(events)
        builder = _Builder(text, {})
        tree = builder.node(next(rest), rest, 0)
        if not (tree.is_null and not tree.anchor):
            trees.append(tree)
    return tuple(trees)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the tree of one document; `known` is what its anchors stand for so far."""

    text: str
    known: dict[str, Node]

    def node(self, event: Event, rest: Iterator[Event], depth: int) -> Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if depth > DEEPEST:
            raise EditError("The file is nested too deeply to be edited.", line=line, column=column)
        at = Node("scalar", event.start_mark.index, event.end_mark.index, line, column)
        if isinstance(event, AliasEvent):
            return self._alias(event, at)
        assert isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent)
        at = replace(at, tag=str(event.tag or ""), anchor=event.anchor or "")
        if isinstance(event, ScalarEvent):
            made = self._scalar(event, at)
        else:
            made = self._collection(event, at, rest, depth)
        if made.anchor:
            self.known[made.anchor] = made
        return made

    def _alias(self, event: AliasEvent, at: Node) -> Node:
        target = self.known.get(event.anchor)
        if target is None:
            raise EditError(
                f"This is not valid YAML: the alias *{event.anchor} stands for nothing before it.",
                line=at.line, column=at.column,
            )  # fmt: skip
        return replace(at, kind="alias", value=event.anchor, target=target)

    def _scalar(self, event: ScalarEvent, at: Node) -> Node:
        block = event.style in ("|", ">")
        # A block scalar's end is past its line breaks, an empty one's is where the next token
        # begins; an insertion belongs after the last words.
        end = self._last_word(at.end) if block or at.start == at.end else at.end
        return replace(
            at, end=end, value=event.value, plain=not event.style, block_text=block,
            bare=self._bare(at),
        )  # fmt: skip

    def _last_word(self, end: int) -> int:
        while end and self.text[end - 1].isspace():
            end -= 1
        return end

    def _bare(self, at: Node) -> int:
        """Where the value begins after its anchor and tag."""
        if not at.anchor and not at.tag:
            return at.start
        found = _PROPERTIES.match(self.text, at.start)
        return found.end() if found else at.start

    def _collection(
        self,
        event: MappingStartEvent | SequenceStartEvent,
        at: Node,
        rest: Iterator[Event],
        depth: int,
    ) -> Node:
        children, closing = self._children(rest, depth)
        at = replace(at, flow=bool(event.flow_style), bare=self._bare(at))
        if isinstance(event, SequenceStartEvent):
            made = replace(at, kind="sequence", items=children)
        else:
            pairs = tuple(
                (key, _placed(value, key, self.text))
                for key, value in zip(children[::2], children[1::2], strict=True)
            )
            _no_duplicates(pairs)
            made = replace(at, kind="mapping", pairs=pairs)
        return replace(made, end=closing.end_mark.index) if made.flow else self._block(made)

    def _children(self, rest: Iterator[Event], depth: int) -> tuple[tuple[Node, ...], Event]:
        children: list[Node] = []
        for event in rest:
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                return tuple(children), event
            children.append(self.node(event, rest, depth + 1))
        raise EditError("The file ends in the middle of a block.")

    def _block(self, made: Node) -> Node:
        """A block begins at its first key or dash, and ends after its last value."""
        found = _NOTHING.match(self.text, made.bare)
        bare = found.end() if found and made.bare > made.start else made.bare
        last = [*made.items, *(value for _, value in made.pairs)]
        return replace(
            made, bare=bare, margin=bare - line_start(self.text, bare),
            end=max(node.end for node in last),
        )  # fmt: skip


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
