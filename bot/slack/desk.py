"""What happens to whatever people send: parse, allowed?, submit, answer. One place for all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.engine import commands as c
from bot.engine.audit import Audit
from bot.engine.engine import Engine
from bot.engine.forecast import Forecast
from bot.engine.loops import tried
from bot.engine.policy import Policy
from bot.engine.ports import Directory, Option
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import (
    dispatch,
    inbox,
    policy_form,
    presses,
    reasons,
    start_form,
    steering,
    undo_form,
    waiting,
    window_words,
)
from bot.slack.access import Act, admission, allow, enough
from bot.slack.blocks import Card
from bot.slack.channels import Channels
from bot.slack.home_desk import Homes
from bot.slack.named import nearest
from bot.slack.people import People
from bot.slack.seeing import Eyes
from bot.slack.words import Frame
from steps.errors import ClientError, Rejected, RolloutError, UnknownSite
from steps.step import Site, Verdict

log = structlog.get_logger()
_WORKERS = 8
_ABSENT = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
"""What Slack says of a channel where the bot cannot post: public, private, archived."""
_STUMBLED = "The bot stumbled over an error of its own; whether it was done, the run's card tells."


@dataclass(frozen=True, slots=True)
class Outside:
    """The slow answers that the desk may ask for, on its own threads only."""

    directory: Directory
    forecast: Callable[[Site], Forecast]
    probe: Callable[[Site], Verdict]
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

    def __post_init__(self) -> None:
        eyes = Eyes(self.engine, self.people, Channels(self.client, self.clock))
        self.homes = Homes(self.engine, self.client, eyes, self.frame)

    def later(self, do: Callable[[], None], answer: Callable[[Card], None]) -> None:
        """Do it on the desk's threads; what goes wrong is said to the one who asked."""

        def safely() -> None:
            try:
                do()
            except RolloutError as error:
                answer(say.refusal_card(error))
            except (SlackClientError, OSError) as error:
                log.warning("desk.slack", failed=type(error).__name__)

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
        site = self.known(inbox.host_name(words[0]) if words else "")
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
                presses.reasoned(self, body)
                return {}
            case undo_form.CALLBACK:
                steering.undo_submitted(self, body)
                return {}
            case policy_form.CALLBACK:
                return policy_form.submitted(self, body)
            case _:
                return self._started(body)

    def _started(self, body: dict[str, Any]) -> dict[str, str]:
        """The start form."""
        view = body["view"]
        given = start_form.answers(view["state"]["values"])
        wrong = start_form.problems(given)
        if wrong:
            return start_form.at_blocks(wrong, view["state"]["values"])
        user, channel = body["user"]["id"], view["private_metadata"]
        team = body["user"].get("team_id", "")

        def tell(card: Card) -> None:
            self.ephemeral(channel, user, card)

        self.later(lambda: self._start(user, team, channel, given), tell)
        return {}

    def _start(self, user: str, team: str, channel: str, given: start_form.Answers) -> None:
        policy = self.engine.rules.policy
        who = self.people.person(user, team, policy)
        allow("start", who, RunState(), policy)
        self._must_be_in(channel)
        found = self.outside.directory.site(given.site, given.project, given.environment)
        site = replace(
            found, order=given.order, validity_days=given.validity_days,
            access_environments=given.access_environments,
        )  # fmt: skip
        policy = self.engine.policy_of(site)
        self._somebody_else(user, policy)
        window = None
        if given.window_from:
            zone = self.people.zone(user)
            window = window_words.window(
                given.window_from, given.window_until, zone=zone, now=self.clock()
            )
        self.engine.start(
            c.Start(user, site, channel, window), admit=admission("start", who, self.clock)
        )

    def _somebody_else(self, starter: str, policy: Policy) -> None:
        """A run that nobody may approve is not opened."""
        if not enough(self.people.approvers(policy), starter, policy):
            raise Rejected(
                "Too few people could approve this run: your own yes does not count where the"
                " policy wants four eyes.",
                hint="/mtls policy shows who may approve; the settings name them for all sites.",
            )

    def _must_be_in(self, channel: str) -> None:
        """A run that nobody can see is not opened."""
        try:
            self.client.conversations_history(channel=channel, limit=1)
        except SlackApiError as error:
            if error.response.get("error") in _ABSENT:
                raise Rejected(
                    "The bot is not in this channel, so nobody would see the run.",
                    hint="Invite it (/invite @mtls), then type /mtls start again.",
                ) from error

    def open_form(self, sent: inbox.SlashCommand, site: str) -> None:
        """The start form: at once, and filled in when the projects are known."""
        view = start_form.loading_view(sent.channel_id)
        shown = presses.opened(self, sent.trigger_id, view)
        self.allowed("start", sent)
        projects, environments, trouble = self._choices()
        form = start_form.form_view(
            sent.channel_id, site=site, projects=projects, environments=environments,
            trouble=trouble, today=self.clock().date(),
        )  # fmt: skip
        self.client.views_update(view_id=shown["id"], hash=shown["hash"], view=form)

    def project_picked(self, body: dict[str, Any]) -> None:
        """Another project in the start form: its environments are offered instead."""
        sent = inbox.picked(body)

        def tell(card: Card) -> None:
            self.ephemeral(sent.view.private_metadata, sent.user.id, card)

        self.later(lambda: self._offer(sent), tell)

    def _offer(self, sent: inbox.Picked) -> None:
        directory = self.outside.directory
        environments = directory.environments(sent.value) if sent.value else ()
        form = start_form.form_view(
            sent.view.private_metadata,
            site=start_form.answers(sent.view.state.values).site, projects=directory.projects(),
            environments=environments, trouble="", today=self.clock().date(), picked=sent.value,
        )  # fmt: skip
        self.client.views_update(view_id=sent.view.id, hash=sent.view.hash, view=form)

    def _choices(self) -> tuple[Sequence[Option], Sequence[Option], str]:
        """Projects, and the environments when there is but one project."""
        try:
            projects = self.outside.directory.projects()
            environments = (
                self.outside.directory.environments(projects[0].value) if len(projects) == 1 else ()
            )
        except ClientError as error:
            return (), (), f"The projects could not be listed: {error.for_people}"
        return projects, environments, ""

    def allowed(self, act: Act, sent: inbox.SlashCommand) -> None:
        """Raises NotAllowed unless whoever sent this may; for what is about no run."""
        policy = self.engine.rules.policy
        who = self.people.person(sent.user_id, sent.team_id, policy)
        allow(act, who, RunState(), policy)

    def known(self, name: str) -> Site:
        """The site that has this host, or found by what the tokens see."""
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
