"""One request to a git host's API: raw paths, JSON, tokens, refusals in the host's own shape."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.hosting.hosted import RefusedError

JSON: TypeAlias = dict[str, Any]
Answer: TypeAlias = JSON | list[JSON] | Response
Shape: TypeAlias = Callable[[int, str], JSON]
"""Status and words → the body of a refusal, as the vendor writes it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, decoded; `base` is this server's own address."""

    segments: Mapping[str, str]
    query: Mapping[str, str]
    body: JSON
    base: str
    may_write: bool

    def __getitem__(self, name: str) -> str:
        return self.segments[name]

    def text(self, name: str, default: str = "") -> str:
        value = self.body.get(name, default)
        if not isinstance(value, str):
            raise RefusedError(422, f"{name} is missing or invalid")
        return value


def route(method: str, path: str, handler: Callable[[Call], Answer], shape: Shape) -> Route:
    """A handler that runs in a thread; a write needs a token that may write."""

    async def endpoint(request: Request) -> Response:
        try:
            call = _call(request, await request.body())
            if method != "GET" and not call.may_write:
                raise RefusedError(403, "Resource not accessible by this token")  # noqa: TRY301
            answer = await run_in_threadpool(handler, call)
        except RefusedError as refusal:
            return JSONResponse(shape(refusal.status, refusal.message), refusal.status)
        if isinstance(answer, Response):
            return answer
        return JSONResponse(answer, 201 if method == "POST" else 200)

    return Route(path, endpoint, methods=[method])


def _call(request: Request, body: bytes) -> Call:
    try:
        value = json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise RefusedError(400, "Problems parsing JSON") from error
    segments = {name: unquote(text) for name, text in request.path_params.items()}
    query = dict(parse_qsl(request.url.query))
    base = f"http://{request.headers.get('host', '')}"
    return Call(segments, query, value, base, bool(request.scope["may_write"]))


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in who has a token, and lets routes see segments still encoded."""

    app: ASGIApp
    tokens: Mapping[str, bool]
    """Token to whether it may write."""
    shape: Shape
    denied: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
        token = headers.get("authorization", "").partition(" ")[2] or headers.get(
            "private-token", ""
        )
        if token not in self.tokens:
            await JSONResponse(self.shape(401, self.denied), 401)(scope, receive, send)
            return
        raw = scope["raw_path"].decode()
        await self.app({**scope, "path": raw, "may_write": self.tokens[token]}, receive, send)
