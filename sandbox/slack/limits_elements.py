"""Slack's limits of texts, options and interactive elements. Each check yields findings."""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.slack.refusals import Json

Findings = Iterator[str]

ID_LENGTH = 255
URL_LENGTH = 3000
OPTION_COUNTS = {"radio_buttons": 10, "checkboxes": 10, "overflow": 5}


def too_long(value: Any, most: int, at: str) -> Findings:
    if isinstance(value, str) and len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}]"


def needed(value: Any, at: str) -> Findings:
    if not isinstance(value, str) or not value:
        yield f"must be more than 0 characters [json-pointer:{at}]"


def count(value: Any, at: str, *, least: int = 1, most: int) -> Findings:
    if not isinstance(value, list):
        yield f"must be an array [json-pointer:{at}]"
    elif len(value) < least:
        yield f"no fewer than {least} items allowed [json-pointer:{at}]"
    elif len(value) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def text(value: Any, at: str, most: int, *, plain: bool = False) -> Findings:
    """A text object of at most `most` characters; `plain` refuses mrkdwn."""
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{at}]"
        return
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield f"must be one of {', '.join(kinds)} [json-pointer:{at}/type]"
    yield from needed(value.get("text"), f"{at}/text")
    yield from too_long(value.get("text"), most, f"{at}/text")


def _option(value: Any, at: str) -> Findings:
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{at}]"
        return
    yield from text(value.get("text"), f"{at}/text", 75)
    yield from needed(value.get("value"), f"{at}/value")
    yield from too_long(value.get("value"), 150, f"{at}/value")
    if value.get("description") is not None:
        yield from text(value["description"], f"{at}/description", 75)


def options(found: Any, at: str, most: int = 100, *, least: int = 1) -> Findings:
    """A list of options; also the answer to a block suggestion."""
    yield from count(found, at, least=least, most=most)
    for n, option in enumerate(found if isinstance(found, list) else ()):
        yield from _option(option, f"{at}/{n}")


def option_groups(found: Any, at: str) -> Findings:
    yield from count(found, at, most=100)
    for n, group in enumerate(found if isinstance(found, list) else ()):
        yield from text(group.get("label"), f"{at}/{n}/label", 75, plain=True)
        yield from options(group.get("options"), f"{at}/{n}/options")


def confirm(value: Any, at: str) -> Findings:
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{at}]"
        return
    yield from text(value.get("title"), f"{at}/title", 100, plain=True)
    yield from text(value.get("text"), f"{at}/text", 300)
    yield from text(value.get("confirm"), f"{at}/confirm", 30, plain=True)
    yield from text(value.get("deny"), f"{at}/deny", 30, plain=True)
    yield from _style(value, at)


def _style(element: Json, at: str) -> Findings:
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"must be one of primary, danger [json-pointer:{at}/style]"


def _button(element: Json, at: str) -> Findings:
    yield from text(element.get("text"), f"{at}/text", 75, plain=True)
    yield from too_long(element.get("value"), 2000, f"{at}/value")
    yield from too_long(element.get("url"), URL_LENGTH, f"{at}/url")
    yield from too_long(element.get("accessibility_label"), 75, f"{at}/accessibility_label")
    yield from _style(element, at)


def _select(element: Json, at: str) -> Findings:
    if "option_groups" in element:
        yield from option_groups(element["option_groups"], f"{at}/option_groups")
    else:
        yield from options(element.get("options"), f"{at}/options")
    yield from _initial(element, at)


def _initial(element: Json, at: str) -> Findings:
    groups = element.get("option_groups", [{"options": element.get("options", [])}])
    offered = [option for group in groups for option in group.get("options", ())]
    chosen = [element["initial_option"]] if "initial_option" in element else []
    for option in [*chosen, *element.get("initial_options", ())]:
        if option not in offered:
            yield f"initial option was not found among the options [json-pointer:{at}]"


def _choices(element: Json, at: str) -> Findings:
    most = OPTION_COUNTS[element["type"]]
    yield from options(element.get("options"), f"{at}/options", most)
    yield from _initial(element, at)


def _input_text(element: Json, at: str) -> Findings:
    yield from too_long(element.get("initial_value"), 3000, f"{at}/initial_value")
    if element.get("max_length", 1) > 3000:
        yield f"must be no more than 3000 [json-pointer:{at}/max_length]"


def image(element: Json, at: str) -> Findings:
    """An image as block, accessory or context element."""
    yield from needed(element.get("alt_text"), f"{at}/alt_text")
    yield from too_long(element.get("alt_text"), 2000, f"{at}/alt_text")
    if not element.get("image_url") and not element.get("slack_file"):
        yield f"must provide image_url or slack_file [json-pointer:{at}]"
    yield from too_long(element.get("image_url"), URL_LENGTH, f"{at}/image_url")


def _nothing_more(_element: Json, _at: str) -> Findings:
    return iter(())


CHECKS: dict[str, Callable[[Json, str], Findings]] = {
    "button": _button,
    "static_select": _select,
    "multi_static_select": _select,
    "external_select": _nothing_more,
    "multi_external_select": _nothing_more,
    "users_select": _nothing_more,
    "multi_users_select": _nothing_more,
    "conversations_select": _nothing_more,
    "channels_select": _nothing_more,
    "datepicker": _nothing_more,
    "timepicker": _nothing_more,
    "datetimepicker": _nothing_more,
    "overflow": _choices,
    "radio_buttons": _choices,
    "checkboxes": _choices,
    "plain_text_input": _input_text,
    "number_input": _nothing_more,
    "email_text_input": _nothing_more,
    "url_text_input": _nothing_more,
    "image": image,
}


def element(value: Any, at: str, allowed: frozenset[str]) -> Findings:
    """One element; `allowed` names the kinds that its place takes."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in allowed or kind not in CHECKS:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from too_long(value.get("action_id"), ID_LENGTH, f"{at}/action_id")
    if value.get("placeholder") is not None:
        yield from text(value["placeholder"], f"{at}/placeholder", 150, plain=True)
    if value.get("confirm") is not None:
        yield from confirm(value["confirm"], f"{at}/confirm")
    yield from CHECKS[kind](value, at)
