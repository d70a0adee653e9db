"""The state of the workspace: what everybody wrote and what lies on their screens. In memory."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sandbox.slack import people
from sandbox.slack.messages import Message
from sandbox.slack.people import Channel
from sandbox.slack.refusals import Json
from sandbox.slack.views import View

T = TypeVar("T")

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_POSTS = 5
_NOW_AND_THEN = 0.1


@dataclass(slots=True)
class Trigger:
    """Lets the app open one view for `user` until `expires` (seconds of the clock)."""

    user: str
    expires: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Five answers in thirty minutes; `source` is the ts of the message that was pressed."""

    channel: str
    user: str
    expires: float
    left: int = RESPONSE_POSTS
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What Slack itself told one person, as when the app did not answer in time."""

    user: str
    code: str
    text: str
    at: float


@dataclass(slots=True)
class File:
    """An uploaded file; `content` is empty until the bytes came."""

    id: str
    name: str
    alt_text: str
    content: bytes = b""
    complete: bool = False


@dataclass(slots=True)
class Screens:
    """What is open in front of people."""

    modals: dict[str, list[View]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)

    def find(self, view_id: str) -> View | None:
        stacks = [*self.modals.values(), list(self.homes.values())]
        return next((v for stack in stacks for v in stack if v.id == view_id), None)

    def drop(self, view: View) -> None:
        """Closes one modal; what lay under it shows again."""
        stack = self.modals.get(view.user, [])
        if view in stack:
            stack.remove(view)
        if not stack:
            self.modals.pop(view.user, None)


class Workspace:
    """All state behind one lock. Change it only inside `changing()`, which wakes who waits."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.people = people.people()
        self.channels = people.channels()
        self.groups = people.groups()
        self.messages: dict[str, list[Message]] = {}
        self.screens = Screens()
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.notices: list[Notice] = []
        self.files: dict[str, File] = {}
        self.unthreads = False
        """An answer to a root that is gone: posted to the channel instead of refused."""
        self.version = 0
        self.closed = False
        self.page_url = ""
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._watchers: list[Callable[[], None]] = []
        self._numbers = itertools.count(1)
        self._last_ts = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._lock:
            yield

    @contextmanager
    def changing(self) -> Iterator[None]:
        with self._lock:
            yield
            self.version += 1
            self._changed.notify_all()
            watchers = tuple(self._watchers)
        for watcher in watchers:
            watcher()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Calls `watcher` after each change until the returned function is called."""
        with self._lock:
            self._watchers.append(watcher)

        def stop() -> None:
            with self._lock:
                self._watchers.remove(watcher)

        return stop

    def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T:
        """The first true value of `predicate`, asked after each change here, and now and then.

        Raises TimeoutError, with what Slack told people meanwhile, after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._lock:
            while not (found := predicate()):
                left = deadline - time.monotonic()
                if left <= 0:
                    notices = [f"{n.user}: {n.text}" for n in self.notices]
                    raise TimeoutError(f"nothing came in {timeout} s; notices: {notices}")
                # What is awaited may show elsewhere: in the bot's log, at the visitors.
                self._changed.wait(min(left, _NOW_AND_THEN))
            return found

    def mint(self, prefix: str) -> str:
        """A new id, such as V000000012."""
        with self._lock:
            return f"{prefix}{next(self._numbers):09d}"

    def mint_ts(self) -> str:
        """A message's time stamp, later than every one before."""
        with self._lock:
            self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def trigger(self, user: str) -> str:
        name = self.mint("trigger.")
        self.triggers[name] = Trigger(user, self.clock() + TRIGGER_SECONDS)
        return name

    def response_url(self, channel: str, user: str, source: str | None = None) -> str:
        name = self.mint("R")
        until = self.clock() + RESPONSE_SECONDS
        self.response_urls[name] = ResponseUrl(channel, user, until, source=source)
        return f"{self.page_url}/response/{name}"

    def tell(self, user: str, code: str, text: str) -> None:
        """Slack's own word to one person."""
        with self.changing():
            self.notices.append(Notice(user, code, text, self.clock()))

    def in_channel(self, channel: str) -> list[Message]:
        return self.messages.setdefault(channel, [])

    def message(self, channel: str, ts: str) -> Message | None:
        return next((m for m in self.in_channel(channel) if m.ts == ts), None)

    def direct(self, user: str) -> Channel:
        """The direct conversation of a person with the bot, opened when there is none."""
        channel = Channel("D" + user[1:], "", {user, people.BOT_USER}, direct_with=user)
        return self.channels.setdefault(channel.id, channel)

    def files_json(self, file: File) -> Json:
        url = f"{self.page_url}/files/{file.id}/{file.name}"
        return {
            "id": file.id, "name": file.name, "title": file.name, "alt_txt": file.alt_text,
            "size": len(file.content), "url_private": url, "permalink": url,
        }  # fmt: skip
