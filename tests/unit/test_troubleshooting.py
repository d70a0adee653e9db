"""The README's table of what to do cannot lie: it is held against the errors and their advice."""

import inspect
import re
from pathlib import Path

import pytest

import app
from bot.settings import table
from bot.slack.answers import SUBCOMMANDS
from bot.slack.presses import BUTTONS
from bot.slack.troubleshooting import WHAT_TO_DO, what_to_do
from steps import errors

README = (Path(__file__).parents[2] / "README.md").read_text()
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)
         if issubclass(kind, errors.RolloutError)]  # fmt: skip
CODES = {kind.code for kind in KINDS}
STOPPING = {"error"} | {
    kind.code for kind in KINDS
    if issubclass(kind, errors.StepError | errors.ClientError | errors.EditError)
}  # fmt: skip
"""What can stop a step: steps, vendors, a routes file, and the bot's own stumbling."""


def rows(text: str) -> list[tuple[list[str], str]]:
    """The codes of each row of the table, and what it says to do."""
    part = text.partition("\n| code | means | do |\n")[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in part.splitlines()[1:]]
    return [(re.findall(r"`([^`]+)`", codes), do) for codes, _, do in cells]


def lies(text: str) -> list[str]:
    """Where the table says something else than the code, a sentence each."""
    found = rows(text)
    named = [code for codes, _ in found for code in codes]
    wrong = [f"{code}: in no row" for code in sorted(CODES - set(named))]
    wrong += [f"{code}: in two rows" for code in sorted(set(named)) if named.count(code) > 1]
    wrong += [f"{code}: no such error" for code in sorted(set(named) - CODES)]
    for codes, do in found:
        wrong += [f"{code}: the card says {WHAT_TO_DO[code]!r}" for code in codes
                  if WHAT_TO_DO.get(code, do) != do]  # fmt: skip
        wrong += [f"{codes[0]}: there is no {name}" for name in unknown(do)]
    return wrong


def unknown(do: str) -> list[str]:
    """Buttons, commands and settings in an advice that do not exist."""
    settings = {name for name, _, _ in table()}
    buttons = [b for b in re.findall(r"\*([A-Z]\w+)\*", do) if b.lower() not in BUTTONS]
    commands = [c for c in re.findall(r"`python app\.py (\w+)", do) if c not in app.cli.commands]
    typed = [c for c in re.findall(r"`/mtls (\w+)", do) if c not in SUBCOMMANDS]
    return [*buttons, *commands, *typed,
            *(s for s in re.findall(r"`(MTLS_\w+)`", do) if s not in settings)]  # fmt: skip


def test_the_table_says_what_the_cards_say() -> None:
    """Each error has its row, each row its error, and the advice is the card's, word for word."""
    assert len(rows(README)) > 15
    assert lies(README) == []


def test_whatever_stops_a_step_has_its_advice() -> None:
    """On the card too, when the error brings no hint of its own; one of later is looked up."""
    assert set(WHAT_TO_DO) >= STOPPING
    assert [code for code in STOPPING if not what_to_do(code).endswith(".")] == []
    assert what_to_do("no-such-code") == what_to_do("error")


@pytest.mark.parametrize(
    ("true", "false", "found"),
    [
        ("| `precondition` |", "| `preconception` |", "precondition: in no row"),
        ("| `precondition` |", "| `preconception` |", "preconception: no such error"),
        ("| `irreversible`, `step` |", "| `irreversible`, `step`, `denied` |",
         "denied: in two rows"),
        ("| Wait until it answers", "| Until it answers", "rate-limited: the card says"),
        ("answers again, then press *Retry*", "answers again, then press *Rerun*",
         "unreachable: there is no Rerun"),
        ("sees with `python app.py check`", "sees with `python app.py heal`",
         "denied: there is no heal"),
        ("key to `MTLS_SEAM_GIT_HOST_KEYS`", "key to `MTLS_KEYS`", "there is no MTLS_KEYS"),
    ],
)  # fmt: skip
def test_a_lie_in_the_table_would_be_noticed(true: str, false: str, found: str) -> None:
    """The negative control: a row too few, too many or doubled, other words, things unknown."""
    assert true in README
    assert [line for line in lies(README.replace(true, false)) if found in line]
