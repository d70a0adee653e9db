"""The modal that opens a run: what it asks, and what is known before it is sent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.engine.ports import Option
from bot.slack import window_words
from bot.slack.blocks import Block, option, plain, section
from bot.slack.start_answers import LONGEST_NAME, Answers

CALLBACK = "start"
ROOT_ENDS = date(2029, 8, 15)
"""The end of Cloudflare's Origin CA roots (checked in the reference of the certificates)."""
REPLACED_DAYS = 7
VALIDITIES = (90, 365, 730, 1095, 5475)
SUGGESTED = ("zone", "project", "environment")
"""The lists that are searched while typing; each action's id."""
PICKED = ("site", "zone", "project", "environment")
"""What, once chosen, the preflight is asked about."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form can offer: the choices that are made already, and the other environments."""

    project: Option | None = None
    environment: Option | None = None
    zone: Option | None = None
    others: Sequence[Option] = ()
    """Environments beside production, for HTTP access."""


def loading_view(channel: str) -> dict[str, Any]:
    """Opened at once: a trigger lives three seconds, and the projects take longer."""
    return {**_frame(channel), "blocks": [section("Asking Platform.sh for your projects …")]}


def form_view(
    channel: str, given: Answers, offer: Offer, *, today: date, known: Sequence[Block] = ()
) -> dict[str, Any]:  # fmt: skip
    """The form, filled in with what was `given`; without a channel it asks for one.

    `known` are the blocks that say what the preflight knows already.
    """
    project = offer.project.value if offer.project else ""
    blocks = [
        *([] if channel else [_channel()]), _site(given.site), _zone(offer.zone),
        _project(offer.project), _environment(offer.environment, project), *known,
        _order(given), _days(given, today), *_window(given),
        *([_access(offer.others, project)] if offer.others else []),
    ]  # fmt: skip
    return {**_frame(channel), "blocks": blocks, "submit": plain("Start", 24)}


def _frame(channel: str) -> dict[str, Any]:
    return {
        "type": "modal", "callback_id": CALLBACK, "title": plain("Close an origin", 24),
        "close": plain("Cancel", 24), "private_metadata": channel,
    }  # fmt: skip


def _input(block_id: str, label: str, element: Block, hint: str = "") -> Block:
    made: Block = {
        "type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element,
    }  # fmt: skip
    return {**made, "hint": plain(hint, 2000)} if hint else made


def _channel() -> Block:
    element: Block = {
        "type": "conversations_select", "action_id": "channel",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        "placeholder": plain("Where your team decides", 150),
    }  # fmt: skip
    hint = "The run's cards are posted there; the bot must have been invited to it."
    return _input("channel", "Channel", element, hint)


def _site(site: str) -> Block:
    element: Block = {
        "type": "plain_text_input", "action_id": "site", "max_length": LONGEST_NAME,
        "placeholder": plain("www.example.com", 150),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }  # fmt: skip
    if site:
        element["initial_value"] = site[:LONGEST_NAME]
    made = _input(
        "site", "Site", element,
        "A host name of the site; its zone is found by itself. Enter shows what is known of it.",
    )  # fmt: skip
    return {**made, "dispatch_action": True}


def _searched(name: str, placeholder: str, chosen: Option | None) -> Block:
    element: Block = {
        "type": "external_select", "action_id": name, "min_query_length": 0,
        "placeholder": plain(placeholder, 150),
    }  # fmt: skip
    if chosen is not None:
        element["initial_option"] = option(chosen.value, chosen.label or chosen.value)
    return element


def _zone(zone: Option | None) -> Block:
    made = _input(
        "zone", "Zone at Cloudflare", _searched("zone", "Type to search your zones", zone),
        "Only to be sure: the site must be in it. Left empty it is found by itself.",
    )  # fmt: skip
    return {**made, "dispatch_action": True, "optional": True}


def _project(project: Option | None) -> Block:
    made = _input(
        "project", "Platform.sh project", _searched("project", "Type to search", project),
        "One that is not in the list is taken by its id.",
    )  # fmt: skip
    return {**made, "dispatch_action": True}


def _of(name: str, project: str) -> str:
    """A block's id for one project: another project's choice must not stay in it."""
    return f"{name}.{project}" if project else name


def _environment(environment: Option | None, project: str) -> Block:
    made = _input(
        _of("environment", project), "Environment",
        _searched("environment", "Type to search", environment),
        "Left empty it is the production environment.",
    )  # fmt: skip
    return {**made, "dispatch_action": True, "optional": True}


def _chosen(options: Sequence[Block], value: str, otherwise: int) -> Block:
    return next((one for one in options if one["value"] == value), options[otherwise])


def _order(given: Answers) -> Block:
    options = [
        option("no-downtime", "No downtime", "Presents the certificate before it is asked for."),
        option("published", "As published", "Visitors are refused in between: plan two hours."),
    ]
    element: Block = {
        "type": "radio_buttons", "action_id": "order", "options": options,
        "initial_option": _chosen(options, given.order, 0),
    }  # fmt: skip
    return _input("order", "Order of the steps", element)


def _days(given: Answers, today: date) -> Block:
    options = [option(str(days), f"{days} days", _until(today, days)) for days in VALIDITIES]
    element: Block = {
        "type": "static_select", "action_id": "validity", "options": options,
        "initial_option": _chosen(options, str(given.validity_days), 1),
    }  # fmt: skip
    hint = (
        f"Platform.sh replaces a custom certificate {REPLACED_DAYS} days before its end. Longer"
        f" ones outlive Cloudflare's root, which ends on {ROOT_ENDS.isoformat()}."
    )
    return _input("validity", "The certificate lasts", element, hint)


def _until(today: date, days: int) -> str:
    replaced = today + timedelta(days=days - REPLACED_DAYS)
    beyond = " (after the root's end)" if today + timedelta(days=days) > ROOT_ENDS else ""
    return f"Platform.sh would replace it on {replaced.isoformat()}{beyond}"


def _window(given: Answers) -> list[Block]:
    """What can cause an outage begins only between these; both or none."""
    made = []
    ends = (("window_from", "Maintenance window from", given.window_from),
            ("window_until", "until", given.window_until))  # fmt: skip
    for block, label, entered in ends:
        element: Block = {
            "type": "plain_text_input", "action_id": block, "max_length": 20,
            "placeholder": plain(window_words.HINT, 150),
        }  # fmt: skip
        if entered:
            element["initial_value"] = entered[:20]
        hint = "In your own time zone. Steps that can cause an outage begin only inside it."
        made.append({**_input(block, label, element, hint), "optional": True})
    return made


def _access(environments: Sequence[Option], project: str) -> Block:
    element: Block = {
        "type": "checkboxes", "action_id": "access",
        "options": [option(e.value, e.label) for e in environments[:10]],
    }  # fmt: skip
    block = _input(
        _of("access", project), "Protect these with HTTP access too", element,
        "Basic auth with the password from the settings; each is deployed again.",
    )  # fmt: skip
    return {**block, "optional": True}
