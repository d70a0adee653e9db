"""Shapes of a routes file, each a pair in `route_cases`: the text before and the text after."""

from pathlib import Path

import pytest

from steps.routes import require, undo
from tests.unit.test_routes_generated import CA, prove

CASES = sorted((Path(__file__).parent / "route_cases").glob("*.before.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.split(".")[0])
def test_a_shape_becomes_what_a_maintainer_would_have_written(path: Path) -> None:
    """Byte for byte, and with every proof."""
    before = path.read_text()
    edited = require(before, ca_path=CA)
    assert edited.text == path.with_name(path.name.replace(".before", ".after")).read_text()
    prove(before)


def test_there_are_cases() -> None:
    """An empty folder would pass."""
    assert len(CASES) >= 40


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.split(".")[0])
def test_the_same_with_other_line_breaks(path: Path, newline: str) -> None:
    """And nothing but the line breaks differs; without the last one too."""
    for end in (None, -1):
        before = path.read_text()[:end]
        other = require(before.replace("\n", newline), ca_path=CA)
        assert other.text == require(before, ca_path=CA).text.replace("\n", newline)
        assert other.exact
        assert undo(other.text, ca_path=CA).text == before.replace("\n", newline)
