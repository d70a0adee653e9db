"""What a tree means once aliases and merge keys are followed, and who shares which part of it.

Each value is looked at once, so a text that doubles itself by aliases costs no more than it has
letters. Knows which keys of a route matter, and changes nothing.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from steps.errors import EditError
from steps.routes_tree import Node

TLS, MODE, AUTHORITIES = "tls", "client_authentication", "client_certificate_authorities"
Role: TypeAlias = Literal["route", "tls", "mode", "authorities", "other"]
"""As what a value is used: as a route that is changed, its tls block, …, or as anything else."""
_TEXT = "tag:yaml.org,2002:str"
_WORD = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_NO_WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
_BELOW: dict[tuple[Role, str], Role] = {
    ("route", TLS): "tls", ("tls", MODE): "mode", ("tls", AUTHORITIES): "authorities",
}  # fmt: skip


class Pair(NamedTuple):
    """A key and its value, and the mapping that they stand in: not always the one asked."""

    key: Node
    value: Node
    holder: Node


@dataclass(frozen=True, slots=True)
class Meanings:
    """Answers about the trees of one text."""

    _pairs: dict[Node, Mapping[str, Pair]] = field(default_factory=dict)
    _digests: dict[Node, bytes] = field(default_factory=dict)

    def pairs(self, node: Node) -> Mapping[str, Pair]:
        """What a mapping holds by the text of its keys: its own pairs, and those merged in.

        Empty for anything else.
        """
        mapping = node.real
        if mapping not in self._pairs:
            merged: dict[str, Pair] = {}
            for source in sources(mapping):
                merged = {**self.pairs(source), **merged}
            own = {_name(key): Pair(key, value, mapping) for key, value in mapping.pairs
                   if not is_merge(key)}  # fmt: skip
            self._pairs[mapping] = merged | own
        return self._pairs[mapping]

    def word(self, node: Node | None, key: str) -> str:
        """The text under a key of a mapping; empty when there is none, or nothing that is text."""
        pair = self.pairs(node).get(key) if node is not None else None
        real = pair.value.real if pair else None
        return real.value if real is not None and real.kind == "scalar" else ""

    def digest(self, node: Node) -> bytes:
        """The same for two values exactly when they mean the same. Order of keys left out."""
        real = node.real
        if real not in self._digests:
            self._digests[real] = self._digest(real)
        return self._digests[real]

    def parts(self, mapping: Node) -> dict[bytes, bytes]:
        """The digests of a mapping's keys and values."""
        found = self.pairs(mapping)
        return {
            self.digest(pair.key): self._authorities(pair.value) if name == AUTHORITIES
            else self.digest(pair.value)
            for name, pair in found.items()
        }  # fmt: skip

    def _authorities(self, value: Node) -> bytes:
        """Who is let in does not depend on the order of the list."""
        real = value.real
        if real.kind != "sequence":
            return self.digest(value)
        return sequence_digest(sorted(map(self.digest, real.items)), real.tag)

    def _digest(self, real: Node) -> bytes:
        match real.kind:
            case "mapping":
                return mapping_digest(self.parts(real), real.tag)
            case "sequence":
                return sequence_digest(map(self.digest, real.items), real.tag)
            case _:
                return scalar_digest(real)


def mapping_digest(parts: Mapping[bytes, bytes], tag: str = "") -> bytes:
    """The digest of a mapping that has these parts."""
    return _sha("mapping", tag, *(key + value for key, value in sorted(parts.items())))


def sequence_digest(items: Iterable[bytes], tag: str = "") -> bytes:
    """The digest of a list of these items."""
    return _sha("sequence", tag, *items)


def word_digest(word: str) -> bytes:
    """The digest of a text."""
    return _sha("scalar", "", b"text", word.encode())


def scalar_digest(scalar: Node) -> bytes:
    """A text is the same in whichever quotes, or under `!!str`; a plain `8` is not "8"."""
    if scalar.is_null:
        return _sha("null", "")
    value = scalar.value
    word = bool(_WORD.fullmatch(value) and value.lower() not in _NO_WORDS)
    text = not scalar.plain or word or scalar.tag == _TEXT
    return _sha(
        "scalar",
        "" if scalar.tag == _TEXT else scalar.tag,
        b"text" if text else b"plain",
        value.encode(),
    )


def _sha(kind: str, tag: str, *parts: bytes) -> bytes:
    found = hashlib.sha256(f"{kind} {tag}".encode())
    for part in parts:
        found.update(b"%d:" % len(part) + part)
    return found.digest()


def _name(key: Node) -> str:
    return key.real.value if key.real.kind == "scalar" else f"\0{key.start}"


def is_merge(key: Node) -> bool:
    """The key `<<`, which brings in the pairs of other mappings."""
    return key.kind == "scalar" and key.plain and key.value == "<<"


def sources(mapping: Node) -> Iterator[Node]:
    """The mappings that are merged into one, the strongest first."""
    for key, value in mapping.pairs:
        if is_merge(key):
            real = value.real
            for one in real.items if real.kind == "sequence" else (real,):
                if one.real.kind != "mapping":
                    raise EditError(
                        "The merge key << stands before something that is no mapping.",
                        line=value.line, column=value.column,
                    )  # fmt: skip
                yield one.real


def roles(root: Node, routes: Node, changed: Iterable[Node]) -> dict[Node, set[Role]]:
    """As what each value of a tree is used, if these values of `routes` are routes to change."""
    found: dict[Node, set[Role]] = {}
    changing = {routes: frozenset(changed)}
    _use(root, "other", changing, found)
    return found


def _use(
    node: Node,
    role: Role,
    changing: Mapping[Node, frozenset[Node]],
    found: dict[Node, set[Role]],
) -> None:
    if role in found.setdefault(node, set()):
        return
    found[node].add(role)
    if node.target is not None:
        _use(node.target, role, changing, found)
    for item in node.items:
        _use(item, role if role in ("route", "tls") else "other", changing, found)
    routes = changing.get(node, frozenset())
    for key, value in node.pairs:
        below = role if is_merge(key) else _BELOW.get((role, key.real.value), "other")
        _use(value, "route" if value in routes else below, changing, found)
