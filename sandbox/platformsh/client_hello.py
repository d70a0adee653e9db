"""The server name of a TLS ClientHello, read from the first bytes before the handshake begins."""

import socket
import struct
import time
from dataclasses import dataclass

_HANDSHAKE = 22
_SERVER_NAME = 0
_LONGEST = 65536


@dataclass(frozen=True, slots=True)
class Hello:
    """Incomplete: more bytes are needed. Complete without a name: none was sent, or no TLS."""

    complete: bool
    name: str = ""


def peek_server_name(connection: socket.socket, *, seconds: float) -> str | None:
    """The name that the client asks for; "" when it names none, None when it never finishes.

    Peeking returns the same bytes again, so nothing is taken from the handshake to come.
    """
    deadline, seen = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        data = connection.recv(_LONGEST, socket.MSG_PEEK)
        if not data:
            return None
        hello = parse(data)
        if hello.complete:
            return hello.name
        if len(data) == seen:
            time.sleep(0.002)  # nothing new came; peek does not wait for more
        seen = len(data)
    return None


def parse(data: bytes) -> Hello:
    """What is known from these bytes; the message may go over several TLS records."""
    message = b""
    while data:
        if data[0] != _HANDSHAKE:
            return Hello(complete=True)
        if len(data) < 5:
            return Hello(complete=False)
        (length,) = struct.unpack_from("!H", data, 3)
        message += data[5 : 5 + length]
        if len(data) < 5 + length:
            return Hello(complete=False)
        data = data[5 + length :]
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4]):
            return Hello(complete=True, name=_name(message[4:]) if message[0] == 1 else "")
    return Hello(complete=False)


def _name(body: bytes) -> str:
    try:
        at = 34  # version and random
        at += 1 + body[at]  # session id
        at += 2 + struct.unpack_from("!H", body, at)[0]  # cipher suites
        at += 1 + body[at]  # compression methods
        end = at + 2 + struct.unpack_from("!H", body, at)[0]
        at += 2
        while at + 4 <= end:
            kind, length = struct.unpack_from("!HH", body, at)
            if kind == _SERVER_NAME:
                (size,) = struct.unpack_from("!H", body, at + 7)
                return body[at + 9 : at + 9 + size].decode("ascii").lower()
            at += 4 + length
    except (IndexError, struct.error, UnicodeDecodeError):
        return ""
    return ""
