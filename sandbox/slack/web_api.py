"""Slack's side of the wire: the Web API, uploads, response addresses and the socket's door."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from sandbox.slack import chat, conversations, files, view_methods
from sandbox.slack.calls import Call
from sandbox.slack.hub import Hub
from sandbox.slack.refusals import Json, Refused
from sandbox.slack.responses import respond
from sandbox.slack.workspace import Workspace

METHODS: dict[str, Callable[[Call], Json]] = {
    "api.test": conversations.api_test,
    "auth.test": conversations.who_am_i,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "conversations.history": conversations.history,
    "conversations.info": conversations.info,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_direct,
    "conversations.replies": conversations.replies,
    "files.completeUploadExternal": files.complete,
    "files.getUploadURLExternal": files.upload_url,
    "usergroups.list": conversations.groups,
    "usergroups.users.list": conversations.group_members,
    "users.info": conversations.user_info,
    "users.list": conversations.user_list,
    "views.open": view_methods.open_view,
    "views.publish": view_methods.publish,
    "views.push": view_methods.push,
    "views.update": view_methods.update,
}
WITHOUT_TOKEN = frozenset({"api.test"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """The tokens of the one app, and the scopes of its bot token, which may be changed."""

    bot: str
    app: str
    scopes: set[str]

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True)
class WebApi:
    """All of Slack that the app's process talks to."""

    workspace: Workspace
    hub: Hub
    credentials: Credentials

    def routes(self) -> list[Route | WebSocketRoute]:
        return [
            Route("/api/{method:str}", self._method, methods=["GET", "POST"]),
            Route("/upload/{file:str}", self._upload, methods=["POST"]),
            Route("/response/{name:str}", self._respond, methods=["POST"]),
            WebSocketRoute("/link/", self.hub.serve),
        ]

    def app(self) -> Starlette:
        return Starlette(routes=self.routes())

    async def _method(self, request: Request) -> Response:
        args = await _arguments(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = token or str(args.pop("token", ""))
        answer = await run_in_threadpool(self._answer, request.path_params["method"], args, token)
        scopes = ",".join(sorted(self.credentials.scopes))
        return JSONResponse(answer, headers={"x-oauth-scopes": scopes})

    def _answer(self, method: str, args: Json, token: str) -> Json:
        try:
            self._admit(method, token)
            scopes = frozenset(self.credentials.scopes)
            return self._function(method)(Call(self.workspace, method, args, scopes))
        except Refused as refused:
            return refused.as_json()

    def _function(self, method: str) -> Callable[[Call], Json]:
        if method == "apps.connections.open":
            return lambda _call: {"ok": True, "url": self._socket_url()}
        if method not in METHODS:
            raise Refused("unknown_method", req_method=method)
        return METHODS[method]

    def _admit(self, method: str, token: str) -> None:
        if method in WITHOUT_TOKEN:
            return
        if not token:
            raise Refused("not_authed")
        if token not in (self.credentials.bot, self.credentials.app):
            raise Refused("invalid_auth")
        wants_app = method == "apps.connections.open"
        if token != (self.credentials.app if wants_app else self.credentials.bot):
            raise Refused("not_allowed_token_type")

    def _socket_url(self) -> str:
        host = self.workspace.page_url.removeprefix("http")
        return f"ws{host}/link/?ticket={self.hub.ticket()}&app_id=sandbox"

    async def _upload(self, request: Request) -> Response:
        content = await _uploaded(request)
        if files.receive(self.workspace, request.path_params["file"], content):
            return PlainTextResponse(f"OK - {len(content)}")
        return PlainTextResponse("not found", status_code=404)

    async def _respond(self, request: Request) -> Response:
        try:
            respond(self.workspace, request.path_params["name"], await _arguments(request))
        except Refused as refused:
            status = 404 if refused.error.endswith("_url") else 200
            return JSONResponse(refused.as_json(), status_code=status)
        return PlainTextResponse("ok")


async def _arguments(request: Request) -> Json:
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    body = (await request.body()).decode()
    if "json" in kind:
        decoded = json.loads(body or "{}")
        return args | (decoded if isinstance(decoded, dict) else {})
    return args | dict(parse_qsl(body, keep_blank_values=True))


async def _uploaded(request: Request) -> bytes:
    """The bytes of an upload, sent bare or as the one part of a multipart form."""
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return body
    boundary = b"--" + kind.split("boundary=")[1].strip('"').encode()
    part = body.split(boundary)[1]
    return part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
