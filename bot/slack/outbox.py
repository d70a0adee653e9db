"""Brings a run's messages to Slack: posts once, updates what changed, never in anybody's way.

Slack is a view (law 9): every message is rendered from the log. Before a first post its operation
is written down, and it travels in the message's metadata, so that a post whose answer was lost is
found again instead of repeated. Where Slack takes none, whoever should know is told once.
"""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from typing import Literal, TypeAlias

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.engine.engine import Engine
from bot.engine.loops import tried
from bot.engine.policy import ALL_POLICIES
from bot.engine.state import RunState
from bot.slack.blocks import Card
from bot.slack.ledger import Ledger, Posted, left_behind
from bot.slack.posting import GONE, NO_THREAD, Posting, reason
from bot.slack.unseen import NOWHERE, concerned, moved_card, unseen_words

log = structlog.get_logger()

Render = Callable[[RunState], dict[str, Card]]
Brought: TypeAlias = Literal["there", "same", "again", "nowhere"]
"""A message came, none had to, Slack has to be asked again, or takes none of the run."""
_PAUSE, _LONGEST = 1.0, 60.0
"""About a second between two messages of a channel (Slack's limit), and the longest retreat."""
_TRIES = 4
"""Of one message: a card, its thread and what was found of it may each be gone."""
_TOO_MANY = 429
_UNCERTAIN = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
_FOR_GOOD = frozenset({
    "msg_too_long", "invalid_blocks", "block_mismatch", "metadata_too_large", "edit_window_closed",
    "missing_scope", "file_uploads_disabled",
}) | GONE | NO_THREAD  # fmt: skip


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
        self._ledger = Ledger(engine)
        self._posting = Posting(client)
        self._dirty: set[str] = set()
        self._shown: dict[tuple[str, str], str] = {}
        """Digest of what each message shows, by run and card; empty after a restart."""
        self._gone: set[str] = set()
        """Operations of messages that somebody has removed."""
        self._held: dict[str, dict[str, str]] = {}
        """What Slack did not take of a run, by card and digest: the same is not tried again."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin; every run is looked at whose messages may not show what it is."""
        for entry in self._engine.store.runs():
            if not entry.outcome or self._ledger.shown_until(entry.run) < self._length(entry.run):
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

    def returned(self, channel: str) -> None:
        """The channel may be open to the bot again: what it did not take is brought there."""
        for run in tuple(self._held):
            if self._engine.view(run).channel == channel:
                self._held.pop(run, None)
                self.nudge(run)

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
            brought = self._deliver(state)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("outbox.retry", run=run, failed=type(error).__name__)
            return False
        if brought == "there" and self._ledger.refused(run):
            self._ledger.take(run)
        seen = brought in ("there", "same")
        if seen and state.outcome and self._ledger.shown_until(run) < state.seq:
            self._ledger.show_until(run, state.seq)
        return brought != "again"

    def _deliver(self, state: RunState) -> Brought:
        if state.run in self._held and self._held[state.run] == self._wanted(state):
            return "nowhere"
        self._held.pop(state.run, None)
        root = self._ledger.root(state.run)
        came = self._round(state)
        if came == "there" and self._ledger.root(state.run) != root:
            # What has buttons follows into the thread that began meanwhile.
            return "there" if (again := self._round(state)) == "same" else again
        return came

    def _round(self, state: RunState) -> Brought:
        came: Brought = "same"
        for key in self._stale(state):
            # Rendered anew for each: while one was on its way, the run went on.
            fresh = self._render(self._engine.view(state.run))
            if key not in fresh:
                continue
            came = self._bring(state, key, fresh)
            if came != "there":
                return came
        return came

    def _length(self, run: str) -> int:
        return len(self._engine.store.read(run))

    def _stale(self, state: RunState) -> list[str]:
        """The cards that show something else than they should, the root last.

        A new root comes first, since it carries the thread; later what was pressed matters more.
        """
        wanted, root = self._wanted(state), self._ledger.root(state.run)
        return sorted(wanted, key=lambda key: key == "root") if root else list(wanted)

    def _wanted(self, state: RunState) -> dict[str, str]:
        """The digest of each card that does not show what it should, or not where."""
        posted, run = self._posted(state.run), state.run
        return {
            key: card.digest for key, card in self._render(state).items()
            if self._shown.get((run, key)) != card.digest or left_behind(key, card, posted)
        }  # fmt: skip

    def _posted(self, run: str) -> dict[str, Posted]:
        """Where the run's messages stand, without those that somebody has removed."""
        posted = self._ledger.posted(run)
        return {key: mine for key, mine in posted.items() if mine.op not in self._gone}

    def _bring(self, state: RunState, key: str, cards: Mapping[str, Card]) -> Brought:
        for _ in range(_TRIES):
            try:
                self._send(state, key, cards)
            except SlackApiError as error:
                if self._is_gone(state.run, key, cards[key], error):
                    continue
                return self._refused(state, key, cards[key], error)
            break
        self._stop.wait(self._pause)
        return "there"

    def _send(self, state: RunState, key: str, cards: Mapping[str, Card]) -> None:
        """Post the message, or change it where it stands; its thread begins anew where it must."""
        run, card = state.run, cards[key]
        posted = self._posted(run)
        if key != "root" and "root" in cards and "root" not in posted:
            self._send(state, "root", cards)
            posted = self._posted(run)
        mine = posted.get(key)
        if mine is not None and not mine.ts:
            mine = self._adopted(run, mine, card)
        if mine is not None and mine.ts and not left_behind(key, card, posted):
            self._posting.update(mine, card)
        else:
            self._post(state, key, cards, mine, posted)
        self._shown[run, key] = card.digest

    def _post(
        self, state: RunState, key: str, cards: Mapping[str, Card], mine: Posted | None,
        posted: Mapping[str, Posted],
    ) -> None:  # fmt: skip
        run = state.run
        thread = posted["root"].ts if key != "root" and "root" in posted else ""
        if mine is not None and mine.ts:
            self._leave(mine)
        if mine is None or mine.ts or mine.thread != thread:
            op = self._new_op()
            mine = self._ledger.begin(run, key, channel=state.channel, op=op, thread=thread)
        ts, in_place = self._posting.post(mine, cards[key])
        if in_place:
            self._ledger.stands(run, mine, ts)
            return
        # It stands in the channel and stays there: posted again it would be there twice.
        here = self._ledger.begin(run, key, channel=state.channel, op=mine.op, thread="")
        self._ledger.stands(run, here, ts)
        self._gone.add(posted["root"].op)
        self._send(state, "root", cards)

    def _leave(self, mine: Posted) -> None:
        """Where a card stood, it says so: its buttons would be pressed there in vain."""
        try:
            self._posting.update(mine, moved_card())
        except SlackApiError as error:
            log.info("outbox.left", card=mine.card, reason=reason(error))

    def _adopted(self, run: str, mine: Posted, card: Card) -> Posted:
        """An uncertain post, with its place once it is found; as it was when it never arrived."""
        try:
            ts = self._posting.find(mine, card)
        except SlackApiError as error:
            if reason(error) not in NO_THREAD:
                raise
            ts = self._posting.find(mine.in_the_channel, card)
        if not ts:
            return mine
        self._ledger.stands(run, mine, ts)
        return self._ledger.posted(run)[mine.card]

    def _is_gone(self, run: str, key: str, card: Card, error: SlackApiError) -> bool:
        """Whether the message, or what it should stand below, was removed: then it comes anew.

        A card on which nothing can be decided stays where somebody has put it: away.
        """
        posted, why = self._posted(run), reason(error)
        if why in GONE and key != "root" and not card.decides:
            return False
        gone = posted.get("root" if why in NO_THREAD and key != "root" else key)
        if why not in GONE | NO_THREAD or gone is None or not gone.ts:
            return False
        log.warning("outbox.gone", run=run, card=gone.card)
        self._gone.add(gone.op)
        return True

    def _refused(self, state: RunState, key: str, card: Card, error: SlackApiError) -> Brought:
        """What Slack will never take is logged and left; the run goes on without it."""
        run, why = state.run, reason(error)
        if error.response.status_code == _TOO_MANY:
            headers = error.response.headers or {}
            self._stop.wait(float(headers.get("Retry-After", self._pause)))
            return "again"
        if why in NOWHERE:
            return self._hold(state, why)
        if why in _FOR_GOOD:
            log.error("outbox.refused", run=run, card=key, reason=why)
            self._shown[run, key] = card.digest
            return "there"
        log.warning("outbox.uncertain", run=run, card=key, reason=why, known=why in _UNCERTAIN)
        return "again"

    def _hold(self, state: RunState, why: str) -> Brought:
        """Nobody sees the run there: told once, and tried again when it or the channel changes."""
        log.error("outbox.nowhere", run=state.run, reason=why)
        if not self._ledger.refused(state.run):
            for user in concerned(state):
                try:
                    self._posting.tell(user, unseen_words(state, why))
                except SlackApiError as error:
                    if error.response.status_code == _TOO_MANY:
                        raise
                    log.warning("outbox.untold", run=state.run, reason=reason(error))
            self._ledger.refuse(state.run, why)
        self._held[state.run] = self._wanted(state)
        return "nowhere"
