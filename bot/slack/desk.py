"""What happens to whatever people send: parse, allowed?, submit, answer. One place for all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.engine.audit import Audit
from bot.engine.engine import Engine
from bot.engine.forecast import Forecast
from bot.engine.loops import tried
from bot.engine.ports import Directory
from bot.engine.preview import Preview
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import (
    dispatch,
    inbox,
    policy_form,
    presses,
    reasons,
    start_desk,
    steering,
    undo_form,
    waiting,
)
from bot.slack.access import Act, allow
from bot.slack.blocks import Card
from bot.slack.channels import Channels
from bot.slack.home_desk import Homes
from bot.slack.named import nearest, run_meant
from bot.slack.people import People
from bot.slack.seeing import Eyes
from bot.slack.start_answers import Answers
from bot.slack.start_choices import Choices
from bot.slack.words import Frame
from steps.errors import Rejected, RolloutError, UnknownSite
from steps.step import Site, Verdict

log = structlog.get_logger()
_WORKERS = 8
_SLACK_FAILED = "Slack did not answer, or not as it should, so this may not have been done."
_TWICE_IS_SAFE = "Look with /mtls status, and ask again: nothing is done twice."
_STUMBLED = "The bot stumbled over an error of its own; whether it was done, the run's card tells."


@dataclass(frozen=True, slots=True)
class Outside:
    """The slow answers that the desk may ask for, on its own threads only."""

    directory: Directory
    forecast: Callable[[Site], Forecast]
    probe: Callable[[Site], Verdict]
    preview: Callable[[Site], Preview]
    """What the preflight says now. Raises ClientError."""
    audit: Callable[[str], Audit]
    """A run's history as it is stored, checked. Raises UnknownRun."""


@dataclass
class Desk:
    """Everything a listener hands over ends here, on a thread of the desk's own."""

    engine: Engine
    client: WebClient
    people: People
    outside: Outside
    frame: Callable[[], Frame]
    clock: Callable[[], datetime]
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_WORKERS, thread_name_prefix="desk")
    )

    homes: Homes = field(init=False)
    choices: Choices = field(init=False)
    drafts: dict[str, Answers] = field(default_factory=dict)
    """What was entered in a form whose run could not be opened, by person; nothing is lost."""
    returned: list[Callable[[str], None]] = field(default_factory=list)
    """Called with a channel that may take messages again."""

    def __post_init__(self) -> None:
        eyes = Eyes(self.engine, self.people, Channels(self.client, self.clock))
        self.homes = Homes(self.engine, self.client, eyes, self.frame)
        self.choices = Choices(self.outside.directory, self.pool, self.clock)

    def later(self, do: Callable[[], None], answer: Callable[[Card], None]) -> None:
        """Do it on the desk's threads; what goes wrong is said to the one who asked."""

        def safely() -> None:
            try:
                do()
            except RolloutError as error:
                answer(say.refusal_card(error))
            except (SlackClientError, OSError) as error:
                log.warning("desk.slack", failed=type(error).__name__)
                answer(say.refusal_card(Rejected(_SLACK_FAILED, hint=_TWICE_IS_SAFE)))

        self.pool.submit(self._told, safely, answer)

    def _told(self, do: Callable[[], None], answer: Callable[[Card], None]) -> None:
        """Nothing that somebody asked for ends in silence, an error of our own included."""

        def done() -> bool:
            do()
            return True

        if not tried("desk", done, otherwise=False):
            tried("desk", lambda: answer(say.refusal_card(RolloutError(_STUMBLED))), None)

    def home_opened(self, body: dict[str, Any]) -> None:
        """Somebody has opened the app; its home tab is published now and kept current."""
        opened = inbox.home_opened(body)
        if opened.event.tab == "home":
            self.homes.opened(opened.event.user, opened.team_id)

    def channel_returned(self, body: dict[str, Any]) -> None:
        """The bot was invited into a channel, or the channel is no longer archived."""
        channel = inbox.about_channel(body)
        for listener in self.returned:
            listener(channel)

    def start_from_home(self, body: dict[str, Any]) -> None:
        """The start form, which then asks for the channel too."""
        sent = inbox.press(body)
        asked = inbox.SlashCommand(
            user_id=sent.user.id, team_id=sent.team_of_user, channel_id="",
            trigger_id=sent.trigger_id,
        )  # fmt: skip
        self.later(
            lambda: self.open_form(asked, ""),
            lambda card: self.ephemeral(sent.user.id, sent.user.id, card),
        )

    def command(self, sent: inbox.SlashCommand) -> None:
        """``/mtls …``"""
        dispatch.dispatched(self, sent)

    def policy(self, sent: inbox.SlashCommand, words: Sequence[str]) -> None:
        """``/mtls policy [site]``"""
        site = self.known(inbox.host_name(words[0]) if words else "", sent.channel_id)
        policy_form.open_form(self, sent, site)

    def extend(self, sent: inbox.SlashCommand, words: Sequence[str]) -> None:
        """``/mtls extend [site]``"""
        waiting.extend(self, sent, words, self.privately(sent.response_url))

    def window(self, sent: inbox.SlashCommand, words: Sequence[str]) -> None:
        """``/mtls window [site] 22:00-02:00``"""
        waiting.window(self, sent, words, self.privately(sent.response_url))

    def pressed(self, body: dict[str, Any]) -> None:
        """A button of a card."""
        presses.pressed(self, body)

    def submitted(self, body: dict[str, Any]) -> dict[str, str]:
        """A form: what is wrong with it, by block; nothing when what it asks for is under way."""
        match body["view"]["callback_id"]:
            case reasons.CALLBACK:
                return presses.reasoned(self, body)
            case undo_form.CALLBACK:
                return steering.undo_submitted(self, body)
            case policy_form.CALLBACK:
                return policy_form.submitted(self, body)
            case _:
                return start_desk.submitted(self, body)

    def open_form(self, sent: inbox.SlashCommand, site: str) -> None:
        """The form that opens a run."""
        start_desk.open_form(self, sent, site)

    def picked(self, body: dict[str, Any]) -> None:
        """A choice in the start form, before it is sent."""
        sent = inbox.picked(body)
        channel, user = sent.view.private_metadata, sent.user.id
        self.later(
            lambda: start_desk.picked(self, sent),
            lambda card: self.ephemeral(channel or user, user, card),
        )

    def allowed(self, act: Act, sent: inbox.SlashCommand) -> None:
        """Raises NotAllowed unless whoever sent this may; for what is about no run."""
        policy = self.engine.rules.policy
        who = self.people.person(sent.user_id, sent.team_id, policy)
        allow(act, who, RunState(), policy)

    def known(self, name: str, channel: str) -> Site:
        """The site that has this host, or found by what the tokens see; else the channel's."""
        if not name and self.engine.store.newest(1):
            meant = run_meant(self.engine.store, (), channel, open_only=False)
            found = self.engine.view(meant.run).site
            name = found.name if found else ""
        entry = self.engine.store.site(name)
        site = self.engine.view(entry.run).site if entry else None
        if entry is not None and site is not None:
            return replace(site, name=entry.name)
        projects = self.outside.directory.projects()
        if not name or len(projects) != 1:
            raise UnknownSite(
                f"Which site is meant?{nearest(self.engine.store, name)} Name a host of it, like"
                " www.example.com.",
                hint="Sites are known once a run was started on them.",
            )
        return self.outside.directory.site(name, projects[0].value, "")

    def privately(self, response_url: str) -> Callable[[Card], None]:
        """An answer that only the one who asked sees; works also where the bot is no member."""

        def answer(card: Card) -> None:
            _respond(response_url, card, "ephemeral")

        return answer

    def openly(self, response_url: str) -> Callable[[Card], None]:
        """An answer that the whole channel sees."""

        def answer(card: Card) -> None:
            _respond(response_url, card, "in_channel")

        return answer

    def ephemeral(self, channel: str, user: str, card: Card) -> None:
        """An answer after a form; by direct message where the bot is not in the channel."""
        try:
            self.client.chat_postEphemeral(
                channel=channel, user=user, text=card.text, blocks=list(card.blocks)
            )
        except SlackClientError:
            self.client.chat_postMessage(
                channel=user, text=card.text, blocks=list(card.blocks), unfurl_links=False
            )


def _respond(response_url: str, card: Card, to: str) -> None:
    WebhookClient(response_url).send(
        text=card.text, blocks=list(card.blocks), response_type=to, replace_original=False
    )
