"""`.platform/routes.yaml` as text: the lines that are put in and taken out. Text to text.

Lines are only inserted, or one value changed, at places that the parser's positions give; what came
out is parsed again and compared before anybody gets it. A shape that is not a plain block mapping
is refused with the lines to add by hand.
"""

import difflib
import json
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from steps.errors import EditError
from steps.routes_read import (
    MOST_BYTES,
    Authority,
    Finding,
    Mode,
    RouteEntry,
    entry,
    obstacles,
    root,
    same_route_twice,
)
from steps.routes_tree import Node

__all__ = [
    "Authority", "Edited", "Finding", "Mode", "RouteEntry", "diff", "findings", "require", "routes",
    "undo",
]  # fmt: skip
MODE, AUTHORITIES = "client_authentication", "client_certificate_authorities"


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, and the URLs of the routes that were changed (none: it was right already)."""

    text: str
    routes: tuple[str, ...]


class _Cut(NamedTuple):
    """Characters `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def routes(text: str) -> tuple[RouteEntry, ...]:
    """Every route in the file's order. Raises EditError when it cannot be read for certain."""
    return tuple(entry(key, value) for key, value in root(text).pairs)


def findings(text: str, *, ca_path: str = "cloudflare-ca.crt") -> tuple[Finding, ...]:
    """All that stands in the way or must be told, in the file's order; never raises."""
    try:
        return tuple(_findings(root(text), text, ca_path))
    except EditError as refused:
        return (
            Finding(
                "unreadable", refused.for_people, refused.line, refused.column, hint=refused.hint
            ),
        )


def require(text: str, *, mode: Mode = "require", ca_path: str) -> Edited:
    """Put client authentication on every https route; every other byte stays.

    `ca_path` is relative to the configuration directory. Raises EditError for a shape that is not
    edited, with the lines to add by hand in `hint`.
    """
    tree = root(text)
    for finding in _findings(tree, text, ca_path):
        if finding.blocking:
            raise EditError(
                finding.message, hint=finding.hint, line=finding.line, column=finding.column
            )
    wanted = [(key, value) for key, value in _https(tree) if _mode(value, ca_path) != mode]
    after = _apply(text, [_cut(text, key, value, mode, ca_path) for key, value in wanted])
    _prove(tree, text, after, mode, ca_path)
    return Edited(after, tuple(key.value for key, _ in wanted))


def undo(text: str, *, ca_path: str) -> Edited:
    """Take out exactly what `require` puts in, in either mode.

    Raises EditError when the file cannot be read, or when the lines are not as we wrote them.
    """
    ours = [(key, value) for key, value in _https(root(text)) if _mode(value, ca_path)]
    cuts = [_taken_out(text, key, value, ca_path) for key, value in ours]
    return Edited(_apply(text, cuts), tuple(key.value for key, _ in ours))


def diff(before: str, after: str, path: str) -> str:
    """A unified diff of two texts for a card; empty when they are the same."""
    old, new = (
        [f"{line}\n" for line in re.split(r"\r?\n", side.removesuffix("\n").removesuffix("\r"))]
        for side in (before, after)
    )
    return "".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"))


def _findings(tree: Node, text: str, ca_path: str) -> Iterator[Finding]:
    for key, value in tree.pairs:
        yield from obstacles(key, value)
        if entry(key, value).scheme == "https":
            yield from _shape(tree, key, value, ca_path)
    yield from same_route_twice(tree)
    if not list(_https(tree)):
        yield Finding("no-https-route", "The file holds no https route.")
    if len(text.encode()) > MOST_BYTES:
        yield Finding("too-large", "The file is over the platform's limit of 128 KB.")


def _https(tree: Node) -> Iterator[tuple[Node, Node]]:
    return ((key, value) for key, value in tree.pairs if entry(key, value).scheme == "https")


def _shape(tree: Node, key: Node, value: Node, ca_path: str) -> Iterator[Finding]:
    """Why a route's block is not edited, if so."""
    tls = value.get("tls") if value.kind == "mapping" else None
    if _mode(value, ca_path):
        return
    if not tree.is_plain_block or not value.is_plain_block:
        why = f"{key.value} is not written as a plain block (braces, an anchor or a merge key)."
        yield _refusal("not-plain", why, value, ca_path)
    elif tls is not None and not tls.is_plain_block:
        why = f"The tls block of {key.value} is not a plain block (empty, braces or an anchor)."
        yield _refusal("tls-not-plain", why, tls, ca_path)
    elif tls is not None and tls.get(AUTHORITIES) is not None:
        why = f"The tls block of {key.value} already names client certificate authorities."
        yield _refusal("other-authorities", why, tls, ca_path)
    elif tls is not None and tls.get(MODE) is not None:
        why = (f"{key.value} has {MODE} without a list of authorities: any client certificate from "
               "a publicly trusted authority is let in.")  # fmt: skip
        yield _refusal("no-authorities", why, tls, ca_path)


def _refusal(code: str, why: str, at: Node, ca_path: str) -> Finding:
    hint = f"The route must end up with these keys; put them in by hand:\n{_by_hand(ca_path)}"
    return Finding(code, why, at.line, at.column, hint=hint)


def _by_hand(ca_path: str) -> str:
    return "\n".join(["tls:", *_keys("require", ca_path, 2, 2)])


def _mode(route: Node, ca_path: str) -> str:
    """``require`` or ``request`` when the route's keys mean just what ours mean; else nothing."""
    tls = route.get("tls") if route.kind == "mapping" else None
    mode, listed = (tls.get(MODE), tls.get(AUTHORITIES)) if tls else (None, None)
    if tls is None or tls.kind != "mapping" or not mode or not listed or len(listed.items) != 1:
        return ""
    included = listed.items[0]
    values = {key.value: value.value for key, value in included.pairs}
    ours = included.tag == "!include" and values == {"type": "string", "path": ca_path}
    return mode.value if ours and mode.value in ("require", "request") else ""


def _cut(text: str, key: Node, route: Node, mode: Mode, ca_path: str) -> _Cut:
    tls = route.get("tls")
    present = tls.get(MODE) if tls else None
    if present is not None:
        written = text[present.start : present.end]
        return _Cut(present.start, present.end, written.replace(present.value, mode))
    at = _line_end(text, tls.end if tls else _place(text, route))
    newline = "\r\n" if "\r\n" in (text[at : at + 2] or text) else "\n"
    return _Cut(at, at, "".join(newline + line for line in _lines(key, route, mode, ca_path)))


def _place(text: str, route: Node) -> int:
    """After the last key whose value does not change by what follows it.

    A block of text that keeps its blank lines, or that ends the file without a line break, would.
    """
    for _, value in reversed(route.pairs):
        leaf = value
        while leaf.pairs or leaf.items:
            leaf = leaf.pairs[-1][1] if leaf.pairs else leaf.items[-1]
        keeps = "+" in text[leaf.start : leaf.start + 3] or "\n" not in text[leaf.end :]
        if not (leaf.block_text and keeps):
            return value.end
    return route.end


def _taken_out(text: str, key: Node, route: Node, ca_path: str) -> _Cut:
    tls = route.get("tls")
    assert tls is not None
    block = [name for name, _ in route.pairs if name.value == "tls"]
    first = (block if not _others(tls) else [name for name, _ in tls.pairs if name.value == MODE])[
        0
    ]
    listed = tls.get(AUTHORITIES)
    assert listed is not None
    start = text.rfind("\n", 0, first.start)
    start -= text[max(start - 1, 0) : start] == "\r"
    end = _line_end(text, listed.end)
    expected = "".join(f"\n{line}" for line in _lines(key, route, _mode(route, ca_path), ca_path))
    if text[start:end].replace("\r\n", "\n") != expected:
        raise EditError(
            f"The tls block of {key.value} is not written as it was put in; it is not taken out.",
            hint=f"Take {MODE} and {AUTHORITIES} out by hand.",
            line=first.line, column=first.column,
        )  # fmt: skip
    return _Cut(start, end, "")


def _others(tls: Node) -> list[Node]:
    """The keys of a tls block that are not ours."""
    return [key for key, _ in tls.pairs if key.value not in (MODE, AUTHORITIES)]


def _lines(key: Node, route: Node, mode: str, ca_path: str) -> list[str]:
    """What is inserted: a whole block, or two keys at the end of one that is there.

    The step of the indentation is the file's own.
    """
    tls = route.get("tls")
    rest = _others(tls) if tls else []
    column = route.pairs[0][0].column
    if rest:
        return _keys(mode, ca_path, rest[0].column - 1, rest[0].column - column)
    step = column - key.column if column > key.column else 2
    return [" " * (column - 1) + "tls:", *_keys(mode, ca_path, column - 1 + step, step)]


def _keys(mode: str, ca_path: str, margin: int, step: int) -> list[str]:
    path = ca_path if re.fullmatch(r"[A-Za-z_][\w./-]*", ca_path, re.ASCII) else json.dumps(ca_path)
    outer, inner = " " * margin, " " * (margin + step)
    return [
        f'{outer}{MODE}: "{mode}"', f"{outer}{AUTHORITIES}:", f"{inner}- !include",
        f"{inner}  type: string", f"{inner}  path: {path}",
    ]  # fmt: skip


def _line_end(text: str, at: int) -> int:
    """Where the line that holds offset `at` ends, before its line break."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if text[at:end].endswith("\r") else end


def _apply(text: str, cuts: list[_Cut]) -> str:
    for cut in sorted(cuts, reverse=True):
        text = text[: cut.start] + cut.text + text[cut.end :]
    return text


def _prove(before: Node, text: str, after_text: str, mode: Mode, ca_path: str) -> None:
    """The new text means the old one and our keys, and the way back leads to the old bytes."""
    after = root(after_text)
    same = _without_ours(before) == _without_ours(after)
    done = all(_mode(value, ca_path) == mode for _, value in _https(after))
    fresh = not any(_mode(value, ca_path) for _, value in _https(before))
    back = not fresh or undo(after_text, ca_path=ca_path).text == text
    if not (same and done and back):
        raise EditError(
            "The edit of this file could not be proven right, so it is not made.",
            hint="Put these keys into every https route by hand:\n" + _by_hand(ca_path),
        )


def _without_ours(tree: Node) -> list[Hashable]:
    """The meaning of every route, less the two keys and less a tls block that holds only them."""
    return [(key.data(), _route_rest(value)) for key, value in tree.pairs]


def _route_rest(route: Node) -> Hashable:
    if route.kind != "mapping":
        return route.data()
    rest = [(key.data(), _tls_rest(value) if key.value == "tls" else value.data())
            for key, value in route.pairs]  # fmt: skip
    return (route.tag, route.anchor, frozenset(pair for pair in rest if pair[1] != ()))


def _tls_rest(tls: Node) -> Hashable:
    if tls.kind != "mapping":
        return tls.data()
    kept = {key.value for key in _others(tls)}
    return tuple((key.data(), value.data()) for key, value in tls.pairs if key.value in kept)
