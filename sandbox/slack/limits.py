"""Slack's limits of blocks, messages and views, so that nothing passes here that Slack refuses."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.slack import limits_elements as elements
from sandbox.slack.limits_elements import Findings, count, needed, text, too_long
from sandbox.slack.refusals import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_LENGTH = 12_000
TABLE_CHARACTERS = 10_000

_SELECTS = frozenset({
    "static_select", "external_select", "multi_static_select", "multi_external_select",
    "users_select", "multi_users_select", "conversations_select", "channels_select",
})  # fmt: skip
_PICKERS = frozenset({"datepicker", "timepicker", "radio_buttons", "checkboxes"})
IN_ACTIONS = _SELECTS | _PICKERS | {"button", "overflow", "datetimepicker"}
IN_SECTION = IN_ACTIONS - {"datetimepicker"} | {"image"}
IN_INPUT = (_SELECTS | _PICKERS | {
    "plain_text_input", "number_input", "email_text_input", "url_text_input", "datetimepicker",
})  # fmt: skip


def _section(block: Json, at: str) -> Findings:
    if block.get("text") is None and not block.get("fields"):
        yield f"must provide text or fields [json-pointer:{at}]"
    if block.get("text") is not None:
        yield from text(block["text"], f"{at}/text", 3000)
    if block.get("fields") is not None:
        yield from count(block["fields"], f"{at}/fields", most=10)
        for n, each in enumerate(block["fields"]):
            yield from text(each, f"{at}/fields/{n}", 2000)
    if block.get("accessory") is not None:
        yield from elements.element(block["accessory"], f"{at}/accessory", IN_SECTION)


def _header(block: Json, at: str) -> Findings:
    yield from text(block.get("text"), f"{at}/text", 150, plain=True)


def _context(block: Json, at: str) -> Findings:
    yield from count(block.get("elements"), f"{at}/elements", most=10)
    for n, each in enumerate(block.get("elements") or ()):
        if each.get("type") == "image":
            yield from elements.image(each, f"{at}/elements/{n}")
        else:
            yield from text(each, f"{at}/elements/{n}", 3000)


def _actions(block: Json, at: str) -> Findings:
    yield from count(block.get("elements"), f"{at}/elements", most=25)
    found = block.get("elements") or []
    for n, each in enumerate(found):
        yield from elements.element(each, f"{at}/elements/{n}", IN_ACTIONS)
    yield from _doubles((e.get("action_id") for e in found), "action_id", f"{at}/elements")


def _input(block: Json, at: str) -> Findings:
    yield from text(block.get("label"), f"{at}/label", 2000, plain=True)
    if block.get("hint") is not None:
        yield from text(block["hint"], f"{at}/hint", 2000, plain=True)
    yield from elements.element(block.get("element"), f"{at}/element", IN_INPUT)


def _image(block: Json, at: str) -> Findings:
    yield from elements.image(block, at)
    if block.get("title") is not None:
        yield from text(block["title"], f"{at}/title", 2000, plain=True)


def _markdown(block: Json, at: str) -> Findings:
    yield from needed(block.get("text"), f"{at}/text")
    yield from too_long(block.get("text"), MARKDOWN_LENGTH, f"{at}/text")


def _rich_text(block: Json, at: str) -> Findings:
    if not isinstance(block.get("elements"), list):
        yield f"must be an array [json-pointer:{at}/elements]"


def _table(block: Json, at: str) -> Findings:
    yield from count(block.get("rows"), f"{at}/rows", most=100)
    for n, row in enumerate(block.get("rows") or ()):
        yield from count(row, f"{at}/rows/{n}", most=20)
        for m, cell in enumerate(row):
            if cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                yield f"unsupported type: {cell.get('type')} [json-pointer:{at}/rows/{n}/{m}]"
            elif cell["type"] == "raw_text":
                yield from needed(cell.get("text"), f"{at}/rows/{n}/{m}/text")
    yield from count(block.get("column_settings", []), f"{at}/column_settings", least=0, most=20)
    if _letters(block) > TABLE_CHARACTERS:
        yield f"table is too large [json-pointer:{at}/rows]"


def _letters(value: Any) -> int:
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_letters(v) for v in value.values())
    return sum(_letters(v) for v in value) if isinstance(value, list) else 0


def _divider(_block: Json, _at: str) -> Findings:
    return iter(())


_EVERYWHERE: dict[str, Callable[[Json, str], Findings]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "image": _image,
    "divider": _divider,
    "rich_text": _rich_text,
}
_IN_MESSAGES = _EVERYWHERE | {"markdown": _markdown, "table": _table}


def _doubles(ids: Iterable[Any], name: str, at: str) -> Findings:
    for found, times in Counter(i for i in ids if i).items():
        if times > 1:
            yield f"{name} {found!r} already exists [json-pointer:{at}]"


def _blocks(
    blocks: Any, at: str, kinds: dict[str, Callable[[Json, str], Findings]], most: int
) -> Findings:
    yield from count(blocks, at, least=0, most=most)
    listed = [b for b in blocks if isinstance(b, dict)] if isinstance(blocks, list) else []
    if isinstance(blocks, list) and len(listed) != len(blocks):
        yield f"must provide an object [json-pointer:{at}]"
    for n, block in enumerate(listed):
        check = kinds.get(str(block.get("type")))
        if check is None:
            yield f"unsupported type: {block.get('type')} [json-pointer:{at}/{n}/type]"
            continue
        yield from too_long(block.get("block_id"), elements.ID_LENGTH, f"{at}/{n}/block_id")
        yield from check(block, f"{at}/{n}")
    yield from _doubles((b.get("block_id") for b in listed), "block_id", at)
    if sum(b.get("type") == "table" for b in listed) > 1:
        yield f"only_one_table_allowed [json-pointer:{at}]"


def of_message(blocks: Any) -> list[str]:
    """What Slack would refuse in the blocks of a message; empty when it would take them."""
    return list(_blocks(blocks, "/blocks", _IN_MESSAGES, MESSAGE_BLOCKS))


def _modal(view: Json) -> Findings:
    yield from text(view.get("title"), "/view/title", 24, plain=True)
    for part in ("submit", "close"):
        if view.get(part) is not None:
            yield from text(view[part], f"/view/{part}", 24, plain=True)
    inputs = any(b.get("type") == "input" for b in view.get("blocks") or ())
    if inputs and view.get("submit") is None:
        yield "submit is required when an input block is present [json-pointer:/view/submit]"


def of_view(view: Any) -> list[str]:
    """What Slack would refuse in a modal or a home tab."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ["must be one of modal, home [json-pointer:/view/type]"]
    found = list(_blocks(view.get("blocks"), "/view/blocks", _EVERYWHERE, VIEW_BLOCKS))
    found += too_long(view.get("private_metadata"), 3000, "/view/private_metadata")
    for name in ("callback_id", "external_id"):
        found += too_long(view.get(name), elements.ID_LENGTH, f"/view/{name}")
    if view["type"] == "modal":
        found += _modal(view)
    return found
