"""Every card, modal and home view in each state, plain and with the worst content there can be.

`python -m tests.gallery` writes the snapshots anew: a line and a digest each in `gallery.json`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.engine.state import RunState
from bot.slack.blocks import Card
from bot.slack.cards import run_messages
from bot.slack.home import Seen, home_view
from bot.slack.words import Frame
from tests.gallery_answers import SITES, answers
from tests.gallery_forms import REAL_FRAME, forms
from tests.gallery_runs import rare
from tests.goldens import FRAME, states

SNAPSHOTS = Path(__file__).parent / "unit" / "gallery.json"
Json = dict[str, Any]
Words = Callable[[str], str]
T = TypeVar("T")

FOREIGN = frozenset({
    "name", "zone", "project", "environment", "target", "before", "after", "diff", "notes",
    "accepting", "way_back", "evidence", "subject", "result", "detail", "hint", "message",
    "vendor_code", "request_id", "skipped", "reason", "delayed", "differences", "what",
    "pause_reason", "stop_reason", "lines", "seams", "hosts", "neighbours", "problems", "label",
    "accepted", "edge_hostname",
})  # fmt: skip
"""The fields whose words come from outside: vendors, DNS, repositories and people."""
_MANY = frozenset({
    "notes", "accepting", "evidence", "differences", "hosts", "neighbours", "problems", "rows",
    "lines",
})  # fmt: skip
_LABEL = "a" * 63
_LONGEST = ".".join([_LABEL, "b" * 63, "c" * 63, "d" * 55, "com"])

WORDS: Mapping[str, tuple[Words, int]] = {
    "usual": (lambda text: text, 1),
    "shortest": (lambda _: "a", 1),
    "longest": (lambda text: f"{_LONGEST} {text} {'word ' * 60}", 100),
    "names": (lambda _: "\u05d1\u05d9\u05ea.\u05d9\u05e9\u05e8\u05d0\u05dc \u202ebücher.example"
                        " \u0645\u0648\u0642\u0639.xn--p1ai", 3),
    "hostile": (lambda _: "<!channel> <@U1> *b* _i_ ~s~ `c` ```\nnext\n> q & &lt;"
                          " \u200b\u2066<https://evil.example|fine>", 3),
}  # fmt: skip
"""How foreign words are put, and how often what may be many is repeated."""


def dressed(value: T, words: Words, times: int, name: str = "") -> T:
    """The value with every foreign word put otherwise, however deep it lies."""
    made: Any = value
    if isinstance(value, str):
        made = words(value) if name in FOREIGN and value else value
    elif isinstance(value, tuple):
        found = [dressed(each, words, times, name) for each in value]
        made = tuple(found * (times if name in _MANY else 1))
    elif isinstance(value, Mapping):
        made = {key: dressed(each, words, times, key) for key, each in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        made = replace(cast("Any", value), **{
            one.name: dressed(getattr(value, one.name), words, times, one.name)
            for one in fields(value) if one.init
        })  # fmt: skip
    return cast("T", made)


def cases(kinds: Iterable[str] = tuple(WORDS)) -> dict[str, Json]:
    """Every payload by ``words/kind/state/card``: a message's text and blocks, or a view."""
    found: dict[str, Json] = {}
    seen: set[str] = set()
    for kind in kinds:
        words, times = WORDS[kind]
        for name, made in _payloads(lambda value, w=words, t=times: dressed(value, w, t)):  # type: ignore[misc]
            # What a later state shows as an earlier one did is shown once, and checked once.
            told = json.dumps(made)
            if told not in seen:
                found[f"{kind}/{name}"] = made
            seen.add(told)
    return found


def runs() -> dict[str, RunState]:
    """The usual states of a run, and the rarer ones of runs and policies."""
    return {**states(), **rare()}


def _payloads(dress: Callable[[Any], Any]) -> list[tuple[str, Json]]:
    found = {name: dress(state) for name, state in runs().items()}
    made = [
        (f"card/{name}/{key}", _message(card))
        for name, state in found.items() for key, card in run_messages(_frame(name), state).items()
    ]  # fmt: skip
    made += [(f"answer/{name}", _message(card)) for name, card in answers(dress, found).items()]
    made += [(f"modal/{name}", view) for name, view in forms(dress).items()]
    return [*made, *((f"home/{name}", view) for name, view in _homes(dress, found).items())]


def _frame(name: str) -> Frame:
    return REAL_FRAME if name.startswith("rollout") else FRAME


def _message(card: Card) -> Json:
    return {"text": card.text, "blocks": list(card.blocks)}


def _homes(dress: Callable[[Any], Any], runs: Mapping[str, RunState]) -> dict[str, Json]:
    every = tuple(runs[name] for name in states() if not runs[name].outcome)
    sites = dress(SITES)
    seen = {
        "first": Seen(nothing_yet=True, may_start=True),
        "calm": Seen(sites=sites[:1], may_start=True),
        "full": Seen((runs["shown"],), (runs["failed"],), every, sites, may_start=True),
        "policy": Seen((runs["policy-asked"], runs["moved"]), may_start=True),
        "guest": Seen(runs=(runs["waiting"],)),
        "unasked": Seen(unasked=3, may_start=True),
        "unknown": Seen(known=False),
        "crowded": Seen(every * 9, every * 9, every * 9, sites * 30, may_start=True),
    }
    return {name: home_view(FRAME, one) for name, one in seen.items()}


def digests(made_of: Mapping[str, Json]) -> dict[str, str]:
    """What is compared with the snapshots: 12 hexadecimal digits for each state's payloads."""
    found: dict[str, dict[str, Json]] = {}
    for name, made in made_of.items():
        found.setdefault("/".join(name.split("/")[:3]), {})[name] = made
    return {
        name: hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
        for name, made in found.items()
    }


if __name__ == "__main__":
    SNAPSHOTS.write_text(json.dumps(digests(cases()), indent=0, sort_keys=True) + "\n")
