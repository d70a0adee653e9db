"""A Starlette application on a loopback port of the system's choice, with journal and faults."""

import asyncio
import socket
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Fault, Faults
from sandbox.journal import Journal, Recorded


class CutOffError(Exception):
    """Raised to make the server end a connection without a whole answer."""


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _cut(send: Send) -> None:
    # A promised length that never comes: the client sees the connection end in the middle.
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"64")]}
    )
    raise CutOffError


async def _answer(send: Send, fault: Fault) -> None:
    headers = [(k.encode(), v.encode()) for k, v in fault.headers]
    body = fault.body.encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _swallow(_message: Message) -> None:
    return


class Watched:
    """Records each request of one service and gives queued faults their turn."""

    def __init__(self, app: ASGIApp, service: str, journal: Journal, faults: Faults) -> None:
        self._app = app
        self._service = service
        self._journal = journal
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        path = scope["raw_path"].decode() if scope.get("raw_path") else scope["path"]
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        noted = False

        def note(status: int) -> None:
            nonlocal noted
            noted = True
            self._journal.add(
                Recorded(
                    self._service, scope["method"], path, scope["query_string"].decode(),
                    headers, body, status, self._journal.now(),
                )
            )  # fmt: skip

        async def again() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def noting(message: Message) -> None:
            # Before the answer leaves: whoever has it may look into the journal at once.
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        fault = self._faults.take(self._service, scope["method"], path)
        try:
            await self._serve(fault, scope, again, noting)
        finally:
            if not noted:
                note(0)

    async def _serve(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "status":
            await _answer(send, fault)
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind == "cut-after":
            await self._app(scope, receive, _swallow)
            await asyncio.to_thread(fault.on_hit)
            await _cut(send)
        else:
            await asyncio.to_thread(fault.on_hit)
            await _cut(send)


class _QuietServer(uvicorn.Server):
    def install_signal_handlers(self) -> None:  # the process belongs to somebody else
        return


class Serving:
    """One running application; `url` is known once constructed, `close` ends it."""

    def __init__(self, app: ASGIApp, *, name: str) -> None:
        # With the protocol named asyncio sets TCP_NODELAY; without it each answer costs 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)  # who comes before the server's loop runs waits instead of failing
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app, log_level="critical", lifespan="off", access_log=False, ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _QuietServer(config)
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        with suppress(OSError):
            self._socket.close()
