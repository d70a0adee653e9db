"""From names that people know to the ids that settings hold."""

from collections.abc import Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

_MOST = 10
"""Groups that are proposed; more would hide the question."""


def proposals(client: WebClient) -> Iterator[str]:
    """A line for each group of the workspace, as far as the token may see them."""
    for group in _groups(client)[:_MOST]:
        yield f"@{group['handle']} — {group['name']} ({group.get('user_count', '?')} people)"


def found_as(client: WebClient, typed: str) -> tuple[list[str], list[str], list[str]]:
    """Ids of groups, ids of people, and the names that nobody has."""
    groups, people, unknown = [], [], []
    by_handle = {group["handle"].lower(): group["id"] for group in _groups(client)}
    names: dict[str, str] | None = None
    for name in filter(None, (part.strip() for part in typed.split(","))):
        handle = name.removeprefix("@").lower()
        if handle in by_handle or name in by_handle.values():
            groups.append(by_handle.get(handle, name))
            continue
        names = _people(client) if names is None else names
        if handle in names or name in names.values():
            people.append(names.get(handle, name))
        else:
            unknown.append(name)
    return groups, people, unknown


def _groups(client: WebClient) -> list[dict[str, Any]]:
    try:
        return list(client.usergroups_list(include_count=True)["usergroups"])
    except (SlackClientError, OSError):
        return []


def _people(client: WebClient) -> dict[str, str]:
    """The ids of all who could approve, by each of their names in small letters."""
    found: dict[str, str] = {}
    try:
        for page in client.users_list(limit=200):
            for user in page["members"]:
                if not (user.get("deleted") or user.get("is_bot")):
                    found |= {name.lower(): user["id"] for name in _names(user)}
    except (SlackClientError, OSError):
        return found
    return found


def _names(user: dict[str, Any]) -> tuple[str, ...]:
    profile = user.get("profile") or {}
    told = (user.get("name"), user.get("real_name"), profile.get("display_name"))
    return tuple(str(name) for name in told if name)
