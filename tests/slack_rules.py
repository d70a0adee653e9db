"""What Slack would say to a payload: the shapes of its own types, and the limits they miss."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from sandbox.slack import limits

SCHEMA = Path(__file__).parent / "slack_schema" / "slack-types-3.2.0.json"
Json = dict[str, Any]

UPDATE_TEXT = 4000


@cache
def _schema() -> Json:
    schema: Json = json.loads(SCHEMA.read_text())
    # `Block` takes any type with no other key: it would let a mistyped block pass.
    schema["definitions"]["AnyBlock"] = schema["definitions"]["KnownBlock"]
    return schema


def _of_its_type(
    validator: Any, any_of: list[Json], instance: Any, schema: Json
) -> Iterator[ValidationError]:
    """`anyOf` where each shape has a `type` of its own: the one that is meant is asked alone.

    Quicker than to try all, and what is told is what is wrong with the shape that is meant.
    """
    meant = [one for one in any_of if _type_of(one) == _type_in(instance) is not None]
    if len(meant) == 1:
        yield from validator.descend(instance, meant[0])
    else:
        tried = meant or any_of
        yield from Draft7Validator.VALIDATORS["anyOf"](validator, tried, instance, schema)


def _type_of(shape: Json) -> str | None:
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    found = _schema()["definitions"].get(name, shape)
    return found.get("properties", {}).get("type", {}).get("const") if found else None


def _type_in(instance: Any) -> str | None:
    return instance.get("type") if isinstance(instance, dict) else None


_TOLD_APART: Any = extend(Draft7Validator, {"anyOf": _of_its_type})  # type: ignore[no-untyped-call]


@cache
def _validator(definition: str) -> Any:
    return _TOLD_APART({**_schema(), "$ref": f"#/definitions/{definition}"})


def shape_errors(payload: Json) -> list[str]:
    """Where a message or a view departs from `@slack/types`."""
    if payload.get("type") in ("modal", "home"):
        kind = "ModalView" if payload["type"] == "modal" else "HomeView"
        return _told(_validator(kind), payload, "")
    validator = _validator("KnownBlock")
    found = enumerate(payload.get("blocks") or ())
    return [line for n, block in found for line in _told(validator, block, f"/blocks/{n}")]


def _told(validator: Any, value: Json, at: str) -> list[str]:
    error = best_match(validator.iter_errors(value))
    return [f"{error.json_path} {error.message} [{at}]"] if error else []


def violations(payload: Json) -> list[str]:
    """Every limit that a message (`text`, `blocks`) or a view breaks; empty when Slack takes it."""
    if payload.get("type") in ("modal", "home"):
        return limits.of_view(payload)
    found = limits.of_message(payload.get("blocks", []))
    text = payload.get("text")
    if not isinstance(text, str) or not text.strip():
        found.append("text is needed: notifications and screen readers read it [/text]")
    elif len(text) > UPDATE_TEXT:
        found.append(f"text is longer than an update may be, {UPDATE_TEXT} [/text]")
    return found


_OURS = re.compile(
    r"<([@#][A-Z0-9]+|!date\^\d+\^[^<>]*|!subteam\^[A-Z0-9]+|https://[^<>|]+\|[^<>|]+)>"
)


def stray_markup(payload: Json) -> list[str]:
    """Texts with markup that is not ours: a ping from outside, or a mention cut in half."""
    return [text for text in _texts(payload) if re.search("[<>]", _OURS.sub("", text))]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn" or "blocks" in value:
            yield str(value.get("text", ""))
        if value.get("type") != "plain_text":
            yield from _texts(list(value.values()))


def faults(text: str, blocks: Sequence[Json]) -> list[str]:
    """Everything that Slack or a reader would object to in a message."""
    sent = {"text": text, "blocks": list(blocks)}
    return [*violations(sent), *shape_errors(sent), *stray_markup(sent)]
