"""Brings a run's messages to Slack: posts once, updates what changed, never in anybody's way.

Slack is a view (law 9): every message is rendered from the log. Before a first post its operation
is written down, and it travels in the message's metadata, so that a post whose answer was lost is
found again instead of repeated.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.engine import events as e
from bot.engine.engine import Engine, cards_stream
from bot.engine.loops import tried
from bot.engine.policy import ALL_POLICIES
from bot.engine.state import RunState
from bot.slack.blocks import Card, escape
from bot.slack.handouts import is_there, upload

log = structlog.get_logger()

Render = Callable[[RunState], dict[str, Card]]
METADATA = "mtls_card"
_PAUSE, _LONGEST = 1.0, 60.0
"""About a second between two messages of a channel (Slack's limit), and the longest retreat."""
_UNCERTAIN = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
_OF_THE_CHANNEL = frozenset({
    "channel_not_found", "not_in_channel", "is_archived", "restricted_action",
})  # fmt: skip
_FOR_GOOD = _OF_THE_CHANNEL | {
    "msg_too_long", "invalid_blocks", "thread_not_found", "is_inactive", "block_mismatch",
    "metadata_too_large", "edit_window_closed", "missing_scope", "file_uploads_disabled",
}  # fmt: skip
_GONE = frozenset({"message_not_found", "cant_update_message"})
"""Removed by somebody, or of another installation: a card without its buttons helps nobody."""
_PAGE = 200
_EARLIER = timedelta(minutes=5)
"""How much Slack's clock may be behind ours when an uncertain post is looked for."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a card stands in Slack; `ts` is empty while it is uncertain whether it does."""

    card: str
    channel: str
    op: str
    ts: str
    since: datetime
    """When it was first sent, or about to be."""


class Outbox:
    """One thread that keeps the messages of all runs as their logs want them."""

    def __init__(
        self, engine: Engine, client: WebClient, render: Render, new_op: Callable[[], str], *,
        pause: float = _PAUSE,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._client = client
        self._render = render
        self._new_op = new_op
        self._pause = pause
        self._dirty: set[str] = set()
        self._shown: dict[tuple[str, str], str] = {}
        """Digest of what each message shows, by run and card; empty after a restart."""
        self._told: set[str] = set()
        """Runs whose starter was told that their messages cannot be posted."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin; every run is looked at whose messages may not show what it is."""
        for entry in self._engine.store.runs():
            if not entry.outcome or self._shown_until(entry.run) < self._length(entry.run):
                self.nudge(entry.run)
        for stream in self._engine.store.streams(ALL_POLICIES):
            self.nudge(stream)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the message that is on its way."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def nudge(self, run: str) -> None:
        """Something changed in `run`."""
        with self._lock:
            self._dirty.add(run)
        self._wake.set()

    def _loop(self) -> None:
        retreat = self._pause
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            while (run := self._next()) is not None and not self._stop.is_set():
                if tried("outbox", partial(self.deliver, run), otherwise=False, run=run):
                    retreat = self._pause
                    continue
                self.nudge(run)
                self._stop.wait(retreat)
                retreat = min(_LONGEST, retreat * 2)

    def _next(self) -> str | None:
        with self._lock:
            return self._dirty.pop() if self._dirty else None

    def deliver(self, run: str) -> bool:
        """Bring every message of the run up to date; False when Slack has to be asked again."""
        state = self._engine.view(run)
        if not state.channel:
            return True
        try:
            for key in self._stale(state):
                # Rendered anew for each: while one was on its way, the run went on.
                fresh = self._render(self._engine.view(run))
                if key in fresh and not self._bring(state, key, fresh[key]):
                    return False
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("outbox.retry", run=run, failed=type(error).__name__)
            return False
        if state.outcome and self._shown_until(run) < state.seq:
            # What a run ended with must be seen even when the bot ends in between.
            self._append(run, e.CardsShown(at=self._engine.clock(), seq=state.seq))
        return True

    def _shown_until(self, run: str) -> int:
        """How many events of a run its messages have shown for certain, once it had ended."""
        events = self._engine.store.read(cards_stream(run))
        return max((event.seq for event in events if isinstance(event, e.CardsShown)), default=0)

    def _length(self, run: str) -> int:
        return len(self._engine.store.read(run))

    def _stale(self, state: RunState) -> list[str]:
        """The cards that show something else than they should, the root last.

        A new root comes first, since it carries the thread; later what was pressed matters more.
        """
        rendered = self._render(state)
        stale = [
            k for k, card in rendered.items() if self._shown.get((state.run, k)) != card.digest
        ]
        root = self._posted(state.run).get("root")
        if root is not None and root.ts:
            stale.sort(key=lambda key: key == "root")
        return stale

    def _bring(self, state: RunState, key: str, card: Card) -> bool:
        if self._shown.get((state.run, key)) == card.digest:
            return True
        posted = self._posted(state.run)
        try:
            self._send(state, key, card, posted)
        except SlackApiError as error:
            mine = posted.pop(key, None)
            if mine is None or not mine.ts or error.response.get("error") not in _GONE:
                return self._refused(state, key, card, error)
            log.warning("outbox.gone", run=state.run, card=key)
            self._send(state, key, card, posted)
        self._shown[state.run, key] = card.digest
        self._stop.wait(self._pause)
        return True

    def _send(self, state: RunState, key: str, card: Card, posted: dict[str, Posted]) -> None:
        mine = posted.get(key)
        thread = posted["root"].ts if key != "root" and "root" in posted else ""
        if mine is None:
            op, now = self._new_op(), self._engine.clock()
            posting = e.CardPosting(at=now, card=key, channel=state.channel, op=op, thread=thread)
            self._append(state.run, posting)
            self._post(state, Posted(key, state.channel, op, "", now), card, thread)
        elif not mine.ts:
            ts = self._find(mine, thread, card)
            if ts:
                self._record(state.run, mine, ts)
                self._update(mine.channel, ts, key, card)
            else:
                self._post(state, mine, card, thread)
        else:
            self._update(mine.channel, mine.ts, key, card)

    def _post(self, state: RunState, mine: Posted, card: Card, thread: str) -> None:
        if card.file is not None:
            file = upload(self._client, card, channel=mine.channel, thread=thread)
            self._record(state.run, mine, file)
            return
        answer = self._client.chat_postMessage(
            channel=mine.channel, text=card.text, blocks=card.numbered(_prefix(mine.card)),
            thread_ts=thread or None, unfurl_links=False, unfurl_media=False,
            metadata={"event_type": METADATA, "event_payload": {"op_id": mine.op}},
        )  # fmt: skip
        self._record(state.run, mine, str(answer["ts"]))

    def _update(self, channel: str, ts: str, key: str, card: Card) -> None:
        """`blocks` and `text` always together: one without the other removes the blocks."""
        if card.file is not None:
            return
        self._client.chat_update(
            channel=channel, ts=ts, text=card.text, blocks=card.numbered(_prefix(key))
        )

    def _find(self, mine: Posted, thread: str, card: Card) -> str:
        """The message of an uncertain post, by its operation or its file; empty for none.

        Every page since then is read: in a busy channel it is not among the newest any more.
        """
        cursor: str | None = None
        while True:
            answer = self._page(mine, thread, cursor)
            for message in answer.get("messages") or []:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                file = card.file is not None and is_there(message, card.file.name)
                if file or payload.get("op_id") == mine.op:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return ""

    def _page(self, mine: Posted, thread: str, cursor: str | None) -> SlackResponse:
        oldest = str((mine.since - _EARLIER).timestamp())
        if thread:
            return self._client.conversations_replies(
                channel=mine.channel, ts=thread, oldest=oldest, cursor=cursor,
                include_all_metadata=True, limit=_PAGE,
            )  # fmt: skip
        return self._client.conversations_history(
            channel=mine.channel, oldest=oldest, cursor=cursor, include_all_metadata=True,
            limit=_PAGE,
        )  # fmt: skip

    def _refused(self, state: RunState, key: str, card: Card, error: SlackApiError) -> bool:
        """What Slack will never take is logged and left; the run goes on without it."""
        run = state.run
        reason = str(error.response.get("error", ""))
        headers = error.response.headers or {}
        if error.response.status_code == 429:  # noqa: PLR2004 - too many requests
            self._stop.wait(float(headers.get("Retry-After", self._pause)))
            return False
        if reason in _FOR_GOOD:
            log.error("outbox.refused", run=run, card=key, reason=reason)
            self._shown[run, key] = card.digest
            if key == "root" and reason in _OF_THE_CHANNEL and run not in self._told:
                self._tell_starter(state, reason)
            return True
        log.warning("outbox.uncertain", run=run, card=key, reason=reason,
                    known=reason in _UNCERTAIN)  # fmt: skip
        return False

    def _tell_starter(self, state: RunState, reason: str) -> None:
        """A run that nobody can see holds its site all the same: whoever started it hears of it."""
        self._told.add(state.run)
        site = escape(state.site.name) if state.site else state.run
        text = (
            f"The run on {site} is open, and Slack does not take its messages in"
            f" <#{state.channel}> ({escape(reason)}). Invite the bot there, and they come; or look"
            " with /mtls status."
        )
        self._client.chat_postMessage(channel=state.starter, text=text, unfurl_links=False)

    def _posted(self, run: str) -> dict[str, Posted]:
        found: dict[str, Posted] = {}
        for event in self._engine.store.read(cards_stream(run)):
            if isinstance(event, e.CardPosting):
                found[event.card] = Posted(event.card, event.channel, event.op, "", event.at)
            elif isinstance(event, e.CardPosted):
                found[event.card] = Posted(event.card, event.channel, event.op, event.ts, event.at)
        return found

    def _record(self, run: str, mine: Posted, ts: str) -> None:
        at = self._engine.clock()
        self._append(
            run, e.CardPosted(at=at, card=mine.card, channel=mine.channel, op=mine.op, ts=ts)
        )

    def _append(self, run: str, event: e.Event) -> None:
        """The outbox is the only writer of a run's cards."""
        stream = cards_stream(run)
        self._engine.store.append(stream, [event], after=len(self._engine.store.read(stream)))


def _prefix(key: str) -> str:
    return key.replace("/", "-")[:80]
