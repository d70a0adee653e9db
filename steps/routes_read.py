"""What a routes file says, whichever kind it is. Reads text; `steps.routes` edits it."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from steps.errors import EditError
from steps.routes_meaning import AUTHORITIES, MODE, TLS, Meanings, Pair
from steps.routes_tree import Node, read

Mode: TypeAlias = Literal["require", "request"]
Kind: TypeAlias = Literal["platformsh", "upsun"]
_URL = re.compile(r"(https?)://([^/\s]+)(/.*)?", re.IGNORECASE | re.DOTALL)
_UPSUN = ("applications", "services", "routes")
NO_ROUTES = (
    "Without routes one default route is deployed; write it out first: "
    '"https://{default}/", type upstream, to the application.'
)


@dataclass(frozen=True, slots=True)
class Authority:
    """One entry of `client_certificate_authorities`: an included file, or a PEM in the file."""

    path: str = ""
    pem: str = ""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """One route as it counts: aliases and merge keys followed. `line` counts from 1."""

    url: str
    scheme: str
    """``https`` or ``http``; empty for what is no address of a route."""
    host: str
    """In small letters, placeholders (``{default}``) kept."""
    type: str
    """``upstream``, ``redirect``, ``proxy``; as written, ``upstream`` when left out."""
    line: int
    target: str = ""
    """The upstream, or where it redirects to."""
    client_authentication: str = ""
    authorities: tuple[Authority, ...] = ()
    has_tls: bool = False

    @property
    def same_as(self) -> str:
        """Equal for two ways to write one route: a slash at the end makes no other route."""
        path = self.url.split("://", 1)[-1][len(self.host) :].rstrip("/")
        return f"{self.scheme}://{self.host}{path}"


@dataclass(frozen=True, slots=True)
class Section:
    """The routes of one document of a file, and the tree that they stand in."""

    kind: Kind
    root: Node
    routes: Node
    meanings: Meanings

    @property
    def pairs(self) -> dict[str, Pair]:
        """Each route's key and value by its address."""
        return {pair.key.real.value: pair for pair in self.meanings.pairs(self.routes).values()}

    @property
    def entries(self) -> dict[str, RouteEntry]:
        """Each route by its address as written."""
        return {url: _entry(self.meanings, pair) for url, pair in self.pairs.items()}


def sections(text: str) -> tuple[Section, ...]:
    """The routes of every document of a file; none for an Upsun file that has other things only.

    Raises EditError when the file cannot be read for certain, or says nothing at all.
    """
    roots = read(text)
    found = _with_routes(roots)
    if not any(root.real.pairs for root in roots):
        raise EditError("The file holds no routes.", line=1, column=1, hint=NO_ROUTES)
    return found


def those_with_routes(text: str) -> tuple[Section, ...]:
    """As `sections`; none for a text that says nothing, too."""
    return _with_routes(read(text))


def _with_routes(roots: tuple[Node, ...]) -> tuple[Section, ...]:
    return tuple(one for root in roots if (one := _section(root)))


def _section(root: Node) -> Section | None:
    if root.real.kind != "mapping" or root.is_custom:
        raise EditError("The file is no mapping of routes.", line=root.line, column=root.column)
    meanings = Meanings()
    top = meanings.pairs(root)
    addresses = any(_URL.fullmatch(name) for name in top)
    if addresses or not any(name in _UPSUN for name in top):
        return Section("platformsh", root, root, meanings) if top else None
    routes = top["routes"].value.real if "routes" in top else None
    if routes is None or routes.is_null:
        return None
    if routes.kind != "mapping" or routes.is_custom:
        raise EditError(
            "What stands under routes: is no mapping of routes.",
            line=routes.line, column=routes.column,
        )  # fmt: skip
    return Section("upsun", root, routes, meanings) if routes.pairs else None


def _entry(meanings: Meanings, pair: Pair) -> RouteEntry:
    url, route = pair.key.real.value, pair.value
    parts = _URL.fullmatch(url)
    tls = meanings.pairs(route).get(TLS)
    return RouteEntry(
        url=url,
        scheme=parts[1].lower() if parts else "",
        host=parts[2].lower() if parts else "",
        type=meanings.word(route, "type") or "upstream",
        line=pair.key.line,
        target=meanings.word(route, "upstream") or meanings.word(route, "to"),
        client_authentication=meanings.word(tls.value, MODE) if tls else "",
        authorities=authorities(meanings, tls.value) if tls else (),
        has_tls=tls is not None,
    )


def authorities(meanings: Meanings, tls: Node) -> tuple[Authority, ...]:
    """The authorities that a tls block lets in."""
    listed = meanings.pairs(tls).get(AUTHORITIES)
    return tuple(_authority(meanings, item.real) for item in listed.value.real.items) if (
        listed) else ()  # fmt: skip


def _authority(meanings: Meanings, item: Node) -> Authority:
    if item.tag != "!include":
        return Authority(pem=item.value)
    return Authority(path=meanings.word(item, "path") if item.kind == "mapping" else item.value)


def is_ours(meanings: Meanings, item: Node, ca_path: str) -> bool:
    """Whether an item of the list includes our file as a text."""
    real = item.real
    path = meanings.word(real, "path")
    included = real.tag == "!include" and meanings.word(real, "type") == "string"
    return included and bool(path) and posixpath.normpath(path) == posixpath.normpath(ca_path)


def state(meanings: Meanings, route: Node, ca_path: str) -> str:
    """The mode of a route that lets our authority in; empty when it does not."""
    tls = meanings.pairs(route).get(TLS)
    listed = meanings.pairs(tls.value).get(AUTHORITIES) if tls else None
    ours = listed and any(is_ours(meanings, item, ca_path) for item in listed.value.real.items)
    return meanings.word(tls.value, MODE) if tls and ours else ""
