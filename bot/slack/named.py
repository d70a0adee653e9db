"""Which run or site somebody means: by any of its hosts, by the run's id, or by where they ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.engine.ports import NOTHING, EventStore, RunEntry
from bot.engine.sites import SiteEntry
from bot.slack.inbox import host_name
from steps.errors import Rejected, UnknownSite

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Meant:
    """The run, and the words behind its name."""

    run: str
    words: tuple[str, ...]


def site_named(store: EventStore, typed: str) -> SiteEntry:
    """The site that has this host. Raises UnknownSite, with the nearest host that is known."""
    name = host_name(typed)
    found = store.site(name)
    if found is None:
        raise UnknownSite(
            f"No run knows the site {name}.{nearest(store, name)}",
            hint="/mtls status names those that are known; /mtls start opens a run on another.",
        )
    return found


def nearest(store: EventStore, name: str) -> str:
    """The known host that is spelt most like it, as a question; empty when none is."""
    close = get_close_matches(name, store.hosts(), n=1)
    return f" Is {close[0]} meant?" if close else ""


def run_meant(
    store: EventStore, words: Sequence[str], channel: str, *, open_only: bool = True
) -> Meant:  # fmt: skip
    """The run of these words: named by id or host; else the only one here, or the only one.

    `open_only` false also means finished ones: this channel's newest goes before one that is open
    in another channel. Raises Rejected in words.
    """
    if words and (first := words[0]) and _names_something(store, first):
        run = first if _is_run(store, first) else _of_site(store, site_named(store, first)).run
        return Meant(run, tuple(words[1:]))
    return Meant(_only(store, channel, open_only=open_only).run, tuple(words))


def _names_something(store: EventStore, word: str) -> bool:
    """A host has a dot, and a run's id is known; anything else is a word of the command."""
    host = host_name(word)
    return "." in host or _is_run(store, word) or store.site(host) is not None


def _is_run(store: EventStore, word: str) -> bool:
    """Whether a run has this id; the streams beside runs and of sites have a slash or a colon."""
    return "/" not in word and ":" not in word and store.head(word) != NOTHING


def _of_site(store: EventStore, site: SiteEntry) -> RunEntry:
    """The site's open run, else its newest."""
    newest = store.newest(_MOST_NAMED, place=(site.project, site.environment))
    if not newest:
        raise UnknownSite(f"{site.name} has no run.", hint="/mtls start opens one.")
    return next((entry for entry in newest if not entry.outcome), newest[0])


def _only(store: EventStore, channel: str, *, open_only: bool) -> RunEntry:
    """The one that can be meant when nothing is named."""
    there = store.runs(open_only=True)
    here = [entry for entry in there if _channel(store, entry.run) == channel]
    newest = () if open_only else store.newest(_MOST_NAMED)
    ended = [one for one in newest if _channel(store, one.run) == channel][:1]
    for found in (here, ended, list(there)):
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            names = ", ".join(entry.site for entry in found[:_MOST_NAMED])
            raise UnknownSite(f"Which site is meant? Runs are open on {names}.")
    if newest:
        names = ", ".join(dict.fromkeys(entry.site for entry in newest))
        raise UnknownSite(f"Which site is meant? The newest runs are on {names}.")
    none = "No run is open." if open_only else "There is no run yet."
    raise Rejected(none, hint="/mtls start opens one.")


def _channel(store: EventStore, run: str) -> str:
    opened = store.read(run)[0]
    return str(getattr(opened, "channel", ""))
