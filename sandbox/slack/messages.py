"""A message and how Slack tells of it. No rules of who may post what."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.people import APP, BOT, BOT_USER, TEAM
from sandbox.slack.refusals import Json


@dataclass(slots=True)
class Message:
    """One message; `only_for` names the one person who sees an ephemeral one."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    only_for: str | None = None
    files: list[Json] = field(default_factory=list)
    edited: str | None = None
    tombstone: bool = False
    inputs: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What people chose in the message's own fields, by (block_id, action_id)."""

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def as_json(self, *, metadata: bool = True) -> Json:
        """As in `conversations.history`; without `metadata` only its event type is told.

        Blocks are replaced and never changed in place, so they are handed out as they are.
        """
        told: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        told |= _of_bot() if self.user == BOT_USER else {"team": TEAM}
        if self.blocks:
            told["blocks"] = self.blocks
        if self.metadata:
            kept = self.metadata if metadata else {"event_type": self.metadata.get("event_type")}
            told["metadata"] = kept
        return told | self._rest()

    def _rest(self) -> Json:
        told: Json = {}
        if self.thread_ts:
            told["thread_ts"] = self.thread_ts
        if self.edited:
            told["edited"] = {"user": self.user, "ts": self.edited}
        if self.files:
            told["files"] = self.files
        if self.tombstone:
            told |= {"subtype": "tombstone", "user": "USLACKBOT"}
        if self.only_for:
            told["is_ephemeral"] = True
        return told


def _of_bot() -> Json:
    profile = {"id": BOT, "app_id": APP, "name": "mtls", "team_id": TEAM, "deleted": False}
    return {"bot_id": BOT, "app_id": APP, "team": TEAM, "bot_profile": profile}


def with_block_ids(blocks: list[Json], mint: Callable[[], str]) -> list[Json]:
    """A copy in which every block has an id and every element an action id, as Slack fills in."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", mint())
        for element in elements(block):
            element.setdefault("action_id", mint())
    return filled


INTERACTIVE = frozenset({
    "button", "static_select", "external_select", "multi_static_select", "multi_external_select",
    "users_select", "conversations_select", "channels_select", "overflow", "datepicker",
    "timepicker", "datetimepicker", "radio_buttons", "checkboxes", "plain_text_input",
    "number_input", "email_text_input", "url_text_input", "multi_users_select",
})  # fmt: skip


def elements(block: Json) -> list[Json]:
    """The elements of one block that a person can act on."""
    found = [*block.get("elements", ())] if block.get("type") == "actions" else []
    found += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    return [e for e in found if isinstance(e, dict) and e.get("type") in INTERACTIVE]
