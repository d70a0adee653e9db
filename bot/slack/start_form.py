"""The modal that opens a run: what it asks, and what comes of the answers. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.engine.ports import Option
from bot.slack.blocks import Block, context, escape, option, plain, section
from bot.slack.inbox import host_name
from steps.step import Order

CALLBACK = "start"
ROOT_ENDS = date(2029, 8, 15)
"""The end of Cloudflare's Origin CA roots (checked in the reference of the certificates)."""
REPLACED_DAYS = 7
VALIDITIES = (90, 365, 730, 1095, 5475)
_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_MOST_OPTIONS, _LONGEST_VALUE = 100, 150
PROJECT = "project"
"""The action of the list of projects; picking one asks for its environments."""
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody has entered."""

    site: str
    project: str
    environment: str
    order: Order
    validity_days: int
    access_environments: tuple[str, ...]


def loading_view(channel: str) -> dict[str, Any]:
    """Opened at once: a trigger lives three seconds, and the projects take longer."""
    return {**_frame(channel), "blocks": [section("Asking Platform.sh for your projects …")]}


def form_view(
    channel: str, *, site: str, projects: Sequence[Option], environments: Sequence[Option],
    trouble: str, today: date, picked: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The form; `environments` are those of the project that was `picked`, or of the only one.

    Without a list of projects (or with a very long one) the id is typed.
    """
    environments = [e for e in environments if len(e.value) <= _LONGEST_VALUE]
    blocks = [
        _site(site), *_project(projects), _environment(environments, picked), _order(),
        _days(today),
    ]  # fmt: skip
    if trouble:
        blocks.insert(0, context(escape(trouble)))
    others = [o for o in environments if "production" not in o.label]
    if others:
        blocks.append(_access(others, picked))
    return {
        **_frame(channel), "blocks": blocks, "submit": plain("Start", 24),
    }  # fmt: skip


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


def _site(site: str) -> Block:
    element: Block = {
        "type": "plain_text_input", "action_id": "site", "max_length": _LONGEST_NAME,
        "placeholder": plain("www.example.com", 150),
    }  # fmt: skip
    if site:
        element["initial_value"] = site[:_LONGEST_NAME]
    return _input("site", "Site", element, "A host name of the site; its zone is found by itself.")


def _project(projects: Sequence[Option]) -> list[Block]:
    """Picked from what the token sees, or typed: a token may not see all that it can change."""
    typed: Block = {"type": "plain_text_input", "action_id": "typed", "max_length": 60}
    if not projects or len(projects) > _MOST_OPTIONS:
        return [_input(PROJECT, "Platform.sh project (its id)", typed)]
    options = [option(p.value, p.label) for p in projects]
    picked: Block = {"type": "static_select", "action_id": PROJECT, "options": options}
    if len(options) == 1:
        picked["initial_option"] = options[0]
    listed = _input(PROJECT, "Platform.sh project", picked)
    other = _input("typed", "Or its id", typed, "For a project that is not in the list.")
    return [
        {**listed, "dispatch_action": True, "optional": True}, {**other, "optional": True},
    ]  # fmt: skip


def _of(name: str, picked: str) -> str:
    """A block's id for one project: another project's choice must not stay in it."""
    return f"{name}.{picked}" if picked else name


def _environment(environments: Sequence[Option], project: str) -> Block:
    label, hint = "Environment", "Its production environment, usually main."
    if not environments or len(environments) > _MOST_OPTIONS:
        typed: Block = {
            "type": "plain_text_input",
            "action_id": "environment",
            "initial_value": "main",
        }
        return _input("environment", label, typed, hint)
    options = [option(e.value, e.label) for e in environments]
    picked: Block = {
        "type": "static_select", "action_id": "environment", "options": options,
        "initial_option": options[0],
    }  # fmt: skip
    return _input(_of("environment", project), label, picked, hint)


def _order() -> Block:
    options = [
        option("no-downtime", "No downtime", "Presents the certificate before it is asked for."),
        option("published", "As published", "Visitors are refused in between: plan two hours."),
    ]
    element: Block = {
        "type": "radio_buttons", "action_id": "order", "options": options,
        "initial_option": options[0],
    }  # fmt: skip
    return _input("order", "Order of the steps", element)


def _days(today: date) -> Block:
    options = [option(str(days), f"{days} days", _until(today, days)) for days in VALIDITIES]
    element: Block = {
        "type": "static_select", "action_id": "validity", "options": options,
        "initial_option": options[1],
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


def answers(values: Mapping[str, Mapping[str, Any]]) -> Answers:
    """The entered values of a submission."""
    return Answers(
        site=host_name(_entered(values, "site")),
        project=(_entered(values, "typed") or _entered(values, PROJECT)).strip(),
        environment=_entered(values, "environment").strip(),
        order="published" if _entered(values, "order") == "published" else "no-downtime",
        validity_days=int(_entered(values, "validity") or 365),
        access_environments=_checked(values),
    )


def problems(given: Answers) -> dict[str, str]:
    """What is wrong with the answers, by block id; empty when they can be used."""
    found = {}
    if not _HOST.fullmatch(given.site):
        found["site"] = "Enter a host name, like www.example.com."
    if not re.fullmatch(r"[a-z0-9]{3,60}", given.project):
        found["project"] = "Enter the project's id, as the console shows it."
    if not given.environment:
        found["environment"] = "Enter the environment's name."
    return found


def at_blocks(wrong: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The problems by the ids that their blocks have in this form; Slack takes no other."""
    return {
        next((block for block in values if _is(block, name)), name): words
        for name, words in wrong.items()
    }


def _is(block: str, name: str) -> bool:
    return block.partition(".")[0] == name


def _element(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found = next((fields for block, fields in values.items() if _is(block, name)), {})
    return next(iter(found.values()), {})


def _entered(values: Mapping[str, Mapping[str, Any]], name: str) -> str:
    element = _element(values, name)
    chosen = element.get("selected_option") or {}
    return str(element.get("value") or chosen.get("value") or "")


def _checked(values: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    element = _element(values, "access")
    return tuple(str(o["value"]) for o in element.get("selected_options") or [])
