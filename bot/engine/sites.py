"""What the log says of each site, kept up by one event after the other. Pure.

A site is a project's environment. The store keeps these entries beside the log, so that whoever
asks need not read it; a test rebuilds them from the log and compares.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from bot.engine import control_events as ce
from bot.engine import events as e
from steps.step import Verdict

Access: TypeAlias = Literal["unknown", "open", "closed"]
REQUIRES, RELEASES = "client-authentication", "undo-client-authentication"
LOOKED, PROBED = "preflight", "origin-probe"
CERTIFICATE, CERTIFICATE_BACK = "origin-certificate", "undo-origin-certificate"
"""The steps whose events tell something of the site itself."""


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One site, as its runs and probes have left it."""

    project: str
    environment: str
    name: str
    """As the newest run calls it."""
    zone: str
    hosts: tuple[str, ...]
    run: str
    """Its newest run."""
    requires: bool = False
    """Whether the origin may be asking for a certificate: from the first write to the proof."""
    access: Access = "unknown"
    """What was last seen from outside."""
    seen_at: datetime | None = None
    ends: str = ""
    """When its Origin CA certificate ends (ISO date), as far as a run has installed it."""
    drift: tuple[str, ...] = ()
    """What the watch found to be otherwise than its run left it, a sentence each."""


def site_after(entry: SiteEntry | None, run: str, event: e.Event) -> SiteEntry | None:
    """The entry after `event` of `run` (or of the site's own stream, with no run)."""
    if isinstance(event, e.RunOpened):
        return _opened(entry, run, event)
    if entry is None:
        return None
    match event:
        case e.StepApplied(step="preflight"):
            hosts = tuple(event.receipt.get("hosts", "").split())
            return replace(entry, hosts=hosts or entry.hosts)
        case e.StepApplied(step="origin-certificate"):
            return replace(entry, ends=event.receipt.get("not_after", "")[:10] or entry.ends)
        case e.StepStarted(step="client-authentication"):
            return replace(entry, requires=True)
        case e.StepSkipped():
            return _skipped(entry, event)
        case e.StepFinished() | e.StepFailed():
            return _ended(entry, event)
        case e.RunClosed() | ce.DriftSeen():
            return _drifted(entry, event)
        case ce.SiteProbed():
            return _seen(entry, event.verdict, event.at)
        case _:
            return entry


def _opened(entry: SiteEntry | None, run: str, event: e.RunOpened) -> SiteEntry:
    site = event.site
    fresh = SiteEntry(site.project, site.environment, site.name, site.zone, (site.name,), run)
    if entry is None:
        return fresh
    hosts = entry.hosts if site.name in entry.hosts else (*entry.hosts, site.name)
    return replace(entry, name=site.name, zone=site.zone, hosts=hosts, run=run)


def _drifted(entry: SiteEntry, event: e.RunClosed | ce.DriftSeen) -> SiteEntry:
    if isinstance(event, ce.DriftSeen):
        return replace(entry, drift=event.findings)
    return replace(entry, drift=()) if event.outcome == "closed" else entry


def _skipped(entry: SiteEntry, event: e.StepSkipped) -> SiteEntry:
    if event.asked:
        return entry
    if event.step == REQUIRES:
        return replace(entry, requires=True)
    if event.step == RELEASES and entry.access == "open":
        # Nothing of this run asks; another's may, unless the origin was seen to be open.
        return replace(entry, requires=False)
    return entry


def _ended(entry: SiteEntry, event: e.StepFinished | e.StepFailed) -> SiteEntry:
    if isinstance(event, e.StepFailed) and event.code == "way-back-taken":
        return replace(entry, requires=False, access="open", seen_at=event.at)
    if event.step == LOOKED and event.verdict is not None:
        found = {"open": "failed", "closed": "proven"}.get(event.verdict.hint)
        return _access(entry, found or "", event.at)
    if event.step == PROBED and event.verdict is not None:
        return _seen(entry, event.verdict, event.at)
    if not isinstance(event, e.StepFinished):
        return entry
    if event.step == REQUIRES:
        return _access(entry, event.verdict.state, event.at)
    if event.step == RELEASES:
        return replace(entry, requires=False, access="open", seen_at=event.at, drift=())
    return replace(entry, ends="") if event.step == CERTIFICATE_BACK else entry


def _seen(entry: SiteEntry, verdict: Verdict, at: datetime) -> SiteEntry:
    return _access(entry, verdict.state, at)


def _access(entry: SiteEntry, state: str, at: datetime) -> SiteEntry:
    """A proof says closed, its failure open; what could not be asked leaves what was known."""
    if state == "proven":
        return replace(entry, access="closed", seen_at=at)
    return replace(entry, access="open", seen_at=at) if state == "failed" else entry


def site_stream(project: str, environment: str) -> str:
    """Where the probes of a site are kept that nobody's run has made."""
    return f"site/{project}/{environment}"
