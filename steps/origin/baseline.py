"""A visitor's look as a value, and its judgement against the baseline. No I/O here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

State: TypeAlias = Literal["fine", "broken", "inconclusive"]

PLATFORM = ("x-platform-cluster", "x-platform-router", "x-platform-processor", "x-debug-info")
"""Answer headers that only the platform sends: with one of them, the origin answered."""
_FROM_CACHE = frozenset({"hit", "stale", "updating"})
_TOO_MANY, _ERROR = 429, 500
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_HINTS = {
    520: "Cloudflare got an empty answer: the origin may ask for a client certificate and reject "
    "the one it gets. Check which CA the origin accepts; set it to request meanwhile.",
    521: "The origin refuses connections from Cloudflare: nothing listens on 443 in the Full "
    "modes, or Cloudflare's addresses are blocked.",
    522: "The origin did not take the connection in time: a firewall, or a wrong target in DNS.",
    523: "The origin cannot be reached: check the addresses in its DNS record.",
    524: "The origin took the connection and sent no answer in time; this is not about TLS.",
    525: "The TLS handshake with the origin failed: no certificate for this name there, port 443 "
    "closed, or the client certificate was rejected. Check the origin certificate.",
    526: "SSL mode strict does not accept the origin's certificate: expired, revoked, another name "
    "or self-signed. At once: SSL mode Full. For good: a certificate with the right names.",
    530: "Cloudflare cannot resolve the origin's name: correct the content of the DNS record.",
    503: "The origin answers that it is not available; a deployment may be under way.",
}
_NO_CERTIFICATE = (
    "The origin requires a client certificate and none came: switch Authenticated Origin Pulls on "
    "(the right kind), or set the origin to request. In SSL mode off or flexible none is sent."
)
_REFUSED_ONE = (
    "The origin got a client certificate and does not accept it: compare the CA in the routes file "
    "with the certificate that Cloudflare presents (zone or host certificates override it)."
)
_LOOP = (
    "SSL mode off or flexible with an origin that redirects to https loops; Full ends it. In Full "
    "and strict an origin that redirects to http loops too."
)
_BY_CLOUDFLARE = range(520, 531)
"""Cloudflare's own answers about its connection to the origin (its troubleshooting pages)."""
_NOT_ASKED = frozenset({"unreachable", "no-route", "unresolved"})
_ERRORS = {
    "tls-authority": "The certificate shown is not publicly trusted. An Origin CA certificate seen "
    "by a visitor means that the record is DNS-only or the zone is paused.",
    "tls-name": "The certificate shown does not cover this name: Universal SSL covers the apex and "
    "one level; deeper names need an advanced certificate.",
    "tls-certificate": "The certificate shown to visitors is not valid; look at the zone's edge "
    "certificates.",
    "tls-handshake": "Cloudflare did not complete the handshake: it may have no certificate for "
    "this name yet.",
    "timeout": "The request was taken and no answer came in time.",
    "cut": "The connection ended in the middle of the answer.",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What a visitor got. `error` is empty when an HTTP answer came."""

    url: str
    """As asked for, without the token that makes it fresh."""
    address: str = ""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Lower-case names; those that tell the platform, the edge, the cache and a redirect."""
    body_class: str = ""
    """Digest of what kind of page it is (media type and title), not of its every byte."""
    error: str = ""
    """A key of `_ERRORS`, or one of `_NOT_ASKED`; else empty."""
    detail: str = ""
    """The error's own words, or Cloudflare's 1xxx code."""
    refusal: str = ""
    """nginx's words when the answer is about a client certificate."""
    client_verify: str = ""
    """What the page says of ``X-Client-Verify``: ``SUCCESS``, ``NONE``, ``FAILED`` or nothing."""
    milliseconds: int = 0

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return dict(self.headers).get(name, "")

    @property
    def tls_ok(self) -> bool:
        """Whether a connection with an acceptable certificate was made."""
        return not self.error.startswith("tls") and self.error not in _NOT_ASKED

    @property
    def no_route(self) -> bool:
        """Whether there is no way from this machine to addresses of that kind."""
        return self.error == "no-route"

    @property
    def cache_status(self) -> str:
        return self.header("cf-cache-status").upper()

    @property
    def mitigated(self) -> str:
        """``challenge`` when Cloudflare put a test before the visitor."""
        return self.header("cf-mitigated")

    @property
    def from_platform(self) -> bool:
        return any(self.header(name) for name in PLATFORM)

    @property
    def location(self) -> str:
        """Where it redirects to, without the query."""
        return self.header("location").partition("#")[0].partition("?")[0]

    def to_receipt(self) -> dict[str, str]:
        """As strings only, to be kept as a baseline."""
        return {
            "url": self.url, "address": self.address, "status": str(self.status or ""),
            "headers": json.dumps(self.headers), "body_class": self.body_class,
            "error": self.error, "detail": self.detail, "refusal": self.refusal,
            "client_verify": self.client_verify,
        }  # fmt: skip

    @staticmethod
    def from_receipt(receipt: Mapping[str, str]) -> "Look":
        """The baseline back from what `to_receipt` gave. Raises KeyError for other mappings."""
        return Look(
            url=receipt["url"], address=receipt["address"],
            status=int(receipt["status"]) if receipt["status"] else None,
            headers=tuple((name, value) for name, value in json.loads(receipt["headers"])),
            body_class=receipt["body_class"], error=receipt["error"], detail=receipt["detail"],
            refusal=receipt["refusal"], client_verify=receipt["client_verify"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """A look judged: what was seen, and what it means."""

    state: State
    words: str
    """A sentence for people: what was seen."""
    hint: str = ""
    """What it means and what to do, from Cloudflare's troubleshooting pages."""


def judge(seen: Look, baseline: Look) -> Judgement:
    """Compare a look with its own baseline. Could-not-ask is inconclusive, never broken."""
    if seen.error:
        return _failed(seen, baseline)
    assert seen.status is not None
    if seen.mitigated:
        return _unclear(f"Cloudflare put a {seen.mitigated} before the visitor.")
    if seen.refusal:
        required = "no required" in seen.refusal
        hint = _NO_CERTIFICATE if required else _REFUSED_ONE
        return Judgement("broken", f"HTTP {seen.status}: {seen.refusal}.", hint)
    if loops(seen) and not loops(baseline):
        return Judgement("broken", f"It redirects to itself: {seen.location}.", _LOOP)
    if seen.status >= _ERROR:
        return _server_error(seen, seen.status, baseline)
    return _compared(seen, seen.status, baseline)


def loops(seen: Look) -> bool:
    """Whether the answer redirects to the very address that was asked for."""
    if seen.status not in _REDIRECTS:
        return False
    try:
        target, asked = urlsplit(seen.location), urlsplit(seen.url)
    except ValueError:  # a Location that is no URL leads nowhere
        return False
    same_host = target.netloc.lower() in ("", asked.netloc.lower())
    same_scheme = target.scheme in ("", asked.scheme)
    return same_host and same_scheme and (target.path or "/") == (asked.path or "/")


def hint_for(seen: Look) -> str:
    """What the troubleshooting pages say of a status or an error, baseline or not."""
    if seen.refusal:
        return _NO_CERTIFICATE if "no required" in seen.refusal else _REFUSED_ONE
    return _HINTS.get(seen.status or 0, "") or _ERRORS.get(seen.error, "")


def cut_off(seen: Look) -> str:
    """What a look says of TLS between visitor, Cloudflare and origin being broken; else empty."""
    if seen.refusal:
        return f"HTTP {seen.status}: {seen.refusal}. {hint_for(seen)}"
    if seen.status in _BY_CLOUDFLARE:
        return f"HTTP {seen.status}. {hint_for(seen)}"
    return f"{seen.error} {seen.detail}. {hint_for(seen)}" if seen.error.startswith("tls") else ""


def _unclear(words: str) -> Judgement:
    return Judgement("inconclusive", words)


def _failed(seen: Look, baseline: Look) -> Judgement:
    said = f" ({seen.detail})" if seen.detail else ""
    if seen.error in _NOT_ASKED:
        return _unclear(f"The edge could not be asked: {seen.error}{said}.")
    if seen.error == baseline.error:
        return _unclear(f"It failed with {seen.error} before the run as well{said}.")
    return Judgement("broken", f"A visitor gets no page: {seen.error}{said}.", hint_for(seen))


def _server_error(seen: Look, status: int, baseline: Look) -> Judgement:
    if status == baseline.status:
        return _unclear(f"It answered HTTP {status} before the run as well.")
    code = f", code {seen.detail}" if seen.detail else ""
    return Judgement("broken", f"A visitor gets HTTP {status}{code}.", hint_for(seen))


def _compared(seen: Look, status: int, baseline: Look) -> Judgement:
    if status == _TOO_MANY:
        return _unclear("HTTP 429: too many requests from here.")
    if seen.cache_status.lower() in _FROM_CACHE:
        return _unclear(f"The answer came from the cache ({seen.cache_status}).")
    if baseline.from_platform and not seen.from_platform:
        return _unclear(f"HTTP {status}, without the platform's headers: somebody else answered.")
    if status != baseline.status and 400 <= status < _ERROR:  # noqa: PLR2004 - a client error
        return Judgement("broken", f"A visitor gets HTTP {status} instead of {baseline.status}.")
    if status != baseline.status or seen.location != baseline.location:
        return _unclear(f"HTTP {status} {seen.location}, not {baseline.status} {baseline.location}"
                        " as before.")  # fmt: skip
    if seen.body_class != baseline.body_class:
        return _unclear(f"HTTP {status}, and another kind of page than before.")
    return Judgement("fine", f"HTTP {status} from the origin, as before.")
