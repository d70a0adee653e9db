"""One request over HTTP/2, answered by any bytes; without a socket.

`h2` is imported when a server chooses HTTP/2 and not before: most exchanges do without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steps.origin.answer import USER_AGENT, Answer, made

if TYPE_CHECKING:
    from h2.connection import H2Connection
    from h2.events import Event

_STREAM = 1
_FRAME_HEAD = 9
_GOAWAY = 7


class Http2:
    """The conversation: what is to be sent, what came, and how it ended."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._connection = _connection()
        self._waiting = bytearray()
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._whole = False
        self.error = ""
        """The error by which the server ended the stream or the connection, in words."""
        self.broken = False
        """What came is no HTTP/2."""

    @property
    def answer(self) -> Answer | None:
        """The final answer so far."""
        if not self._status:
            return None
        return made(
            self._status, self._headers, bytes(self._body), head_whole=True, whole=self._whole
        )

    def request(self) -> bytes:
        """The beginning of the connection and the request for ``/``."""
        self._connection.initiate_connection()
        self._connection.send_headers(
            _STREAM,
            [
                (":method", "GET"), (":scheme", "https"), (":authority", self._host),
                (":path", "/"), ("user-agent", USER_AGENT), ("accept", "*/*"),
                ("accept-encoding", "identity"),
            ],
            end_stream=True,
        )  # fmt: skip
        return self._connection.data_to_send()

    def take(self, data: bytes) -> bytes:
        """Read what came; gives what is to be sent back. Never raises, whatever it is."""
        from h2.exceptions import H2Error  # noqa: PLC0415 - see above

        self._waiting += data
        # Frame by frame: a broken one must not take along what came before it.
        while not self.broken and (frame := self._next_frame()):
            if _is_polite_goodbye(frame):
                continue
            try:
                events = self._connection.receive_data(frame)
            except (H2Error, ValueError):
                self._break()
            else:
                for event in events:
                    self._note(event)
        return self._connection.data_to_send()

    def _next_frame(self) -> bytes:
        length = _FRAME_HEAD + int.from_bytes(self._waiting[:3])
        if length > _FRAME_HEAD + self._connection.max_inbound_frame_size:
            self._break()
        if len(self._waiting) < length or self.broken:
            return b""
        frame = bytes(self._waiting[:length])
        del self._waiting[:length]
        return frame

    def _break(self) -> None:
        self.broken = True
        self.error = self.error or "what is no HTTP/2"

    def _note(self, event: Event) -> None:
        from h2 import events  # noqa: PLC0415 - see above

        match event:
            case events.ResponseReceived(stream_id=1):
                self._headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in event.headers or ()
                ]
                self._status = _status(dict(self._headers).get(":status", ""))
            case events.DataReceived(stream_id=1):
                self._body += event.data or b""
            case events.StreamEnded(stream_id=1):
                self._whole = True
            case events.StreamReset(stream_id=1) | events.ConnectionTerminated():
                if event.error_code:
                    self.error = self.error or _named(event.error_code)
            case _:
                pass


def _connection() -> H2Connection:
    from h2.config import H2Configuration  # noqa: PLC0415 - see above
    from h2.connection import H2Connection  # noqa: PLC0415 - see above
    from h2.settings import SettingCodes, Settings  # noqa: PLC0415 - see above

    # What a server's headers lack does not matter: whoever sends a status has answered.
    made = H2Connection(H2Configuration(client_side=True, validate_inbound_headers=False))
    made.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
    return made


def _is_polite_goodbye(frame: bytes) -> bool:
    """No error: an answer may follow (RFC 9113, section 6.8), but `h2` reads nothing after it."""
    # nginx says so before its answer to the last request that it takes on a connection.
    error = frame[_FRAME_HEAD + 4 : _FRAME_HEAD + 8]
    return frame[3] == _GOAWAY and error == bytes(4)


def _status(text: str) -> int:
    return int(text) if len(text) == len("200") and text.isascii() and text.isdigit() else 0


def _named(code: int) -> str:
    """The name of RFC 9113, or the number: ``HTTP_1_1_REQUIRED``."""
    return str(getattr(code, "name", f"error {int(code)}"))
