"""One call of the Web API: its arguments, its token's rights, and the ways to say no."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER, Channel
from sandbox.slack.refusals import Json, Refused
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """What a method gets. `args` are decoded JSON or form fields (then all are texts)."""

    workspace: Workspace
    method: str
    args: Json
    scopes: frozenset[str]

    def need(self, *scopes: str) -> None:
        """Refuses unless the token has one of `scopes`."""
        if not self.scopes.intersection(scopes):
            raise Refused(
                "missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.scopes))
            )

    def string(self, name: str) -> str:
        """A required text."""
        value = self.args.get(name)
        if not isinstance(value, str) or not value:
            told = [f"[ERROR] missing required field: {name}"]
            raise Refused("invalid_arguments", response_metadata={"messages": told})
        return value

    def flag(self, name: str) -> bool:
        return str(self.args.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        return int(self.args.get(name) or default)

    def decoded(self, name: str, error: str) -> Any:
        """A JSON argument, which may come as an object or as its text."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refused(error) from None

    def channel(self, *, write: bool = False) -> Channel:
        """The channel of the call; a private one without the bot does not exist for it."""
        wanted = self.string("channel")
        if write and wanted in self.workspace.people and wanted != BOT_USER:
            return self.workspace.direct(wanted)
        channel = self.workspace.channels.get(wanted)
        if channel is None or (channel.private and BOT_USER not in channel.members):
            raise Refused("channel_not_found")
        return channel

    def joined(self, channel: Channel, *or_scope: str) -> None:
        """Refuses unless the bot is a member, or has a scope that makes up for it."""
        if BOT_USER not in channel.members and not self.scopes.intersection(or_scope):
            raise Refused("not_in_channel")

    def own_message(self, channel: Channel, error: str) -> Message:
        message = self.workspace.message(channel.id, self.string("ts"))
        if message is None or message.only_for or message.tombstone:
            raise Refused("message_not_found")
        if message.user != BOT_USER:
            raise Refused(error)
        return message
