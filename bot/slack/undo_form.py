"""The form that asks how far an undo goes: what each choice takes back, and what is for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine.itinerary import Itinerary
from bot.engine.state import RunState
from bot.engine.undo import LAST, WHOLE, Way, standing, way_of
from bot.slack.blocks import Block, context, escape, option, plain, section, sections
from bot.slack.values import SEPARATOR
from bot.slack.words import Frame
from steps.errors import NothingToUndo, Rejected

CALLBACK, INPUT = "undo", "scope"
_MOST = 10
"""Radio buttons that Slack allows in one set."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What came back."""

    run: str
    channel: str
    scope: str


def choices(state: RunState, itinerary: Itinerary) -> dict[str, Way]:
    """Every scope that takes something else back, the smallest first. Raises Rejected if none."""
    there = standing(state, itinerary.laws)
    whole = way_of(state, WHOLE, itinerary)
    found: dict[str, Way] = {}
    if len(there) > 1:
        found[LAST] = way_of(state, LAST, itinerary)
        for key in reversed(there[:-1]):
            way = way_of(state, key, itinerary)
            if way.reach not in [one.reach for one in found.values()]:
                found[key] = way
    return {**dict(list(found.items())[: _MOST - 1]), WHOLE: whole}


def undo_view(
    frame: Frame, state: RunState, itinerary: Itinerary, channel: str
) -> dict[str, Any]:  # fmt: skip
    """The form. Whether the person may is decided when it comes back."""
    ways = choices(state, itinerary)
    options = [option(scope, *_label(frame, scope, way)) for scope, way in ways.items()]
    element: Block = {
        "type": "radio_buttons", "action_id": "scope", "options": options,
        "initial_option": options[0],
    }  # fmt: skip
    asked: Block = {
        "type": "input", "block_id": INPUT, "label": plain("How far back?", 2000),
        "element": element,
    }  # fmt: skip
    name = escape(state.site.name) if state.site else state.run
    return {
        "type": "modal", "callback_id": CALLBACK, "title": plain("Undo", 24),
        "submit": plain("Show the first", 24), "close": plain("Not now", 24),
        "private_metadata": SEPARATOR.join((state.run, channel)),
        "blocks": [section(f"*{name}*. {_PLANNED}"), asked, *_told(frame, ways)],
    }  # fmt: skip


_PLANNED = (
    "Each way back is shown with its changes and approved on its own, in the one order that refuses"
    " nobody; each is proven before the next begins."
)


def _label(frame: Frame, scope: str, way: Way) -> tuple[str, str]:
    ways = f"{len(way.tasks)} ways back" if len(way.tasks) > 1 else "one way back"
    if scope == WHOLE:
        return "The whole run", f"Everything as before, {ways}"
    if scope == LAST:
        return f"Only {frame.title(way.reach[-1])}", ways
    return f"Back to after {frame.title(scope)}", ways


def _told(frame: Frame, ways: Mapping[str, Way]) -> list[Block]:
    lines = [
        f"• *{escape(_label(frame, scope, way)[0])}*: {escape(reach_words(frame, way))}"
        for scope, way in ways.items()
    ]
    for_good = {sentence: None for way in ways.values() for sentence in way.for_good}
    told = sections(["*What goes back*", *lines])
    return [*told, *(context(f"*For good*: {escape(one)}") for one in for_good)]


def reach_words(frame: Frame, way: Way) -> str:
    """What an undo takes back, and what it takes along and why, in a sentence or two."""
    titles = ", ".join(frame.title(key) for key in way.reach) or "whatever the run has changed"
    along = " ".join(
        f"{frame.title(key)} goes back as well: {frame.title(by)} cannot go back without it."
        for key, by in way.along
    )
    return f"{titles}. {along}".strip()


def answered(view: Mapping[str, Any]) -> Chosen:
    """Which run, and how far. Raises Rejected for a form of another version."""
    run, _, channel = str(view.get("private_metadata", "")).partition(SEPARATOR)
    picked = view["state"]["values"].get(INPUT, {}).get("scope", {}).get("selected_option")
    if not run or not picked:
        raise Rejected("This form is from another version of the bot; use the newest card.")
    return Chosen(run, channel, str(picked["value"]))


def scope_of(words: tuple[str, ...], frame: Frame, state: RunState) -> str:
    """The scope that somebody typed: `last`, `run`, or `to` a step by its key or title."""
    said = " ".join(words).lower().removeprefix("to ").strip()
    if said in ("run", "all", "everything", "the whole run"):
        return WHOLE
    if said in ("last", "the last step"):
        return LAST
    for task in state.tasks:
        if said in (task.key, frame.title(task.key).lower()):
            return task.key
    keys = ", ".join(task.key for task in state.tasks)
    raise NothingToUndo(
        f"How far back is “{said}”?", hint=f"Say last, run, or to and one of: {keys}."
    )
