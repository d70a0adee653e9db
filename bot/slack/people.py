"""What Slack says of people: asked at the press, cached briefly; could-not-ask is not a yes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.engine.policy import Policy
from bot.slack.access import Matter, Membership, Person, ruling
from steps.errors import Rejected

_CACHED = timedelta(seconds=30)
_PATIENCE = 3
"""People who could not be asked about, before nobody else is."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Whose bot this is."""

    team: str
    enterprise: str = ""


class People:
    """Looks people and groups up. Safe between threads."""

    def __init__(self, client: WebClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._workspace: Workspace | None = None
        self._groups: dict[str, tuple[datetime, frozenset[str]]] = {}

    def person(self, user: str, team: str, policy: Policy) -> Person:
        """What is known of `user`; `team` is the one that the payload named."""
        try:
            found: dict[str, Any] = self._client.users_info(user=user)["user"]
            ours = self._ours(found, team)
        except (SlackClientError, OSError):
            return Person(user, known=False, in_group="unknown")
        guest = found.get("is_restricted") or found.get("is_ultra_restricted")
        return Person(
            user, ours=ours, guest=bool(guest),
            bot=bool(found.get("is_bot")) or user == "USLACKBOT",
            deleted=bool(found.get("deleted")), in_group=self._in_group(user, policy),
        )  # fmt: skip

    def zone(self, user: str) -> tuple[tzinfo, str]:
        """The time zone that the person has set in Slack, and how it is called.

        Raises Rejected when Slack could not be asked. Its offset stands in for a name that this
        machine has not.
        """
        try:
            found: dict[str, Any] = self._client.users_info(user=user)["user"]
        except (SlackClientError, OSError) as error:
            raise Rejected(
                "Slack could not be asked for your time zone, so nothing was done.",
                hint="Try it again in a moment.",
            ) from error
        try:
            name = str(found["tz"])
            return ZoneInfo(name), name
        except (KeyError, ValueError, ZoneInfoNotFoundError):
            zone = timezone(timedelta(seconds=int(found.get("tz_offset") or 0)))
            return zone, str(zone)

    def approvers(self, policy: Policy) -> frozenset[str] | None:
        """Everybody who may approve; None when a group could not be asked."""
        found = set(policy.approvers)
        for group in policy.groups:
            members = self._members(group)
            if members is None:
                return None
            found |= members
        return frozenset(found)

    def counting(self, policy: Policy) -> frozenset[str] | None:
        """As many of them as could ever be needed whose yes really counts: no guest, nobody gone.

        None when that could not be known; a Slack that does not answer is not asked for each.
        """
        found, asked = set[str](), self.approvers(policy)
        if asked is None:
            return None
        unknown = 0
        for user in sorted(asked):
            who = self.person(user, "", policy)
            unknown += not who.known
            if ruling("decline", who, Matter(), policy) == "counts":
                found.add(user)
            if len(found) > max(policy.needed):  # one of them may be whoever asks
                return frozenset(found)
            if unknown >= _PATIENCE:
                break
        return None if unknown else frozenset(found)

    def groups(self) -> tuple[tuple[str, str], ...] | None:
        """Each user group's id and name, for choosing; None when they could not be asked."""
        try:
            found: list[dict[str, Any]] = self._client.usergroups_list()["usergroups"]
        except (SlackClientError, OSError):
            return None
        return tuple((str(one["id"]), str(one.get("name") or one["id"])) for one in found)

    def _ours(self, found: dict[str, Any], team: str) -> bool:
        """`is_stranger` is no test (absent for people of a shared channel): compare the team."""
        workspace = self._own_workspace()
        enterprise = str((found.get("enterprise_user") or {}).get("enterprise_id", ""))
        if workspace.enterprise and enterprise == workspace.enterprise:
            return True
        return {str(found.get("team_id") or ""), team} - {""} == {workspace.team}

    def _own_workspace(self) -> Workspace:
        with self._lock:
            if self._workspace is None:
                told = self._client.auth_test()
                self._workspace = Workspace(
                    str(told["team_id"]), str(told.get("enterprise_id") or "")
                )
            return self._workspace

    def _in_group(self, user: str, policy: Policy) -> Membership:
        answer: Membership = "no"
        for group in policy.groups:
            members = self._members(group)
            if members is None:
                answer = "unknown"
            elif user in members:
                return "yes"
        return answer

    def _members(self, group: str) -> frozenset[str] | None:
        now = self._clock()
        with self._lock:
            cached = self._groups.get(group)
        if cached and now - cached[0] < _CACHED:
            return cached[1]
        try:
            users = self._client.usergroups_users_list(usergroup=group)["users"]
        except SlackApiError as error:
            if error.response.get("error") == "no_such_subteam":
                return frozenset()
            return None
        except (SlackClientError, OSError):
            return None
        members = frozenset(map(str, users))
        with self._lock:
            self._groups[group] = (now, members)
        return members
