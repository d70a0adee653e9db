"""One message at a time on its way to Slack: sent, changed in place, or found again."""

from dataclasses import dataclass
from datetime import timedelta

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.blocks import Card
from bot.slack.handouts import is_there, upload
from bot.slack.ledger import Posted

METADATA = "mtls_card"
NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message"})
"""Said of a thread whose first message was removed."""
GONE = frozenset({"message_not_found", "cant_update_message"})
"""Removed by somebody, or of another installation: a card without its buttons helps nobody."""
_PAGE = 200
_EARLIER = timedelta(minutes=5)
"""How much Slack's clock may be behind ours when an uncertain post is looked for."""


def reason(error: SlackApiError) -> str:
    """Slack's own word for what it did not do."""
    return str(error.response.get("error", ""))


@dataclass(frozen=True, slots=True)
class Posting:
    """The calls. Each raises what Slack's client raises."""

    client: WebClient

    def post(self, mine: Posted, card: Card) -> tuple[str, bool]:
        """Send it; its `ts`, and whether it stands where it should.

        Below a message that was removed Slack may take an answer without a word and put it into
        the channel (slack-go/slack#1571).
        """
        if card.file is not None:
            return upload(self.client, card, channel=mine.channel, thread=mine.thread), True
        answer = self.client.chat_postMessage(
            channel=mine.channel, text=card.text, blocks=card.numbered(_prefix(mine.card)),
            thread_ts=mine.thread or None, unfurl_links=False, unfurl_media=False,
            metadata={"event_type": METADATA, "event_payload": {"op_id": mine.op}},
        )  # fmt: skip
        below = str((answer.get("message") or {}).get("thread_ts") or "")
        return str(answer["ts"]), below == mine.thread or not mine.thread

    def update(self, mine: Posted, card: Card) -> None:
        """`blocks` and `text` always together: one without the other removes the blocks."""
        if card.file is not None:
            return
        self.client.chat_update(
            channel=mine.channel, ts=mine.ts, text=card.text,
            blocks=card.numbered(_prefix(mine.card)),
        )  # fmt: skip

    def tell(self, user: str, text: str) -> None:
        """A direct message."""
        self.client.chat_postMessage(channel=user, text=text, unfurl_links=False)

    def find(self, mine: Posted, card: Card) -> str:
        """The message of an uncertain post, by its operation or its file; empty for none.

        Every page since then is read: in a busy channel it is not among the newest any more.
        """
        cursor: str | None = None
        while True:
            answer = self._page(mine, cursor)
            for message in answer.get("messages") or []:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                file = card.file is not None and is_there(message, card.file.name)
                if file or payload.get("op_id") == mine.op:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return ""

    def _page(self, mine: Posted, cursor: str | None) -> SlackResponse:
        oldest = str((mine.since - _EARLIER).timestamp())
        if mine.thread:
            return self.client.conversations_replies(
                channel=mine.channel, ts=mine.thread, oldest=oldest, cursor=cursor,
                include_all_metadata=True, limit=_PAGE,
            )  # fmt: skip
        return self.client.conversations_history(
            channel=mine.channel, oldest=oldest, cursor=cursor, include_all_metadata=True,
            limit=_PAGE,
        )  # fmt: skip


def _prefix(key: str) -> str:
    return key.replace("/", "-")[:80]
