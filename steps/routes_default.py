"""A project without routes: the one route that the platform deploys then, written out. Pure."""

from collections.abc import Iterator

from steps.errors import EditError
from steps.routes_meaning import Meanings
from steps.routes_text import apply, into_block, line_break, line_end, quoted
from steps.routes_tree import Node, read

ROUTE = "https://{default}/"


def application_names(text: str) -> tuple[str, ...]:
    """The applications of one file: an app file, an `applications.yaml`, an Upsun file.

    Empty for any other text. Raises EditError for what is no valid YAML.
    """
    return tuple(name for root in read(text) for name in _names(root))


def _names(root: Node) -> Iterator[str]:
    meanings = Meanings()
    top = meanings.pairs(root)
    listed = top["applications"].value.real if "applications" in top else root.real
    if root.real.kind == "mapping" and "applications" not in top:
        named = meanings.word(root, "name")
        nested = (name for name, pair in top.items() if pair.value.real.kind == "mapping"
                  and "type" in meanings.pairs(pair.value))  # fmt: skip
        yield from [named] if named else nested
    elif listed.kind == "mapping":
        yield from (meanings.word(pair.value, "name") or name
                    for name, pair in meanings.pairs(listed).items())  # fmt: skip
    else:
        yield from filter(None, (meanings.word(item, "name") for item in listed.items))


def routes_file(text: str, application: str) -> str:
    """A routes file with the default route after what it says already, if that is anything."""
    newline = line_break(text, len(text))
    start = text if not text or text.endswith(newline) else text + newline
    return start + "".join(line + newline for line in _route(application, 0, 2))


def with_route(text: str, application: str) -> str:
    """An Upsun file with the default route under a `routes:` key at its end.

    Raises EditError for a file whose top is no block.
    """
    root = next(iter(read(text)), None)
    if root is None or root.kind != "mapping" or root.flow:
        raise EditError("The routes cannot be written into this file.", line=1, column=1)
    step = next((value.margin for _, value in root.pairs if value.pairs and not value.flow), 2)
    lines = _route(application, step, step)
    empty = root.own("routes")
    if empty is None:
        return apply(text, [into_block(text, root, ["routes:", *lines])])
    key, value = empty
    if value.end > value.bare:
        raise EditError("Routes are there, and are none.", line=key.line, column=key.column)
    at = line_end(text, value.end)
    newline = line_break(text, at)
    return text[:at] + "".join(newline + line for line in lines) + text[at:]


def _route(application: str, margin: int, step: int) -> list[str]:
    pad, inner = " " * margin, " " * (margin + step)
    target = quoted(f"{application}:http")
    return [f'{pad}"{ROUTE}":', f"{inner}type: upstream", f"{inner}upstream: {target}"]
