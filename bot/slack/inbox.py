"""What Slack sends, as values: parsed at the boundary, and nothing else is read from it."""

import re
from html import unescape
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.slack.values import SEPARATOR
from steps.errors import Rejected

_MARKUP = re.compile(r"<(?:[^|<>]*\|)?([^<>]*)>")
"""``<http://www.example.com|www.example.com>``, or without a label; the label is what was typed."""
_HOST = re.compile(r"^(?:https?://)?([^/?#:]*)")

M = TypeVar("M", bound="Sent")


class Sent(BaseModel):
    """Frozen; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SlashCommand(Sent):
    """``/mtls <text>`` of a person in a channel."""

    text: str = ""
    user_id: str
    team_id: str = ""
    channel_id: str
    response_url: str = ""
    trigger_id: str = ""

    @property
    def words(self) -> list[str]:
        """The words as they were typed: Slack makes links of host names (`should_escape`)."""
        return words_of(self.text)


class _Id(Sent):
    id: str = ""
    team_id: str = ""


class _Action(Sent):
    action_id: str
    value: str = ""


class Press(Sent):
    """A button of one of our messages."""

    user: _Id
    team: _Id | None = None
    channel: _Id | None = None
    actions: tuple[_Action, ...] = Field(min_length=1)
    response_url: str = ""
    trigger_id: str = ""

    @property
    def team_of_user(self) -> str:
        return self.user.team_id or (self.team.id if self.team else "")


class _State(Sent):
    values: dict[str, dict[str, Any]] = {}


class _View(Sent):
    id: str
    hash: str = ""
    private_metadata: str = ""
    state: _State = _State()


class Picked(Sent):
    """A choice in the start form, before it is sent."""

    user: _Id
    view: _View


class _Opened(Sent):
    user: str
    tab: str = ""


class HomeOpened(Sent):
    """Somebody looks at the app: its home tab, or its messages."""

    event: _Opened
    team_id: str = ""


class _About(Sent):
    channel: str


class AboutChannel(Sent):
    """Something has happened to a channel."""

    event: _About


class Target(Sent):
    """What a button's value says: run · step · fingerprint."""

    run: str
    step: str
    fingerprint: str


def words_of(text: str) -> list[str]:
    """The words of a command's text as they were typed."""
    return [unescape(_MARKUP.sub(r"\1", word)) for word in text.split()]


def host_name(typed: str) -> str:
    """The host that somebody meant: without scheme, port, path and final dot, as DNS spells it."""
    found = _HOST.match(typed.strip().lower())
    host = found[1].rstrip(".") if found else ""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def press(body: dict[str, Any]) -> Press:
    """A press. Raises Rejected for a payload that is none of ours."""
    return _parsed(Press, body)


def picked(body: dict[str, Any]) -> Picked:
    """A choice in a form. Raises Rejected for a payload that is none."""
    return _parsed(Picked, body)


def home_opened(body: dict[str, Any]) -> HomeOpened:
    """The event of an opened tab. Raises Rejected for a payload that is none."""
    return _parsed(HomeOpened, body)


def about_channel(body: dict[str, Any]) -> str:
    """The channel of an event. Raises Rejected for a payload that is none."""
    return _parsed(AboutChannel, body).event.channel


def slash_command(body: dict[str, Any]) -> SlashCommand:
    """A slash command. Raises Rejected for a payload that is none."""
    return _parsed(SlashCommand, body)


def target(pressed: Press) -> Target:
    """What the pressed button is about. Raises Rejected."""
    parts = pressed.actions[0].value.split(SEPARATOR)
    if len(parts) != 3:  # noqa: PLR2004 - run, step, fingerprint
        raise Rejected("This button is from another version of the bot; use the newest card.")
    return Target(run=parts[0], step=parts[1], fingerprint=parts[2])


def _parsed(model: type[M], body: dict[str, Any]) -> M:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise Rejected(
            "Slack sent something that this bot does not understand; nothing was done.",
            hint="Use the newest card, or /mtls.",
        ) from error
