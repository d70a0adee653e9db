"""What a routes file says and what stands in its way. Reads text; `steps.routes` edits it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from steps.errors import EditError
from steps.routes_tree import Node, read

Mode: TypeAlias = Literal["require", "request"]
MOST_BYTES = 128 * 1024
"""The platform's limit for the routes document (docs: about 300 resolved routes)."""
_URL = re.compile(r"(https?)://([^/\s]+)(/.*)?", re.IGNORECASE | re.DOTALL)
_CURLY = tuple("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb")


@dataclass(frozen=True, slots=True)
class Authority:
    """One entry of `client_certificate_authorities`: an included file, or a PEM in the file."""

    path: str = ""
    pem: str = ""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """One route as written. `host` keeps placeholders (``{default}``); `line` counts from 1."""

    url: str
    scheme: str
    host: str
    type: str
    """``upstream``, ``redirect``, ``proxy``; as written, ``upstream`` when left out."""
    line: int
    target: str = ""
    """The upstream, or where it redirects to."""
    client_authentication: str = ""
    authorities: tuple[Authority, ...] = ()
    has_tls: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the file that people must know. A blocking one stops the edit."""

    code: str
    message: str
    line: int = 0
    column: int = 0
    blocking: bool = True
    hint: str = ""


def root(text: str) -> Node:
    """The mapping of routes. Raises EditError when there is none."""
    tree = read(text)
    if tree is None or (tree.kind == "scalar" and not tree.value):
        raise EditError(
            "The file holds no routes.",
            hint="Without a routes file one default route is deployed; write it out first.",
        )
    if tree.kind != "mapping":
        raise EditError("The file is no mapping of routes.", line=tree.line, column=tree.column)
    if tree.get("routes") is not None:
        raise EditError(
            "This is an Upsun file with a `routes:` key; only a routes.yaml is edited so far.",
            line=tree.line, column=tree.column,
        )  # fmt: skip
    return tree


def entry(key: Node, value: Node) -> RouteEntry:
    """One route as its values say, without resolving aliases."""
    parts = _URL.fullmatch(key.value)
    tls = value.get("tls")
    return RouteEntry(
        url=key.value,
        scheme=parts[1].lower() if parts else "",
        host=parts[2].lower() if parts else "",
        type=_scalar(value, "type") or "upstream",
        line=key.line,
        target=_scalar(value, "upstream") or _scalar(value, "to"),
        client_authentication=_scalar(tls, "client_authentication") if tls else "",
        authorities=_authorities(tls) if tls else (),
        has_tls=tls is not None,
    )


def obstacles(key: Node, value: Node) -> Iterator[Finding]:
    """What is wrong or worth telling about one route's address and kind."""
    route = entry(key, value)
    if key.value[:1] in _CURLY or key.value[-1:] in _CURLY:
        yield _at(key, "typographic-quotes",
                  f"The address {key.value} is written with typographic quotes, which YAML takes "
                  "for part of the name.", hint='Write it between straight quotes: "')  # fmt: skip
    elif not route.scheme:
        yield _at(key, "unknown-route", f"{key.value!r} is no address of a route.",
                  hint="A route begins with https:// or http://.")  # fmt: skip
    elif route.scheme == "http" and route.type != "redirect":
        yield _at(key, "http-upstream",
                  f"{key.value} serves content without TLS, a way around client authentication.",
                  hint="Make it a redirect to https, or take the route out: the platform adds the "
                  "redirect by itself.")  # fmt: skip
    if route.host.startswith("*."):
        yield _at(key, "wildcard", f"{key.value} stands for every name below it; each of them is "
                  "refused unless it comes through Cloudflare.", blocking=False)  # fmt: skip


def same_route_twice(tree: Node) -> Iterator[Finding]:
    """Routes that differ only in the slash at their end: one of them is ignored."""
    seen: dict[str, Node] = {}
    for key, _ in tree.pairs:
        name = key.value.rstrip("/").lower()
        if name in seen:
            message = f"{key.value} is the same route as in line {seen[name].line}."
            yield _at(key, "same-route", message, hint="Keep one of the two.")
        seen[name] = key


def _at(node: Node, code: str, message: str, *, blocking: bool = True, hint: str = "") -> Finding:
    return Finding(code, message, node.line, node.column, blocking=blocking, hint=hint)


def _scalar(node: Node | None, key: str) -> str:
    value = node.get(key) if node else None
    return value.value if value is not None and value.kind == "scalar" else ""


def _authorities(tls: Node) -> tuple[Authority, ...]:
    listed = tls.get("client_certificate_authorities")
    return tuple(
        Authority(path=_scalar(item, "path") if item.kind == "mapping" else item.value)
        if item.tag == "!include"
        else Authority(pem=item.value)
        for item in (listed.items if listed else ())
    )
