"""The Slack of one sandbox: what the bot connects to, and the hands of its people."""

import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.serving import Serving, Watched
from sandbox.slack.acts import Acts, Values
from sandbox.slack.hub import Ack, Hub
from sandbox.slack.page import Page
from sandbox.slack.people import Person
from sandbox.slack.refusals import Json
from sandbox.slack.rooms import Rooms
from sandbox.slack.views import View
from sandbox.slack.web_api import Credentials, WebApi
from sandbox.slack.workspace import Notice, Workspace

T = TypeVar("T")

SCOPES_IN_USE = (
    "commands", "chat:write", "channels:read", "groups:read", "channels:history",
    "groups:history", "users:read", "usergroups:read", "files:write",
)  # fmt: skip


class SlackStandIn:
    """Slack on loopback. `close` ends it and every connection."""

    def __init__(
        self, *, journal: Journal, faults: Faults, world: Callable[[], Json] | None = None,
        scopes: tuple[str, ...] = SCOPES_IN_USE, ack_seconds: float = 3.0,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.workspace = Workspace(clock)
        self.socket = Hub(self.workspace, ack_seconds=ack_seconds)
        self.credentials = Credentials(
            f"xoxb-sandbox-{secrets.token_hex(12)}", f"xapp-sandbox-{secrets.token_hex(12)}",
            set(scopes),
        )  # fmt: skip
        self.acts = Acts(self.workspace, self.socket)
        self.rooms = Rooms(self.workspace, self.socket)
        self.page = Page(self.workspace, self.acts, world or dict)
        api = WebApi(self.workspace, self.socket, self.credentials)
        # The page stands outside: its long reads are nobody's requests to Slack.
        watched = Watched(api.app(), "slack", journal, faults)
        routes = [*self.page.routes(), Mount("/", watched)]
        self._serving = Serving(Starlette(routes=routes), name="slack")
        self.page_url = self._serving.url
        self.api_url = f"{self.page_url}/api/"
        self.workspace.page_url = self.page_url

    @property
    def bot_token(self) -> str:
        return self.credentials.bot

    @property
    def app_token(self) -> str:
        return self.credentials.app

    @property
    def people(self) -> dict[str, Person]:
        return self.workspace.people

    def set_world(self, world: Callable[[], Json]) -> None:
        """What the page's side panel tells; called about twice a second."""
        self.page.world = world

    def wait_for(self, predicate: Callable[[], T | None], timeout: float = 10.0) -> T:
        """The first true value of `predicate`; TimeoutError when none comes in time."""
        return self.workspace.wait_for(predicate, timeout)

    def wait_connected(self, timeout: float = 10.0) -> None:
        self.wait_for(lambda: self.socket.connections > 0, timeout)

    def command(self, user: str, name: str, text: str, channel: str) -> Ack:
        """Types `name text` in a channel and waits for the acknowledgement."""
        return self.acts.command(user, name, text, channel)

    def press(
        self, user: str, channel: str, ts: str, action_id: str,
        *, block_id: str | None = None, value: Any = None,
    ) -> Ack:  # fmt: skip
        """Presses in a message; a confirm dialog counts as agreed to."""
        return self.acts.press(user, channel, ts, action_id, block_id=block_id, value=value)

    def press_in_view(
        self, user: str, view_id: str, action_id: str,
        *, block_id: str | None = None, value: Any = None,
    ) -> Ack:  # fmt: skip
        return self.acts.press_in_view(user, view_id, action_id, block_id=block_id, value=value)

    def suggest(self, user: str, view_id: str, action_id: str, typed: str) -> list[Json]:
        return self.acts.suggest(user, view_id, action_id, typed)

    def submit(self, user: str, view_id: str, values: Values | None = None) -> Ack:
        """Sends a modal; `.errors` of the answer are what the person sees at the inputs."""
        return self.acts.submit(user, view_id, values)

    def close_view(self, user: str, view_id: str, *, everything: bool = False) -> Ack | None:
        return self.acts.close(user, view_id, everything=everything)

    def open_home(self, user: str, tab: str = "home") -> Ack:
        return self.acts.open_home(user, tab)

    def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        return self.acts.say(user, channel, text, thread_ts)

    def messages(self, channel: str, thread: str | None = None) -> tuple[Json, ...]:
        """What all see, oldest first: a whole channel, or one thread with its root."""
        with self.workspace.reading():
            listed = [m for m in self.workspace.in_channel(channel) if not m.only_for]
            if thread:
                listed = [m for m in listed if thread in (m.ts, m.thread_ts)]
            return tuple(m.as_json() for m in listed)

    def ephemerals(self, user: str, channel: str | None = None) -> tuple[Json, ...]:
        """What only this person sees, oldest first."""
        with self.workspace.reading():
            rooms = [channel] if channel else list(self.workspace.messages)
            found = [m for room in rooms for m in self.workspace.in_channel(room)]
            return tuple(m.as_json() | {"channel": m.channel} for m in found if m.only_for == user)

    def open_views(self, user: str) -> tuple[Json, ...]:
        """The person's modals, the one on top last."""
        return self._views(self.workspace.screens.modals.get(user, []))

    def home(self, user: str) -> Json | None:
        view = self.workspace.screens.homes.get(user)
        return view.as_json() if view else None

    def _views(self, views: list[View]) -> tuple[Json, ...]:
        with self.workspace.reading():
            return tuple(view.as_json() | {"errors": dict(view.errors)} for view in views)

    def notices(self, user: str | None = None) -> tuple[Notice, ...]:
        """What Slack itself told people: time-outs, faulty answers."""
        with self.workspace.reading():
            return tuple(n for n in self.workspace.notices if user in (None, n.user))

    def delete_message(self, channel: str, ts: str) -> None:
        """A person deletes a message, whoever wrote it."""
        self.rooms.delete_message(channel, ts)

    def close(self) -> None:
        with self.workspace.changing():
            self.workspace.closed = True
        self.socket.close()
        self._serving.close()
