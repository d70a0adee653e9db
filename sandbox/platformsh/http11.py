"""HTTP/1.1 as far as a router needs it: one request in, one answer out, over any socket."""

import socket
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import TypeAlias

_LONGEST_HEAD = 65536
_LONGEST_BODY = 8 * 1024 * 1024

Headers: TypeAlias = tuple[tuple[str, str], ...]


class MalformedError(Exception):
    """These bytes are no request that can be answered on this connection."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value, or ""."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")

    @property
    def host(self) -> str:
        return self.header("host").partition(":")[0].lower()

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def keeps_alive(self) -> bool:
        return "close" not in self.header("connection").lower()


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: Headers = ()

    def with_headers(self, *more: tuple[str, str]) -> "Response":
        return replace(self, headers=self.headers + more)


class Wire:
    """Requests and answers on one connection; what came too early waits in the buffer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    @property
    def has_more(self) -> bool:
        """Whether bytes of another request are here already."""
        return bool(self._buffer)

    def wait(self) -> bool:
        """Wait for the first byte of a request; False when the client is gone."""
        if not self._buffer:
            self._buffer = self._connection.recv(_LONGEST_HEAD)
        return bool(self._buffer)

    def read(self) -> Request:
        """Raises MalformedError, OSError."""
        while b"\r\n\r\n" not in self._buffer:
            self._more(_LONGEST_HEAD)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        request = _parsed(head)
        if request.header("transfer-encoding"):
            raise MalformedError("chunked requests are not read")
        try:
            length = int(request.header("content-length") or 0)
        except ValueError as error:
            raise MalformedError("content-length") from error
        while len(self._buffer) < length:
            self._more(_LONGEST_BODY)
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return replace(request, body=body)

    def write(self, response: Response, *, head_only: bool, close: bool) -> None:
        reason = HTTPStatus(response.status).phrase
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        lines += [f"Date: {formatdate(usegmt=True)}", f"Content-Length: {len(response.body)}"]
        lines += [f"Connection: {'close' if close else 'keep-alive'}", "", ""]
        body = b"" if head_only else response.body
        self._connection.sendall("\r\n".join(lines).encode("latin-1") + body)

    def _more(self, longest: int) -> None:
        data = self._connection.recv(65536)
        if not data or len(self._buffer) + len(data) > longest:
            raise MalformedError("the request ended early or is too long")
        self._buffer += data


def _parsed(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise MalformedError(first[:80])
    headers = tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return Request(words[0], words[1], headers)
