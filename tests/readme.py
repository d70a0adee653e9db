"""Puts the table of settings into the README: `python -m tests.readme`."""

from pathlib import Path

from bot.settings import table

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"


def settings_table() -> str:
    """Every setting as a row of Markdown."""
    rows = [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in table()]
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows, ""])


def with_settings(text: str) -> str:
    """The README with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{settings_table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(with_settings(README.read_text()))
