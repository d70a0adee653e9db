"""Whatever is in a card, a modal or a home tab: Slack takes it, and nothing in it is markup."""

import json
from typing import Any

import pytest

from tests.gallery import SNAPSHOTS, WORDS, cases, digests
from tests.slack_rules import shape_errors, stray_markup, violations

CASES = cases()
GROUPS = sorted({"/".join(name.split("/")[:2]) for name in CASES})
VIEW_BYTES = 250_000


def of(group: str) -> dict[str, dict[str, Any]]:
    return {name: made for name, made in CASES.items() if name.startswith(f"{group}/")}


@pytest.mark.parametrize("group", GROUPS)
def test_slack_takes_it(group: str) -> None:
    """The official types, every limit, the size of a view, and no ping from outside."""
    found = {
        name: [*violations(made), *shape_errors(made), *stray_markup(made)]
        for name, made in of(group).items()
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert max(len(json.dumps(made)) for made in of(group).values()) < VIEW_BYTES


def test_it_is_as_reviewed() -> None:
    """Compared with the snapshots; `make gallery` makes them anew and shows what changed."""
    assert json.loads(SNAPSHOTS.read_text()) == digests()


def test_the_snapshots_see_a_changed_word() -> None:
    """The negative control, and that no two kinds of words look alike."""
    found = digests()
    for name in ("card/shown", "home/full", "answer/status", "modal/start-known"):
        assert len({found[f"{kind}/{name}"] for kind in WORDS}) == len(WORDS)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_every_kind_of_words_is_in_every_kind_of_view(kind: str) -> None:
    """Cards, answers, modals and homes; a hundred hosts are among the longest."""
    groups = {name.split("/")[1] for name in CASES if name.startswith(f"{kind}/")}
    assert groups == {"card", "answer", "modal", "home"}


def elements(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [e for b in made["blocks"] if b["type"] == "actions" for e in b["elements"]]


def test_what_is_read_out_begins_with_what_is_seen() -> None:
    """Whoever speaks to a button says what stands on it."""
    found = {
        (e["text"]["text"], e.get("accessibility_label", "")) for made in CASES.values()
        for e in elements(made)
    }  # fmt: skip
    assert [
        one for one in found if one[1] and not one[1].startswith(one[0].removesuffix(" …"))
    ] == []
