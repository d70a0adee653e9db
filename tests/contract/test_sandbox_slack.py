"""Messages, channels and rights of the Slack stand-in, met by Slack's own Python client."""

import json
from collections.abc import Iterator
from http.client import IncompleteRead

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import Fault, Faults
from sandbox.slack import SlackStandIn
from sandbox.slack.people import (
    GENERAL,
    PRIVATE,
    SITE_OPS,
    STARTER,
)
from tests.contract.slack_stand import (
    SECTION,
    Clock,
    client,
    refusal,
    standing,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def slack(clock: Clock, faults: Faults) -> Iterator[SlackStandIn]:
    with standing(clock, faults) as running:
        yield running


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return client(slack)


def test_an_update_follows_slacks_rules_of_text_blocks_and_metadata(web: WebClient) -> None:
    """Text alone removes the blocks, metadata stays unless sent, long text is refused."""
    metadata = {"event_type": "op", "event_payload": {"op_id": "1"}}
    ts = web.chat_postMessage(channel=SITE_OPS, text="a", blocks=[SECTION], metadata=metadata)["ts"]
    kept = web.chat_update(channel=SITE_OPS, ts=ts, text="b", blocks=[SECTION])["message"]
    assert (kept["metadata"], "blocks" in kept) == (metadata, True)
    bare = web.chat_update(channel=SITE_OPS, ts=ts, text="c")["message"]
    assert (bare["metadata"], "blocks" in bare) == (metadata, False)
    cleared = web.chat_update(channel=SITE_OPS, ts=ts, text="c", metadata={})["message"]
    assert "metadata" not in cleared
    assert refusal(web.chat_update, channel=SITE_OPS, ts=ts, text="x" * 4001) == "msg_too_long"
    assert web.chat_postMessage(channel=SITE_OPS, text="x" * 4001)["ok"]


def test_only_own_messages_are_updated_and_deleted(slack: SlackStandIn, web: WebClient) -> None:
    """Another's message, an unknown one and an archived channel each have their refusal."""
    theirs = slack.say(STARTER, SITE_OPS, "mine")
    own = web.chat_postMessage(channel=SITE_OPS, text="own")["ts"]
    assert refusal(web.chat_update, channel=SITE_OPS, ts=theirs, text="b") == "cant_update_message"
    assert refusal(web.chat_delete, channel=SITE_OPS, ts=theirs) == "cant_delete_message"
    assert refusal(web.chat_update, channel=SITE_OPS, ts="1.0", text="b") == "message_not_found"
    assert web.chat_delete(channel=SITE_OPS, ts=own)["ok"]
    slack.workspace.channels[SITE_OPS].archived = True
    assert refusal(web.chat_postMessage, channel=SITE_OPS, text="b") == "is_archived"


def test_blocks_beyond_the_limits_are_refused(web: WebClient) -> None:
    """Fifty blocks pass and one more does not; the findings point into the payload."""
    divider = {"type": "divider"}
    assert web.chat_postMessage(channel=SITE_OPS, text="t", blocks=[divider] * 50)["ok"]
    post = web.chat_postMessage
    assert refusal(post, channel=SITE_OPS, text="t", blocks=[divider] * 51) == "invalid_blocks"
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    with pytest.raises(SlackApiError) as refused:
        post(channel=SITE_OPS, text="t", blocks=[SECTION, long])
    told = refused.value.response["response_metadata"]["messages"]
    assert told == ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"]
    assert refusal(post, channel=SITE_OPS, text="", attachments=[]) == "no_text"


def test_a_missing_scope_is_named(slack: SlackStandIn, web: WebClient) -> None:
    """Without a scope its methods answer which one is needed and which are there."""
    assert web.users_info(user=STARTER)["user"]["team_id"] == "T0SANDBOX1"
    slack.credentials.scopes.discard("users:read")
    with pytest.raises(SlackApiError) as refused:
        web.users_info(user=STARTER)
    answer = refused.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
    assert "users:read" not in answer.headers["x-oauth-scopes"].split(",")


def test_tokens_are_checked(slack: SlackStandIn) -> None:
    """No token, a foreign token and the wrong kind of token are told apart."""
    for token, error in (("", "not_authed"), ("xoxb-1", "invalid_auth")):
        assert refusal(WebClient(token, base_url=slack.api_url).auth_test) == error
    app = WebClient(slack.app_token, base_url=slack.api_url)
    assert refusal(app.auth_test) == "not_allowed_token_type"


def test_history_and_replies_are_read_as_slack_tells_them(web: WebClient) -> None:
    """Newest first without replies; the root leads its thread; metadata only when asked for."""
    metadata = {"event_type": "op", "event_payload": {"op_id": "7"}}
    stamps = [web.chat_postMessage(channel=SITE_OPS, text=str(n))["ts"] for n in range(3)]
    web.chat_postMessage(channel=SITE_OPS, text="r", thread_ts=stamps[0], metadata=metadata)
    page = web.conversations_history(channel=SITE_OPS, limit=2)
    assert [m["text"] for m in page["messages"]] == ["2", "1"]
    rest = web.conversations_history(
        channel=SITE_OPS, limit=2, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [(m["text"], m["reply_count"]) for m in rest["messages"]] == [("0", 1)]
    newer = web.conversations_history(channel=SITE_OPS, oldest=stamps[1])["messages"]
    assert [m["text"] for m in newer] == ["2"]
    short = web.conversations_replies(channel=SITE_OPS, ts=stamps[0])["messages"]
    whole = web.conversations_replies(channel=SITE_OPS, ts=stamps[0], include_all_metadata=True)
    assert [m["text"] for m in short] == ["0", "r"]
    assert short[1]["metadata"] == {"event_type": "op"}
    assert whole["messages"][1]["metadata"] == metadata


def test_a_deleted_thread_is_told(slack: SlackStandIn, web: WebClient) -> None:
    """A root without answers is gone; one with answers stays as a tombstone."""
    alone, root = (web.chat_postMessage(channel=SITE_OPS, text="r")["ts"] for _ in range(2))
    web.chat_postMessage(channel=SITE_OPS, text="a", thread_ts=root)
    for ts in (alone, root):
        slack.delete_message(SITE_OPS, ts)
    post = web.chat_postMessage
    assert refusal(post, channel=SITE_OPS, text="b", thread_ts=alone) == "thread_not_found"
    assert refusal(post, channel=SITE_OPS, text="b", thread_ts=root) == "cannot_reply_to_message"


def test_channels_without_the_bot_are_told_apart(slack: SlackStandIn, web: WebClient) -> None:
    """Public: not in the channel unless the scope makes up for it. Private: not found."""
    post = web.chat_postMessage
    assert refusal(post, channel=GENERAL, text="t") == "not_in_channel"
    assert refusal(post, channel=PRIVATE, text="t") == "channel_not_found"
    assert web.conversations_info(channel=GENERAL)["channel"]["is_member"] is False
    slack.credentials.scopes.add("chat:write.public")
    assert post(channel=GENERAL, text="t")["ok"]


def test_a_rate_limit_is_answered_as_slack_does(
    slack: SlackStandIn, web: WebClient, faults: Faults
) -> None:
    """A queued 429 reaches the client with its Retry-After, and nothing was posted."""
    body = json.dumps({"ok": False, "error": "ratelimited"})
    headers = (("Retry-After", "7"), ("content-type", "application/json"))
    faults.add(
        Fault("slack", "POST", "chat.postMessage", "status", 429, body=body, headers=headers)
    )
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel=SITE_OPS, text="t")
    assert refused.value.response.headers["retry-after"] == "7"
    assert slack.messages(SITE_OPS) == ()


def test_a_lost_answer_leaves_the_message_behind(slack: SlackStandIn, faults: Faults) -> None:
    """Cut after the effect: the client sees a broken connection, the channel sees the message."""
    web = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
    with pytest.raises(IncompleteRead):
        web.chat_postMessage(channel=SITE_OPS, text="t")
    assert [m["text"] for m in slack.messages(SITE_OPS)] == ["t"]
