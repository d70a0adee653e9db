"""The visitor's look: one uncached request through Cloudflare, following no redirect.

A fresh connection each time: a kept one would hide what a changed setting does.
"""

import hashlib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from steps.errors import ClientError
from steps.origin.baseline import PLATFORM, Judgement, Look, State, judge
from steps.origin.reach import NO_ROUTE

__all__ = [
    "Judgement", "Look", "Resolve", "State", "Way", "judge", "look", "look_everywhere",
    "redirect_loop",
]  # fmt: skip
Resolve: TypeAlias = Callable[[str], Sequence[str]]
_KEPT = frozenset({
    *PLATFORM, "cf-ray", "cf-cache-status", "cf-mitigated", "content-type", "location", "server",
    "x-client-verify",
})  # fmt: skip
_MOST_BYTES = 262_144
_LONGEST = 500
_VERIFY = re.compile(r"x[-_]client[-_]verify\W{1,8}(SUCCESS|NONE|FAILED)", re.IGNORECASE)
_CLOUDFLARE_CODE = re.compile(r"error(?: code)?:?\s+(1\d{3})\b", re.IGNORECASE)
_NGINX = ("no required ssl certificate was sent", "the ssl certificate error")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


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
    clock: Callable[[], float] = time.monotonic


def look(url: str, way: Way, *, address: str | None = None) -> Look:
    """Ask once as a visitor would; never raises for what is out there.

    `url` without a port. `address` picks one edge address; otherwise the first that connects.
    """
    parts = urlsplit(url)
    addresses = (address,) if address else _resolved(parts, way)
    if isinstance(addresses, str):
        return Look(url, error="unresolved", detail=addresses)
    seen = Look(url, error="unresolved", detail="no address")
    for one in addresses:
        seen = _ask(url, parts, way, one)
        if seen.error not in ("unreachable", "no-route"):
            break
    return seen


def look_everywhere(url: str, way: Way) -> tuple[Look, ...]:
    """One look by each address that the host resolves to."""
    addresses = _resolved(urlsplit(url), way)
    if isinstance(addresses, str) or not addresses:
        return (look(url, way),)
    return tuple(look(url, way, address=address) for address in addresses)


def redirect_loop(url: str, way: Way, *, most: int = 10) -> tuple[str, ...]:
    """The URLs of a redirect loop on the same host, or nothing if the redirects come to an end."""
    seen: list[str] = []
    at = url
    while len(seen) < most:
        seen.append(at)
        onward = _onward(at, look(at, way).location)
        if not onward:
            return ()
        at = onward
        if at in seen:
            return (*seen[seen.index(at) :], at)
    return tuple(seen)


def _onward(at: str, location: str) -> str:
    """Where a redirect leads on the same host; nothing for another host or for no URL at all."""
    try:
        target = urljoin(at, location) if location else ""
        same = urlsplit(target).hostname == urlsplit(at).hostname
    except ValueError:
        return ""
    return target if same and target.startswith(("http://", "https://")) else ""


def _resolved(parts: SplitResult, way: Way) -> Sequence[str] | str:
    """The edge's addresses, or why there are none."""
    try:
        return way.resolve(parts.hostname or "")
    except ClientError as failed:
        return failed.for_people


def _ask(url: str, parts: SplitResult, way: Way, address: str) -> Look:
    began = way.clock()
    secure = parts.scheme == "https"
    where = f"[{address}]" if ":" in address else address
    token = f"mtls-look={way.fresh()}"
    target = parts._replace(
        netloc=f"{where}:{way.https_port if secure else way.http_port}", path=parts.path or "/",
        query=f"{parts.query}&{token}" if parts.query else token, fragment="",
    )  # fmt: skip
    headers = dict([way.header] if way.header else []) | {
        "host": parts.netloc, "user-agent": "mtls-bot-look", "accept": "*/*",
        "accept-encoding": "identity",
    }  # fmt: skip
    extensions = {"sni_hostname": parts.hostname, "timeout": _timeouts(way.timeout)}
    try:
        request = httpx.Request("GET", target.geturl(), headers=headers, extensions=extensions)
        with _transport(way.roots) as transport:
            seen = _received(transport, request, Look(url, address), began + way.timeout, way.clock)
    except httpx.InvalidURL as failed:
        seen = Look(url, address, error="unresolved", detail=str(failed))
    except httpx.TransportError as failed:
        error, detail = _error(failed)
        seen = Look(url, address, error=error, detail=detail)
    return replace(seen, milliseconds=round((way.clock() - began) * 1000))


def _timeouts(seconds: float) -> dict[str, float | None]:
    return httpx.Timeout(seconds).as_dict()


def _transport(roots: str | None) -> httpx.HTTPTransport:
    return httpx.HTTPTransport(verify=_trust(roots), retries=0, trust_env=False)


@lru_cache(maxsize=4)
def _trust(roots: str | None) -> ssl.SSLContext:
    if roots is None:
        return httpx.create_ssl_context(trust_env=False)
    return ssl.create_default_context(cadata=roots)


def _received(
    transport: httpx.HTTPTransport, request: httpx.Request, asked: Look, deadline: float,
    clock: Callable[[], float],
) -> Look:  # fmt: skip
    response = transport.handle_request(request)
    body = b""
    assert isinstance(response.stream, httpx.SyncByteStream)
    try:
        for chunk in response.stream:
            body += chunk
            if clock() > deadline:
                return replace(asked, error="timeout", detail="the answer took too long")
            if len(body) >= _MOST_BYTES:
                break
    finally:
        response.close()
    return _understood(response, body[:_MOST_BYTES].decode("utf-8", "replace"), asked)


def _understood(response: httpx.Response, body: str, asked: Look) -> Look:
    headers = tuple(
        (name.lower(), value[:_LONGEST])
        for name, value in response.headers.items()
        if name.lower() in _KEPT
    )
    status = response.status_code
    code = _CLOUDFLARE_CODE.search(body) if status >= 500 else None  # noqa: PLR2004
    words = next((words for words in _NGINX if words in body.lower()), "")
    verify = response.headers.get("x-client-verify", "") or _verify_in(body)
    return replace(
        asked, status=status, headers=headers,
        body_class=body_class(response.headers.get("content-type", ""), body),
        detail=code[1] if code else "", client_verify=verify.upper(),
        refusal=words if status in (400, 495, 496) else "",
    )  # fmt: skip


def _verify_in(body: str) -> str:
    """What a page that echoes the header says, alone or beside the header's name."""
    alone = body.strip().upper()
    if alone in ("SUCCESS", "NONE", "FAILED"):
        return alone
    found = _VERIFY.search(body)
    return found[1] if found else ""


def body_class(content_type: str, body: str) -> str:
    """A digest of the kind of page: media type and title, or the first line; digits left out.

    Pages differ from request to request (tokens, times, counters); their kind does not.
    """
    title = _TITLE.search(body)
    first = title[1] if title else next(iter(body.strip().splitlines()), "")
    words = re.sub(r"[\W\d_]+", " ", first).strip().lower()[:200]
    media = content_type.partition(";")[0].strip().lower()
    return hashlib.sha256(f"{media}\n{words}".encode()).hexdigest()[:16]


def _error(failed: httpx.TransportError) -> tuple[str, str]:
    """The kind of failure, and its own words."""
    for cause in _causes(failed):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate_error(cause), cause.verify_message or "certificate not accepted"
        if isinstance(cause, ssl.SSLError) and isinstance(failed, httpx.ConnectError):
            return "tls-handshake", str(cause.reason or cause)
    match failed:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            kind = "no-route" if _without_route(failed) else "unreachable"
            return kind, str(failed) or "no connection in time"
        case httpx.TimeoutException():
            return "timeout", ""
        case _:
            return "cut", str(failed)


def _without_route(failed: httpx.TransportError) -> bool:
    return any(isinstance(c, OSError) and c.errno in NO_ROUTE for c in _causes(failed))


def _causes(failed: BaseException | None) -> Iterator[BaseException]:
    while failed is not None:
        yield failed
        failed = failed.__cause__ or failed.__context__


def _certificate_error(cause: ssl.SSLCertVerificationError) -> str:
    # X509_V_ERR: 18 and 19 self-signed, 20 and 21 unknown issuer, 62 another host name.
    if cause.verify_code in (18, 19, 20, 21):
        return "tls-authority"
    return "tls-name" if cause.verify_code in (62, 64) else "tls-certificate"
