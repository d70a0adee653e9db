"""The checks of Slack payloads find what Slack refuses, and nothing in what it takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from slack_sdk.models.blocks import Block

from tests.slack_rules import shape_errors, violations

Json = dict[str, Any]
MANIFEST = Path(__file__).parents[1] / "slack_schema" / "manifest.schema.2.0.0.json"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "go", "text": plain("Go"), "value": "1"} | more


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def select(*options: Json) -> Json:
    return {"type": "static_select", "action_id": "s", "options": list(options)}


def table(rows: int, columns: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def section(text: str = "Text") -> Json:
    return {"type": "section", "text": mrkdwn(text)}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Start"), "blocks": list(blocks)} | more


def field(element: Json) -> Json:
    return {"type": "input", "label": plain("Site"), "element": element}


GOOD = (
    section("x" * 3000),
    {"type": "section", "fields": [mrkdwn("x" * 2000)] * 10},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    {"type": "divider"},
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A timeline"},
    actions(*(button(action_id=f"b{n}") for n in range(25))),
    actions(button(text=plain("x" * 75), value="x" * 2000, style="danger")),
    actions(select(*(option("x" * 75, f"{n:0150}") for n in range(100)))),
    table(100, 20),
)

BAD = {
    "no text": section(""),
    "3001 characters": section("x" * 3001),
    "section without text": {"type": "section"},
    "eleven fields": {"type": "section", "fields": [mrkdwn("x")] * 11},
    "a field of 2001": {"type": "section", "fields": [mrkdwn("x" * 2001)]},
    "mrkdwn header": {"type": "header", "text": mrkdwn("x")},
    "header of 151": {"type": "header", "text": plain("x" * 151)},
    "eleven in a context": {"type": "context", "elements": [mrkdwn("x")] * 11},
    "26 elements": actions(*(button(action_id=f"b{n}") for n in range(26))),
    "no elements": actions(),
    "one action id twice": actions(button(), button()),
    "button text of 76": actions(button(text=plain("x" * 76))),
    "button value of 2001": actions(button(value="x" * 2001)),
    "unknown style": actions(button(style="warning")),
    "action id of 256": actions(button(action_id="x" * 256)),
    "block id of 256": section() | {"block_id": "x" * 256},
    "confirm title of 101": actions(
        button(confirm={"title": plain("x" * 101), "text": plain("x"), "confirm": plain("y"),
                        "deny": plain("n")})
    ),
    "option value of 151": actions(select(option(value="x" * 151))),
    "option text of 76": actions(select(option("x" * 76))),
    "101 options": actions(select(*(option(value=str(n)) for n in range(101)))),
    "initial option not offered": actions(select(option()) | {"initial_option": option("Two")}),
    "table of 101 rows": table(101, 1),
    "table of 21 columns": table(1, 21),
    "image without words": {"type": "image", "image_url": "https://example.com/a", "alt_text": ""},
    "markdown of 12001": {"type": "markdown", "text": "x" * 12_001},
    "unknown block": {"type": "card9"},
}  # fmt: skip


@pytest.mark.parametrize("block", GOOD, ids=lambda b: str(b["type"]))
def test_what_slack_takes_has_no_violation(block: Json) -> None:
    """Payloads at the very limits pass both checks, and the SDK's own models."""
    payload = {"text": "t", "blocks": [block]}
    assert (violations(payload), shape_errors(payload)) == ([], [])
    for parsed in Block.parse_all([block]):
        if block["type"] != "table":
            parsed.to_dict()


@pytest.mark.parametrize("block", BAD.values(), ids=BAD.keys())
def test_each_broken_limit_is_found(block: Json) -> None:
    """One beyond the limit is one finding at least."""
    assert violations({"text": "t", "blocks": [block]}) != []


def test_limits_of_the_whole_message_are_found() -> None:
    """Fifty-one blocks, a block id twice, two tables, no text, text too long for an update."""
    divider = {"type": "divider"}
    assert violations({"text": "t", "blocks": [divider] * 50}) == []
    assert len(violations({"text": "t", "blocks": [divider] * 51})) == 1
    assert len(violations({"text": "t", "blocks": [section() | {"block_id": "a"}] * 2})) == 1
    assert len(violations({"text": "t", "blocks": [table(1, 1)] * 2})) == 1
    assert len(violations({"blocks": [divider]})) == 1
    assert len(violations({"text": "x" * 4001, "blocks": [divider]})) == 1


def test_limits_of_views_are_found() -> None:
    """Titles, submit with inputs, private metadata; markdown and tables stay out of modals."""
    text = field({"type": "plain_text_input", "action_id": "site"})
    good = modal(text, submit=plain("Start"), private_metadata="x" * 3000)
    assert (violations(good), shape_errors(good)) == ([], [])
    assert len(violations(modal(text))) == 1
    assert len(violations(modal(section(), title=plain("x" * 25)))) == 1
    assert len(violations(modal(section(), private_metadata="x" * 3001))) == 1
    assert len(violations(modal(*[section()] * 101))) == 1
    assert len(violations(modal({"type": "markdown", "text": "x"}))) == 1


@pytest.mark.parametrize(
    "block",
    [
        section() | {"colour": "red"},
        {"type": "sektion", "text": mrkdwn("x")},
        {"type": "header", "text": mrkdwn("x")},
        actions(button(style="warning")),
        {"type": "image", "image_url": "https://example.com/a.png"},
    ],
    ids=["unknown key", "unknown type", "mrkdwn header", "unknown style", "no alt text"],
)
def test_shapes_that_are_not_slacks_are_found(block: Json) -> None:
    """The schema made from Slack's types refuses what the limits do not look at."""
    assert len(shape_errors({"text": "t", "blocks": [block]})) == 1


def test_the_manifest_schema_refuses_unknown_keys_and_short_descriptions() -> None:
    """A least manifest passes; an invented key and a long_description of 174 do not."""
    validator = Draft7Validator(json.loads(MANIFEST.read_text()))
    least: Json = {"display_information": {"name": "mtls"}}
    assert validator.is_valid(least)
    assert not validator.is_valid(least | {"extra": 1})
    short = {"display_information": {"name": "mtls", "long_description": "x" * 174}}
    assert not validator.is_valid(short)
    assert not validator.is_valid(
        least | {"features": {"slash_commands": [{"command": "mtls", "description": "d"}]}}
    )
