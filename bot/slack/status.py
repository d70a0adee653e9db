"""Where runs and sites stand, as cards: from the log alone, whatever is down. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.engine.ports import RunEntry
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState, Task
from bot.slack.blocks import (
    Block,
    Card,
    actions,
    card,
    context,
    escape,
    header,
    person,
    section,
    sections,
    when,
)
from bot.slack.spans import lasted
from bot.slack.words import Frame, access_words, run_title, run_words, task_words, visitors_words

MOST = 20
"""Runs or sites on one card; more are counted, and `/mtls status` with a site tells of each."""
_HOSTS_LENGTH = 1500
STATES = (
    "open", "working", "waiting", "failed", "paused", "closed", "undone", "partly-undone",
    "stopped",
)  # fmt: skip
"""What `/mtls list` can be asked for."""
_STATE_OF = {
    "working": "working", "needs-approval": "waiting", "needs-help": "failed", "paused": "paused",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list: the run, and its state when it is open."""

    entry: RunEntry
    state: RunState | None = None

    @property
    def word(self) -> str:
        """One of `STATES`."""
        if self.state is None:
            return self.entry.outcome or "open"
        return _STATE_OF.get(self.state.status, self.state.outcome or "open")


def overview_card(frame: Frame, views: Sequence[RunState], sites: Sequence[SiteEntry]) -> Card:
    """All open runs, and the protected sites with their verdict and the days that are left."""
    blocks: list[Block] = [header("Status")]
    blocks += sections(["*Open runs*", *(_open_line(frame, s) for s in views[:MOST])] if views
                       else ["No run is open."])  # fmt: skip
    asking = [site for site in sites if site.requires]
    blocks += sections(["*Protected sites*", *(_site_line(frame, s) for s in asking[:MOST])]
                       if asking else ["No site is protected yet."])  # fmt: skip
    if len(views) > MOST or len(asking) > MOST:
        blocks.append(context("More are left out here; /mtls status with a site tells of each."))
    told = [*(_open_line(frame, s) for s in views[:MOST]), *(_site_line(frame, s) for s in asking)]
    text = " ".join(["Status.", *told]) if told else "Status. There is no run yet."
    return card(text.replace("*", "").replace("• ", ""), blocks)


def _open_line(frame: Frame, state: RunState) -> str:
    name = escape(state.site.name) if state.site else state.run
    since = since_words(state.current, frame.now)
    return f"• *{name}*: {run_words(frame, state)}{since} ({state.run})"


def since_words(task: Task | None, now: datetime) -> str:
    """Since when somebody is awaited, or the step is at work; empty where nothing began."""
    if task is None:
        return ""
    since = {
        "shown": task.shown_at, "failed": task.failure.at if task.failure else None,
        "started": task.started_at, "applied": task.applied_at, "approved": task.approved_at,
    }.get(task.status)  # fmt: skip
    return f" Since {when(since)}, {lasted(now - since)}." if since else ""


def _site_line(frame: Frame, site: SiteEntry) -> str:
    seen = f"{verdict_words(site)} {days_words(site, frame.now.date())}"
    return f"• *{escape(site.name)}*: {seen}{' Not as its run left it.' if site.drift else ''}"


def verdict_words(site: SiteEntry) -> str:
    """What was last seen of its origin, and when."""
    said = {"closed": "closed", "open": "OPEN", "unknown": "not seen yet"}[site.access]
    at = f", seen {when(site.seen_at)}" if site.seen_at else ""
    return f"Origin {said}{at}."


def days_words(site: SiteEntry, today: date) -> str:
    """How long its certificate still lasts."""
    if not site.ends:
        return "When its certificate ends is not on record."
    days = (date.fromisoformat(site.ends) - today).days
    if days < 0:
        return f"Its certificate ended on {site.ends}."
    return f"Its certificate lasts {days} more days, until {site.ends}."


def site_card(
    frame: Frame, site: SiteEntry, state: RunState | None, unseen: str = ""
) -> Card:  # fmt: skip
    """One site: where it stands, who is awaited since when, what was seen last.

    `unseen` says where the run's messages do not reach anybody.
    """
    name = escape(site.name)
    where = run_words(frame, state) if state else ""
    if state is not None and not state.outcome:
        where += since_words(state.current, frame.now)
    where = f"{where} {unseen}".strip()
    seen = f"{verdict_words(site)} {days_words(site, frame.now.date())}"
    blocks: list[Block] = [header(f"Status of {site.name}"), section(f"{where}\n{seen}".strip())]
    if state is not None:
        opened = f" Started by {person(state.starter)}"
        opened += f" {when(state.opened_at)}." if state.opened_at else "."
        blocks.append(context(f"{access_words(state)} {visitors_words(state)}{opened}"))
        blocks += sections([f"• {frame.title(t.key)}: {task_words(state, t)}" for t in state.tasks])
    drift = [f"• {escape(one)}" for one in site.drift if site.requires]
    blocks += sections(["*Not as its run left it*", *drift]) if drift else []
    blocks.append(context(escape(
        f"Hosts: {hosts_words(site.hosts)} · zone {site.zone} · project {site.project}"
        f" · {site.environment} · run {site.run}"
    )))  # fmt: skip
    told = " ".join([f"{name}: {where} {seen}", *drift])
    return card(told.replace("*", "").replace("• ", ""), blocks)


def hosts_words(hosts: Sequence[str]) -> str:
    """As many hosts as fit, and how many there are beside them."""
    told: list[str] = []
    for host in hosts:
        if sum(map(len, told)) + len(host) > _HOSTS_LENGTH:
            break
        told.append(host)
    more = f" and {len(hosts) - len(told)} more" if len(told) < len(hosts) else ""
    return f"{', '.join(told)}{more}"


def list_card(frame: Frame, found: Sequence[Listed], asked: str) -> Card:
    """The runs of a state, newest first."""
    title = f"Runs: {asked}" if asked else "Runs"
    said = escape(title)
    if not found:
        return card(f"{said}: there are none.", [header(title), section("There are none.")])
    lines = [_list_line(frame, one) for one in found[:MOST]]
    blocks = [header(title), *sections(lines)]
    if len(found) > MOST:
        blocks.append(context("Older ones are left out here; name a state to see fewer."))
    return card(f"{said}. {' '.join(lines)}".replace("*", "").replace("• ", ""), blocks)


def _list_line(frame: Frame, one: Listed) -> str:
    entry = one.entry
    where = ""
    if one.state is not None and one.state.current is not None:
        where = f" ({frame.title(one.state.current.key)})"
    return f"• *{escape(entry.site)}* {one.word}{where}, {entry.run}, {when(entry.opened_at)}"


def now_card(
    frame: Frame, offers: Sequence[tuple[RunState, Sequence[Block], str]], first: str
) -> Card:  # fmt: skip
    """What the asker can do now, here: a paragraph and its buttons for each run."""
    blocks: list[Block] = [header("What you can do now")]
    told = []
    for state, buttons, words in offers[:MOST]:
        line = f"*{run_title(state)}*: {run_words(frame, state)} {words}".strip()
        told.append(line)
        blocks.append(section(line))
        blocks += [actions(buttons)] if buttons else []
    blocks.append(section(first))
    text = " ".join(["What you can do now.", *told, first])
    return card(text.replace("*", "").replace("`", ""), blocks)
