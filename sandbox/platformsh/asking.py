"""One request to the project API: paths, bodies, refusals and the forms of HAL."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.platformsh.auth import Authority

JSON: TypeAlias = dict[str, Any]
_HAL = "application/hal+json; charset=utf-8"


class RefusedError(Exception):
    """The answer is an error of the vendor's shape."""

    def __init__(self, status: int, message: str, detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": "error", "code": status, "message": message}
        if detail:
            self.body["detail"] = dict(detail)


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, decoded: path segments, query in order, JSON body."""

    segments: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    body: JSON

    def __getitem__(self, name: str) -> str:
        return self.segments[name]

    def asked(self, name: str) -> tuple[str, ...]:
        """Every value of a query parameter, also in the published JavaScript client's form
        `type[type]=`.
        """
        forms = (name, f"{name}[]", f"{name}[{name}]")
        return tuple(value for key, value in self.query if key in forms)


Answer: TypeAlias = JSON | list[JSON] | Response
Handler: TypeAlias = Callable[[Call], Answer]


def route(method: str, path: str, handler: Handler) -> Route:
    """A handler on a path below `/projects/...`; it runs in a thread and may wait."""

    async def endpoint(request: Request) -> Response:
        try:
            call = _call(request, await request.body())
            answer = await run_in_threadpool(handler, call)
        except RefusedError as refusal:
            return JSONResponse(refusal.body, refusal.status)
        if isinstance(answer, Response):
            return answer
        return JSONResponse(answer, media_type=_HAL)

    return Route(path, endpoint, methods=[method])


def _call(request: Request, body: bytes) -> Call:
    try:
        value = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise RefusedError(400, "The body is not JSON.") from error
    if not isinstance(value, dict):
        raise RefusedError(400, "The body must be an object.")
    segments = {name: unquote(text) for name, text in request.path_params.items()}
    return Call(segments, tuple(parse_qsl(request.url.query)), value)


class Gate:
    """Refuses without a living access token, and lets routes see segments still encoded.

    The same end points answer below `/projects` and below `/api/projects`.
    """

    def __init__(self, app: ASGIApp, authority: Authority) -> None:
        self._app = app
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            if not self._authority.accepts(headers.get(b"authorization", b"").decode("latin-1")):
                words = {"error": "invalid_token", "error_description": "Unknown or expired token."}
                challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
                await JSONResponse(words, 401, challenge)(scope, receive, send)
                return
            raw = scope["raw_path"].decode()
            scope = {**scope, "path": raw.removeprefix("/api") if "/api/" in raw[:5] else raw}
        await self._app(scope, receive, send)


def link(*segments: str) -> JSON:
    """A root-relative link of the form that the vendor uses."""
    return {"href": "/api/" + "/".join(quote(segment, safe="") for segment in segments)}


def accepted(
    entity: JSON | None = None, activities: Iterable[JSON] = (), *, code: int = 200
) -> JSONResponse:
    """The answer to a write: the object and the activities that it started."""
    embedded: JSON = {"activities": list(activities)}
    if entity is not None:
        embedded["entity"] = entity
    body = {"status": "Accepted" if code == 202 else "OK", "code": code, "_embedded": embedded}
    # The vendor's JavaScript client does not read the body of an HTTP 202.
    return JSONResponse(body, 200 if code == 202 else code, media_type=_HAL)
