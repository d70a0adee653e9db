"""YAML text as a tree with exact positions, from ruamel.yaml's events. Knows no routes.

Not the usual loader: aliases, styles and tags must be seen as written, and an edit needs the place
where a value's own characters end, which for a block is not where the parser's block ends.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from steps.errors import EditError

DEEPEST = 50
Kind: TypeAlias = Literal["scalar", "sequence", "mapping", "alias"]


@dataclass(frozen=True, slots=True)
class Node:
    """One value as written. `start` and `end` are character offsets; lines and columns from 1."""

    kind: Kind
    start: int
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
    items: tuple["Node", ...] = ()
    pairs: tuple[tuple["Node", "Node"], ...] = ()

    @property
    def is_plain_block(self) -> bool:
        """A mapping in lines of its own, without tag, anchor or merge key: fit for insertion."""
        merged = any(key.value == "<<" and key.plain for key, _ in self.pairs)
        marked = self.tag or self.anchor or self.flow or merged
        return self.kind == "mapping" and not marked

    def get(self, key: str) -> "Node | None":
        """The value under `key` of a mapping."""
        return next((value for name, value in self.pairs if name.value == key), None)

    def data(self) -> Hashable:
        """The meaning, for comparing two texts: order of keys, comments and styles left out."""
        match self.kind:
            case "mapping":
                pairs = frozenset((key.data(), value.data()) for key, value in self.pairs)
                return ("mapping", self.tag, self.anchor, pairs)
            case "sequence":
                return ("sequence", self.tag, self.anchor, tuple(i.data() for i in self.items))
            case _:
                return (self.kind, self.tag, self.anchor, self.plain, self.value)


def read(text: str) -> Node | None:
    """The tree of a text with one document; None when it is empty.

    Raises EditError with line and column for invalid YAML, several documents, and duplicate keys.
    """
    try:
        events = list(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as invalid:
        mark = invalid.problem_mark or invalid.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = invalid.problem or invalid.context or "it cannot be parsed"
        raise EditError(f"This is not valid YAML: {what}.", line=line, column=column) from invalid
    except (YAMLError, ValueError, LookupError, OverflowError) as invalid:
        # ruamel's scanner lets some of Python's own errors out, e.g. for \U escapes past Unicode.
        raise EditError(f"This is not valid YAML: {_first_line(invalid)}.") from invalid
    documents = [event for event in events if isinstance(event, DocumentStartEvent)]
    if len(documents) > 1:
        raise EditError(
            "The file holds several YAML documents; only one is expected.",
            line=documents[1].start_mark.line + 1, column=1,
        )  # fmt: skip
    _no_loose_alias(events)
    inside = iter([event for event in events if isinstance(event, _CONTENT)])
    first = next(inside, None)
    return None if first is None else _node(first, inside, text, 0)


_CONTENT = (
    AliasEvent, ScalarEvent, MappingStartEvent, MappingEndEvent, SequenceStartEvent,
    SequenceEndEvent,
)  # fmt: skip


def _no_loose_alias(events: list[Event]) -> None:
    known: set[str] = set()
    for event in events:
        if isinstance(event, AliasEvent) and event.anchor not in known:
            mark = event.start_mark
            raise EditError(
                f"This is not valid YAML: the alias *{event.anchor} stands for nothing.",
                line=mark.line + 1, column=mark.column + 1,
            )  # fmt: skip
        if isinstance(event, NodeEvent) and event.anchor:
            known.add(event.anchor)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _node(event: Event, rest: Iterator[Event], text: str, depth: int) -> Node:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if depth > DEEPEST:
        raise EditError("The file is nested too deeply to be edited.", line=line, column=column)
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, AliasEvent):
        return Node("alias", start, end, line, column, value=event.anchor)
    assert isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent)
    tag, anchor = str(event.tag or ""), event.anchor or ""
    if isinstance(event, ScalarEvent):
        return _scalar(event, text, Node("scalar", start, end, line, column, "", tag, anchor))
    children, closing = _children(rest, text, depth)
    flow = bool(event.flow_style)
    end = closing.end_mark.index if flow else end
    if isinstance(event, SequenceStartEvent):
        end = end if flow else max([end, *(child.end for child in children)])
        return Node(
            "sequence", start, end, line, column, tag=tag, anchor=anchor, flow=flow, items=children
        )
    pairs = tuple(
        (key, _placed(value, key)) for key, value in zip(children[::2], children[1::2], strict=True)
    )
    end = end if flow else max(end, *(value.end for _, value in pairs))
    _no_duplicates(pairs)
    return Node("mapping", start, end, line, column, tag=tag, anchor=anchor, flow=flow, pairs=pairs)


def _scalar(event: ScalarEvent, text: str, at: Node) -> Node:
    block = event.style in ("|", ">")
    # A block scalar's end is past its line breaks, an empty one's is where the next token begins;
    # an insertion belongs after the last words.
    end = len(text[: at.end].rstrip()) if block or at.start == at.end else at.end
    return Node(
        "scalar", at.start, end, at.line, at.column, value=event.value, tag=at.tag,
        anchor=at.anchor, plain=not event.style, block_text=block,
    )  # fmt: skip


def _placed(value: Node, key: Node) -> Node:
    """A value that is left out stands where its key ends."""
    if value.kind != "scalar" or value.start < value.end or value.tag or value.anchor:
        return value
    return replace(value, start=key.end, end=key.end, line=key.line, column=key.column)


def _children(rest: Iterator[Event], text: str, depth: int) -> tuple[tuple[Node, ...], Event]:
    children: list[Node] = []
    for event in rest:
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            return tuple(children), event
        children.append(_node(event, rest, text, depth + 1))
    raise EditError("The file ends in the middle of a block.")


def _no_duplicates(pairs: tuple[tuple[Node, Node], ...]) -> None:
    seen: dict[Hashable, Node] = {}
    for key, _ in pairs:
        name = key.value if key.kind == "scalar" else key.data()
        if name in seen:
            raise EditError(
                f"The key {key.value!r} stands twice (first in line {seen[name].line}).",
                line=key.line, column=key.column,
            )  # fmt: skip
        seen[name] = key
