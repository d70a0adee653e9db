"""`make probe-table`: docs/probe-lab.md, from what three tools say of every case."""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from steps.origin.reasons import Verdict
from tests.contract.lab.ask import ask, wrong
from tests.contract.lab.case import Case
from tests.contract.lab.kinds import KINDS
from tests.contract.lab.others import curl_says, s_client_says
from tests.contract.lab.process import Running, missing
from tests.contract.lab.rounds import of_each

PAGE = Path(__file__).parents[3] / "docs" / "probe-lab.md"
_TITLE = re.compile(r"^## (.+)$")
_ROW = re.compile(r"^\| `(.+?)` \|")
_VERSIONS = (("curl", "--version"), ("openssl", "version"))
_MADE = re.compile(r"(?<=<!-- made -->\n).*?(?=<!-- /made -->)", re.DOTALL)
_NO_NAMES = "“No client certificate CA names sent”"


@dataclass(frozen=True, slots=True)
class Row:
    """One case and what three tools say of it."""

    kind: str
    label: str
    verdict: Verdict
    curl: str
    s_client: str
    ours: str


def rows() -> Iterator[Row]:
    """Start every kind of server and ask; ends the program when ours is wrong or one is absent."""
    for kind in KINDS:
        if absent := missing(kind):
            sys.exit(f"{kind.name}: not on this machine: {', '.join(absent)}")
        for case, said in of_each(kind, _said):
            yield Row(kind.name, case.label, case.verdict, *said)


def _said(up: Running, case: Case) -> tuple[str, str, str]:
    seen = ask(up, case)
    if faults := list(wrong(case, seen)):
        sys.exit(f"{up.kind.name}: {case.label}: {faults}")
    return curl_says(up, case), s_client_says(up, case), f"**{seen.verdict}** {seen.reason}"


def table(all_rows: Sequence[Row], versions: Iterable[str]) -> str:
    """What is counted, then a table a kind."""
    parts = [*(f"- {line}\n" for line in _lessons(all_rows)), f"\nSaid by {', '.join(versions)}.\n"]
    for kind, group in groupby(all_rows, lambda row: row.kind):
        parts.append(f"\n## {kind}\n\n| setting | curl | openssl s_client | the probe |\n")
        parts.append("| --- | --- | --- | --- |\n")
        parts += [
            f"| `{row.label}` | {row.curl} | {row.s_client} | {row.ours} |\n" for row in group
        ]
    return "".join(parts)


def with_table(text: str, made: str) -> str:
    """The page with what was made between its marks."""
    return _MADE.sub(lambda _: made, text, count=1)


def listed(text: str) -> list[tuple[str, str]]:
    """The cases of a page: kind and label, in their order."""
    kind, found = "", []
    for line in text.splitlines():
        if title := _TITLE.match(line):
            kind = title[1]
        elif row := _ROW.match(line):
            found.append((kind, row[1]))
    return found


def _lessons(all_rows: Sequence[Row]) -> Iterator[str]:
    """What the rows show, counted."""
    for name, tool in (("curl", "curl"), ("openssl s_client", "s_client")):
        closed = [getattr(row, tool) for row in all_rows if row.verdict == "closed"]
        opened = {getattr(row, tool) for row in all_rows if row.verdict == "open"}
        well = sum(said.startswith("0:") for said in closed)
        both = "; ".join(f"*{words}*" for words in sorted(opened.intersection(closed)))
        yield (
            f"`{name}` says {len(set(closed))} different things of the {len(closed)} closed cases,"
            f" and ends with exit code 0 in {well} of them. It says the same of closed and of open"
            f" ones with: {both}."
        )
    requiring = [row for row in all_rows if row.verdict == "closed" and _NO_NAMES in row.s_client]
    yield f"{len(requiring)} closed cases ask for a certificate and have {_NO_NAMES} said of them."


def _version(words: tuple[str, ...]) -> str:
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return " ".join(said.split()[:2])


if __name__ == "__main__":
    made = table(list(rows()), [_version(words) for words in _VERSIONS])
    PAGE.write_text(with_table(PAGE.read_text(), made))
