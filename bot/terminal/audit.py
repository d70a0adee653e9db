"""`python app.py audit`: a run's history from the log, and whether it is as it was written."""

import sys
from collections.abc import Mapping

import click

from bot.engine.audit import Audit, as_json_lines, as_markdown
from bot.store.auditing import audit as audited
from bot.store.sqlite import SqliteStore
from bot.terminal.environment import store_from
from bot.terminal.told import told


def audit(
    env: Mapping[str, str], run: str, *, as_json: bool, verify: bool, head: str
) -> None:  # fmt: skip
    """Print the audit, or with `verify` what the check found; exit 1 when a chain does not hold."""

    def look() -> Audit:
        store = SqliteStore(store_from(env), read_only=True)
        try:
            return audited(store, run, head=head)
        finally:
            store.close()

    found = told(look)
    if verify or head:
        click.echo(_verdict(found, head))
    elif as_json:
        click.echo(as_json_lines(found), nl=False)
    else:
        click.echo(as_markdown(found), nl=False)
    sys.exit(1 if found.findings else 0)


def _verdict(found: Audit, head: str) -> str:
    if found.findings:
        return "\n".join(found.findings)
    place = next((line.seq for line in found.lines if line.digest == head), None)
    cited = f" The digest given is that of event {place}." if place else ""
    return (
        f"Run {found.run}: all {len(found.lines)} events are as they were written.{cited}"
        f" Digest of the last: {found.head}"
    )
