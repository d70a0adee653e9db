"""`/mtls status`, `list`, `plan` and `probe`: what is asked, and nothing is changed."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from bot.engine.ports import RunEntry
from bot.slack import answers as say
from bot.slack import deciding, named
from bot.slack import status as cards
from bot.slack.blocks import Card
from bot.slack.inbox import host_name
from bot.slack.ledger import Ledger
from bot.slack.status import MOST, STATES, Listed
from bot.slack.unseen import refused_words
from steps.errors import Rejected

if TYPE_CHECKING:
    from bot.slack.desk import Desk
    from bot.slack.dispatch import Typed

_OPEN = ("open", "working", "waiting", "failed", "paused")


def status(desk: "Desk", typed: "Typed") -> None:
    """``/mtls status [site] [here]``: to whoever asked, or with `here` to the channel."""
    answer, words = _where(desk, typed)
    if not words:
        answer(overview(desk))
        return
    answer(site_status(desk, words[0]))
    site = named.site_named(desk.engine.store, words[0])
    # To the one who asked and nobody else: a card is for the thread, where all see what is decided.
    for card in deciding.cards(desk, site, typed.sent):
        typed.answer(card)


def overview(desk: "Desk") -> Card:
    """All open runs and the protected sites."""
    store = desk.engine.store
    views = [desk.engine.view(entry.run) for entry in store.runs(open_only=True)[: MOST + 1]]
    return cards.overview_card(desk.frame(), views, store.sites(MOST + 1))


def site_status(desk: "Desk", word: str) -> Card:
    """The site that has this host. Raises UnknownSite with the nearest."""
    site = named.site_named(desk.engine.store, word)
    state = desk.engine.view(site.run)
    why = Ledger(desk.engine).refused(site.run)
    unseen = f"Its messages do not reach {refused_words(state, why)}" if why else ""
    return cards.site_card(desk.frame(), site, state, unseen)


def listed(desk: "Desk", typed: "Typed") -> None:
    """``/mtls list [state] [site] [here]``."""
    answer, words = _where(desk, typed)
    state, place = "", None
    for word in words:
        if word.lower() in STATES:
            state = word.lower()
        elif "." in word or desk.engine.store.site(host_name(word)):
            site = named.site_named(desk.engine.store, word)
            place = (site.project, site.environment)
        else:
            near = get_close_matches(word.lower(), STATES, n=1)
            meant = f" Is {near[0]} meant?" if near else ""
            raise Rejected(f"There is no state {word}.{meant}", hint=f"One of {', '.join(STATES)}.")
    entries = _entries(desk, state, place)
    rows = [one for one in (_row(desk, entry) for entry in entries) if _fits(one, state)]
    answer(cards.list_card(desk.frame(), rows[: MOST + 1], " ".join(words)))


def _entries(
    desk: "Desk", state: str, place: tuple[str, str] | None
) -> tuple[RunEntry, ...]:  # fmt: skip
    """Open ones are few, and what they do is in their log; finished ones are found by an index."""
    if state in _OPEN:
        every = desk.engine.store.runs(open_only=True)
        return tuple(e for e in every if place in (None, (e.project, e.environment)))
    return desk.engine.store.newest(MOST + 1, outcome=state, place=place)


def _row(desk: "Desk", entry: RunEntry) -> Listed:
    return Listed(entry, None if entry.outcome else desk.engine.view(entry.run))


def _fits(row: Listed, state: str) -> bool:
    return state in ("", "open", row.word)


def _where(
    desk: "Desk", typed: "Typed"
) -> tuple[Callable[[Card], None], list[str]]:  # fmt: skip
    """To whom the answer goes, and the words without `here`."""
    words = [word for word in typed.words if word.lower() != "here"]
    here = len(words) < len(typed.words)
    return (desk.openly(typed.sent.response_url) if here else typed.answer), words


def plan(desk: "Desk", typed: "Typed") -> None:
    """``/mtls plan [site]``: the dry run."""
    desk.allowed("plan", typed.sent)
    site = desk.known(typed.site, typed.sent.channel_id)
    typed.answer(say.notice_card(f"Looking at {site.name}; this takes a little."))
    typed.answer(say.forecast_card(desk.outside.forecast(site)))


def probe(desk: "Desk", typed: "Typed") -> None:
    """``/mtls probe [site] [here]``: asks the origin now; what it said is kept with the site.

    Not for a host that no run knows: how an origin answers a misspelt name says nothing of it.
    """
    answer, words = _where(desk, typed)
    desk.allowed("probe", typed.sent)
    site = desk.known(host_name(words[0]) if words else "", typed.sent.channel_id)
    store = desk.engine.store
    known = store.site(site.name) is not None
    meant = "" if known else named.nearest(store, site.name)
    typed.answer(say.notice_card(f"Asking the origin of {site.name} directly.{meant}"))
    verdict = desk.outside.probe(site)
    if known:
        desk.engine.probed(site, verdict, by=typed.sent.user_id)
    answer(say.probe_card(site, verdict))
