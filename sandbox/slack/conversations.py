"""The methods that read: conversations, people, user groups, and who the bot is."""

from collections.abc import Iterable

from sandbox.slack.calls import Call
from sandbox.slack.messages import Message
from sandbox.slack.people import APP, BOT, BOT_USER, TEAM, Channel, Person
from sandbox.slack.refusals import Json, Refused


def _right(call: Call, channel: Channel, right: str) -> None:
    if channel.direct_with:
        call.need(f"im:{right}")
    else:
        call.need(f"groups:{right}" if channel.private else f"channels:{right}")


def info(call: Call) -> Json:
    channel = call.channel()
    _right(call, channel, "read")
    told: Json = {
        "id": channel.id, "name": channel.name, "is_channel": not channel.private,
        "is_private": channel.private, "is_archived": channel.archived,
        "is_im": channel.direct_with is not None, "is_ext_shared": channel.shared,
        "is_member": BOT_USER in channel.members, "context_team_id": TEAM,
    }  # fmt: skip
    if channel.direct_with:
        told |= {"user": channel.direct_with, "is_channel": False}
    return {"ok": True, "channel": told}


def members(call: Call) -> Json:
    channel = call.channel()
    _right(call, channel, "read")
    found, cursor = _page(call, sorted(channel.members), 100)
    return {"ok": True, "members": found, "response_metadata": {"next_cursor": cursor}}


def open_direct(call: Call) -> Json:
    call.need("im:write")
    user = call.string("users")
    if user not in call.workspace.people:
        raise Refused("user_not_found")
    with call.workspace.changing():
        channel = call.workspace.direct(user)
    return {"ok": True, "channel": {"id": channel.id}}


def _page(call: Call, found: list[str], default: int) -> tuple[list[str], str]:
    limit = call.number("limit", default)
    start = 0
    if cursor := str(call.args.get("cursor") or ""):
        if not cursor.startswith("after:") or not cursor[6:].isdigit():
            raise Refused("invalid_cursor")
        start = int(cursor[6:])
    more = start + limit < len(found)
    return found[start : start + limit], f"after:{start + limit}" if more else ""


def _within(call: Call, messages: Iterable[Message]) -> list[Message]:
    oldest, latest = str(call.args.get("oldest") or "0"), str(call.args.get("latest") or "9e12")
    at_edge = call.flag("inclusive")

    def inside(message: Message) -> bool:
        ts = float(message.ts)
        strictly = float(oldest) < ts < float(latest)
        return strictly or (at_edge and ts in (float(oldest), float(latest)))

    return [m for m in messages if inside(m)]


def _told(call: Call, messages: list[Message]) -> Json:
    by_ts = {m.ts: m for m in messages}
    page, cursor = _page(call, list(by_ts), 100)
    everything = call.flag("include_all_metadata")
    told = [_with_thread(call, by_ts[ts], metadata=everything) for ts in page]
    beside: Json = {"response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"ok": True, "messages": told, "has_more": bool(cursor), **beside}


def _with_thread(call: Call, message: Message, *, metadata: bool) -> Json:
    told = message.as_json(metadata=metadata)
    listed = call.workspace.in_channel(message.channel)
    replies = [m for m in listed if m.is_reply and m.thread_ts == message.ts and not m.only_for]
    if replies:
        users = sorted({m.user for m in replies})
        told |= {"reply_count": len(replies), "reply_users": users, "latest_reply": replies[-1].ts}
    return told


def _readable(call: Call) -> Channel:
    channel = call.channel()
    _right(call, channel, "history")
    call.joined(channel)
    return channel


def history(call: Call) -> Json:
    """Newest first, without the answers in threads and without what only one person sees."""
    channel = _readable(call)
    with call.workspace.reading():
        listed = call.workspace.in_channel(channel.id)
        tops = [m for m in reversed(listed) if not m.is_reply and not m.only_for]
        return _told(call, _within(call, tops))


def replies(call: Call) -> Json:
    """Oldest first; the root always comes along."""
    channel = _readable(call)
    ts = call.string("ts")
    with call.workspace.reading():
        root = call.workspace.message(channel.id, ts)
        if root is None or root.only_for:
            raise Refused("thread_not_found")
        top = root.thread_ts or root.ts
        listed = call.workspace.in_channel(channel.id)
        below = [m for m in listed if m.is_reply and m.thread_ts == top and not m.only_for]
        first = [m for m in listed if m.ts == top]
        return _told(call, first + _within(call, below))


def user_info(call: Call) -> Json:
    call.need("users:read")
    person = call.workspace.people.get(call.string("user"))
    if person is None:
        raise Refused("user_not_found")
    return {"ok": True, "user": _user(person)}


def _user(person: Person) -> Json:
    told: Json = {
        "id": person.id, "team_id": person.team, "name": person.name.lower().replace(" ", "."),
        "real_name": person.name, "is_bot": person.bot, "is_restricted": person.restricted,
        "is_ultra_restricted": False, "tz": person.tz, "tz_offset": person.tz_offset,
        "profile": {"real_name": person.name, "display_name": person.name, "team": person.team},
    }  # fmt: skip
    # For people of other workspaces Slack leaves `deleted` out.
    return told | ({"deleted": person.deleted} if person.team == TEAM else {})


def user_list(call: Call) -> Json:
    call.need("users:read")
    shown, cursor = _page(call, sorted(call.workspace.people), 100)
    members = [_user(call.workspace.people[user]) for user in shown]
    return {"ok": True, "members": members, "response_metadata": {"next_cursor": cursor}}


def groups(call: Call) -> Json:
    call.need("usergroups:read")
    told = [
        {"id": g.id, "team_id": TEAM, "handle": g.handle, "name": g.name, "is_usergroup": True}
        | ({"users": g.members} if call.flag("include_users") else {})
        | ({"user_count": len(g.members)} if call.flag("include_count") else {})
        for g in call.workspace.groups.values()
    ]
    return {"ok": True, "usergroups": told}


def group_members(call: Call) -> Json:
    call.need("usergroups:read")
    group = call.workspace.groups.get(call.string("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    return {"ok": True, "users": list(group.members)}


def who_am_i(call: Call) -> Json:
    return {
        "ok": True, "url": f"{call.workspace.page_url}/", "team": "Sandbox", "team_id": TEAM,
        "user": "mtls", "user_id": BOT_USER, "bot_id": BOT, "app_id": APP,
        "is_enterprise_install": False,
    }  # fmt: skip


def api_test(call: Call) -> Json:
    if error := call.args.get("error"):
        raise Refused(str(error), args=call.args)
    return {"ok": True, "args": call.args}
