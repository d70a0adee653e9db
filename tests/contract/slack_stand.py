"""The Slack stand-in set up for a test, and Slack's own clients connected to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.slack import Json, SlackStandIn

BUTTON: Json = {
    "type": "actions",
    "block_id": "decide",
    "elements": [
        {
            "type": "button", "action_id": "approve", "value": "run-1",
            "text": {"type": "plain_text", "text": "Approve"},
        }
    ],
}  # fmt: skip
SECTION: Json = {"type": "section", "text": {"type": "mrkdwn", "text": "Ready?"}}
MODAL: Json = {
    "type": "modal",
    "callback_id": "start",
    "title": {"type": "plain_text", "text": "Start"},
    "submit": {"type": "plain_text", "text": "Start"},
    "blocks": [
        {
            "type": "input", "block_id": "site", "label": {"type": "plain_text", "text": "Site"},
            "element": {"type": "plain_text_input", "action_id": "site"},
        },
        {
            "type": "input", "block_id": "project", "optional": True,
            "label": {"type": "plain_text", "text": "Project"},
            "element": {"type": "external_select", "action_id": "project"},
        },
    ],
}  # fmt: skip


class Clock:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def standing(clock: Clock | None = None, faults: Faults | None = None) -> Iterator[SlackStandIn]:
    """A stand-in whose people lose patience after 0.3 s instead of three."""
    stand_in = SlackStandIn(
        journal=Journal(), faults=faults or Faults(), ack_seconds=0.3, clock=clock or Clock()
    )
    try:
        yield stand_in
    finally:
        stand_in.close()


def client(slack: SlackStandIn) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url)


def bolt(slack: SlackStandIn) -> App:
    return App(client=client(slack))


@contextmanager
def connected(slack: SlackStandIn, app: App) -> Iterator[None]:
    """The app on a real socket of the SDK's own client."""
    handler = SocketModeHandler(app, slack.app_token)
    handler.connect()  # type: ignore[no-untyped-call]
    slack.wait_connected()
    try:
        yield
    finally:
        hang_up(slack, handler)


def hang_up(slack: SlackStandIn, handler: SocketModeHandler) -> None:
    """Close the SDK's client without its pauses.

    Its threads wake at once when the other side ends and a message comes in; left alone they take
    up to three seconds.
    """
    handler.client.auto_reconnect_enabled = False
    handler.client.closed = True
    slack.socket.drop()
    handler.client.message_queue.put("")
    handler.close()  # type: ignore[no-untyped-call]


def refusal(call: Any, **arguments: Any) -> str:
    """The error word with which a call of the SDK was refused."""
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])
