"""What happens to whatever people send: parse, allowed?, submit, answer. One place for all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.engine import commands as c
from bot.engine.engine import Engine
from bot.engine.forecast import Forecast
from bot.engine.loops import tried
from bot.engine.ports import Directory, Option
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import inbox, start_form
from bot.slack.access import Act, Policy, allow
from bot.slack.blocks import Card
from bot.slack.people import People
from bot.slack.words import Frame
from steps.errors import ClientError, NotAllowed, Rejected, RolloutError, UnknownSite
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


@dataclass
class Desk:
    """Everything a listener hands over ends here, on a thread of the desk's own."""

    engine: Engine
    client: WebClient
    people: People
    policy: Policy
    outside: Outside
    frame: Callable[[], Frame]
    clock: Callable[[], datetime]
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_WORKERS, thread_name_prefix="desk")
    )

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

    def command(self, sent: inbox.SlashCommand) -> None:
        """``/mtls …``"""
        answer = self.privately(sent.response_url)
        name, site = (*sent.words[:2], "", "")[:2]
        site = inbox.host_name(site)
        match name.lower() or "help":
            case "start":
                self.later(lambda: self._open_form(sent, site), answer)
            case "plan":
                self.later(lambda: self._plan(sent, site, answer), answer)
            case "probe":
                self.later(lambda: self._probe(sent, site, answer), answer)
            case "status":
                self.later(lambda: answer(self._status(site)), answer)
            case "help":
                self.later(lambda: answer(say.help_card()), answer)
            case other:
                near = get_close_matches(other, say.SUBCOMMANDS, n=1)
                meant = f" Is /mtls {near[0]} meant?" if near else ""
                note = f"There is no /mtls {other}.{meant}"
                self.later(lambda: answer(say.help_card(note)), answer)

    def pressed(self, body: dict[str, Any]) -> None:
        """A button of a card."""
        press = inbox.press(body)
        answer = self.privately(press.response_url)
        self.later(lambda: self._decide(press), answer)

    def _decide(self, press: inbox.Press) -> None:
        target = inbox.target(press)
        act, command = _command(press, target)
        state = self.engine.view(target.run)
        if state.site is None:
            raise UnknownSite("This run is not known to this bot.")
        who = self.people.person(press.user.id, press.team_of_user)
        allow(act, who, state, self.policy)
        self.engine.submit(target.run, command)

    def submitted(self, body: dict[str, Any]) -> dict[str, str]:
        """The start form: what is wrong with it, by block; nothing when the run is being opened."""
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
        who = self.people.person(user, team)
        allow("start", who, RunState(), self.policy)
        self._somebody_else(user)
        self._must_be_in(channel)
        found = self.outside.directory.site(given.site, given.project, given.environment)
        site = replace(
            found, order=given.order, validity_days=given.validity_days,
            access_environments=given.access_environments,
        )  # fmt: skip
        self.engine.start(c.Start(user, site, channel))

    def _somebody_else(self, starter: str) -> None:
        """A run that nobody may approve is not opened."""
        approvers = self.people.approvers()
        if approvers is None:
            return  # could not be asked; each press asks again
        if not approvers - {starter} and not self.policy.starter_may_approve:
            raise NotAllowed(
                "Nobody but you could approve this run.",
                hint="Name another approver in MTLS_SLACK_APPROVERS or MTLS_SLACK_APPROVER_GROUPS.",
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

    def _open_form(self, sent: inbox.SlashCommand, site: str) -> None:
        view = start_form.loading_view(sent.channel_id)
        try:
            opened = self.client.views_open(trigger_id=sent.trigger_id, view=view)
        except SlackApiError as error:
            # The trigger lives three seconds, and fails at times even when used at once; its error
            # has several spellings.
            raise Rejected(
                "Slack did not open the form.", hint="Type the command again."
            ) from error
        who = self.people.person(sent.user_id, sent.team_id)
        allow("start", who, RunState(), self.policy)
        projects, environments, trouble = self._choices()
        form = start_form.form_view(
            sent.channel_id, site=site, projects=projects, environments=environments,
            trouble=trouble, today=self.clock().date(),
        )  # fmt: skip
        shown: dict[str, Any] = opened["view"]
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

    def _plan(self, sent: inbox.SlashCommand, name: str, answer: Callable[[Card], None]) -> None:
        self._allowed("plan", sent)
        site = self._known(name)
        answer(say.notice_card(f"Looking at {site.name}; this takes a little."))
        answer(say.forecast_card(self.outside.forecast(site)))

    def _probe(self, sent: inbox.SlashCommand, name: str, answer: Callable[[Card], None]) -> None:
        self._allowed("probe", sent)
        site = self._known(name)
        answer(say.notice_card(f"Asking the origin of {site.name} directly."))
        answer(say.probe_card(site, self.outside.probe(site)))

    def _allowed(self, act: Act, sent: inbox.SlashCommand) -> None:
        allow(act, self.people.person(sent.user_id, sent.team_id), RunState(), self.policy)

    def _known(self, name: str) -> Site:
        """The site of the newest run of that name, or found by what the tokens see."""
        runs = self.engine.store.runs()
        for run in say.of_site(runs, name):
            site = self.engine.view(run).site
            if site is not None:
                return site
        projects = self.outside.directory.projects()
        if not name or len(projects) != 1:
            raise UnknownSite(
                "Which site is meant? Name a host of it, like www.example.com.",
                hint="Sites are known once a run was started on them.",
            )
        return self.outside.directory.site(name, projects[0].value, "")

    def _status(self, name: str) -> Card:
        runs = say.of_site(self.engine.store.runs(), name)
        return say.status_card(self.frame(), [self.engine.view(run) for run in runs], name)

    def privately(self, response_url: str) -> Callable[[Card], None]:
        """An answer that only the one who asked sees; works also where the bot is no member."""

        def answer(card: Card) -> None:
            WebhookClient(response_url).send(
                text=card.text, blocks=list(card.blocks), response_type="ephemeral",
                replace_original=False,
            )  # fmt: skip

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


def _command(press: inbox.Press, target: inbox.Target) -> tuple[Act, c.Command]:
    """The command that a button stands for. Raises UnknownSite for another's button."""
    user = press.user.id
    match press.actions[0].action_id:
        case "approve":
            return "approve", c.Approve(user, target.step, target.fingerprint)
        case "decline":
            return "decline", c.Decline(user, target.step, target.fingerprint)
        case "retry":
            return "retry", c.Retry(user, target.step)
        case "accept":
            return "accept", c.Accept(user, target.step, target.fingerprint)
        case "undo":
            return "undo", c.Undo(user)
        case "stop":
            return "stop", c.Stop(user)
        case other:
            raise UnknownSite(f"This bot has no button {other}.")
