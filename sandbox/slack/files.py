"""Uploads in Slack's three parts: ask for an address, send the bytes there, complete."""

from sandbox.slack.calls import Call
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER
from sandbox.slack.refusals import Json, Refused
from sandbox.slack.workspace import File, Workspace


def upload_url(call: Call) -> Json:
    call.need("files:write")
    name = call.string("filename")
    if call.number("length", 0) < 1:
        raise Refused("invalid_arguments")
    alt_text = str(call.args.get("alt_txt") or call.args.get("alt_text") or "")
    with call.workspace.changing():
        file = File(call.workspace.mint("F"), name, alt_text)
        call.workspace.files[file.id] = file
    url = f"{call.workspace.page_url}/upload/{file.id}"
    return {"ok": True, "upload_url": url, "file_id": file.id}


def receive(workspace: Workspace, file_id: str, content: bytes) -> bool:
    """The bytes of a file that was announced."""
    with workspace.changing():
        file = workspace.files.get(file_id)
        if file is None or file.complete:
            return False
        file.content = content
        return True


def complete(call: Call) -> Json:
    call.need("files:write")
    wanted = call.decoded("files", "invalid_arguments") or []
    files = [call.workspace.files.get(str(each.get("id"))) for each in wanted]
    found = [file for file in files if file is not None and file.content]
    if not found or len(found) != len(files):
        raise Refused("file_not_found")
    with call.workspace.changing():
        for file in found:
            file.complete = True
        told = [call.workspace.files_json(file) for file in found]
        for beside, asked in zip(told, wanted, strict=True):
            beside["title"] = asked.get("title") or beside["title"]
        if call.args.get("channel_id"):
            _share(call, told)
    return {"ok": True, "files": told}


def _share(call: Call, told: list[Json]) -> None:
    channel = call.workspace.channels.get(str(call.args["channel_id"]))
    if channel is None or (channel.private and BOT_USER not in channel.members):
        raise Refused("channel_not_found")
    if channel.archived:
        raise Refused("is_archived")
    call.joined(channel)
    text = str(call.args.get("initial_comment") or "")
    thread = call.args.get("thread_ts") or None
    if thread and (root := call.workspace.message(channel.id, str(thread))):
        root.thread_ts = root.thread_ts or root.ts
    ts = call.workspace.mint_ts()
    message = Message(ts, channel.id, BOT_USER, text, thread_ts=thread, files=told)
    call.workspace.in_channel(channel.id).append(message)
