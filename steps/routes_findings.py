"""What in a routes file stands in the way of the edit, and what must be told. Changes nothing."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from steps.routes_meaning import AUTHORITIES, MODE, TLS, Pair
from steps.routes_read import NO_ROUTES, RouteEntry, Section, is_ours
from steps.routes_tree import Node

MOST_BYTES = 128 * 1024
"""The platform's limit for the routes document (docs: about 300 resolved routes)."""
ACCEPTABLE = frozenset({"http-upstream"})
ABOUT_THE_SITE = frozenset({"http-upstream", "no-https-route", "no-routes", "same-route"})
"""The site is not closed with these, so the step is blocked; the text can be edited."""
_CURLY = tuple("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the file that people must know. A blocking one stops the step."""

    code: str
    message: str
    line: int = 0
    column: int = 0
    blocking: bool = True
    hint: str = ""
    path: str = ""
    """The file, from the repository's root, where several were read."""

    @property
    def acceptable(self) -> bool:
        """An approver may accept it by name, and it is then reported as open."""
        return self.code in ACCEPTABLE

    @property
    def stops_the_edit(self) -> bool:
        """Not even the text is edited."""
        return self.blocking and self.code not in ABOUT_THE_SITE


def found_in(
    text: str, parts: tuple[Section, ...], ca_path: str, accepted: Collection[str]
) -> tuple[Finding, ...]:
    """Everything about one file, in its order; what is accepted no longer blocks."""
    found = [*_whole(text, parts)]
    for part in parts:
        entries = part.entries
        for url, pair in part.pairs.items():
            found += _address(pair, entries[url])
            if entries[url].scheme == "https":
                found += _tls(part, pair, entries[url], ca_path)
        found += _twice(part, entries)
    ordered = sorted(found, key=lambda one: (not one.line, one.line, one.column))
    return tuple(
        replace(one, blocking=False) if one.code in accepted and one.acceptable else one
        for one in ordered
    )


def _whole(text: str, parts: tuple[Section, ...]) -> Iterator[Finding]:
    if not parts:
        yield Finding("no-routes", "The file holds no routes.", hint=NO_ROUTES)
    elif not any(route.scheme == "https" for part in parts for route in part.entries.values()):
        yield Finding("no-https-route", "The file holds no https route.")
    if len(parts) > 1:
        yield _at(parts[1].root, "several-documents", "The file holds several YAML documents with "
                  "routes; those of each are seen to.", blocking=False)  # fmt: skip
    if too_large(text, parts):
        yield Finding("too-large", "The routes are over the platform's limit of 128 KB.")


def too_large(text: str, parts: tuple[Section, ...]) -> bool:
    """Over the platform's limit: a routes file as a whole, of another file its routes."""
    wholes = (
        text if part.kind == "platformsh" else text[part.routes.start : part.routes.end]
        for part in parts
    )  # fmt: skip
    return any(len(whole.encode()) > MOST_BYTES for whole in wholes)


def _address(pair: Pair, route: RouteEntry) -> Iterator[Finding]:
    """What is wrong or worth telling about one route's address and kind."""
    key = pair.key
    if _curly(route.url):
        yield _at(key, "typographic-quotes",
                  f"The address {route.url} is written with typographic quotes, which YAML takes "
                  "for part of the name.", hint='Write it between straight quotes: "')  # fmt: skip
    elif not route.scheme:
        yield _no_route(pair, route)
    elif route.scheme == "http" and route.type != "redirect":
        yield _at(key, "http-upstream",
                  f"{route.url} serves content without TLS, a way around client authentication.",
                  hint="Make it a redirect to https, or take the route out: the platform adds the "
                  "redirect by itself.")  # fmt: skip
    if route.scheme and (_curly(route.target) or _curly(route.type)):
        yield _at(pair.value.real, "typographic-quotes",
                  f"A value of {route.url} is written with typographic quotes, which YAML takes "
                  "for part of it.", hint='Write it between straight quotes: "')  # fmt: skip
    if route.host.startswith("*."):
        yield _at(key, "wildcard", f"{route.url} stands for every name below it; each of them is "
                  "refused unless it comes through Cloudflare.", blocking=False)  # fmt: skip


def _curly(word: str) -> bool:
    return word[:1] in _CURLY or word[-1:] in _CURLY if word else False


def _no_route(pair: Pair, route: RouteEntry) -> Finding:
    """A mapping that is there to be copied from is no mistake; a wrong address is."""
    if pair.value.real.anchor or route.url.startswith((".", "x-")):
        return _at(pair.key, "template", f"{route.url} is no route, and stays as it is.",
                   blocking=False)  # fmt: skip
    return _at(pair.key, "unknown-route", f"{route.url!r} is no address of a route.",
               hint="A route begins with https:// or http://.")  # fmt: skip


def _tls(part: Section, pair: Pair, route: RouteEntry, ca_path: str) -> Iterator[Finding]:
    """What the route's tls block has already."""
    meanings, real = part.meanings, pair.value.real
    tls = meanings.pairs(real).get(TLS)
    included = next((one for one in (real, tls and tls.value.real) if one and one.is_custom), None)
    if included:
        yield _at(included, "included-route", f"What {route.url} says stands elsewhere: "
                  f"{included.tag}.", hint="Write it out in this file.")  # fmt: skip
        return
    if real.kind != "mapping" or not meanings.pairs(real):
        yield _at(pair.key, "empty-route", f"{route.url} says nothing about what it leads to.",
                  hint="Give it a type and an upstream, or take it out.")  # fmt: skip
        return
    if tls is None or tls.value.real.is_null:
        return
    if tls.value.real.kind != "mapping":
        yield _at(tls.value, "tls-no-block", f"What stands under tls of {route.url} is no block.",
                  hint="Write its keys in lines of their own below tls:")  # fmt: skip
        return
    yield from _authorities(part, tls.value, route, ca_path)
    mode = meanings.pairs(tls.value).get(MODE)
    if mode and not mode.value.real.is_null and route.client_authentication not in (
        "require", "request"):  # fmt: skip
        yield _at(mode.value, "unknown-mode",
                  f"{route.url} has a {MODE} that the platform does not know: "
                  f"{route.client_authentication or 'no word'}.", blocking=False)  # fmt: skip


def _authorities(part: Section, tls: Node, route: RouteEntry, ca_path: str) -> Iterator[Finding]:
    listed = part.meanings.pairs(tls).get(AUTHORITIES)
    real = listed.value.real if listed else None
    if listed and real and real.kind != "sequence" and not real.is_null:
        yield _at(listed.value, "authorities-no-list", f"The {AUTHORITIES} of {route.url} are no "
                  "list.", hint="Write each as an item: - !include …")  # fmt: skip
    others = [item for item in (real.items if real else ())
              if not is_ours(part.meanings, item, ca_path)]  # fmt: skip
    if others:
        yield _at(others[0], "other-authorities", f"{route.url} lets in the holders of another "
                  "authority's certificates as well; that entry is kept.",
                  blocking=False)  # fmt: skip
    if route.client_authentication == "require" and not (real and real.items):
        yield _at(tls, "no-authorities", f"{route.url} has {MODE} without a list of authorities: "
                  "until now any client certificate from a publicly trusted authority was let in.",
                  blocking=False)  # fmt: skip


def _twice(part: Section, entries: dict[str, RouteEntry]) -> Iterator[Finding]:
    """Routes that differ only in the slash at their end: one of them is ignored."""
    seen: dict[str, RouteEntry] = {}
    for url, route in entries.items():
        first = seen.setdefault(route.same_as, route)
        if route.scheme and first is not route:
            message = f"{url} is the same route as in line {first.line}."
            yield _at(part.pairs[url].key, "same-route", message, hint="Keep one of the two.")


def _at(node: Node, code: str, message: str, *, blocking: bool = True, hint: str = "") -> Finding:
    return Finding(code, message, node.line, node.column, blocking=blocking, hint=hint)
