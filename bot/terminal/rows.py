"""A table of what was looked at: for eyes, for pipes, and for machines."""

import json
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click


class Row(NamedTuple):
    """What was looked at, its state (``fine``, ``missing``, ``unknown``, ``moved``), what to do."""

    what: str
    state: str
    todo: str = ""


_COLOURS = {"fine": "green", "missing": "bold red", "unknown": "yellow", "moved": "yellow"}


def show(rows: Sequence[Row], *, as_json: bool = False) -> None:
    """Print to standard output: a table in a terminal, plain lines elsewhere."""
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], indent=2))
    elif sys.stdout.isatty():
        _table(rows)
    else:
        for what, state, todo in rows:
            click.echo(f"{state:<8} {what}" + (f"\n         {todo}" if todo else ""))


def _table(rows: Sequence[Row]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where somebody looks
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("what", "state", "what to do"):
        table.add_column(heading, header_style="bold", overflow="fold")
    for what, state, todo in rows:
        table.add_row(Text(what), Text(state, _COLOURS.get(state, "")), Text(todo))
    Console(highlight=False).print(table)
