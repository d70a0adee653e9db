"""Frames of HTTP/2 as a server would send them, for tests that put them together anew."""

from hpack import Encoder

NGINX = b"<html><head><title>400 No required SSL certificate was sent</title></head></html>"
_END_STREAM, _END_HEADERS = 0x1, 0x4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame of RFC 9113, section 4.1."""
    head = len(payload).to_bytes(3) + bytes([kind, flags])
    return head + stream.to_bytes(4) + payload


def headers(status: str, *more: tuple[str, str], end: bool = False) -> bytes:
    """The head of an answer; a new connection's encoder, so at most one of them decodes."""
    block = Encoder().encode([(":status", status), *more])
    return frame(0x1, _END_HEADERS | (_END_STREAM if end else 0), 1, block)


def data(content: bytes, *, end: bool = True) -> bytes:
    return frame(0x0, _END_STREAM if end else 0, 1, content)


def reset(code: int) -> bytes:
    return frame(0x3, 0, 1, code.to_bytes(4))


def goodbye(code: int) -> bytes:
    return frame(0x7, 0, 0, (1).to_bytes(4) + code.to_bytes(4))


SETTINGS = frame(0x4, 0, 0)
PING = frame(0x6, 0, 0, b"12345678")
FRAMES = [
    SETTINGS, PING, headers("200"), headers("400"), headers("496", end=True), headers("103"),
    headers("2x0"), data(NGINX), data(b"x" * 100, end=False), reset(0xD), reset(0x7), goodbye(0),
    goodbye(0xB), frame(0x9, 0x4, 1, b"\x88"), frame(0x8, 0, 0, (0).to_bytes(4)),
    frame(0x5, 0x4, 1, (2).to_bytes(4) + b"\x82"), frame(0x0, 0x8, 1, b"\xff"),
    frame(0xFE, 0, 7, b"?"), b"\xff\xff\xff\x00\x00\x00\x00\x00\x01", SETTINGS[:5],
]  # fmt: skip
"""Good ones, odd ones, cut ones."""
