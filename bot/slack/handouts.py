"""Files for people, put into the run's thread once: a step's patch, the picture at the end."""

from collections.abc import Iterable, Mapping
from typing import Any

from slack_sdk import WebClient

from bot.engine.events import Event, VisitorsSeen
from bot.engine.state import RunState, Task
from bot.slack.blocks import Card, Handout
from bot.slack.timeline import described, timeline

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


def picture(titles: Mapping[str, str], state: RunState, seen: Iterable[Event]) -> dict[str, Card]:
    """The finished run as a picture; nothing while it is open, or when nothing was done."""
    if state.outcome not in ("closed", "undone", "partly-undone"):
        return {}
    told = timeline(titles, state, (event for event in seen if isinstance(event, VisitorsSeen)))
    if told is None or not told.steps:
        return {}

    def drawn() -> bytes:
        from bot.slack.picture import png  # noqa: PLC0415 - heavy, and needed once in a run

        return png(told)

    name = f"{state.run}-{state.outcome}.png"
    words = "The run as a picture: visitors served, direct access, and who approved when."
    return {f"picture-{state.outcome}": Card(words, (), Handout(name, described(told), drawn))}


def upload(client: WebClient, card: Card, *, channel: str, thread: str) -> str:
    """Put the file into the thread; its id. Raises what Slack's client raises."""
    assert card.file is not None
    answer = client.files_upload_v2(
        channel=channel, thread_ts=thread or None, filename=card.file.name,
        title=card.file.name, content=card.file.content, initial_comment=card.text,
        alt_txt=card.file.text if card.file.drawn else None,
    )  # fmt: skip
    files: list[Mapping[str, Any]] = answer.get("files") or [{}]
    return str(files[0].get("id") or card.file.name)


def is_there(message: Mapping[str, Any], name: str) -> bool:
    """Whether a message carries the file of that name, which is of one run and step only."""
    return any(file.get("name") == name for file in message.get("files") or ())
