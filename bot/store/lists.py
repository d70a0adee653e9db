"""The lists beside the log, in SQLite: written with each event, made anew when they are of old."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.engine.events import Event
from bot.engine.ports import Place, RunEntry
from bot.engine.recorded import Line
from bot.engine.sites import SiteEntry, site_after
from bot.store import chain
from bot.store.database import Database
from bot.store.projection import place_of, project
from bot.store.schema import LISTS, OF_THE_LISTS, ONE_RUN, ONE_SITE

Row = tuple[Any, ...]


def follow(database: Database, stream: str, events: Iterable[Event]) -> None:
    """What these events of one stream change in the lists. Within the caller's transaction."""
    row = database.execute(ONE_RUN, [stream]).fetchone()
    entry = run_entry(row) if row else None
    sites: dict[Place, SiteEntry | None] = {}
    for event in events:
        changed = project(entry, stream, event)
        if changed is not None and changed is not entry:
            entry = changed
            _keep_run(database, entry)
        place = place_of(stream, entry)
        if place is not None:
            if place not in sites:
                sites[place] = _site(database, place)
            sites[place] = site_after(sites[place], stream, event)
    for site in sites.values():
        if site is not None:
            _keep_site(database, site)


def made_anew(database: Database) -> None:
    """Both lists from the log, when the store has those of another version (or none)."""
    if database.execute("pragma user_version").fetchone()[0] == LISTS:
        return
    database.execute("begin immediate")
    for table in ("runs", "sites", "hosts"):
        database.execute(f"drop table if exists {table}")
    for statement in OF_THE_LISTS:
        database.execute(statement)
    rows = database.execute(
        "select stream, seq, at, by, type, body, digest from events"
        " where stream not like '%/visitors' and stream not like '%/cards'"
        " order by at, stream, seq"
    ).fetchall()
    for row in rows:
        stored = Line(*row)
        follow(database, stored.stream, [chain.event(stored)])
    database.execute(f"pragma user_version = {LISTS}")
    database.execute("commit")


def run_entry(row: Row) -> RunEntry:
    """A row of `runs`."""
    run, site, zone, project_id, environment, opened_at, outcome = row
    opened = datetime.fromisoformat(opened_at)
    return RunEntry(run, site, zone, project_id, environment, opened, outcome)


def site_entry(row: Row) -> SiteEntry:
    """A row of `sites`."""
    project_id, environment, name, zone, hosts, run, requires, access, seen_at, ends, drift = row
    seen = datetime.fromisoformat(seen_at) if seen_at else None
    return SiteEntry(
        project_id, environment, name, zone, tuple(hosts.split()), run, bool(requires), access,
        seen, ends, tuple(drift.splitlines()),
    )  # fmt: skip


def _site(database: Database, place: Place) -> SiteEntry | None:
    row = database.execute(ONE_SITE, list(place)).fetchone()
    return site_entry(row) if row else None


def _keep_run(database: Database, entry: RunEntry) -> None:
    database.execute(
        "insert into runs values (?, ?, ?, ?, ?, ?, ?)"
        " on conflict (run) do update set outcome = excluded.outcome",
        [
            entry.run, entry.site, entry.zone, entry.project, entry.environment,
            entry.opened_at.isoformat(), entry.outcome,
        ],
    )  # fmt: skip


def _keep_site(database: Database, site: SiteEntry) -> None:
    place = [site.project, site.environment]
    database.execute(
        "insert or replace into sites values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *place, site.name, site.zone, " ".join(site.hosts), site.run, int(site.requires),
            site.access, site.seen_at.isoformat() if site.seen_at else "", site.ends,
            "\n".join(site.drift),
        ],
    )  # fmt: skip
    database.execute("delete from hosts where project = ? and environment = ?", place)
    for host in dict.fromkeys(site.hosts):
        database.execute("insert into hosts values (?, ?, ?)", [host, *place])
