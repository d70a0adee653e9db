"""The chat methods: post, update, delete, link."""

from typing import Any

from sandbox.slack import limits
from sandbox.slack.calls import Call
from sandbox.slack.messages import Message, with_block_ids
from sandbox.slack.people import BOT_USER, Channel
from sandbox.slack.refusals import Json, Refused, refuse_if
from sandbox.slack.workspace import Workspace

CUT_ABOVE = 40_000
UPDATE_ABOVE = 4_000
METADATA_BYTES = 16_000


def checked_blocks(call: Call) -> list[Json] | None:
    """The blocks of a call with ids filled in; None when none were sent."""
    blocks = call.decoded("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    refuse_if(limits.of_message(blocks), "invalid_blocks")
    return with_block_ids(blocks, lambda: call.workspace.mint("b"))


def _content(call: Call) -> tuple[str, list[Json]]:
    blocks = checked_blocks(call) or []
    markdown = call.args.get("markdown_text")
    if markdown:
        if blocks or call.args.get("text"):
            raise Refused("markdown_text_conflict")
        if len(markdown) > limits.MARKDOWN_LENGTH:
            raise Refused("msg_too_long")
        blocks = with_block_ids(
            [{"type": "markdown", "text": markdown}], lambda: call.workspace.mint("b")
        )
    text = str(call.args.get("text") or markdown or "")
    if not text and not blocks and not call.args.get("attachments"):
        raise Refused("no_text")
    return text[:CUT_ABOVE], blocks


def _metadata(call: Call) -> Json | None:
    metadata = call.decoded("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    shape = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not shape or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if len(str(metadata)) > METADATA_BYTES:
        raise Refused("metadata_too_large")
    return dict(metadata)


def _thread(call: Call, channel: Channel) -> str | None:
    wanted = call.args.get("thread_ts")
    if not wanted:
        return None
    root = call.workspace.message(channel.id, str(wanted))
    gone = root is None or root.tombstone
    if gone and call.workspace.unthreads:
        # Seen at Slack (slack-go/slack#1571): no error, and the answer stands in the channel.
        return None
    if root is None or root.only_for:
        raise Refused("thread_not_found")
    if root.tombstone:
        raise Refused("cannot_reply_to_message")
    root.thread_ts = root.thread_ts or root.ts
    return root.thread_ts


def _writable(call: Call) -> Channel:
    call.need("chat:write")
    channel = call.channel(write=True)
    if channel.archived:
        raise Refused("is_archived")
    call.joined(channel, "chat:write.public")
    return channel


def post_message(call: Call) -> Json:
    channel = _writable(call)
    text, blocks = _content(call)
    metadata = _metadata(call)
    with call.workspace.changing():
        thread = _thread(call, channel)
        ts = call.workspace.mint_ts()
        message = Message(ts, channel.id, BOT_USER, text, blocks, thread, metadata)
        call.workspace.in_channel(channel.id).append(message)
    return {"ok": True, "channel": channel.id, "ts": ts, "message": message.as_json()}


def post_ephemeral(call: Call) -> Json:
    channel = _writable(call)
    user = call.string("user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = _content(call)
    with call.workspace.changing():
        thread = _thread(call, channel)
        ts = call.workspace.mint_ts()
        message = Message(ts, channel.id, BOT_USER, text, blocks, thread, only_for=user)
        call.workspace.in_channel(channel.id).append(message)
    return {"ok": True, "message_ts": ts}


def update(call: Call) -> Json:
    """Text without blocks removes the blocks, neither keeps them; metadata stays unless sent."""
    call.need("chat:write")
    channel = call.channel()
    message = call.own_message(channel, "cant_update_message")
    if channel.archived:
        raise Refused("is_inactive")
    sent: dict[str, Any] = {k: v for k, v in call.args.items() if v is not None}
    if len(str(sent.get("text", ""))) > UPDATE_ABOVE:
        raise Refused("msg_too_long")
    if not {"text", "blocks", "attachments", "metadata", "markdown_text"} & sent.keys():
        raise Refused("no_text")
    blocks = checked_blocks(call)
    metadata = _metadata(call)
    with call.workspace.changing():
        if blocks is not None or "text" in sent:
            message.blocks = blocks or []
        message.text = str(sent.get("text", message.text))
        if "metadata" in sent:
            message.metadata = metadata
        message.edited = call.workspace.mint_ts()
    told = message.as_json()
    return {"ok": True, "channel": channel.id, "ts": message.ts, "text": message.text} | {
        "message": told
    }


def delete(call: Call) -> Json:
    call.need("chat:write")
    channel = call.channel()
    message = call.own_message(channel, "cant_delete_message")
    remove(call.workspace, message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def remove(workspace: Workspace, message: Message) -> None:
    """Takes a message away; a thread's root with answers leaves a tombstone."""
    with workspace.changing():
        listed = workspace.in_channel(message.channel)
        if any(m.is_reply and m.thread_ts == message.ts for m in listed):
            message.tombstone = True
            message.text, message.blocks = "This message was deleted.", []
        else:
            listed.remove(message)


def permalink(call: Call) -> Json:
    channel = call.channel()
    ts = call.string("message_ts")
    message = call.workspace.message(channel.id, ts)
    if message is None:
        raise Refused("message_not_found")
    link = f"{call.workspace.page_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}
