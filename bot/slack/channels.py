"""Whose eyes a channel is for: asked of Slack, kept a minute; could-not-ask is not a yes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.access import Membership, Person, may_see

_CACHED = timedelta(minutes=1)
_PAGE, _MOST_PAGES = 200, 25


@dataclass(frozen=True, slots=True)
class Room:
    """A channel as Slack tells it; `members` are asked for only where they matter."""

    public: bool
    members: frozenset[str] | None = None


class Channels:
    """Looks channels up. Safe between threads."""

    def __init__(self, client: WebClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._rooms: dict[str, tuple[datetime, Room]] = {}

    def sees(self, who: Person, channel: str) -> Membership:
        """Whether this person may see what is said in the channel; unknown: could not be asked."""
        try:
            room = self._room(channel, with_members=False)
            found = may_see(who, public=room.public, member="no")
            if found == "no":
                members = self._room(channel, with_members=True).members or frozenset()
                found = may_see(
                    who, public=room.public, member="yes" if who.user in members else "no"
                )
        except (SlackClientError, OSError):
            return "unknown"
        return found

    def _room(self, channel: str, *, with_members: bool) -> Room:
        now = self._clock()
        with self._lock:
            cached = self._rooms.get(channel)
        if cached and now - cached[0] < _CACHED:
            room = cached[1]
            if room.members is not None or not with_members:
                return room
        else:
            told: dict[str, Any] = self._client.conversations_info(channel=channel)["channel"]
            private = told.get("is_private") or told.get("is_im") or told.get("is_mpim")
            room = Room(public=not private)
        if with_members:
            room = Room(room.public, self._members(channel))
        with self._lock:
            self._rooms[channel] = (now, room)
        return room

    def _members(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(_MOST_PAGES):
            told = self._client.conversations_members(channel=channel, limit=_PAGE, cursor=cursor)
            found |= {str(user) for user in told["members"]}
            cursor = str((told.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return frozenset(found)
