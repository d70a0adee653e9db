"""Files that a step hands to people, put into the run's thread once."""

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

from bot.engine.state import Task
from bot.slack.blocks import Card, Handout

_NAME, _TEXT = "file_name", "file_text"
_PREFIXES = ("", "back_")
"""A change and its way back note a file of their own."""


def handouts(title: str, task: Task) -> dict[str, Card]:
    """The files in a step's notes as messages, by their key."""
    found = {}
    for prefix in _PREFIXES:
        name, text = task.notes.get(f"{prefix}{_NAME}"), task.notes.get(f"{prefix}{_TEXT}")
        if name and text:
            words = f"{title}: the change as a patch, ready for `git am`."
            found[f"{task.key}/{name}"] = Card(words, (), Handout(name, text))
    return found


def upload(client: WebClient, card: Card, *, channel: str, thread: str) -> str:
    """Put the file into the thread; its id. Raises what Slack's client raises."""
    assert card.file is not None
    answer = client.files_upload_v2(
        channel=channel, thread_ts=thread or None, filename=card.file.name,
        title=card.file.name, content=card.file.text.encode(), initial_comment=card.text,
    )  # fmt: skip
    files: list[Mapping[str, Any]] = answer.get("files") or [{}]
    return str(files[0].get("id") or card.file.name)


def is_there(message: Mapping[str, Any], name: str) -> bool:
    """Whether a message carries the file of that name, which is of one run and step only."""
    return any(file.get("name") == name for file in message.get("files") or ())
