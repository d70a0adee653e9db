"""How a run is opened by its form: filled in while people choose, checked, and started."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError

from bot.engine import commands as c
from bot.engine.approval_events import Window
from bot.engine.policy import Policy
from bot.engine.ports import Option
from bot.engine.state import RunState
from bot.slack import inbox, presses, start_form, window_words
from bot.slack.access import admission, allow, enough
from bot.slack.blocks import Block, Card
from bot.slack.start_answers import Answers, answers, at_blocks, known_problems, problems
from bot.slack.start_choices import Listed
from bot.slack.start_known import asking_blocks, known_blocks, unknown_blocks
from bot.slack.suggesting import TOLD, suggestions
from steps.errors import Rejected, RolloutError

if TYPE_CHECKING:
    from bot.slack.desk import Desk

_PATIENCE = 2.0
"""Seconds that the loading view may stay; then the form comes, and its lists say what is late."""
_ABSENT = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
"""What Slack says of a channel where the bot cannot post: public, private, archived."""


def open_form(desk: "Desk", sent: inbox.SlashCommand, site: str) -> None:
    """The form: at once, then with what was entered before, then with what the preflight knows."""
    desk.choices.zones()
    opened = presses.opened(desk, sent.trigger_id, start_form.loading_view(sent.channel_id))
    desk.allowed("start", sent)
    desk.choices.settled(desk.choices.projects, _PATIENCE)
    draft = desk.drafts.pop(sent.user_id, Answers())
    given = replace(draft, site=site or draft.site)
    _show(desk, opened, sent.channel_id, given)


def picked(desk: "Desk", sent: inbox.Picked) -> None:
    """Something was chosen in the form: its environments are offered, the preflight is asked."""
    view = sent.view
    given = answers(view.state.values)
    _show(desk, {"id": view.id, "hash": view.hash}, view.private_metadata, given)


def _show(desk: "Desk", view: dict[str, Any], channel: str, given: Answers) -> None:
    """The form as it is now; then, once site and project are known, with the preflight's word."""
    project = _project(desk, given)
    offer = _offer(desk, given, project)
    given = replace(given, project=project.value if project else "")
    ready = not problems(given)

    def updated(shown: dict[str, Any], known: list[Block]) -> dict[str, Any]:
        form = start_form.form_view(
            channel, given, offer, today=desk.clock().date(), known=known
        )  # fmt: skip
        answer = desk.client.views_update(view_id=shown["id"], hash=shown["hash"], view=form)
        return dict(answer["view"])

    try:
        view = updated(view, asking_blocks(given.site) if ready else [])
        if ready:
            updated(view, _known(desk, given))
    except SlackApiError as error:
        if error.response.get("error") not in ("hash_conflict", "not_found"):
            raise  # else somebody has chosen on, or closed the form: the newer update counts


def _known(desk: "Desk", given: Answers) -> list[Block]:
    try:
        site = desk.outside.directory.site(given.site, given.project, given.environment)
        return known_blocks(desk.outside.preview(site))
    except RolloutError as error:
        return unknown_blocks(error)


def _project(desk: "Desk", given: Answers) -> Option | None:
    """The one that was chosen, by its name in the list; else the only one that there is."""
    listed = desk.choices.projects()
    if given.project in ("", TOLD):
        only = len(listed.options) == 1 and listed.state == "known"
        return listed.options[0] if only else None
    return _named(listed, given.project)


def _named(listed: Listed, value: str) -> Option | None:
    if value in ("", TOLD):
        return None
    return next((one for one in listed.options if one.value == value), Typed(value, value))


def _offer(desk: "Desk", given: Answers, project: Option | None) -> start_form.Offer:
    zone = _named(desk.choices.zones(), given.zone)
    if project is None:
        return start_form.Offer(zone=zone)
    key = project.value
    listed = desk.choices.settled(lambda: desk.choices.environments(key), _PATIENCE)
    first = listed.options[0] if listed.options else None
    chosen = _named(listed, given.environment)
    others = [one for one in listed.options if one is not first]
    return start_form.Offer(project, chosen or first, zone, others)


class Typed:
    """A choice that no list names."""

    def __init__(self, value: str, label: str) -> None:
        self.value = value
        self.label = label


def suggested(desk: "Desk", body: dict[str, Any]) -> list[Block]:
    """What fits what somebody types into a list of the form; at once, whatever the vendors do."""
    typed, name = str(body.get("value", "")), str(body["action_id"])
    if name == "zone":
        return suggestions(desk.choices.zones(), typed)
    if name == "project":
        return suggestions(desk.choices.projects(), typed, free=True)
    project = str(body.get("block_id", "")).partition(".")[2]
    if not project:
        return suggestions(Listed((), "trouble", "Pick the project first"), typed)
    return suggestions(desk.choices.environments(project), typed, free=True)


def submitted(desk: "Desk", body: dict[str, Any]) -> dict[str, str]:
    """The form was sent: what is wrong, by block; else the run is opened on the desk's threads."""
    view = body["view"]
    values = view["state"]["values"]
    given = answers(values)
    wrong = problems(given) or known_problems(
        given, desk.choices.zones(), desk.engine.store.runs(open_only=True)
    )
    if wrong:
        return at_blocks(wrong, values)
    user, team = body["user"]["id"], body["user"].get("team_id", "")
    channel = view["private_metadata"] or given.channel
    desk.drafts[user] = given

    def tell(card: Card) -> None:
        desk.ephemeral(channel, user, card)

    def start() -> None:
        _start(desk, (user, team), channel, given)
        desk.drafts.pop(user, None)

    desk.later(start, tell)
    return {}


def _start(desk: "Desk", asker: tuple[str, str], channel: str, given: Answers) -> None:
    user, team = asker
    policy = desk.engine.rules.policy
    who = desk.people.person(user, team, policy)
    allow("start", who, RunState(), policy)
    must_be_in(desk, channel, f"nobody would see the run. {_KEPT}")
    found = desk.outside.directory.site(given.site, given.project, given.environment)
    site = replace(
        found, order=given.order, validity_days=given.validity_days,
        access_environments=given.access_environments,
    )  # fmt: skip
    _somebody_else(desk, user, desk.engine.policy_of(site))
    window = _window(desk, user, given)
    desk.engine.start(
        c.Start(user, site, channel, window), admit=admission("start", who, desk.clock)
    )


def _window(desk: "Desk", user: str, given: Answers) -> Window | None:
    if not given.window_from:
        return None
    zone = desk.people.zone(user)
    return window_words.window(given.window_from, given.window_until, zone=zone, now=desk.clock())


_KEPT = "/mtls start opens the form again with what you had entered."


def _somebody_else(desk: "Desk", starter: str, policy: Policy) -> None:
    """A run that nobody may approve is not opened."""
    if not enough(desk.people.counting(policy), starter, policy):
        raise Rejected(
            "Too few people could approve this run: your own yes does not count where the"
            " policy wants four eyes.",
            hint=f"/mtls policy shows who may approve; the settings name them for all sites."
                 f" {_KEPT}",
        )  # fmt: skip


def must_be_in(desk: "Desk", channel: str, otherwise: str) -> None:
    """What nobody could see is not opened."""
    try:
        desk.client.conversations_history(channel=channel, limit=1)
    except SlackApiError as error:
        if error.response.get("error") in _ABSENT:
            raise Rejected(
                f"The bot is not in this channel, so {otherwise}",
                hint="Invite it: /invite @mtls-bot.",
            ) from error
