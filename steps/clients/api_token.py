"""Platform.sh's API token, exchanged for access tokens of a quarter of an hour."""

import threading
from collections.abc import Callable, Generator
from time import monotonic
from typing import Any

import httpx
from pydantic import SecretStr, TypeAdapter

from steps.clients.http import AGENT, TIMEOUT, Complaint, Service
from steps.clients.reply import Reply
from steps.errors import ClientError, Denied

_CLIENT = "platform-api-user"
"""The OAuth client that the published specification names; its password is empty."""
_EARLY = 60.0
"""Seconds before its end at which a token is renewed, as the vendor's SDK does."""


class _Token(Reply):
    access_token: SecretStr
    expires_in: float = 900.0


_TOKEN = TypeAdapter(_Token)


class ApiToken(httpx.Auth):
    """Puts an access token on each request; renews it before its end, and once after a 401."""

    def __init__(
        self, token: SecretStr, auth_url: str, *, clock: Callable[[], float] = monotonic,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._api_token = token
        http = httpx.Client(
            base_url=auth_url, timeout=TIMEOUT, transport=transport, auth=(_CLIENT, ""),
            headers={"user-agent": AGENT}, follow_redirects=False,
        )  # fmt: skip
        self._service = Service("Platform.sh's sign-in", http, _complaint)
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
        if response.status_code != httpx.codes.UNAUTHORIZED or asks_for_more(response):
            return
        fresh = self.access_token(instead_of=used)
        request.headers["authorization"] = f"Bearer {fresh.get_secret_value()}"
        yield request

    def access_token(self, *, instead_of: SecretStr | None = None) -> SecretStr:
        """A token that lasts; a new one when the current is `instead_of`. Raises ClientError."""
        with self._lock:
            if (
                self._current is None
                or self._current is instead_of
                or self._clock() >= self._until
            ):  # fmt: skip
                self._current = self._exchanged()
            return self._current

    def close(self) -> None:
        """Let go of the connections."""
        self._service.close()

    def _exchanged(self) -> SecretStr:
        form = {"grant_type": "api_token", "api_token": self._api_token.get_secret_value()}
        asked_at = self._clock()
        try:
            token = self._service.call(
                "POST", "/oauth2/token", _TOKEN, doing="exchange the API token", form=form,
                conceal=(self._api_token,),
            )  # fmt: skip
        except ClientError as error:
            # Repeated already; the request that waits for the token would multiply it.
            error.retryable = False
            raise
        self._until = asked_at + max(1.0, token.expires_in - _EARLY)
        return token.access_token


def asks_for_more(response: httpx.Response) -> bool:
    """RFC 9470: stronger sign-in is wanted, which an API token cannot give."""
    return "insufficient_user_authentication" in response.headers.get("www-authenticate", "")


def _complaint(response: httpx.Response) -> Complaint:
    """OAuth's `error` and its description; whatever is refused here is a token that is no good."""
    body: Any = None
    try:
        body = response.json()
    except ValueError:
        body = {}
    told = body if isinstance(body, dict) else {}
    code = str(told.get("error", ""))
    refused = response.status_code in (400, 401, 403)
    return Complaint(
        str(told.get("error_description") or code), code,
        "Make a new API token in the console and set MTLS_PLATFORMSH_TOKEN." if refused else "",
        Denied if refused else None,
    )  # fmt: skip
