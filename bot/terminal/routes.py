"""`python app.py routes FILE`: the edit of a routes file, on standard output. It is not touched."""

import sys
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import click

from steps.errors import EditError
from steps.routes import Finding, RouteEntry, findings, require, routes, undo
from steps.routes_directory import decoded
from steps.routes_read import sections

Ask: TypeAlias = Literal["require", "undo", "check"]
BAD_FILE = 2


def asked(flag: str | None) -> Ask:
    """What the flags ask for; to put it in when there is none."""
    match flag:
        case "undo" | "check":
            return flag
        case _:
            return "require"


def show(file: str, ask: Ask, *, ca_path: str) -> None:
    """Print the edited text byte for byte, or with ``check`` a table of routes and findings.

    A file that is not edited: nothing on standard output, its place and what is wrong on standard
    error, exit 2. What keeps the site open though its file is edited (a route without TLS) is
    told beside the edit. ``check`` ends with 1 when a finding blocks the step.
    """
    try:
        text = decoded(Path(file).read_bytes())
        if ask == "check":
            _check(file, text, ca_path)
        elif ask == "undo":
            _write(undo(text, ca_path=ca_path).text)
        else:
            _require(file, text, ca_path)
    except EditError as refused:
        _bad(f"{_place(file, refused.line, refused.column)}: {refused.for_people}", refused.hint)
    except OSError as wrong:
        _bad(f"{file}: {wrong.strerror or 'it cannot be read'}")


def _require(file: str, text: str, ca_path: str) -> None:
    found = findings(text, ca_path=ca_path)
    stopping = [finding for finding in found if finding.stops_the_edit]
    if stopping:
        _bad(*(_line(file, finding) for finding in stopping))
    edited = require(text, ca_path=ca_path)
    _write(edited.text)
    for finding in found:
        click.echo(_line(file, finding), err=True)
    if not edited.exact:
        click.echo(f"{file}: keep the file from before; --undo cannot give it back byte for byte.",
                   err=True)  # fmt: skip


def _check(file: str, text: str, ca_path: str) -> None:
    found = findings(text, ca_path=ca_path)
    kinds = {part.kind for part in sections(text)} or {"upsun"}
    rows = [("ROUTE", "TYPE", "TO", "CLIENT AUTHENTICATION", "LINE"), *map(_row, routes(text))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    click.echo("Upsun configuration" if "upsun" in kinds else "Platform.sh routes file")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    for finding in found:
        click.echo(_line(file, finding))
    if any(finding.blocking for finding in found):
        sys.exit(1)


def _row(route: RouteEntry) -> tuple[str, str, str, str, str]:
    included = (authority.path or "a certificate" for authority in route.authorities)
    closed = f"{route.client_authentication or 'none'} {', '.join(included)}".strip()
    return route.url, route.type, route.target, closed, str(route.line)


def _line(file: str, finding: Finding) -> str:
    mark = "" if finding.blocking else "note: "
    where = _place(file, finding.line, finding.column)
    return f"{where}: {mark}{finding.message} {finding.hint}".rstrip()


def _place(file: str, line: int, column: int) -> str:
    """The whole file is its first character, so that an editor can follow every message."""
    return f"{file}:{line or 1}:{column or 1}"


def _write(text: str) -> None:
    """Bytes, since a stream of text would translate line breaks."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def _bad(*lines: str) -> NoReturn:
    for line in lines:
        if line:
            click.echo(line, err=True)
    sys.exit(BAD_FILE)
