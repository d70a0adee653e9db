"""One node of the edge: what it answers to a visitor, from its cache or from the origin."""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.authorities import Authorities
from sandbox.cloudflare.cache import Cache, Status, cacheable
from sandbox.cloudflare.edge_config import EdgeConfig
from sandbox.cloudflare.error_pages import error_page
from sandbox.cloudflare.pull import OriginAddress, Puller, PullError, Where
from sandbox.cloudflare.traffic import Traffic
from sandbox.exchange import Answer, Headers
from sandbox.platformsh.http11 import Request, Response

_HOP = frozenset({
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "content-length",
})  # fmt: skip
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"[!-~]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"server", "date", "cf-ray", "cf-cache-status"})


@dataclass(frozen=True, slots=True)
class Visit:
    """How a request came in."""

    secure: bool
    peer: str

    @property
    def scheme(self) -> str:
        return "https" if self.secure else "http"


@dataclass(frozen=True, slots=True)
class Now:
    """A configuration and the connections that were made under it; swapped together."""

    config: EdgeConfig
    puller: Puller


class Node:
    """One address of the edge."""

    def __init__(
        self, address: str, config: EdgeConfig, *, authorities: Authorities,
        resolve: Callable[[str], tuple[OriginAddress, ...]], clock: Callable[[], datetime],
        traffic: Traffic,
    ) -> None:  # fmt: skip
        self.address = address
        self._authorities = authorities
        self._resolve = resolve
        self._clock = clock
        self._traffic = traffic
        self._cache = Cache(lambda: clock().timestamp())
        self._now = Now(config, Puller(authorities, traffic))

    @property
    def config(self) -> EdgeConfig:
        return self._now.config

    def adopt(self, config: EdgeConfig) -> None:
        """From now on by this configuration; a request under way ends under its own."""
        before = self._now
        if config == before.config:
            return
        if config.purges != before.config.purges:
            self._cache.clear()
        self._now = Now(config, Puller(self._authorities, self._traffic))
        before.puller.retire()

    def close(self) -> None:
        self._now.puller.retire()

    def answer(self, request: Request, visit: Visit) -> Response:
        """The whole answer, with the edge's own headers."""
        ray = secrets.token_hex(8)
        answer, cached = self._answered(request, visit, ray)
        kept = tuple((k, v) for k, v in answer.headers if k.lower() not in _HOP | _OURS)
        own: Headers = (("Server", "cloudflare"), ("CF-RAY", f"{ray}-{self.address[-3:]}"))
        if cached:
            own += (("CF-Cache-Status", cached),)
        return Response(answer.status, answer.body, kept + own)

    def _answered(self, request: Request, visit: Visit, ray: str) -> tuple[Answer, Status | None]:
        now = self._now
        record = now.config.record(request.host)
        if record is None or not _well_formed(request):
            return error_page(409 if record is None else 400, request.host, ray), None
        if now.config.always_https and not visit.secure:
            location = ("Location", f"https://{request.host}{request.target}")
            return Answer(301, (location,), b""), None
        maintenance = now.config.maintenance
        if maintenance and request.header(maintenance[0]) != maintenance[1]:
            return error_page(503, request.host, ray), None
        try:
            return self._cached(request, visit, now, ray)
        except PullError as failed:
            return error_page(failed.status, request.host, ray), None

    def _cached(
        self, request: Request, visit: Visit, now: Now, ray: str
    ) -> tuple[Answer, Status | None]:
        if not cacheable(request.method, request.target):
            return self._pulled(request, visit, now, ray), "DYNAMIC"
        if now.config.develops(self._clock()):
            return self._pulled(request, visit, now, ray), "BYPASS"
        url = f"{visit.scheme}://{request.host}{request.target}"
        found, status = self._cache.find(url)
        if found is not None:
            return found, status
        answer = self._pulled(request, visit, now, ray)
        if request.method == "GET" and not self._cache.keep(url, answer):
            status = "BYPASS"
        return answer, status

    def _pulled(self, request: Request, visit: Visit, now: Now, ray: str) -> Answer:
        where = self._where(request.host, visit, now)
        headers = _forwarded(request, visit, ray)
        return now.puller.ask(where, request.method, request.target, headers, request.body)

    def _where(self, host: str, visit: Visit, now: Now) -> Where:
        """Which origin, by which scheme, judged how, with which client certificate."""
        record = now.config.record(host)
        assert record is not None
        origins = self._resolve(record.content)
        if not origins:
            raise PullError(530, f"{record.content} does not resolve")
        address, https_port, http_port = now.puller.next_of(origins)
        mode = now.config.mode(host)
        secure = mode == "origin_pull" or (visit.secure and mode in ("full", "strict"))
        if not secure:
            return Where(address, http_port, host, secure=False)
        shared = self._authorities.client_identity
        identity = now.config.identity(host, self._clock(), shared=shared)
        return Where(
            address, https_port, host, secure=True, validated=mode != "full", identity=identity
        )


def _well_formed(request: Request) -> bool:
    """Whether it may be sent on as it is (RFC 9110, 5.5 and 5.6.2)."""
    return bool(_TOKEN.fullmatch(request.method) and _TARGET.fullmatch(request.target)) and all(
        _TOKEN.fullmatch(name) and _VALUE.fullmatch(value) for name, value in request.headers
    )


def _forwarded(request: Request, visit: Visit, ray: str) -> Headers:
    """The visitor's headers without those of the connection, with what Cloudflare adds."""
    dropped = _HOP | {"x-forwarded-for", "x-forwarded-proto", "cf-connecting-ip", "cf-visitor"}
    kept = tuple((k, v) for k, v in request.headers if k.lower() not in dropped)
    before = request.header("x-forwarded-for")
    own: Headers = (
        ("X-Forwarded-For", f"{before}, {visit.peer}" if before else visit.peer),
        ("X-Forwarded-Proto", visit.scheme),
        ("CF-Connecting-IP", visit.peer),
        ("CF-Visitor", json.dumps({"scheme": visit.scheme}, separators=(",", ":"))),
        ("CF-RAY", ray),
        ("CDN-Loop", "cloudflare"),
    )
    if request.body:
        own += (("Content-Length", str(len(request.body))),)
    return kept + own
