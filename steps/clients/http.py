"""One path for every request: send, map each failure to one error class, validate the reply.

This is the only file that names exceptions of httpx. It knows no vendor and no step.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, TypeVar

import httpx
import stamina
import structlog
from pydantic import SecretStr, TypeAdapter, ValidationError

from steps.clients.redaction import redacted
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
_ATTEMPTS = 3
_STATUS: Mapping[int, type[ClientError]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    408: Unreachable,
    409: AlreadyExists,
    410: NotFound,
    425: Unreachable,
    429: RateLimited,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a vendor says of a failure, in its own envelope."""

    message: str = ""
    code: str = ""
    hint: str = ""
    kind: type[ClientError] | None = None
    """The class of error, where the vendor's code tells more than the status."""
    wait: float | None = None
    """Seconds until it may be asked again, where the vendor says so in words of its own."""


def _never(_response: httpx.Response) -> bool:
    return False


def _at_once() -> None:
    return


@dataclass(frozen=True, slots=True)
class Service:
    """One outside system: its client, and how it words a failure."""

    name: str
    http: httpx.Client
    complaint: Callable[[httpx.Response], Complaint]
    request_id: str = ""
    """The response header that names the request, for the vendor's support."""
    says_no: Callable[[httpx.Response], bool] = _never
    """Whether an answer with a good status is a failure by the vendor's envelope."""
    pace: Callable[[], None] = _at_once
    """Called before each request; waits where the vendor wants few of them."""
    told: dict[str, Any] | None = None
    """What was read, for a service that asks nothing twice (see `once`)."""

    def once(self) -> "Service":
        """The same service for one look at things: what it was told it does not ask again."""
        return replace(self, told={})

    def call(
        self, method: str, path: str, reply: TypeAdapter[T], *, doing: str,
        params: Mapping[str, Any] | None = None, json: Any = None,
        form: Mapping[str, str] | None = None, conceal: Sequence[SecretStr] = (),
    ) -> T:  # fmt: skip
        """Send a request and return its validated reply. Only what changes nothing is repeated.

        That is a read, and a form (the sign-in). `path` is appended to the base URL; an absolute
        address is never asked, so that no token goes to another host. What the request carries in
        secret is named in `conceal`: vendors quote what they refuse. Raises ClientError of the
        class that fits.
        """
        ask = self._ask(method, path, doing, params=params, json=json, form=form)
        ask = replace(ask, conceal=tuple(conceal))
        if self.told is None or method != "GET":
            return self._reply(ask, reply)
        key = str(ask.request.url)
        if key not in self.told:
            self.told[key] = self._reply(ask, reply)
        found: T = self.told[key]
        return found

    def _reply(self, ask: "_Ask", reply: TypeAdapter[T]) -> T:
        response = self._asked(ask)
        try:
            return reply.validate_json(response.content or b"null")
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors()[:5])
            words = f"{self.name} sent an answer that is not understood ({fields})."
            # The cause would carry the reply's values.
            raise self._error(UnexpectedReply, words, response, ask) from None

    def response(
        self, path: str, *, doing: str, params: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """The successful answer to a GET itself, for what is not JSON."""
        return self._asked(self._ask("GET", path, doing, params=params))

    def end_of(self, path: str, *, doing: str, most: int) -> str:
        """The last `most` bytes of a successful answer as text; the rest is not kept anywhere."""
        ask = replace(self._ask("GET", path, doing), most=most)
        return self._asked(ask).content.decode(errors="replace")

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def _ask(
        self, method: str, path: str, doing: str, *, params: Mapping[str, Any] | None = None,
        json: Any = None, form: Mapping[str, str] | None = None,
    ) -> "_Ask":  # fmt: skip
        try:
            request = self.http.build_request(
                method, path.lstrip("/"), params=params, json=json, data=form
            )
        except httpx.InvalidURL:
            request = None
        ours = _place(self.http.base_url)
        if request is None or _place(request.url) != ours or not path.startswith("/"):
            raise UnexpectedReply(
                f"{self.name} pointed to another address; the token does not go there.",
                service=self.name, doing=doing,
            )  # fmt: skip
        return _Ask(request, doing, repeatable=method in _READS or form is not None)

    def _asked(self, ask: "_Ask") -> httpx.Response:
        for attempt in stamina.retry_context(
            on=_retry, attempts=_ATTEMPTS if ask.repeatable else 1, timeout=60.0,
            wait_initial=0.2, wait_max=5.0,
        ):  # fmt: skip
            with attempt:
                return self._once(ask)
        raise AssertionError("the last attempt raises")

    def _once(self, ask: "_Ask") -> httpx.Response:
        self.pace()
        began = monotonic()
        try:
            response = self.http.send(ask.request, stream=ask.most > 0)
            if ask.most:
                response = _end(response, ask.most)
        except (httpx.HTTPError, httpx.StreamError) as error:
            self._log(ask.request, began, failed=type(error).__name__)
            # The cause may carry headers.
            raise self._unreachable(error, ask) from None
        self._log(ask.request, began, status=response.status_code)
        if response.is_success and not self.says_no(response):
            return response
        raise self._failed(response, ask)

    def _log(self, request: httpx.Request, began: float, **told: Any) -> None:
        """An allow-list: no headers, no bodies, no query."""
        ms = round((monotonic() - began) * 1000)
        path = request.url.path
        log.info("request", service=self.name, method=request.method, path=path, ms=ms, **told)

    def _unreachable(self, error: Exception, ask: "_Ask") -> Unreachable:
        return Unreachable(
            f"{self.name} could not be reached ({type(error).__name__}).",
            service=self.name, doing=ask.doing, retryable=ask.repeatable,
            hint="It is asked again by itself."
            if ask.repeatable
            else "Whether the change took effect is looked at before it is tried again.",
        )  # fmt: skip

    def _failed(self, response: httpx.Response, ask: "_Ask") -> ClientError:
        said = self.complaint(response)
        kind = said.kind or _STATUS.get(response.status_code)
        if kind is None:
            kind = Unreachable if response.is_server_error else UnexpectedReply
        words = said.message or f"HTTP {response.status_code}"
        error = self._error(kind, f"{self.name} did not {ask.doing}: {words}", response, ask, said)
        if isinstance(error, RateLimited):
            after = seconds(response.headers.get("retry-after"))
            error.retry_after = said.wait if said.wait is not None else after
        return error

    def _error(
        self, kind: type[ClientError], words: str, response: httpx.Response, ask: "_Ask",
        said: Complaint = Complaint(),
    ) -> ClientError:  # fmt: skip
        return kind(
            redacted(words, *ask.conceal), service=self.name, doing=ask.doing, hint=said.hint,
            status=response.status_code, vendor_code=redacted(said.code, *ask.conceal),
            request_id=response.headers.get(self.request_id, "") if self.request_id else "",
            retryable=ask.repeatable and kind in (Unreachable, RateLimited),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request, what it is for in words, and whether it may be sent twice."""

    request: httpx.Request
    doing: str
    repeatable: bool
    conceal: tuple[SecretStr, ...] = ()
    most: int = 0
    """So many bytes of the answer's end are kept; 0 keeps all."""


def _end(response: httpx.Response, most: int) -> httpx.Response:
    """The answer with the end of its body only. Raises what reading it raises."""
    kept = b""
    with contextlib.closing(response):
        for chunk in response.iter_bytes():
            kept = (kept + chunk)[-most:]
    plain = {k: v for k, v in response.headers.items() if k != "content-encoding"}
    return httpx.Response(response.status_code, headers=plain, content=kept)


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _retry(error: Exception) -> bool | float:
    """Whether, or after how many seconds, a read is sent again."""
    if not isinstance(error, ClientError) or not error.retryable:
        return False
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= MOST_WAIT else False
    return True


def seconds(text: str | None) -> float | None:
    """The value of `Retry-After`; None when there is none that is a number."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None  # the form with a date is not sent by these vendors
