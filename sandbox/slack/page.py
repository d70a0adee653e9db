"""The page that people open: its files, its live view of one person's Slack, and their acts."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.slack.acts import Acts, Values
from sandbox.slack.hub import Ack
from sandbox.slack.refusals import Json
from sandbox.slack.snapshot import snapshot
from sandbox.slack.views import NotThere
from sandbox.slack.workspace import Workspace

STATIC = Path(__file__).parent / "static"
WORLD_SECONDS = 0.5
SETTLE_SECONDS = 0.02
"""Changes that come together are shown together."""

# Nothing from elsewhere; style attributes are for the widths of table columns.
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:"

Act = Callable[[Json], Any]


class Page:
    """Routes of the page. `world` tells what stands in the side panel, as nested JSON."""

    def __init__(self, workspace: Workspace, acts: Acts, world: Callable[[], Json]) -> None:
        self._workspace = workspace
        self._acts = acts
        self.world = world
        self.trouble: Callable[[str], None] = _no_trouble
        """Makes the trouble of that key; raises KeyError for one that there is not."""

    def routes(self) -> list[Route | Mount]:
        acts: dict[str, Act] = {
            "command": self._command,
            "press": self._press,
            "view/press": self._press_in_view,
            "view/suggest": self._suggest,
            "view/submit": self._submit,
            "view/close": self._close,
            "home": lambda asked: self._acts.open_home(asked["person"], asked.get("tab", "home")),
            "say": self._say,
            "trouble": self._trouble,
        }
        return [
            Route("/", _index),
            Route("/archives/{rest:path}", _index),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/files/{file:str}/{name:str}", self._file),
            Route("/world", self._world),
            Route("/page/events", self._events),
            *(Route(f"/page/{at}", _posted(act), methods=["POST"]) for at, act in acts.items()),
        ]

    async def _world(self, _request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self.world))

    async def _file(self, request: Request) -> Response:
        file = self._workspace.files.get(request.path_params["file"])
        if file is None:
            return Response(status_code=404)
        kind = "image/png" if file.name.endswith(".png") else "application/octet-stream"
        return Response(file.content, media_type=kind)

    async def _events(self, request: Request) -> Response:
        person = request.query_params.get("person", "")
        if person not in self._workspace.people:
            return Response(status_code=404)
        headers = {"cache-control": "no-store"}
        stream = self._stream(person)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def _stream(self, person: str) -> AsyncIterator[str]:
        """`state` after each change, `world` when it has become another."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        stop = self._workspace.watch(wake)
        shown: Json | None = None
        changed.set()
        try:
            while not self._workspace.closed:
                if changed.is_set():
                    changed.clear()
                    yield _event("state", snapshot(self._workspace, person))
                world = await run_in_threadpool(self.world)
                if world != shown:
                    shown = world
                    yield _event("world", world)
                await _either(changed)
        finally:
            stop()

    def _command(self, asked: Json) -> Ack:
        name, _, text = str(asked["text"]).strip().partition(" ")
        return self._acts.command(asked["person"], name, text, asked["channel"])

    def _press(self, asked: Json) -> Ack:
        return self._acts.press(
            asked["person"], asked["channel"], asked["ts"], asked["action_id"],
            block_id=asked["block_id"], value=asked.get("value"),
        )  # fmt: skip

    def _press_in_view(self, asked: Json) -> Ack:
        self._acts.fill(asked["person"], asked["view"], _values(asked))
        return self._acts.press_in_view(
            asked["person"], asked["view"], asked["action_id"],
            block_id=asked["block_id"], value=asked.get("value"),
        )  # fmt: skip

    def _suggest(self, asked: Json) -> list[Json]:
        return self._acts.suggest(
            asked["person"], asked["view"], asked["action_id"], asked["typed"]
        )

    def _submit(self, asked: Json) -> Ack:
        return self._acts.submit(asked["person"], asked["view"], _values(asked))

    def _close(self, asked: Json) -> Ack | None:
        everything = bool(asked.get("everything"))
        return self._acts.close(asked["person"], asked["view"], everything=everything)

    def _trouble(self, asked: Json) -> str:
        key = str(asked["key"])
        try:
            self.trouble(key)
        except KeyError as unknown:
            raise NotThere(f"no trouble {key}") from unknown
        return key

    def _say(self, asked: Json) -> str:
        thread = asked.get("thread_ts")
        return self._acts.say(asked["person"], asked["channel"], str(asked["text"]), thread)


def _no_trouble(key: str) -> None:
    """A page without a world has none to make."""
    raise KeyError(key)


def _values(asked: Json) -> Values:
    return {(v["block_id"], v["action_id"]): v["value"] for v in asked.get("values", ())}


async def _either(changed: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(changed.wait(), WORLD_SECONDS)
    except TimeoutError:
        return
    await asyncio.sleep(SETTLE_SECONDS)


def _event(name: str, data: Json) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _index(_request: Request) -> Response:
    headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
    return FileResponse(STATIC / "index.html", headers=headers)


def _posted(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        # A page from elsewhere cannot send this content type without asking first.
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "application/json is needed"}, status_code=415)
        try:
            done = await run_in_threadpool(act, await request.json())
        except NotThere as gone:
            return JSONResponse({"error": str(gone)}, status_code=409)
        return JSONResponse(_told(done))

    return endpoint


def _told(done: Any) -> Json:
    match done:
        case Ack():
            return {"failure": done.failure, "errors": done.errors}
        case list():
            return {"options": done}
        case _:
            return {"done": done}
