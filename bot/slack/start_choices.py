"""What the vendors list, for the start form: kept a minute, asked for in the background.

A suggestion is acknowledged within three seconds or lost, so nobody waits here for a vendor: what
is known is offered, and what is not yet known, or could not be asked, stands in the list as such.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from bot.engine.loops import tried
from bot.engine.ports import Directory, Option
from steps.errors import RolloutError

_FRESH, _AGAIN = timedelta(minutes=1), timedelta(seconds=5)
"""How long an answer is good, and when a vendor that failed is asked again."""
_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """What can be offered now; `words` say why it may be too little."""

    options: tuple[Option, ...] = ()
    state: Literal["known", "asking", "trouble"] = "asking"
    words: str = ""
    at: datetime | None = None
    """When it was asked for, or answered."""


class Choices:
    """The directory's answers. Safe between threads; never waits for one."""

    def __init__(
        self, directory: Directory, pool: Executor, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._directory = directory
        self._pool = pool
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        self._kept: dict[str, Listed] = {}

    def zones(self) -> Listed:
        """Zones that the Cloudflare token sees, by name."""
        return self._listed("zones", "Cloudflare", self._directory.zones)

    def projects(self) -> Listed:
        """Projects that the Platform.sh token sees."""
        return self._listed("projects", "Platform.sh", self._directory.projects)

    def environments(self, project: str) -> Listed:
        """Active environments of the project, production first."""
        ask = partial(self._directory.environments, project)
        return self._listed(f"environments {project}", "Platform.sh", ask)

    def settled(self, ask: Callable[[], Listed], seconds: float) -> Listed:
        """The answer once there is one, at most so long; for threads that may wait."""
        with self._changed:
            self._changed.wait_for(lambda: ask().state != "asking", seconds)
            return ask()

    def _listed(self, key: str, vendor: str, ask: Callable[[], Sequence[Option]]) -> Listed:
        now = self._clock()
        with self._changed:
            kept = self._kept.get(key)
            if kept is not None and kept.at is not None:
                age = now - kept.at
                if kept.state == "asking":
                    slow = f"{vendor} was asked {max(1, round(age.total_seconds()))} s ago"
                    return replace(kept, words=f"{slow} and has not answered yet. Type on.")
                if age < (_FRESH if kept.state == "known" else _AGAIN):
                    return kept
            old = kept.options if kept else ()
            for gone in list(self._kept)[:-_MOST_KEPT]:
                del self._kept[gone]
            asking = Listed(old, "asking", f"{vendor} is being asked. Type on.", now)
            self._kept[key] = asking
        self._pool.submit(self._ask, key, vendor, ask)
        return asking

    def _ask(self, key: str, vendor: str, ask: Callable[[], Sequence[Option]]) -> None:
        stumbled = Listed((), "trouble", f"{vendor}: the bot stumbled over its answer.")
        found = tried("choices", partial(self._answered, vendor, ask), stumbled)
        with self._changed:
            old = self._kept.get(key, Listed())
            if found.state == "trouble":
                found = replace(found, options=old.options)
            self._kept[key] = replace(found, at=self._clock())
            self._changed.notify_all()

    def _answered(self, vendor: str, ask: Callable[[], Sequence[Option]]) -> Listed:
        try:
            return Listed(tuple(ask()), "known")
        except RolloutError as error:
            return Listed((), "trouble", f"{vendor} could not be asked: {error.for_people}")
