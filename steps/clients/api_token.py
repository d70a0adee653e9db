"""Platform.sh's API token, exchanged for access tokens of a quarter of an hour."""

import threading
from collections.abc import Callable, Generator
from time import monotonic

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from steps.clients.http import AGENT, TIMEOUT
from steps.errors import Denied, UnexpectedReply, Unreachable

_CLIENT = "platform-api-user"
"""The OAuth client that the published specification names; its password is empty."""
_EARLY = 60.0
"""Seconds before its end at which a token is renewed, as the vendor's SDK does."""


class _Token(BaseModel):
    access_token: SecretStr
    expires_in: float = 900.0


class ApiToken(httpx.Auth):
    """Puts an access token on each request; renews it before its end, and once after a 401."""

    def __init__(
        self, token: SecretStr, auth_url: str, *, clock: Callable[[], float] = monotonic,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._api_token = token
        self._http = httpx.Client(
            base_url=auth_url, timeout=TIMEOUT, transport=transport,
            headers={"user-agent": AGENT}, follow_redirects=False,
        )  # fmt: skip
        self._clock = clock
        self._lock = threading.Lock()
        self._current: SecretStr | None = None
        self._until = 0.0

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Authorise, and after one 401 exchange again. A step-up cannot be met and is not tried."""
        used = self.access_token()
        request.headers["authorization"] = f"Bearer {used.get_secret_value()}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED or _is_step_up(response):
            return
        fresh = self.access_token(instead_of=used)
        request.headers["authorization"] = f"Bearer {fresh.get_secret_value()}"
        yield request

    def access_token(self, *, instead_of: SecretStr | None = None) -> SecretStr:
        """A token that lasts; a new one when the current is `instead_of`."""
        with self._lock:
            stale = self._current is None or self._clock() >= self._until
            if stale or self._current is instead_of:
                self._exchange()
            assert self._current is not None
            return self._current

    def _exchange(self) -> None:
        form = {"grant_type": "api_token", "api_token": self._api_token.get_secret_value()}
        try:
            response = self._http.post("oauth2/token", data=form, auth=(_CLIENT, ""))
        except httpx.HTTPError as error:
            raise Unreachable(
                f"Platform.sh's sign-in could not be reached ({type(error).__name__}).",
                service="Platform.sh",
                doing="exchange the API token",
                retryable=True,
            ) from None  # fmt: skip - the cause carries the form
        self._take(response)

    def _take(self, response: httpx.Response) -> None:
        if response.is_server_error:
            raise Unreachable(
                f"Platform.sh's sign-in answered {response.status_code}.", service="Platform.sh",
                doing="exchange the API token", status=response.status_code, retryable=True,
            )  # fmt: skip
        if not response.is_success:
            raise Denied(
                f"Platform.sh did not accept the API token ({_oauth_error(response)}).",
                service="Platform.sh", doing="exchange the API token",
                status=response.status_code,
                hint="Make a new API token in the console and set MTLS_PLATFORMSH_TOKEN.",
            )  # fmt: skip
        try:
            token = _Token.model_validate_json(response.content)
        except ValidationError:
            raise UnexpectedReply(
                "Platform.sh's sign-in sent an answer that is not understood.",
                service="Platform.sh",
                doing="exchange the API token",
            ) from None  # fmt: skip - the cause would carry the token
        self._current = token.access_token
        self._until = self._clock() + max(1.0, token.expires_in - _EARLY)


def _is_step_up(response: httpx.Response) -> bool:
    """RFC 9470: stronger sign-in is wanted, which an API token cannot give."""
    return "insufficient_user_authentication" in response.headers.get("www-authenticate", "")


def _oauth_error(response: httpx.Response) -> str:
    try:
        return str(response.json().get("error", response.status_code))
    except (ValueError, AttributeError):
        return str(response.status_code)
