"""Keeps the home tabs of those who opened theirs lately current; never in anybody's way.

One thread publishes, one view at a time with a pause between: however much happens, a person's tab
is published once for all of it. Slack being slow or down delays a tab and nothing else.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.engine.engine import Engine
from bot.engine.loops import tried
from bot.slack.home import Seen, home_blocks, home_view
from bot.slack.seeing import Eyes
from bot.slack.words import Frame

log = structlog.get_logger()
_PAUSE, _LONGEST = 1.0, 60.0
MOST_PEOPLE = 50
LATELY = timedelta(hours=8)
_FOR_GOOD = frozenset({"user_not_found", "not_enabled", "invalid_arguments", "view_too_large"})
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has opened the tab, in which workspace, and when last."""

    user: str
    team: str
    at: datetime


class Homes:
    """The home tabs. The thread begins when somebody opens the first."""

    def __init__(
        self, engine: Engine, client: WebClient, eyes: Eyes, frame: Callable[[], Frame],
        *, pause: float = _PAUSE,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._client = client
        self._eyes = eyes
        self._frame = frame
        self._pause = pause
        self._readers: dict[str, Reader] = {}
        self._waiting: dict[str, None] = {}
        """Whose tab is to be looked at, in order; whoever has just opened theirs comes first."""
        self._shown: dict[str, str] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="homes", daemon=True)

    def opened(self, user: str, team: str) -> None:
        """Somebody looks at their tab: it is published now, and kept current from now on."""
        with self._lock:
            self._readers.pop(user, None)
            self._readers[user] = Reader(user, team, self._engine.clock())
            for gone in list(self._readers)[:-MOST_PEOPLE]:
                del self._readers[gone]
            self._waiting = {user: None, **self._waiting}
            self._shown.pop(user, None)
            first = self._thread.ident is None and not self._stop.is_set()
            if first:
                self._engine.changed.append(self.nudge)
                self._thread.start()
        self._wake.set()

    def nudge(self, _run: str) -> None:
        """Something has changed: every tab that was opened lately is looked at, each once."""
        since = self._engine.clock() - LATELY
        with self._lock:
            self._readers = {u: one for u, one in self._readers.items() if one.at > since}
            self._waiting.update(dict.fromkeys(self._readers))
        self._wake.set()

    def stop(self) -> None:
        """Ends after the view that is on its way."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)

    def _loop(self) -> None:
        retreat = self._pause
        while not self._stop.is_set():
            reader = self._next()
            if reader is None:
                self._wake.wait()
                self._wake.clear()
                continue
            done = tried("homes", partial(self.publish, reader), otherwise=True)
            retreat = self._pause if done else min(_LONGEST, retreat * 2)
            if not done:
                with self._lock:
                    self._waiting[reader.user] = None
            self._stop.wait(retreat)

    def _next(self) -> Reader | None:
        with self._lock:
            while self._waiting:
                user = next(iter(self._waiting))
                del self._waiting[user]
                if user in self._readers:
                    return self._readers[user]
        return None

    def publish(self, reader: Reader) -> bool:
        """Bring one tab up to date; False when Slack has to be asked again."""
        frame = self._frame()
        seen = self._eyes.seen(reader.user, reader.team)
        digest = _digest(frame, seen)
        if self._shown.get(reader.user) == digest:
            return True
        try:
            self._client.views_publish(user_id=reader.user, view=home_view(frame, seen))
        except SlackApiError as error:
            return self._refused(reader, error)
        except (SlackClientError, OSError) as error:
            log.warning("home.retry", failed=type(error).__name__)
            return False
        self._shown[reader.user] = digest
        return seen.known

    def _refused(self, reader: Reader, error: SlackApiError) -> bool:
        reason = str(error.response.get("error", ""))
        if error.response.status_code == _TOO_MANY:
            after = (error.response.headers or {}).get("Retry-After", self._pause)
            self._stop.wait(float(after))
            return False
        log.warning("home.refused", reason=reason)
        if reason in _FOR_GOOD:
            with self._lock:
                self._readers.pop(reader.user, None)
            return True
        return False


def _digest(frame: Frame, seen: Seen) -> str:
    """Changes when the tab does, and not because a span in it has grown."""
    day = replace(frame, now=frame.now.replace(hour=0, minute=0, second=0, microsecond=0))
    return hashlib.sha256(json.dumps(home_blocks(day, seen)).encode()).hexdigest()
