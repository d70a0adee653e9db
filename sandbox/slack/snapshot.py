"""Everything that one person sees, as JSON for the page. Pure reading."""

from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER, TEAM, Channel
from sandbox.slack.refusals import Json
from sandbox.slack.workspace import Workspace

ON_THE_PAGE = ("U0STARTER01", "U0APPROVER1", "U0OUTSIDER1")


def snapshot(workspace: Workspace, person: str) -> Json:
    """Channels, messages, modals, home and Slack's own notices of one person."""
    with workspace.reading():
        workspace.direct(person)
        rooms = [c for c in workspace.channels.values() if person in c.members]
        home = workspace.screens.homes.get(person)
        modals = workspace.screens.modals.get(person, [])
        return {
            "version": workspace.version,
            "me": person,
            "bot": BOT_USER,
            "people": {p.id: {"name": p.name, "bot": p.bot} for p in workspace.people.values()},
            "switch": [i for i in ON_THE_PAGE if i in workspace.people],
            "groups": {g.id: g.handle for g in workspace.groups.values()},
            "channels": [_channel(c) for c in rooms],
            "messages": {c.id: _messages(workspace, c, person) for c in rooms},
            "modals": [view.as_json() | {"errors": dict(view.errors)} for view in modals],
            "home": home.as_json() if home else None,
            "notices": [
                {"code": n.code, "text": n.text, "at": n.at}
                for n in workspace.notices
                if n.user == person
            ],
        }


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id, "name": channel.name, "direct": channel.direct_with is not None,
        "private": channel.private, "archived": channel.archived, "team": TEAM,
        "bot_inside": BOT_USER in channel.members,
    }  # fmt: skip


def _messages(workspace: Workspace, channel: Channel, person: str) -> list[Json]:
    seen = [m for m in workspace.in_channel(channel.id) if m.only_for in (None, person)]
    return [_message(m) for m in seen]


def _message(message: Message) -> Json:
    chosen = {f"{block} {action}": entry for (block, action), entry in message.inputs.items()}
    return message.as_json() | {"chosen": chosen}
