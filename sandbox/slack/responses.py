"""Answers that come by `response_url` or inside the acknowledgement of a command."""

from sandbox.slack import limits
from sandbox.slack.chat import remove
from sandbox.slack.messages import Message, with_block_ids
from sandbox.slack.people import BOT_USER
from sandbox.slack.refusals import Json, Refused, refuse_if
from sandbox.slack.workspace import ResponseUrl, Workspace


def respond(workspace: Workspace, name: str, body: Json) -> None:
    """One post to a response address. Raises Refused when it is used up, old or wrong."""
    with workspace.changing():
        address = workspace.response_urls.get(name)
        if address is None or address.left < 1:
            raise Refused("used_url")
        if workspace.clock() > address.expires:
            raise Refused("expired_url")
        address.left -= 1
        place(workspace, address, body)


def place(workspace: Workspace, address: ResponseUrl, body: Json) -> None:
    """Shows the answer: new and for one person by default, in the source's place on request."""
    source = workspace.message(address.channel, address.source) if address.source else None
    if body.get("delete_original"):
        if source is None:
            raise Refused("cant_delete_message")
        remove(workspace, source)
        return
    blocks = body.get("blocks") or []
    refuse_if(limits.of_message(blocks), "invalid_blocks")
    blocks = with_block_ids(blocks, lambda: workspace.mint("b"))
    text = str(body.get("text") or "")
    if not text and not blocks:
        raise Refused("no_text")
    # With a thread but without an explicit `false` Slack overwrites the source.
    if body.get("replace_original", bool(body.get("thread_ts"))) and source is not None:
        source.text, source.blocks, source.edited = text, blocks, workspace.mint_ts()
        return
    seen_by = None if body.get("response_type") == "in_channel" else address.user
    message = Message(workspace.mint_ts(), address.channel, BOT_USER, text, blocks)
    message.thread_ts, message.only_for = body.get("thread_ts"), seen_by
    workspace.in_channel(address.channel).append(message)
