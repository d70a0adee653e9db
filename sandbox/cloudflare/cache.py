"""The cache of one edge node: by full URL, static files only, as long as the origin says."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sandbox.exchange import Answer

Status: TypeAlias = Literal["HIT", "MISS", "EXPIRED", "BYPASS", "DYNAMIC"]
STATIC = frozenset({
    "7z", "avi", "avif", "bin", "bmp", "bz2", "class", "css", "csv", "doc", "docx", "dmg", "ejs",
    "eot", "eps", "exe", "flac", "gif", "gz", "ico", "iso", "jar", "jpg", "jpeg", "js", "mid",
    "midi", "mkv", "mp3", "mp4", "ogg", "otf", "pdf", "pict", "pls", "png", "ppt", "pptx", "ps",
    "rar", "svg", "svgz", "swf", "tar", "tif", "tiff", "ttf", "webm", "webp", "woff", "woff2",
    "xls", "xlsx", "zip", "zst",
})  # fmt: skip
_DEFAULT_SECONDS = 7200
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    since: float
    until: float


class Cache:
    """Safe between threads. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def find(self, url: str) -> tuple[Answer | None, Status]:
        """What is kept for a URL, with its `age`; and what to call the request."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(url)
        if kept is None:
            return None, "MISS"
        if kept.until <= now:
            return None, "EXPIRED"
        age = ("age", str(int(now - kept.since)))
        answer = kept.answer
        return Answer(answer.status, (*answer.headers, age), answer.body), "HIT"

    def keep(self, url: str, answer: Answer) -> bool:
        """Keep an answer for as long as it may be; False when it may not."""
        seconds = lifetime(answer)
        if seconds <= 0:
            return False
        now = self._clock()
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[url] = _Kept(answer, now, now + seconds)
        return True


def cacheable(method: str, target: str) -> bool:
    """By the file's extension alone, as Cloudflare does without rules."""
    path = target.partition("?")[0]
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    return method in ("GET", "HEAD") and bool(dot) and extension.lower() in STATIC


def lifetime(answer: Answer) -> int:
    """Seconds that a shared cache may keep it; 0 for not at all."""
    if answer.status != 200 or answer.header("set-cookie"):
        return 0
    control = answer.header("cache-control").lower()
    if re.search(r"\b(no-store|no-cache|private)\b", control):
        return 0
    for directive in ("s-maxage", "max-age"):
        found = re.search(rf"\b{directive}=(\d+)", control)
        if found:
            return int(found[1])
    return _DEFAULT_SECONDS
