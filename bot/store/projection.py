"""The list of runs, as far as one event changes it. Rebuilt from the log by a test, and equal."""

from dataclasses import replace

from bot.engine import events as e
from bot.engine.ports import RunEntry


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
