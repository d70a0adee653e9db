"""`.platform/routes.yaml` as text: what it says, and the lines that are put in. Text to text."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["require", "request"]


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
    """``upstream``, ``redirect``, ``proxy``; as written."""
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


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, and the URLs of the routes that were changed (none: it was right already)."""

    text: str
    routes: tuple[str, ...]


def routes(text: str) -> tuple[RouteEntry, ...]:
    """Every route in the file's order. Raises EditError when it cannot be read for certain."""
    raise NotImplementedError


def findings(text: str) -> tuple[Finding, ...]:
    """All that stands in the way or must be told, in the file's order; never raises."""
    raise NotImplementedError


def require(text: str, *, mode: Mode = "require", ca_path: str) -> Edited:
    """Put client authentication on every https route; every other byte stays.

    `ca_path` is relative to the configuration directory. Raises EditError for a shape that is not
    edited, with the lines to add by hand in `hint`.
    """
    raise NotImplementedError


def undo(text: str, *, ca_path: str) -> Edited:
    """Take out exactly what `require` puts in. Raises EditError as `require` does."""
    raise NotImplementedError


def diff(before: str, after: str, path: str) -> str:
    """A unified diff of two texts for a card; empty when they are the same."""
    raise NotImplementedError
