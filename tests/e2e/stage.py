"""A whole world with the bot as a process in it, and the people who act; for the tests."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.authorities import Authorities
from sandbox.auto import CLOSED, UNDONE, leaks
from sandbox.hosting.hosted import Hosted, Method
from sandbox.people_acting import Conversation, buttons, reviewed
from sandbox.prepared import prepare
from sandbox.slack.people import APPROVER, SITE_OPS, STARTER
from sandbox.world import Scenario, World

Json = dict[str, Any]
CARD_SECONDS = 90.0
"""The longest that a test waits for the next card; a hang fails and does not stay."""


@dataclass
class Stage:
    """One world, its conversation, and what a test asks of both."""

    world: World
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.talk = Conversation(self.world.slack, self.told.append, timeout=CARD_SECONDS)

    def begin(self, *, visitors: bool = False, prepared: bool = False) -> None:
        """The bot is started, and connected; `prepared`: only client authentication is missing."""
        if prepared:
            prepare(self.world)
        self.world.bot.start()
        self.world.slack.wait_connected(30)
        if visitors:
            self.world.visitors.start()

    def close_origin(self, order: str = "no-downtime", access: tuple[str, ...] = ()) -> None:
        """A run to its end."""
        self.talk.start(order=order, access=access)
        self.talk.approve_until((CLOSED,))

    def finish(self) -> None:
        """Every card that is left is approved."""
        self.talk.approve_until((CLOSED,))

    def undo(self) -> None:
        """The way back to its end."""
        self.talk.undo()
        self.talk.approve_until((UNDONE,))

    def wait(self, condition: Callable[[], Any]) -> Any:
        return self.world.slack.wait_for(condition, CARD_SECONDS)

    def card(self, title: str, words: str = "") -> Json:
        """The newest message that begins with a title and holds some words, once it is there."""

        def found() -> Json | None:
            self.talk.print_news()
            for message in reversed(self.world.slack.messages(SITE_OPS)):
                if message["text"].startswith(title) and words in message["text"]:
                    return message
            return None

        card: Json = self.wait(found)
        return card

    def press(self, card: Json, action: str, user: str = APPROVER) -> None:
        button = next(b for b in buttons(card) if b["action_id"] == action)
        self.world.slack.press(user, SITE_OPS, card["ts"], button["action_id"])

    def files(self) -> list[tuple[str, bytes]]:
        """Name and content of every file that the bot has put into the channel."""
        workspace = self.world.slack.workspace
        return [(f.name, f.content) for f in workspace.files.values() if f.complete]

    def hosted(self) -> Hosted:
        """The repository at the git host."""
        assert self.world.host is not None
        return self.world.host.hosted

    def reviewed(self, *methods: Method) -> AbstractContextManager[None]:
        """Somebody merges every request, with each method in turn."""
        return reviewed(self.hosted(), *methods)

    def approve(self, title: str) -> None:
        """The card of that title is shown, and the approver says yes."""
        self.press(self.card(title, "Waiting for a yes"), "approve")

    def start(self, order: str = "no-downtime") -> None:
        self.talk.start(order=order)

    def refusals(self, user: str = STARTER) -> tuple[str, ...]:
        return tuple(m["text"] for m in self.world.slack.ephemerals(user))

    def events(self, kind: str = "%") -> list[tuple[str, str]]:
        """Type and body of every event of every run, in order."""
        connection = sqlite3.connect(self.world.directory / "log.sqlite3")
        try:
            rows = connection.execute(
                "select type, body from events where stream not like '%/%' and type like ?"
                " order by stream, seq", [kind],
            )  # fmt: skip
            return [(str(kind), str(body)) for kind, body in rows]
        finally:
            connection.close()

    def settings_after(self) -> list[str]:
        """SSL mode, Automatic SSL and origin pulls, as the zone has them."""
        zone = self.world.cloudflare.zone
        return [zone.setting(n) for n in ("ssl", "ssl_automatic_mode", "tls_client_auth")]

    def vendor_writes(self) -> dict[str, int]:
        return self.world.writes()

    def secrets_found(self) -> list[str]:
        return leaks(self.world)


@cache
def authorities() -> Authorities:
    """Made once for all worlds of a process: new keys prove nothing more."""
    return Authorities.create()


@contextmanager
def stage(directory: Path, **scenario: Any) -> Iterator[Stage]:
    """A world that ends with the test."""
    world = World(Scenario.tests(**scenario), directory, authorities())
    try:
        yield Stage(world)
    finally:
        world.close()
