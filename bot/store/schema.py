"""The tables of the log. An event is never changed or removed; a trigger sees to it."""

EVENTS = """
create table if not exists events (
  stream text not null,
  seq integer not null check (seq > 0),
  at text not null,
  by text not null,
  type text not null,
  body text not null check (json_valid(body)),
  digest text not null,
  primary key (stream, seq)
) strict, without rowid
"""

CLAIMS = """
create table if not exists claims (
  claim text primary key,
  run text not null
) strict, without rowid
"""

RUNS = """
create table if not exists runs (
  run text primary key,
  site text not null,
  zone text not null,
  project text not null,
  environment text not null,
  opened_at text not null,
  outcome text not null
) strict
"""

SITES = """
create table if not exists sites (
  project text not null,
  environment text not null,
  name text not null,
  zone text not null,
  hosts text not null,
  run text not null,
  requires integer not null,
  access text not null,
  seen_at text not null,
  ends text not null,
  drift text not null,
  primary key (project, environment)
) strict, without rowid
"""

HOSTS = """
create table if not exists hosts (
  host text not null,
  project text not null,
  environment text not null,
  primary key (host, project, environment)
) strict, without rowid
"""

NO_UPDATE = """
create trigger if not exists events_are_never_changed before update on events
begin select raise(abort, 'events are append-only'); end
"""

NO_DELETE = """
create trigger if not exists events_are_never_removed before delete on events
begin select raise(abort, 'events are append-only'); end
"""

INDEXES = (
    "create index if not exists open_runs on runs (opened_at) where outcome = ''",
    "create index if not exists sites_of_zone on sites (zone, project, environment)",
    "create index if not exists newest_runs on runs (opened_at, run)",
    "create index if not exists runs_by_outcome on runs (outcome, opened_at, run)",
    "create index if not exists runs_by_place on runs (project, environment, opened_at, run)",
    (
        "create index if not exists asking_sites on sites (ends = '', ends, project, environment)"
        " where requires = 1"
    ),
    (
        "create index if not exists asking_sites_of_zone on sites"
        " (zone, ends = '', ends, project, environment) where requires = 1"
    ),
)
"""What keeps the lists as quick for many runs as for few."""

OF_THE_LISTS = (RUNS, SITES, HOSTS, *INDEXES)
STATEMENTS = (EVENTS, CLAIMS, NO_UPDATE, NO_DELETE, *OF_THE_LISTS)
LISTS = 2
"""The version of the lists beside the log; a store with another is given new ones from the log."""

_RUNS = "select run, site, zone, project, environment, opened_at, outcome from runs"
ALL_RUNS = f"{_RUNS} order by opened_at desc, run desc"
OPEN_RUNS = f"{_RUNS} where outcome = '' order by opened_at desc, run desc"
STREAMS = "select distinct stream from events where stream >= ? and stream < ? order by stream"
ONE_RUN = f"{_RUNS} where run = ?"

_SITES = (
    "select project, environment, name, zone, hosts, run, requires, access, seen_at, ends, drift"
    " from sites"
)
ONE_SITE = f"{_SITES} where project = ? and environment = ?"
SITES_OF_ZONE = f"{_SITES} where zone = ? order by project, environment"
_OF_HOST = "select project, environment from hosts where host = ? limit 1"
SITE_OF_HOST = f"{_SITES} where (project, environment) = ({_OF_HOST})"


def newest_runs(*, outcome: bool, place: bool) -> str:
    """The newest runs: of an outcome, of a place, and so many (in this order of parameters)."""
    wanted = [w for w, given in (("outcome = ?", outcome),
                                 ("project = ? and environment = ?", place)) if given]  # fmt: skip
    where = f" where {' and '.join(wanted)}" if wanted else ""
    return f"{_RUNS}{where} order by opened_at desc, run desc limit ?"


def asking_sites(*, zone: bool) -> str:
    """The sites whose origin asks for a certificate: of a zone, and so many."""
    where = "where zone = ? and requires = 1" if zone else "where requires = 1"
    return f"{_SITES} {where} order by ends = '', ends, project, environment limit ?"
