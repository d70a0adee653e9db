"""`/mtls policy`: shows who may approve on a site, and asks for a change of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from bot.engine import approvals as ap
from bot.engine.policy import FourEyes, Policy
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import inbox, presses
from bot.slack.access import admission, allow, enough
from bot.slack.approval_words import policy_lines
from bot.slack.blocks import Block, Card, context, escape, option, plain, section, sections
from bot.slack.start_desk import must_be_in
from bot.slack.values import SEPARATOR
from steps.errors import Rejected
from steps.step import Site

if TYPE_CHECKING:
    from bot.slack.desk import Desk

CALLBACK = "policy"
_MOST_OPTIONS, _MOST_NEEDED = 100, 5
_NEEDED = (
    ("none", "Approvals for a plan without risk"),
    ("brief", "Approvals for a plan with a brief effect"),
    ("outage", "Approvals for a plan that can cause an outage"),
)
_FOUR_EYES: Mapping[FourEyes, str] = {
    "outage-if-wrong": "Not for what can cause an outage",
    "brief": "Not for what can be noticed at all",
    "none": "Never",
    "never": "Always",
}
Groups = Sequence[tuple[str, str]]


def open_form(desk: "Desk", sent: inbox.SlashCommand, site: Site) -> None:
    """Opened at once, filled in when Slack has said which groups there are."""
    view = presses.opened(desk, sent.trigger_id, loading_view(site, sent.channel_id))
    policy = desk.engine.policy_of(site)
    try:
        allow("policy", desk.people.person(sent.user_id, sent.team_id, policy), RunState(), policy)
    except Rejected as error:
        refused = refused_view(site, sent.channel_id, error)
        desk.client.views_update(view_id=view["id"], hash=view["hash"], view=refused)
        raise
    form = form_view(site, sent.channel_id, policy, desk.people.groups())
    desk.client.views_update(view_id=view["id"], hash=view["hash"], view=form)


def loading_view(site: Site, channel: str) -> dict[str, Any]:
    """Opened at once, while Slack is asked."""
    return {**_frame(site, channel), "blocks": [section("Asking Slack for the user groups …")]}


def refused_view(site: Site, channel: str, error: Rejected) -> dict[str, Any]:
    """What stands in its place for whoever may not ask."""
    return {**_frame(site, channel), "blocks": [section(escape(error.for_people))]}


def form_view(site: Site, channel: str, policy: Policy, groups: Groups | None) -> dict[str, Any]:
    """The policy in force, and the inputs that ask for another."""
    blocks: list[Block] = [
        *sections([f"In force on *{escape(site.name)}*:", *policy_lines(policy)]),
        context("A change is posted as a card and holds once it is approved, under this policy."),
        _people(policy), *_groups(policy, groups),
    ]  # fmt: skip
    for (name, label), number in zip(_NEEDED, policy.needed, strict=True):
        options = [option(str(n), str(n)) for n in range(1, max(_MOST_NEEDED, number) + 1)]
        blocks.append(_input(name, label, _select(name, options, options[number - 1])))
    eyes = {key: option(key, words) for key, words in _FOUR_EYES.items()}
    chosen = _select("eyes", list(eyes.values()), eyes[policy.four_eyes])
    blocks.append(_input("eyes", "Whoever asked for a change may approve it themselves", chosen))
    blocks.append(_source())
    return {**_frame(site, channel), "blocks": blocks, "submit": plain("Ask for it", 24)}


def _frame(site: Site, channel: str) -> dict[str, Any]:
    parts = (channel, site.name, site.zone, site.zone_id, site.project, site.environment)
    return {
        "type": "modal", "callback_id": CALLBACK, "title": plain("Who may approve", 24),
        "close": plain("Close", 24), "private_metadata": SEPARATOR.join(parts),
    }  # fmt: skip


def _input(name: str, label: str, element: Block, *, optional: bool = False) -> Block:
    made: Block = {
        "type": "input", "block_id": name, "label": plain(label, 2000), "element": element,
    }  # fmt: skip
    return {**made, "optional": True} if optional else made


def _select(name: str, options: list[Block], chosen: Block) -> Block:
    return {
        "type": "static_select", "action_id": name, "options": options, "initial_option": chosen,
    }  # fmt: skip


def _people(policy: Policy) -> Block:
    element: Block = {"type": "multi_users_select", "action_id": "people"}
    if policy.approvers:
        element["initial_users"] = sorted(policy.approvers)[:_MOST_OPTIONS]
    return _input("people", "Approvers", element, optional=True)


def _groups(policy: Policy, groups: Groups | None) -> list[Block]:
    """Those that Slack named; what could not be asked is said, and stays as it is."""
    if groups is None:
        return [context("The user groups could not be asked for; they stay as they are.")]
    known = dict(groups) | {g: g for g in policy.groups if g not in dict(groups)}
    chosen = [option(g, known[g]) for g in policy.groups]
    others = [option(g, name) for g, name in known.items() if g not in policy.groups]
    options = (chosen + others)[:_MOST_OPTIONS]
    if not options:
        return []
    element: Block = {"type": "multi_static_select", "action_id": "groups", "options": options}
    if chosen:
        element["initial_options"] = chosen[:_MOST_OPTIONS]
    return [_input("groups", "Groups of approvers", element, optional=True)]


def _source() -> Block:
    words = "As the bot's settings say, whatever is entered above"
    element: Block = {
        "type": "checkboxes", "action_id": "source", "options": [option("settings", words)],
    }  # fmt: skip
    return _input("source", "Without a policy of its own", element, optional=True)


def submitted(desk: "Desk", body: dict[str, Any]) -> dict[str, str]:
    """What is wrong with the form, by block; nothing when the change is being asked for."""
    view, user = body["view"], body["user"]["id"]
    channel, *parts = view["private_metadata"].split(SEPARATOR)
    site = Site(*parts)
    wanted = given(view["state"]["values"], desk.engine.policy_of(site))
    if wanted is not None and not (wanted.approvers or wanted.groups):
        return {"people": "Somebody has to be able to approve: choose people or a group."}

    def answer(card: Card) -> None:
        desk.ephemeral(channel, user, card)

    def ask() -> None:
        command = ap.AskPolicy(user, site, channel, wanted)
        _ask(desk, command, body["user"].get("team_id", ""))
        answer(say.notice_card(f"The change of who may approve on {site.name} waits in a card."))

    desk.later(ask, answer)
    return {}


def _ask(desk: "Desk", command: ap.AskPolicy, team: str) -> None:
    wanted = command.policy or desk.engine.rules.policy
    found = desk.people.counting(wanted)
    if found is None or not enough(found, "", wanted):
        raise Rejected(
            "Under this policy nobody could be seen to have enough approvals; nothing was asked.",
            hint="Name more approvers, or ask for fewer approvals.",
        )
    must_be_in(desk, command.channel, "nobody would see the card that asks.")
    policy = desk.engine.policy_of(command.site)
    who = desk.people.person(command.by, team, policy)
    desk.engine.ask_policy(command, admit=admission("policy", who, desk.clock))


def given(values: Mapping[str, Mapping[str, Any]], was: Policy) -> Policy | None:
    """The policy that was entered; None for the settings'."""
    if _entry(values, "source").get("selected_options"):
        return None
    groups = was.groups
    if "groups" in values:
        picked = _entry(values, "groups").get("selected_options") or []
        groups = tuple(str(one["value"]) for one in picked)
    none, brief, outage = (int(_picked(values, name) or 1) for name, _ in _NEEDED)
    eyes = _picked(values, "eyes")
    return Policy(
        frozenset(_entry(values, "people").get("selected_users") or ()), groups,
        (none, brief, outage), cast("FourEyes", eyes) if eyes in _FOUR_EYES else was.four_eyes,
    )  # fmt: skip


def _entry(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(iter(values.get(name, {}).values()), {})
    return found


def _picked(values: Mapping[str, Mapping[str, Any]], name: str) -> str:
    chosen = _entry(values, name).get("selected_option") or {}
    return str(chosen.get("value") or "")
