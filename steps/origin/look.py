"""The visitor's look: one uncached request through Cloudflare, judged against its baseline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["fine", "broken", "inconclusive"]
Resolve: TypeAlias = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Way:
    """How the edge is reached: the same for every look of a run."""

    resolve: Resolve
    """Host name to edge addresses; may raise ClientError, which makes the look inconclusive."""
    fresh: Callable[[], str]
    """A new random token for the query string, so that no cache can answer."""
    https_port: int = 443
    http_port: int = 80
    roots: str | None = None
    """PEM roots that visitors trust; None for the public ones."""
    header: tuple[str, str] | None = None
    """A header that lets the look pass a maintenance page."""
    timeout: float = 10.0
    """Seconds for a whole look."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a visitor got. `error` is empty when an HTTP answer came."""

    url: str
    address: str = ""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Lower-case names; those that tell the platform, the edge, the cache and a redirect."""
    body_class: str = ""
    """Digest of what kind of page it is (media type and title), not of its every byte."""
    error: str = ""
    """``tls-<reason>``, ``timeout``, ``unreachable``, ``unresolved`` or ``cut``; else empty."""
    detail: str = ""
    refusal: str = ""
    """nginx's words when the answer is about a missing client certificate."""
    client_verify: str = ""
    """What the page says of ``X-Client-Verify``: ``SUCCESS``, ``NONE``, ``FAILED`` or nothing."""
    milliseconds: int = 0

    def to_receipt(self) -> dict[str, str]:
        """As strings only, to be kept as a baseline."""
        raise NotImplementedError

    @staticmethod
    def from_receipt(receipt: Mapping[str, str]) -> "Look":
        """The baseline back from what `to_receipt` gave. Raises KeyError for other mappings."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Judgement:
    state: State
    words: str
    """A sentence for people: what was seen."""
    hint: str = ""
    """What it means and what to do, from Cloudflare's troubleshooting pages."""


def look(url: str, way: Way, *, address: str | None = None) -> Look:
    """Ask once as a visitor would, following no redirect; never raises for what is out there.

    `url` without a port. `address` picks one edge address; otherwise the first that connects.
    """
    raise NotImplementedError


def look_everywhere(url: str, way: Way) -> tuple[Look, ...]:
    """One look by each address that the host resolves to."""
    raise NotImplementedError


def judge(seen: Look, baseline: Look) -> Judgement:
    """Compare a look with its own baseline. Could-not-ask is inconclusive, never broken."""
    raise NotImplementedError


def redirect_loop(url: str, way: Way, *, most: int = 10) -> tuple[str, ...]:
    """The URLs of a redirect loop on the same host, or nothing if the redirects come to an end."""
    raise NotImplementedError
