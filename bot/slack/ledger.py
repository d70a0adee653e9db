"""Where the messages of a run stand in Slack, as the log has it; nothing is read from Slack."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.engine import events as e
from bot.engine.engine import Engine, cards_stream
from bot.slack.blocks import Card


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a card stands in Slack; `ts` is empty while it is uncertain whether it does."""

    card: str
    channel: str
    op: str
    ts: str
    since: datetime
    """When it was first sent, or about to be."""
    thread: str = ""
    """Below which message; empty for one that stands in the channel itself."""

    @property
    def in_the_channel(self) -> "Posted":
        """The same, where Slack may have put it when its thread was gone."""
        return replace(self, thread="")


@dataclass(frozen=True)
class Ledger:
    """Reads and writes the stream of a run's cards. The outbox is its only writer."""

    engine: Engine

    def posted(self, run: str) -> dict[str, Posted]:
        """The newest standing of every card that was ever sent."""
        found: dict[str, Posted] = {}
        threads: dict[str, str] = {}
        for event in self._events(run):
            if isinstance(event, e.CardPosting):
                threads[event.op] = event.thread
                found[event.card] = Posted(
                    event.card, event.channel, event.op, "", event.at, event.thread
                )
            elif isinstance(event, e.CardPosted):
                found[event.card] = Posted(
                    event.card, event.channel, event.op, event.ts, event.at,
                    threads.get(event.op, ""),
                )  # fmt: skip
        return found

    def root(self, run: str) -> str:
        """Where the run's overview stands, which carries its thread; empty while it has none."""
        mine = self.posted(run).get("root")
        return mine.ts if mine else ""

    def begin(self, run: str, card: str, *, channel: str, op: str, thread: str) -> Posted:
        """Written before the message is sent, so that an uncertain one is found again."""
        now = self.engine.clock()
        self._append(run, e.CardPosting(at=now, card=card, channel=channel, op=op, thread=thread))
        return Posted(card, channel, op, "", now, thread)

    def stands(self, run: str, mine: Posted, ts: str) -> None:
        """The message is there."""
        now = self.engine.clock()
        self._append(
            run, e.CardPosted(at=now, card=mine.card, channel=mine.channel, op=mine.op, ts=ts)
        )

    def refused(self, run: str) -> str:
        """Why Slack takes no message of the run in its channel; empty when it does."""
        last = ""
        for event in self._events(run):
            if isinstance(event, e.CardsRefused):
                last = event.reason
            elif isinstance(event, e.CardsTaken):
                last = ""
        return last

    def refuse(self, run: str, reason: str) -> None:
        """Slack takes none at the moment, and whoever should know was told."""
        self._append(run, e.CardsRefused(at=self.engine.clock(), reason=reason))

    def take(self, run: str) -> None:
        """Slack takes them again."""
        self._append(run, e.CardsTaken(at=self.engine.clock()))

    def shown_until(self, run: str) -> int:
        """How many events of a run its messages have shown for certain, once it had ended."""
        events = self._events(run)
        return max((event.seq for event in events if isinstance(event, e.CardsShown)), default=0)

    def show_until(self, run: str, seq: int) -> None:
        """What a run ended with must be seen even when the bot ends in between."""
        self._append(run, e.CardsShown(at=self.engine.clock(), seq=seq))

    def _events(self, run: str) -> tuple[e.Event, ...]:
        return self.engine.store.read(cards_stream(run))

    def _append(self, run: str, event: e.Event) -> None:
        self.engine.store.append(cards_stream(run), [event], after=len(self._events(run)))


def left_behind(key: str, card: Card, posted: Mapping[str, Posted]) -> bool:
    """Whether a card that somebody may have to press stands below an overview that is no more."""
    mine, root = posted.get(key), posted.get("root")
    if mine is None or root is None or not (card.decides and mine.ts and mine.thread and root.ts):
        return False
    return mine.thread != root.ts
