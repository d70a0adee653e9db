"""How the change is written: places in a text, and the words that are put there.

Text in the file's own style: its line breaks, its indentation, blocks in blocks and braces in
braces. Decides nothing.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from steps.routes_meaning import AUTHORITIES, MODE
from steps.routes_tree import Node, line_start

_BREAK = re.compile(r"\r\n|\n|\r")
_BARE = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)


class Cut(NamedTuple):
    """Characters `start` to `end` become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Style:
    """How blocks are indented: a step below a key, and a list's dashes below theirs."""

    step: int
    dash: int


def apply(text: str, cuts: Sequence[Cut]) -> str:
    """The text with every cut made; at one place, new lines come after words."""
    ordered = sorted(dict.fromkeys(cuts), key=_order)
    for cut in ordered[::-1]:
        text = text[: cut.start] + cut.text + text[cut.end :]
    return text


def _order(cut: Cut) -> tuple[int, int, bool]:
    return (cut.start, cut.end, bool(_BREAK.match(cut.text)))


def step_of(block: Node, outer: int) -> int:
    """A route's step: that of its nested blocks, or its own below its key's margin."""
    inner = [value.margin - block.margin for _, value in block.pairs
             if value.kind == "mapping" and value.pairs and not value.flow]  # fmt: skip
    steps = [] if block.flow else [*inner, block.margin - outer]
    return next((one for one in steps if one > 0), 2)


def lists_are_indented(root: Node) -> bool:
    """Whether any list's dashes stand below their key; so too when there is no list."""
    dashes = [value.margin - margin for margin, value in _lists(root)]
    return not dashes or max(dashes) > 0


def _lists(node: Node) -> Iterator[tuple[int, Node]]:
    for _, value in node.pairs:
        if value.kind == "sequence" and value.items and not value.flow:
            yield node.margin, value
        yield from _lists(value)
    for item in node.items:
        yield from _lists(item)


def line_end(text: str, at: int) -> int:
    """Where the line that holds offset `at` ends, before its line break."""
    found = _BREAK.search(text, at)
    return found.start() if found else len(text)


def line_break(text: str, at: int) -> str:
    """The line break at an offset; at the end of the file the one before it."""
    found = _BREAK.match(text, at)
    if found:
        return found[0]
    before = line_start(text, at)
    return "\r\n" if text[:before].endswith("\r\n") else (text[before - 1 : before] or "\n")


def path_word(path: str) -> str:
    """A path as YAML, in quotes only where it needs them."""
    return path if _BARE.fullmatch(path) and "." in path else json.dumps(path)


def include(path: str) -> str:
    """Our authority as one line."""
    return f"!include {{type: string, path: {path_word(path)}}}"


def item_lines(path: str, margin: int) -> list[str]:
    """Our authority as an item of a list in lines."""
    pad = " " * margin
    return [f"{pad}- !include", f"{pad}  type: string", f"{pad}  path: {path_word(path)}"]


def mode_line(mode: str, margin: int) -> list[str]:
    """The mode as a line."""
    return [f'{" " * margin}{MODE}: "{mode}"']


def list_lines(path: str, margin: int, style: Style) -> list[str]:
    """The list with our authority as lines."""
    return [f"{' ' * margin}{AUTHORITIES}:", *item_lines(path, margin + style.dash)]


def mode_pair(mode: str) -> str:
    """The mode between braces."""
    return f'{MODE}: "{mode}"'


def list_pair(path: str) -> str:
    """The list between braces."""
    return f"{AUTHORITIES}: [{include(path)}]"


def into_block(text: str, block: Node, lines: Sequence[str]) -> Cut:
    """Lines after the last key or item whose value does not change by what follows it.

    A block of text that keeps its blank lines, or that ends the file without a line break, would.
    """
    children = [*block.items, *(value for _, value in block.pairs)]
    for child in reversed(children):
        if not _swallows(text, child):
            at = line_end(text, child.end)
            newline = line_break(text, at)
            return Cut(at, at, "".join(newline + line for line in lines))
    at = line_start(text, block.bare)
    newline = line_break(text, line_end(text, at))
    return Cut(at, at, "".join(line + newline for line in lines))


def _swallows(text: str, leaf: Node) -> bool:
    while leaf.pairs or leaf.items:
        leaf = leaf.pairs[-1][1] if leaf.pairs else leaf.items[-1]
    if not leaf.block_text:
        return False
    keeps = "+" in text[leaf.bare : leaf.bare + 3]
    blank = leaf.value.rstrip("\n").rpartition("\n")[2].isspace()
    return keeps or blank or not _BREAK.search(text, leaf.end)


def into_braces(text: str, flow: Node, words: str) -> list[Cut]:
    """Words after the last entry between braces or brackets, on a line of their own if it is."""
    children = [*flow.items, *(value for _, value in flow.pairs)]
    if not children:
        space = text[flow.bare + 1 : flow.end - 1]
        pad = space if not space.strip(" ") else ""
        return [Cut(flow.bare + 1, flow.bare + 1 + len(pad), f"{pad}{words}{pad}")]
    last = children[-1]
    first = flow.pairs[-1][0] if flow.pairs else last
    begin, end = line_start(text, first.start), line_end(text, last.end)
    pad = text[begin : first.start]
    if pad.strip() or end >= flow.end or begin <= flow.bare:
        return [Cut(last.end, last.end, f", {words}")]
    newline = line_break(text, end)
    if has_comma(text, last):
        return [Cut(end, end, f"{newline}{pad}{words},")]
    return [Cut(last.end, last.end, ","), Cut(end, end, f"{newline}{pad}{words}")]


def has_comma(text: str, entry: Node) -> bool:
    """A comma after an entry between braces, on its line."""
    return text[entry.end : line_end(text, entry.end)].lstrip().startswith(",")


def as_flow(node: Node) -> str:
    """A copy of a value in one line, without anchors and aliases."""
    real = node.real
    tag = f"{real.tag} " if real.tag else ""
    match real.kind:
        case "mapping":
            pairs = (f"{as_flow(key)}: {as_flow(value)}" for key, value in real.pairs)
            return f"{tag}{{{', '.join(pairs)}}}"
        case "sequence":
            return f"{tag}[{', '.join(map(as_flow, real.items))}]"
        case _:
            return (tag + _flow_word(real)).rstrip()


def _flow_word(scalar: Node) -> str:
    needed = not scalar.plain or re.search(r"[,\[\]{}#\n]|:( |$)", scalar.value)
    return quoted(scalar.value) if needed else scalar.value or "null"


def quoted(word: str) -> str:
    """A text between double quotes."""
    return json.dumps(word, ensure_ascii=False)


def block_by_hand(path: str) -> str:
    """The whole block, for people who put it in themselves."""
    style = Style(2, 2)
    return "\n".join(["tls:", *mode_line("require", 2), *list_lines(path, 2, style)])
