"""One path for every request: send, map each failure to one error class, validate the reply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import httpx
import stamina
import structlog
from pydantic import TypeAdapter, ValidationError

from steps.errors import (
    AlreadyExists,
    ClientError,
    Denied,
    NotFound,
    RateLimited,
    UnexpectedReply,
    Unreachable,
)

log = structlog.get_logger()
T = TypeVar("T")
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
AGENT = "mtls-bot"
MOST_WAIT = 20.0
"""The longest `Retry-After` (s) that a read waits for by itself; a longer one is the driver's."""
_READS = frozenset({"GET", "HEAD"})
_STATUS: Mapping[int, type[ClientError]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    410: NotFound,
    409: AlreadyExists,
    429: RateLimited,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a vendor says of a failure, in its own envelope."""

    message: str = ""
    code: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One outside system: its client, and how it words a failure."""

    name: str
    http: httpx.Client
    complaint: Callable[[httpx.Response], Complaint]
    request_id: str = ""
    """The response header that names the request, for the vendor's support."""

    def call(
        self, method: str, path: str, reply: TypeAdapter[T], *, doing: str,
        params: Mapping[str, Any] | None = None, json: Any = None,
    ) -> T:  # fmt: skip
        """Send a request and return its validated reply. Only reads are repeated.

        `path` is appended to the base URL; an absolute address is never asked, so that no token
        goes to another host. Raises ClientError of the class that fits.
        """
        response = self.response(method, path, doing=doing, params=params, json=json)
        try:
            return reply.validate_json(response.content or b"null")
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors()[:5])
            raise self._error(
                UnexpectedReply,
                f"{self.name} sent an answer that is not understood ({fields}).",
                response,
                doing,
            ) from None  # fmt: skip - the cause would carry the reply's values

    def response(
        self, method: str, path: str, *, doing: str, params: Mapping[str, Any] | None = None,
        json: Any = None,
    ) -> httpx.Response:  # fmt: skip
        """The successful response itself."""
        if not path.startswith("/"):
            raise UnexpectedReply(
                f"{self.name} pointed to another address; the token does not go there.",
                service=self.name, doing=doing,
            )  # fmt: skip
        request = self.http.build_request(method, path.lstrip("/"), params=params, json=json)
        attempts = 3 if method in _READS else 1
        for attempt in stamina.retry_context(
            on=_retry, attempts=attempts, timeout=60.0, wait_initial=0.2, wait_max=5.0
        ):
            with attempt:
                return self._once(request, doing)
        raise AssertionError("the last attempt raises")

    def _once(self, request: httpx.Request, doing: str) -> httpx.Response:
        began = monotonic()
        try:
            response = self.http.send(request)
        except httpx.HTTPError as error:
            log.info("request", service=self.name, method=request.method, path=request.url.path,
                     failed=type(error).__name__)  # fmt: skip
            raise Unreachable(
                f"{self.name} could not be reached ({type(error).__name__}).",
                service=self.name,
                doing=doing,
                retryable=True,
                hint="It is asked again by itself; whether a write took effect is looked at first.",
            ) from None  # fmt: skip - the cause may carry headers
        log.info(
            "request", service=self.name, method=request.method, path=request.url.path,
            status=response.status_code, ms=round((monotonic() - began) * 1000),
        )  # fmt: skip
        if response.is_success:
            return response
        raise self._failed(response, doing)

    def _failed(self, response: httpx.Response, doing: str) -> ClientError:
        kind = _STATUS.get(response.status_code, UnexpectedReply)
        if response.status_code in (408, 425) or response.is_server_error:
            kind = Unreachable
        said = self.complaint(response)
        words = said.message or f"HTTP {response.status_code}"
        error = self._error(kind, f"{self.name} did not {doing}: {words}", response, doing, said)
        if isinstance(error, RateLimited):
            error.retry_after = _seconds(response.headers.get("retry-after"))
        return error

    def _error(
        self, kind: type[ClientError], words: str, response: httpx.Response, doing: str,
        said: Complaint = Complaint(),
    ) -> ClientError:  # fmt: skip
        return kind(
            words, service=self.name, doing=doing, hint=said.hint, status=response.status_code,
            vendor_code=said.code, request_id=response.headers.get(self.request_id, ""),
            retryable=kind in (Unreachable, RateLimited),
        )  # fmt: skip


def _retry(error: Exception) -> bool | float:
    """Whether, or after how many seconds, a read is sent again."""
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= MOST_WAIT else False
    return isinstance(error, ClientError) and error.retryable


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None  # the form with a date is not sent by these vendors
