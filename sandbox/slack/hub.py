"""Socket Mode: the open connections, and the envelopes that go to one of them."""

import asyncio
import json
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack.people import APP
from sandbox.slack.refusals import Json, Refused
from sandbox.slack.workspace import Workspace

MOST_CONNECTIONS = 10

Envelope = Literal["slash_commands", "interactive", "events_api"]
Goodbye = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(frozen=True, slots=True)
class Ack:
    """What came of one envelope. `failure` is Slack's word when no acknowledgement came."""

    envelope: str = ""
    payload: Json = field(default_factory=dict)
    failure: Literal["", "operation_timeout", "dispatch_failed"] = ""
    errors: dict[str, str] = field(default_factory=dict)
    """What a person sees at the inputs of a modal, by block id."""

    @property
    def answered(self) -> bool:
        return not self.failure


class _Connection:
    """One socket; sends from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Json | None] = asyncio.Queue()

    def send(self, message: Json) -> None:
        self._put(message)

    def end(self) -> None:
        self._put(None)

    def _put(self, item: Json | None) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody reads any more
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    async def write(self, websocket: WebSocket) -> None:
        while (message := await self._queue.get()) is not None:
            await websocket.send_text(json.dumps(message))
        await websocket.close()


class Hub:
    """The connections of one app. Methods are safe between threads; `serve` is the endpoint."""

    def __init__(self, workspace: Workspace, *, ack_seconds: float) -> None:
        self._workspace = workspace
        self._ack_seconds = ack_seconds
        self.received: list[str] = []
        """What the app sent over its sockets, whole, for who searches it."""
        self._connections: list[_Connection] = []
        self._waiting: dict[str, Future[Json]] = {}
        self._tickets: set[str] = set()
        self._turn = 0
        self._repeat = 0
        self._delay = 0.0
        self._last: tuple[Envelope, Json] | None = None
        self._closing = threading.Event()

    @property
    def connections(self) -> int:
        return len(self._connections)

    def ticket(self) -> str:
        """A ticket for one connection; refuses beyond ten, as Slack does."""
        if len(self._connections) >= MOST_CONNECTIONS:
            raise Refused("too_many_websockets")
        name = self._workspace.mint("ticket-")
        self._tickets.add(name)
        return name

    async def serve(self, websocket: WebSocket) -> None:
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close()
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        connection = _Connection()
        writer = asyncio.create_task(connection.write(websocket))
        with self._workspace.changing():
            self._connections.append(connection)
        connection.send(_hello(len(self._connections)))
        try:
            await self._read(websocket)
        finally:
            with self._workspace.changing():
                self._forget(connection)
            connection.end()
            with suppress(RuntimeError, WebSocketDisconnect):  # closed by the other side
                await writer

    async def _read(self, websocket: WebSocket) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                text = await websocket.receive_text()
                self.received.append(text)
                self._acknowledged(json.loads(text))

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    def _acknowledged(self, message: Json) -> None:
        waiting = self._waiting.pop(str(message.get("envelope_id")), None)
        if waiting is not None:
            payload = message.get("payload") or {}
            waiting.set_result({"text": payload} if isinstance(payload, str) else payload)

    def deliver(self, kind: Envelope, payload: Json) -> Ack:
        """Sends to one connection and waits for its acknowledgement, three seconds at most."""
        delay, self._delay = self._delay, 0.0
        self._closing.wait(delay)
        self._last = (kind, payload)
        sent = self._send(kind, payload)
        if sent is None:
            return Ack(failure="dispatch_failed")
        if self._repeat > 0:
            self._repeat -= 1
            self._send(kind, payload, attempt=1)
        envelope, answer = sent
        try:
            return Ack(envelope, answer.result(self._ack_seconds))
        except NotInTime:
            self._waiting.pop(envelope, None)
            return Ack(envelope, failure="operation_timeout")

    def _send(
        self, kind: Envelope, payload: Json, attempt: int = 0
    ) -> tuple[str, Future[Json]] | None:
        with self._workspace.reading():
            if not self._connections:
                return None
            self._turn += 1
            connection = self._connections[self._turn % len(self._connections)]
        name = self._workspace.mint("envelope-")
        answer = self._waiting[name] = Future()
        message: Json = {"envelope_id": name, "type": kind, "payload": payload}
        message["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            message |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        connection.send(message)
        return name, answer

    def repeat_next(self, times: int = 1) -> None:
        """The next envelopes are delivered twice."""
        self._repeat = times

    def delay_next(self, seconds: float) -> None:
        """The next envelope leaves only after `seconds`; its trigger ages meanwhile."""
        self._delay = seconds

    def redeliver(self) -> Ack:
        """The last envelope once more, as after a lost acknowledgement."""
        if self._last is None:
            return Ack(failure="dispatch_failed")
        return self.deliver(*self._last)

    def say_goodbye(self, reason: Goodbye = "refresh_requested") -> None:
        """A `disconnect` message to all; everything but a warning closes the connection too."""
        for connection in self._cut_off() if reason != "warning" else tuple(self._connections):
            connection.send({"type": "disconnect", "reason": reason, "debug_info": {}})
            if reason != "warning":
                connection.end()

    def drop(self) -> None:
        """Ends all connections without a word."""
        for connection in self._cut_off():
            connection.end()

    def _cut_off(self) -> tuple[_Connection, ...]:
        with self._workspace.changing():
            found = tuple(self._connections)
            self._connections.clear()
        return found

    def close(self) -> None:
        self._closing.set()
        self.drop()


def _hello(connections: int) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "connection_info": {"app_id": APP},
        "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
    }
