"""The lists beside the log: runs and sites, as far as one event changes them.

Rebuilt from the log by a test, and equal.
"""

from dataclasses import dataclass, field, replace

from bot.engine import events as e
from bot.engine.ports import Place, RunEntry
from bot.engine.sites import SiteEntry, site_after

_SITES = "site/"


def project(entry: RunEntry | None, run: str, event: e.Event) -> RunEntry | None:
    """The entry of `run` after `event`; the same object when the event does not touch it."""
    if isinstance(event, e.RunOpened):
        site = event.site
        return RunEntry(
            run, site.name, site.zone, site.project, site.environment, event.at, outcome=""
        )
    if entry is not None and isinstance(event, e.RunClosed):
        return replace(entry, outcome=event.outcome)
    if entry is not None and isinstance(event, e.UndoAsked):
        return replace(entry, outcome="")
    return entry


def place_of(stream: str, entry: RunEntry | None) -> Place | None:
    """The site that a stream's events tell of; None for visitors, cards and other streams."""
    if entry is not None:
        return entry.project, entry.environment
    if stream.startswith(_SITES):
        project_id, _, environment = stream.removeprefix(_SITES).partition("/")
        return project_id, environment
    return None


@dataclass
class Lists:
    """Both lists in memory: the memory store's, and what a rebuilt one is compared with."""

    runs: dict[str, RunEntry] = field(default_factory=dict)
    sites: dict[Place, SiteEntry] = field(default_factory=dict)

    def add(self, stream: str, event: e.Event) -> None:
        """One more event."""
        entry = project(self.runs.get(stream), stream, event)
        if entry is not None:
            self.runs[stream] = entry
        place = place_of(stream, entry)
        if place is None:
            return
        site = site_after(self.sites.get(place), stream, event)
        if site is not None:
            self.sites[place] = site
