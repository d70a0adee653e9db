"""The rows of a verdict as a table on a card."""

from bot.slack.blocks import card
from bot.slack.table import closed_addresses, table_blocks
from steps.step import Row
from tests.unit.test_slack_values import faults

WHERE = "www.example.com at 192.0.2.1:443"


def text(rows: list[Row], before: list[Row] | None = None) -> str:
    blocks = table_blocks(rows, before or [])
    return "\n".join(block["text"]["text"] for block in blocks)


def test_a_row_has_what_it_was_before_where_that_is_known() -> None:
    """A host that is new has only what it is now."""
    now = [Row(WHERE, "closed (refused-by-alert)"), Row("new at 192.0.2.1:443", "open (answered)")]
    shown = text(now, [Row(WHERE, "open (answered)"), Row("gone at 192.0.2.1:443", "open")])
    assert f"{WHERE}  open (answered) → closed (refused-by-alert)" in shown
    assert "new at 192.0.2.1:443              open (answered)" in shown
    assert "gone" not in shown


def test_each_kind_of_evidence_is_told_once() -> None:
    """And how often it was seen; a row without words adds none."""
    rows = [Row(WHERE, "closed", "It was refused."), Row("b", "closed", "It was refused."),
            Row("c", "open", "It answered <200>."), Row("d", "open")]  # fmt: skip
    shown = text(rows)
    assert "• It was refused. (2 times)" in shown
    assert "• It answered &lt;200&gt;.\n" in f"{shown}\n"
    assert shown.count("• ") == 2


def test_no_rows_are_no_table() -> None:
    """Nothing to show is nothing shown."""
    assert table_blocks([]) == []


def test_any_number_of_rows_stays_within_the_limits() -> None:
    """Cut, and it says so."""
    rows = [Row(f"h{n}.example.com at 192.0.2.1:443", "closed", f"Evidence {n}. " * 40)
            for n in range(300)]  # fmt: skip
    assert faults(card("Said.", table_blocks(rows, rows))) == []
    assert "… and 260 more" in text([Row(str(n), "closed") for n in range(300)])


def test_an_address_is_closed_when_all_of_it_is() -> None:
    """Every host and both ports; IPv6 has colons of its own."""
    rows = [
        Row("a at 192.0.2.1:443", "closed (refused-by-alert)"),
        Row("a at 192.0.2.1:80", "closed (redirects-to-https)"),
        Row("a at 2001:db8::1:443", "inconclusive (no-route)"),
        Row("b at 192.0.2.2:443", "closed (refused-by-http)"),
        Row("b at 192.0.2.2:80", "open (http-content)"),
    ]
    assert closed_addresses(rows) == (1, 3)
    assert closed_addresses([]) == (0, 0)
