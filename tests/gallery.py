"""Every card, modal and home view in each state, plain and with the worst content there can be.

`python -m tests.gallery` writes the snapshots anew: a line and a digest each in `gallery.json`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from bot.engine.forecast import Forecast, ForecastLine
from bot.engine.preview import Preview
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import policy_form, reasons, start_form, status
from bot.slack.blocks import Card
from bot.slack.cards import run_messages, task_card
from bot.slack.deciding import private_copy
from bot.slack.home import Seen, home_view
from bot.slack.start_answers import Answers
from bot.slack.start_known import asking_blocks, known_blocks, unknown_blocks
from bot.slack.unseen import moved_card, refused_words, unseen_words
from steps.errors import AlreadyDecided, Denied, UnknownSite
from steps.step import Row, Verdict
from tests.goldens import CLOSED, FRAME, PLAN, TWO, states
from tests.toys import NOON, SITE

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


def cases() -> dict[str, Json]:
    """Every payload by ``words/kind/state/card``: a message's text and blocks, or a view."""
    found: dict[str, Json] = {}
    for kind, (words, times) in WORDS.items():
        for name, made in _payloads(lambda value, w=words, t=times: dressed(value, w, t)):  # type: ignore[misc]
            found[f"{kind}/{name}"] = made
    return found


def _payloads(dress: Callable[[Any], Any]) -> list[tuple[str, Json]]:
    runs = {name: dress(state) for name, state in states().items()}
    made = [
        (f"card/{name}/{key}", _message(card))
        for name, state in runs.items() for key, card in run_messages(FRAME, state).items()
    ]  # fmt: skip
    made += [(f"answer/{name}", _message(card)) for name, card in _answers(dress, runs).items()]
    made += [(f"modal/{name}", view) for name, view in _modals(dress).items()]
    return [*made, *((f"home/{name}", view) for name, view in _homes(dress, runs).items())]


def _message(card: Card) -> Json:
    return {"text": card.text, "blocks": list(card.blocks)}


CLOSED_SITE = SiteEntry(
    SITE.project, SITE.environment, SITE.name, SITE.zone, (SITE.name, "shop.example.com"), "R1",
    requires=True, access="closed", seen_at=NOON, ends="2027-01-20",
)  # fmt: skip
SITES = (
    CLOSED_SITE, replace(CLOSED_SITE, access="open"),
    replace(CLOSED_SITE, access="unknown", seen_at=None, ends=""),
    replace(CLOSED_SITE, ends="2026-01-01"),
    replace(CLOSED_SITE, drift=("SSL/TLS mode is full, and was left as strict.",)),
)  # fmt: skip


def _answers(dress: Callable[[Any], Any], runs: Mapping[str, RunState]) -> dict[str, Card]:
    forecast = dress(Forecast(SITE, (
        ForecastLine("preflight", "Preflight", evidence=("Two hosts.",)),
        ForecastLine("lamp", "The lamp", plan=PLAN),
        ForecastLine("bell", "The bell", skipped=("It rings.",)),
        ForecastLine("probe", "Probe", problem="It did not answer."),
    )))  # fmt: skip
    sites = dress(SITES)
    rows = dress(tuple(Row(f"h{n}.example.com at 192.0.2.1:443", "closed") for n in range(100)))
    several = [runs["shown"], runs["failed"], runs["paused"]]
    return {
        "help": say.help_card(),
        "refusal": say.refusal_card(dress(_refused())),
        "decided": say.refusal_card(AlreadyDecided("Already approved by <@U2>.")),
        "forecast": say.forecast_card(forecast),
        "probe": say.probe_card(dress(SITE), replace(dress(CLOSED), rows=rows)),
        "probe-open": say.probe_card(dress(SITE), dress(Verdict("failed", ("It answered.",)))),
        "status": status.overview_card(FRAME, several, sites),
        "status-none": status.overview_card(FRAME, [], []),
        "status-site": status.site_card(FRAME, sites[0], runs["waiting"]),
        "status-unseen": status.site_card(
            FRAME,
            sites[0],
            runs["shown"],
            f"Its messages do not reach {refused_words(runs['shown'], 'is_archived')}",
        ),
        "status-copy": private_copy(task_card(FRAME, runs["shown"], runs["shown"].tasks[0])),
        "unseen": say.told_card(unseen_words(runs["shown"], "not_in_channel")),
        "moved": moved_card(),
        "list-none": status.list_card(FRAME, [], "failed"),
    }


def _refused() -> Denied:
    return Denied("No right.", hint="Give it.", service="cloudflare", doing="reading",
                  vendor_code="10000", request_id="ray")  # fmt: skip


def _modals(dress: Callable[[Any], Any]) -> dict[str, Json]:
    site = dress(SITE)
    label = str(dress({"label": "The shop"})["label"])
    offer = start_form.Offer(_Choice("abc", label), _Choice("main", label), None,
                             [_Choice("stg", label)])  # fmt: skip
    given = Answers(site.name, "abc", "main")
    today = NOON.date()
    known = dress(Preview(SITE, ("www.example.com",), ("shop.example.com",), notes=("Shared.",)))
    blocked = dress(Preview(SITE, problems=("www.example.com is DNS-only.",)))
    told = {
        "empty": [], "asking": asking_blocks(site.name), "known": known_blocks(known),
        "blocked": known_blocks(blocked),
        "unknown": unknown_blocks(UnknownSite(label, hint=label)),
    }  # fmt: skip
    made = {
        f"start-{name}": start_form.form_view("C1", given, offer, today=today, known=blocks)
        for name, blocks in told.items()
    }
    made["start-loading"] = start_form.loading_view("C1")
    made["start-home"] = start_form.form_view("", Answers(), start_form.Offer(), today=today)
    for act in get_args(reasons.Asked):
        about = reasons.About(act, "R1", "lamp", "f" * 64, "C1")
        made[f"reason-{act}"] = reasons.reason_view(about, label)
    made["policy"] = policy_form.form_view(SITE, "C1", TWO, (("S1", label), ("S2", label)))
    made["policy-no-groups"] = policy_form.form_view(SITE, "C1", TWO, None)
    return made


class _Choice:
    def __init__(self, value: str, label: str) -> None:
        self.value = value
        self.label = label


def _homes(dress: Callable[[Any], Any], runs: Mapping[str, RunState]) -> dict[str, Json]:
    every = tuple(state for state in runs.values() if not state.outcome)
    sites = dress(SITES)
    seen = {
        "first": Seen(nothing_yet=True, may_start=True),
        "calm": Seen(sites=sites[:1], may_start=True),
        "full": Seen((runs["shown"],), (runs["failed"],), every, sites, may_start=True),
        "guest": Seen(runs=(runs["waiting"],)),
        "unasked": Seen(unasked=3, may_start=True),
        "unknown": Seen(known=False),
        "crowded": Seen(every * 9, every * 9, every * 9, sites * 30, may_start=True),
    }
    return {name: home_view(FRAME, one) for name, one in seen.items()}


def digests() -> dict[str, str]:
    """What is compared with the snapshots: 12 hexadecimal digits for each state's payloads."""
    found: dict[str, dict[str, Json]] = {}
    for name, made in cases().items():
        found.setdefault("/".join(name.split("/")[:3]), {})[name] = made
    return {
        name: hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
        for name, made in found.items()
    }


if __name__ == "__main__":
    SNAPSHOTS.write_text(json.dumps(digests(), indent=0, sort_keys=True) + "\n")
