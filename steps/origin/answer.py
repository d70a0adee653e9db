"""As much of an HTTP answer as a probe has to understand, from any bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

USER_AGENT = "mtls-bot-probe"
_STATUS = re.compile(rb"(?:\r?\n)*HTTP/1\.[01] +(\d{3})(?: [^\n]*)?\r?\n")
_FIRST = b"HTTP/1."
_HEAD_END = re.compile(rb"\r?\n\r?\n")
# nginx answers so on an open TLS connection, with status 400; 495 and 496 are its inner numbers,
# which some front ends let out.
_NGINX_WORDS = (b"no required ssl certificate was sent", b"400 the ssl certificate error")
_NGINX_STATUS = frozenset({495, 496})
_BAD_REQUEST = 400
# nginx's page has its words in the title; a longer body without them is an application's.
_WORDS_WITHIN = 8192
_KEPT = frozenset({
    "server", "location", "content-type", "x-platform-cluster", "x-platform-router",
    "x-platform-processor", "x-debug-info", "cf-ray",
})  # fmt: skip
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """A status line and what followed it so far."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """The few that tell who answered; names in lower case."""
    head_whole: bool
    whole: bool
    """The body is known to have come to its end, or far enough for its words to have been seen."""
    refusal: str
    """nginx's words about the client certificate, or the status that means the same."""

    @property
    def enough(self) -> bool:
        """Whether more bytes could not change the judgement. Only a 400 is read for its words."""
        known = self.whole or bool(self.refusal) or self.status != _BAD_REQUEST
        return self.head_whole and known


def made(
    status: int, headers: Sequence[tuple[str, str]], body: bytes, *, head_whole: bool, whole: bool
) -> Answer:
    """An answer of any version of HTTP, from its parts."""
    kept = tuple((name, value[:_LONGEST]) for name, value in headers if name in _KEPT)
    far = len(body) >= _WORDS_WITHIN
    return Answer(status, kept, head_whole, whole or far, _refusal(status, body))


def parse(data: bytes, *, ended: bool = False) -> Answer | None:
    """The final answer in `data`; None without a status line. `ended`: nothing will follow."""
    found = _final_head(data)
    if found is None:
        return None
    start, head_end = found
    head = data[start.end() : head_end.start() if head_end else len(data)]
    body = data[head_end.end() :] if head_end else b""
    headers = _headers(head)
    whole = ended or (head_end is not None and _is_whole(headers, body))
    return made(int(start[1]), headers, body, head_whole=head_end is not None, whole=whole)


def begins(data: bytes) -> bool:
    """Whether it could still have become an answer, had more come."""
    return bool(data) and (data.startswith(_FIRST) or _FIRST.startswith(data))


def is_enough(data: bytes) -> bool:
    """Whether more bytes could not change the judgement."""
    answer = parse(data)
    return answer is not None and answer.enough


def redirects_to_https(answer: Answer) -> bool:
    """Whether the answer does nothing but send a visitor to https."""
    location = dict(answer.headers).get("location", "")
    return answer.status in (301, 302, 303, 307, 308) and location.lower().startswith("https://")


def _final_head(data: bytes) -> tuple[re.Match[bytes], re.Match[bytes] | None] | None:
    """The status line and the end of the head, past interim answers (1xx)."""
    at = 0
    while start := _STATUS.match(data, at):
        head_end = _HEAD_END.search(data, start.end() - 2)
        if not start[1].startswith(b"1"):
            return start, head_end
        if head_end is None:
            return None
        at = head_end.end()
    return None


def _refusal(status: int, body: bytes) -> str:
    if status in _NGINX_STATUS:
        return f"HTTP {status}"
    if status != _BAD_REQUEST:
        return ""
    lower = body.lower()
    return next((words.decode() for words in _NGINX_WORDS if words in lower), "")


def _headers(head: bytes) -> list[tuple[str, str]]:
    lines = (line.decode("latin-1").partition(":") for line in head.splitlines())
    return [(name.strip().lower(), value.strip()) for name, colon, value in lines if colon]


def _is_whole(headers: list[tuple[str, str]], body: bytes) -> bool:
    by_name = dict(headers)
    if "chunked" in by_name.get("transfer-encoding", "").lower():
        return body.endswith(b"0\r\n\r\n")
    length = by_name.get("content-length", "")
    return length.isascii() and length.isdigit() and len(length) < 10 and len(body) >= int(length)  # noqa: PLR2004
