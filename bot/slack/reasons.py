"""The form that asks why: what is declined, stopped or skipped has its reason in the log. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bot.slack.blocks import context, escape, plain
from bot.slack.values import SEPARATOR
from steps.errors import Rejected

CALLBACK, INPUT = "reason", "reason"
Asked: TypeAlias = Literal["decline", "stop", "skip"]
_WORDS: Mapping[Asked, tuple[str, str, str]] = {
    "decline": ("Decline", "Why not?", "Nothing is written, and the step waits for a retry."),
    "stop": ("Stop the run", "Why stop?", "What was done stays as it is; nothing more is done."),
    "skip": ("Skip the step", "Why skip it?", "The step is left out of this run."),
}
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class About:
    """What the reason is for; it travels in the form and comes back with it."""

    act: Asked
    run: str
    step: str
    fingerprint: str
    channel: str
    """Where whoever is asked gets the answer."""


def reason_view(about: About, title: str) -> dict[str, Any]:
    """The form, opened at once: whether the person may is decided when it comes back."""
    name, question, means = _WORDS[about.act]
    element = {
        "type": "plain_text_input", "action_id": "reason", "multiline": True, "min_length": 3,
        "max_length": _LONGEST,
    }  # fmt: skip
    asked = {
        "type": "input", "block_id": INPUT, "label": plain(question, 2000), "element": element,
        "hint": plain("It stands on the card and in the log.", 2000),
    }  # fmt: skip
    parts = (about.act, about.run, about.step, about.fingerprint, about.channel)
    return {
        "type": "modal", "callback_id": CALLBACK, "title": plain(name, 24),
        "submit": plain(name, 24), "close": plain("Not now", 24),
        "private_metadata": SEPARATOR.join(parts),
        "blocks": [context(f"{escape(title)}. {means}"), asked],
    }  # fmt: skip


def answered(view: Mapping[str, Any]) -> tuple[About, str]:
    """What the form was about, and the reason.

    Raises Rejected for a form of another version, and where there is no reason: to Slack four
    blanks are four characters.
    """
    parts = str(view.get("private_metadata", "")).split(SEPARATOR)
    act = next((known for known in _WORDS if known == parts[0]), None)
    if act is None or len(parts) != 5:  # noqa: PLR2004 - see About
        raise Rejected("This form is from another version of the bot; use the newest card.")
    given = view["state"]["values"][INPUT]["reason"]["value"] or ""
    if not str(given).strip():
        raise Rejected("Say why, in a few words.")
    return About(act, *parts[1:]), str(given).strip()
