"""The table of reason codes in `docs/probe.md`: `python -m tests.reasons` writes it anew."""

import re
from pathlib import Path
from typing import get_args

from steps.origin.reasons import MEANINGS, ClosedReason, OpenReason, UnclearReason

PAGE = Path(__file__).parent.parent / "docs" / "probe.md"
VERDICTS = {"closed": ClosedReason, "open": OpenReason, "inconclusive": UnclearReason}
_PLACE = re.compile(r"(?<=<!-- reasons -->\n).*?(?=<!-- /reasons -->)", re.DOTALL)


def with_reasons(text: str) -> str:
    """The page with the table of the code's own sentences."""
    rows = [
        f"| {verdict} | `{reason}` | {MEANINGS[reason]} |"
        for verdict, reasons in VERDICTS.items()
        for reason in get_args(reasons)
    ]
    table = "\n".join(["| verdict | reason | means |", "| --- | --- | --- |", *rows])
    return _PLACE.sub(f"{table}\n", text)


if __name__ == "__main__":
    PAGE.write_text(with_reasons(PAGE.read_text()))
