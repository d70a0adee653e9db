"""Modals and home tabs: the record of one view and what a person typed into it."""

import copy
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.messages import elements
from sandbox.slack.people import APP, BOT, TEAM
from sandbox.slack.refusals import Json

Inputs = dict[tuple[str, str], Any]
"""State entries by (block_id, action_id), in the form of `state.values`."""


@dataclass(slots=True)
class View:
    """One view of one person. `body` is what the app sent, with ids filled in."""

    id: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str | None = None
    inputs: Inputs = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    suggested: dict[str, list[Json]] = field(default_factory=dict)
    """The options that were last offered, by action id."""

    def as_json(self) -> Json:
        optional = {"callback_id": "", "external_id": "", "private_metadata": "", "submit": None}
        flags = {"close": None, "clear_on_close": False, "notify_on_close": False}
        told: Json = {**optional, **flags, **copy.deepcopy(self.body), "id": self.id}
        told |= {"team_id": TEAM, "app_id": APP, "app_installed_team_id": TEAM, "bot_id": BOT}
        told |= {"hash": self.hash, "root_view_id": self.root, "previous_view_id": self.previous}
        return told | {"state": {"values": values(self.body["blocks"], self.inputs)}}

    def replace(self, body: Json, new_hash: str) -> None:
        """A new body; what was typed stays where block, element and kind stayed the same."""
        kinds = _kinds(body["blocks"])
        before = _kinds(self.body["blocks"])
        self.inputs = {k: v for k, v in self.inputs.items() if kinds.get(k) == before.get(k)}
        self.body, self.hash, self.errors = body, new_hash, {}


def _kinds(blocks: list[Json]) -> dict[tuple[str, str], str]:
    return {(b["block_id"], e["action_id"]): e["type"] for b in blocks for e in elements(b)}


STATEFUL = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
}
"""Kinds that have state: the key in `state.values` and the key of the first value."""


def values(blocks: list[Json], inputs: Inputs) -> Json:
    """`state.values`: what was typed, else the initial value, else null."""
    found: Json = {}
    for block in blocks:
        for each in elements(block):
            if each["type"] in STATEFUL:
                at = (block["block_id"], each["action_id"])
                found.setdefault(at[0], {})[at[1]] = inputs.get(at) or _first(each)
    return found


def _first(element: Json) -> Json:
    key, initial = STATEFUL[element["type"]]
    empty: Any = [] if key in ("selected_options", "selected_users") else None
    return {"type": element["type"], key: copy.deepcopy(element.get(initial, empty))}


class NotThere(LookupError):
    """A person cannot press or choose what is not on their screen."""


def find(blocks: list[Json], action_id: str, block_id: str | None = None) -> tuple[Json, Json]:
    """The block and the element with this action id; unique unless `block_id` says which."""
    found = [
        (block, each)
        for block in blocks
        for each in elements(block)
        if each["action_id"] == action_id and block_id in (None, block["block_id"])
    ]
    if len(found) != 1:
        raise NotThere(f"{len(found)} elements with action_id {action_id!r} in {block_id or 'all'}")
    return found[0]


def chosen(element: Json, value: Any, suggested: list[Json] | None = None) -> Json:
    """The state entry after a person gave `value`: a text, an option's value, or an option."""
    key = STATEFUL[element["type"]][0]
    if key == "selected_option":
        value = None if value is None else _pick(element, value, suggested)
    elif key == "selected_options":
        value = [_pick(element, each, suggested) for each in value]
    return {"type": element["type"], key: value}


def _pick(element: Json, value: Any, suggested: list[Json] | None) -> Json:
    if isinstance(value, dict):
        return value
    groups = element.get("option_groups", [{"options": element.get("options", suggested or [])}])
    for option in (o for group in groups for o in group["options"]):
        if option["value"] == value:
            return dict(option)
    raise NotThere(f"no option {value!r} in {element['action_id']!r}")


def missing(blocks: list[Json], inputs: Inputs) -> dict[str, str]:
    """What Slack's own client refuses before it sends: required fields left empty, lengths."""
    found = {}
    state = values(blocks, inputs)
    for block in (b for b in blocks if b["type"] == "input"):
        element = block["element"]
        entry = state[block["block_id"]][element["action_id"]]
        given = entry[STATEFUL[element["type"]][0]]
        if not given and not block.get("optional"):
            found[block["block_id"]] = "Please complete this required field."
        elif isinstance(given, str) and given and (word := _length(element, given)):
            found[block["block_id"]] = word
    return found


def _length(element: Json, given: str) -> str:
    if len(given) < element.get("min_length", 0):
        return f"Enter at least {element['min_length']} characters."
    if len(given) > element.get("max_length", 3000):
        return f"Enter at most {element.get('max_length', 3000)} characters."
    return ""
