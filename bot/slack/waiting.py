"""`/mtls extend` and `/mtls window`: more time for a card, and the hours in which a run may act."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bot.engine import approvals as ap
from bot.engine.policy import ALL_POLICIES, is_policy_stream
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import inbox, presses, window_words
from bot.slack.blocks import Card, when
from bot.slack.named import run_meant, site_named
from bot.slack.words import window_told
from steps.errors import Rejected, UnknownSite

if TYPE_CHECKING:
    from bot.slack.desk import Desk

_NONE = ("off", "none")


def extend(
    desk: "Desk", sent: inbox.SlashCommand, words: Sequence[str], answer: Callable[[Card], None]
) -> None:
    """The card that waits, of the site that is named or of the only one, waits longer."""
    waiting = [s for s in _open(desk, words) if s.current and s.current.status == "shown"]
    runs = [s for s in waiting if not is_policy_stream(s.run)]
    state = _only(runs or waiting, "No card waits for a decision")
    task = state.current
    assert task is not None
    command = ap.Extend(sent.user_id, task.key, task.fingerprint)
    asked = presses.Asked("extend", command, sent.user_id, sent.team_id, state.run, task.key)
    after = presses.submit(desk, asked)
    longer = after.task(task.key)
    until = when(longer.deadline) if longer and longer.deadline else "without an end"
    answer(say.told_card(f"{desk.frame().title(task.key)} waits for a decision until {until}."))


def window(
    desk: "Desk", sent: inbox.SlashCommand, words: Sequence[str], answer: Callable[[Card], None]
) -> None:
    """``/mtls window [site] 22:00-02:00`` in the sender's time zone, or ``off``."""
    meant = run_meant(desk.engine.store, words, sent.channel_id)
    state, asked = desk.engine.view(meant.run), " ".join(meant.words)
    given = None
    if asked.lower() not in _NONE:
        start, end = window_words.both(asked)
        zone = desk.people.zone(sent.user_id)
        given = window_words.window(start, end, zone=zone, now=desk.clock())
    step = state.current.key if state.current else ""
    command = ap.SetWindow(sent.user_id, given)
    presses.submit(
        desk, presses.Asked("window", command, sent.user_id, sent.team_id, state.run, step)
    )
    answer(say.told_card(window_told(given)))


def _open(desk: "Desk", words: Sequence[str]) -> list[RunState]:
    """The open runs and policies of the named site, or of all. Raises UnknownSite."""
    store = desk.engine.store
    runs = [entry.run for entry in store.runs(open_only=True)]
    states = [desk.engine.view(stream) for stream in (*runs, *store.streams(ALL_POLICIES))]
    if not words:
        return states
    name = inbox.host_name(words[0])
    found = [s for s in states if words[0] == s.run or name in _names(s)]
    if found:
        return found
    site = site_named(store, words[0])
    place = (site.project, site.environment)
    return [s for s in states if s.site and (s.site.project, s.site.environment) == place]


def _names(state: RunState) -> tuple[str, ...]:
    return (state.site.name, state.site.zone) if state.site else ()


def _only(found: Sequence[RunState], none: str) -> RunState:
    if not found:
        raise Rejected(f"{none}.", hint="/mtls status says where each run stands.")
    if len(found) > 1:
        names = ", ".join(sorted({s.site.name for s in found if s.site}))
        raise UnknownSite(
            f"Which one is meant? There are {len(found)}: {names}.",
            hint="Name the site; a card's own button is always meant for itself.",
        )
    return found[0]
