"""Whether an edit of a routes file is right: what the new text means, against what it should."""

from collections.abc import Collection, Sequence

from steps.routes_edit import is_right
from steps.routes_meaning import (
    AUTHORITIES,
    MODE,
    TLS,
    Meanings,
    mapping_digest,
    sequence_digest,
    word_digest,
)
from steps.routes_read import Mode, Section, is_ours
from steps.routes_tree import Node


def proven(
    before: Sequence[Section], after: Sequence[Section], wanted: Collection[str], mode: Mode,
    ca_path: str,
) -> bool:  # fmt: skip
    """The new text means the old one and the two keys in every wanted route, and nothing else.

    Authorities may come in any order.
    """
    return len(before) == len(after) and all(
        _expected(old, wanted, mode, ca_path) == new.meanings.digest(new.root)
        and all(is_right(new.meanings, pair.value, mode, ca_path)
                for url, pair in new.pairs.items() if url in wanted)
        for old, new in zip(before, after, strict=True)
    )  # fmt: skip


def _expected(part: Section, wanted: Collection[str], mode: Mode, ca_path: str) -> bytes:
    meanings = part.meanings
    parts = meanings.parts(part.routes) | {
        meanings.digest(pair.key): _route(meanings, pair.value, mode, ca_path)
        for url, pair in part.pairs.items()
        if url in wanted and not is_right(meanings, pair.value, mode, ca_path)
    }
    routes = mapping_digest(parts, part.routes.tag)
    if part.routes is part.root:
        return routes
    whole = meanings.parts(part.root) | {word_digest("routes"): routes}
    return mapping_digest(whole, part.root.tag)


def _route(meanings: Meanings, route: Node, mode: Mode, ca_path: str) -> bytes:
    tls = meanings.pairs(route).get(TLS)
    block = _tls(meanings, tls.value if tls else None, mode, ca_path)
    return mapping_digest(meanings.parts(route) | {word_digest(TLS): block}, route.real.tag)


def _tls(meanings: Meanings, tls: Node | None, mode: Mode, ca_path: str) -> bytes:
    """The block that was there, with the mode not lowered and our authority after those there."""
    parts = meanings.parts(tls) if tls is not None else {}
    was = meanings.word(tls, MODE) if tls is not None else ""
    listed = meanings.pairs(tls).get(AUTHORITIES) if tls is not None else None
    items = listed.value.real.items if listed else ()
    found = [meanings.digest(item) for item in items]
    if not any(is_ours(meanings, item, ca_path) for item in items):
        found.append(_include(ca_path))
    wanted = {
        word_digest(MODE): word_digest("require" if was == "require" else mode),
        word_digest(AUTHORITIES): sequence_digest(sorted(found)),
    }
    return mapping_digest(parts | wanted)


def _include(ca_path: str) -> bytes:
    words = {"type": "string", "path": ca_path}
    return mapping_digest(
        {word_digest(key): word_digest(value) for key, value in words.items()}, "!include"
    )
