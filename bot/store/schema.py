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

NO_UPDATE = """
create trigger if not exists events_are_never_changed before update on events
begin select raise(abort, 'events are append-only'); end
"""

NO_DELETE = """
create trigger if not exists events_are_never_removed before delete on events
begin select raise(abort, 'events are append-only'); end
"""

OPEN_INDEX = "create index if not exists open_runs on runs (opened_at) where outcome = ''"

STATEMENTS = (EVENTS, CLAIMS, RUNS, NO_UPDATE, NO_DELETE, OPEN_INDEX)

_RUNS = "select run, site, zone, project, environment, opened_at, outcome from runs"
ALL_RUNS = f"{_RUNS} order by opened_at desc, run desc"
OPEN_RUNS = f"{_RUNS} where outcome = '' order by opened_at desc, run desc"
STREAMS = "select distinct stream from events where stream >= ? and stream < ? order by stream"
