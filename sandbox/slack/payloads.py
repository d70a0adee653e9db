"""The payloads that Slack sends to an app, in the shape of its documentation. Pure."""

import re
from typing import Any

from sandbox.slack.messages import Message
from sandbox.slack.people import APP, BOT_USER, TEAM, Channel, Person
from sandbox.slack.refusals import Json
from sandbox.slack.views import STATEFUL, View, values

VERIFICATION = "sandbox-verification-token"

_URL = re.compile(r"https?://[^\s<>|]+")
_DOMAIN = re.compile(r"(?<![\w@./|:-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?![\w-])", re.IGNORECASE)
_MENTION = re.compile(r"@(\w+)")


def escaped(text: str, people: dict[str, Person], channels: dict[str, Channel]) -> str:
    """A command's text as `should_escape` delivers it: entities, links, people, channels."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    names = {p.name.lower(): p.id for p in people.values()}
    rooms = {c.name: c for c in channels.values() if c.name}

    def person(found: re.Match[str]) -> str:
        known = names.get(found[1].lower())
        return f"<@{known}|{found[1].lower()}>" if known else found[0]

    def room(found: re.Match[str]) -> str:
        known = rooms.get(found[1])
        if known is None:
            return found[0]
        return f"<#{known.id}|{'' if known.private else known.name}>"

    text = _MENTION.sub(person, re.sub(r"#([\w-]+)", room, text))
    text = _URL.sub(lambda m: f"<{m[0]}>", text)
    parts = re.split(r"(<[^>]*>)", text)
    link = r"<http://\g<0>|\g<0>>"
    return "".join(p if p.startswith("<") else _DOMAIN.sub(link, p) for p in parts)


def user(person: Person) -> Json:
    name = person.name.lower().replace(" ", ".")
    return {"id": person.id, "username": name, "name": name, "team_id": person.team}


def _frame(kind: str, person: Person) -> Json:
    return {
        "type": kind, "user": user(person), "api_app_id": APP, "token": VERIFICATION,
        "team": {"id": TEAM, "domain": "sandbox"}, "enterprise": None,
        "is_enterprise_install": False,
    }  # fmt: skip


def command(person: Person, channel: Channel, name: str, text: str) -> Json:
    """A slash command; `response_url` and `trigger_id` are added by the caller."""
    return {
        "token": VERIFICATION, "team_id": person.team, "team_domain": "sandbox",
        "channel_id": channel.id, "channel_name": channel.name or "directmessage",
        "user_id": person.id, "user_name": person.name.lower(), "command": name, "text": text,
        "api_app_id": APP, "is_enterprise_install": "false",
    }  # fmt: skip


def on_message(kind: str, person: Person, message: Message, channel: Channel) -> Json:
    """The frame of what happens on a message; an ephemeral one is not sent along."""
    container: Json = {
        "type": "message", "message_ts": message.ts, "channel_id": channel.id,
        "is_ephemeral": message.only_for is not None,
    }  # fmt: skip
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    told = _frame(kind, person) | {"container": container}
    told["channel"] = {"id": channel.id, "name": channel.name or "directmessage"}
    if message.only_for is None:
        told["message"] = message.as_json()
    return told


def on_view(kind: str, person: Person, view: View) -> Json:
    """The frame of what happens in a view."""
    container = {"type": "view", "view_id": view.id}
    told = _frame(kind, person) | {"view": view.as_json()}
    return told | ({"container": container} if kind.startswith("block_") else {})


def state(message: Message) -> Json:
    return {"values": values(message.blocks, message.inputs)}


def action(block: Json, element: Json, entry: Json | None, ts: str) -> Json:
    """One entry of `actions`; `entry` is the state of an element that has one."""
    told: Json = {
        "action_id": element["action_id"], "block_id": block["block_id"],
        "type": element["type"], "action_ts": ts,
    }  # fmt: skip
    if element["type"] in STATEFUL:
        return told | (entry or {})
    kept: dict[str, Any] = {k: element[k] for k in ("text", "value", "style") if k in element}
    return told | kept | (entry or {})


def home_opened(person: Person, channel: str, tab: str, view: View | None) -> Json:
    event: Json = {"type": "app_home_opened", "user": person.id, "channel": channel, "tab": tab}
    if view is not None:
        event["view"] = view.as_json()
    return _event(event)


def joined(channel: str, by: str) -> Json:
    """The app itself has come into a channel; of its own events this one is sent to it."""
    return _event({
        "type": "member_joined_channel", "user": BOT_USER, "channel": channel,
        "channel_type": channel[0], "team": TEAM, "inviter": by,
    })  # fmt: skip


def unarchived(channel: Channel, by: str) -> Json:
    kind = "group_unarchive" if channel.private else "channel_unarchive"
    return _event({"type": kind, "channel": channel.id, "user": by})


def _event(event: Json) -> Json:
    return {
        "token": VERIFICATION, "team_id": TEAM, "api_app_id": APP, "type": "event_callback",
        "event": event,
        "authorizations": [{
            "enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True,
            "is_enterprise_install": False,
        }],
    }  # fmt: skip
