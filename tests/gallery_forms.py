"""Every form of the gallery, in each state, and what its lists offer while somebody types."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from bot.engine.preview import Preview
from bot.engine.state import RunState
from bot.slack import policy_form, reasons, start_form
from bot.slack.blocks import plain
from bot.slack.start_answers import Answers
from bot.slack.start_choices import Listed
from bot.slack.start_known import asking_blocks, known_blocks, unknown_blocks
from bot.slack.suggesting import suggestions
from bot.slack.undo_form import undo_view
from bot.slack.words import Frame
from steps.errors import NotAllowed, UnknownSite
from tests.gallery_runs import BELOW, REAL, rollout
from tests.goldens import TWO
from tests.toys import NOON, SITE

Json = dict[str, Any]
Dress = Callable[[Any], Any]
TODAY = NOON.date()
REAL_FRAME = Frame(
    {key: key.replace("-", " ").capitalize() for key in (*REAL.no_downtime, *REAL.back)},
    TWO, NOON, REAL.laws,
)  # fmt: skip


class _Choice:
    def __init__(self, value: str, label: str) -> None:
        self.value = value
        self.label = label


def forms(dress: Dress) -> dict[str, Json]:
    """Every view by its name."""
    made = {**_starts(dress), **_policies(dress), **_undos(dress)}
    for act in get_args(reasons.Asked):
        about = reasons.About(act, "R1", "lamp", "f" * 64, "C1")
        made[f"reason-{act}"] = reasons.reason_view(about, _label(dress))
    return made | {f"list-{name}": _list(listed, typed) for name, (listed, typed) in
                   _lists(dress).items()}  # fmt: skip


def _label(dress: Dress) -> str:
    return str(dress({"label": "The shop"})["label"])


def _starts(dress: Dress) -> dict[str, Json]:
    site, label = dress(SITE), _label(dress)
    offer = start_form.Offer(_Choice("abc", label), _Choice("main", label), _Choice("z1", label),
                             [_Choice(f"stg-{n}", label) for n in range(12)])  # fmt: skip
    given = Answers(site.name, "abc", "main")
    windowed = replace(given, window_from=label, window_until=label, validity_days=5475)
    known = dress(Preview(SITE, ("www.example.com",), ("shop.example.com",), notes=("Shared.",)))
    told = {
        "empty": [], "asking": asking_blocks(site.name), "known": known_blocks(known),
        "alone": known_blocks(dress(Preview(SITE, ("www.example.com",)))),
        "blocked": known_blocks(dress(Preview(SITE, problems=("www.example.com is DNS-only.",)))),
        "unknown": unknown_blocks(UnknownSite(label, hint=label)),
    }  # fmt: skip
    made = {
        f"start-{name}": start_form.form_view("C1", given, offer, today=TODAY, known=blocks)
        for name, blocks in told.items()
    }
    made["start-loading"] = start_form.loading_view("C1")
    made["start-window"] = start_form.form_view("C1", windowed, offer, today=TODAY)
    made["start-home"] = start_form.form_view("", Answers(), start_form.Offer(), today=TODAY)
    return made


def _policies(dress: Dress) -> dict[str, Json]:
    site, label = dress(SITE), _label(dress)
    groups = (("S1", label), *((f"S{n}", label) for n in range(2, 130)))
    return {
        "policy-loading": policy_form.loading_view(site, "C1"),
        "policy-refused": policy_form.refused_view(site, "C1", NotAllowed(label)),
        "policy": policy_form.form_view(site, "C1", TWO, groups[:2]),
        "policy-many-groups": policy_form.form_view(site, "C1", TWO, groups),
        "policy-unasked-groups": policy_form.form_view(site, "C1", TWO, None),
        "policy-no-groups": policy_form.form_view(site, "C1", BELOW, ()),
    }


def _undos(dress: Dress) -> dict[str, Json]:
    """With one choice, with some, and with more than one set of radio buttons takes."""
    runs: dict[str, RunState] = {"one": rollout(2), "some": rollout(4), "many": rollout()}
    return {
        f"undo-{name}": undo_view(REAL_FRAME, dress(state), REAL, "C1")
        for name, state in runs.items()
    }


def _lists(dress: Dress) -> dict[str, tuple[Listed, str]]:
    label = _label(dress)
    many = tuple(_Choice(f"project{n}", f"{n} {label}") for n in range(150))
    return {
        "some": (Listed(many[:3], "known"), ""),
        "many": (Listed(many, "known"), ""),
        "typed": (Listed(many, "known"), "project7"),
        "asking": (Listed((), "asking", f"{label} is being asked. Type on."), ""),
        "trouble": (Listed(many[:1], "trouble", f"{label} could not be asked: {label}"), ""),
        "none": (Listed((), "known"), ""),
        "nothing-fits": (Listed(many, "known"), label),
    }


def _list(listed: Listed, typed: str) -> Json:
    """The options in a view, for an answer to a suggestion is no view of its own."""
    element: Json = {
        "type": "static_select", "action_id": "project",
        "options": suggestions(listed, typed, free=True),
    }  # fmt: skip
    asked: Json = {
        "type": "input", "block_id": "project", "label": plain("Platform.sh project", 2000),
        "element": element,
    }  # fmt: skip
    return {**start_form.loading_view("C1"), "blocks": [asked], "submit": plain("Start", 24)}
