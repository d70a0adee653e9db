"""What the bot answers one person, for the gallery: lists, probes, refusals, steering, in words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.engine import commands as c
from bot.engine.forecast import Forecast, ForecastLine
from bot.engine.itinerary import Itinerary
from bot.engine.ports import RunEntry
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState
from bot.slack import access, status
from bot.slack import answers as say
from bot.slack.blocks import Card
from bot.slack.cards import task_card
from bot.slack.deciding import private_copy
from bot.slack.handouts import picture
from bot.slack.now import offer_buttons
from bot.slack.status import STATES, Listed
from bot.slack.steered import steered
from bot.slack.unseen import moved_card, refused_words, unseen_words
from steps.errors import AlreadyDecided, Denied, RolloutError
from steps.step import Row, Verdict
from tests.gallery_forms import REAL_FRAME
from tests.gallery_runs import REAL
from tests.goldens import CLOSED, FRAME, LAWS, PLAN, TITLES
from tests.toys import NOON, SITE

Dress = Callable[[Any], Any]
Runs = Mapping[str, RunState]
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
WAY = Itinerary(tuple(TITLES)[:3], (), ("undo-lamp",), LAWS)
ACTS: tuple[access.Act, ...] = ("pause", "resume", "retry", "skip", "stop", "undo")


def answers(dress: Dress, runs: Runs) -> dict[str, Card]:
    """Every answer by its name; `runs` are dressed already."""
    words = str(dress({"label": "something"})["label"])
    return {
        "help": say.help_card(),
        "help-unknown": say.help_card(f"There is no /mtls {words}."),
        "notice": say.notice_card(f"Looking at {words}; this takes a little."),
        "picture": next(iter(picture(TITLES, runs["closed"], ()).values())),
        **_refusals(words), **_looks(dress), **_lists(dress, runs), **_now(runs), **_steered(runs),
    }  # fmt: skip


def _unseen(runs: Runs) -> dict[str, Card]:
    """Of a run whose messages reach nobody."""
    lost = f"Its messages do not reach {refused_words(runs['shown'], 'is_archived')}"
    return {
        "status-unseen": status.site_card(FRAME, CLOSED_SITE, runs["shown"], lost),
        "status-copy": private_copy(task_card(FRAME, runs["shown"], runs["shown"].tasks[0])),
        "unseen": say.told_card(unseen_words(runs["shown"], "not_in_channel")),
        "moved": moved_card(),
    }  # fmt: skip


def _refusals(words: str) -> dict[str, Card]:
    denied = Denied(words, hint=words, service="cloudflare", doing="reading", vendor_code=words,
                    request_id=words)  # fmt: skip
    return {
        "refusal": say.refusal_card(denied),
        "refusal-plain": say.refusal_card(RolloutError(words)),
        "decided": say.refusal_card(AlreadyDecided("Already approved by <@U2>.")),
        **{f"refused-{name}": say.refusal_card(kind(said, hint=hint))
           for name, (kind, said, hint) in access.SAID.items()},
    }  # fmt: skip


def _looks(dress: Dress) -> dict[str, Card]:
    forecast = dress(Forecast(SITE, (
        ForecastLine("preflight", "Preflight", evidence=("Two hosts.",)),
        ForecastLine("lamp", "The lamp", plan=PLAN),
        ForecastLine("bell", "The bell", skipped=("It rings.",)),
        ForecastLine("probe", "Probe", problem="It did not answer."),
    )))  # fmt: skip
    rows = dress(tuple(Row(f"h{n}.example.com at 192.0.2.1:443", "closed") for n in range(100)))
    unclear = Verdict("inconclusive", ("It has no route from here.",), "Ask from elsewhere.")
    return {
        "forecast": say.forecast_card(forecast),
        "probe": say.probe_card(dress(SITE), replace(dress(CLOSED), rows=rows)),
        "probe-open": say.probe_card(dress(SITE), dress(Verdict("failed", ("It answered.",)))),
        "probe-unclear": say.probe_card(dress(SITE), dress(unclear)),
    }


def _lists(dress: Dress, runs: Runs) -> dict[str, Card]:
    sites = dress(SITES)
    several = [runs["shown"], runs["failed"], runs["paused"]]
    entry = RunEntry("R1", sites[0].name, sites[0].zone, SITE.project, "main", NOON, "")
    ended = [Listed(replace(entry, outcome=one)) for one in STATES[5:]]
    every = [*(Listed(entry, state) for state in several), Listed(entry), *ended]
    return {
        "status": status.overview_card(FRAME, several, sites),
        "status-none": status.overview_card(FRAME, [], []),
        "status-many": status.overview_card(FRAME, several * 7, sites * 7),
        "status-site": status.site_card(FRAME, sites[0], runs["waiting"]),
        "status-no-run": status.site_card(FRAME, sites[0], None),
        "status-rollout": status.site_card(REAL_FRAME, sites[0], runs["rollout-begun"]),
        "list": status.list_card(FRAME, every, ""),
        "list-many": status.list_card(FRAME, every * 3, f"open {sites[0].name}"),
        **_unseen(runs),
        "list-none": status.list_card(FRAME, [], "failed"),
    }


def _now(runs: Runs) -> dict[str, Card]:
    """What can be done now: here nothing, here something, and more than a card holds."""
    first = "Always: `/mtls status`, `/mtls list`, `/mtls help`."
    yes = "Its card waits for your yes."
    one = (runs["shown"], offer_buttons(FRAME, runs["shown"], "lamp", ACTS), yes)
    none: tuple[RunState, list[Any], str] = (runs["started"], [], "")
    return {
        "now": status.now_card(FRAME, [one, none], first),
        "now-many": status.now_card(FRAME, [one] * 30, first),
        "now-nothing": status.now_card(FRAME, [], f"No run is open here. {first}"),
    }


def _steered(runs: Runs) -> dict[str, Card]:
    """What a command or a press is answered with."""
    begun = runs["rollout-begun"]
    plain: dict[str, tuple[c.Control | c.Retry, RunState]] = {
        "paused": (c.Pause("U1"), runs["paused"]), "pausing": (c.Pause("U1"), runs["pausing"]),
        "resumed": (c.Resume("U1"), runs["resumed-by"]), "stopped": (c.Stop("U1"), runs["stopped"]),
        "skipped": (c.Skip("U1", "lamp", "so"), runs["skipped-by"]),
        "retried": (c.Retry("U1", "lamp"), runs["retried"]),
    }  # fmt: skip
    told = {
        name: steered(FRAME, WAY, command, before=after, after=after)
        for name, (command, after) in plain.items()
    }
    for scope in ("run", "last"):
        told[f"undone-{scope}"] = steered(
            REAL_FRAME, REAL, c.Undo("U1", scope), before=begun, after=begun
        )
    return {f"steered-{name}": say.told_card(words) for name, words in told.items()}
