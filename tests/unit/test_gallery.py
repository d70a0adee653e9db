"""Whatever is in a card, a modal or a home tab: Slack takes it, and nothing in it is markup."""

import ast
import json
import sys
from collections.abc import Callable
from functools import cache
from types import FrameType
from typing import Any, get_args

import pytest

from bot.engine.state import TaskStatus
from bot.engine.tellings import Kind
from bot.slack.blocks import sections
from tests.architecture import Source, sources
from tests.gallery import SNAPSHOTS, WORDS, cases, digests, runs
from tests.slack_rules import shape_errors, stray_markup, violations

GROUPS = sorted(f"{kind}/{view}" for kind in WORDS for view in ("answer", "card", "home", "modal"))
VIEW_BYTES = 250_000


@cache
def everything() -> dict[str, dict[str, Any]]:
    """Made when the first test asks: it takes longer than to find all other tests."""
    return cases()


def of(group: str) -> dict[str, dict[str, Any]]:
    return {name: made for name, made in everything().items() if name.startswith(f"{group}/")}


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
    assert json.loads(SNAPSHOTS.read_text()) == digests(everything())


def test_the_snapshots_see_a_changed_word() -> None:
    """The negative control, and that no two kinds of words look alike."""
    found = digests(everything())
    for name in ("card/shown", "home/full", "answer/status", "modal/start-known"):
        assert len({found[f"{kind}/{name}"] for kind in WORDS}) == len(WORDS)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_every_kind_of_words_is_in_every_kind_of_view(kind: str) -> None:
    """Cards, answers, modals and homes; a hundred hosts are among the longest."""
    groups = {name.split("/")[1] for name in everything() if name.startswith(f"{kind}/")}
    assert groups == {"card", "answer", "modal", "home"}


def elements(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [e for b in made["blocks"] if b["type"] == "actions" for e in b["elements"]]


def test_what_is_read_out_begins_with_what_is_seen() -> None:
    """Whoever speaks to a button says what stands on it."""
    found = {
        (e["text"]["text"], e.get("accessibility_label", "")) for made in everything().values()
        for e in elements(made)
    }  # fmt: skip
    assert [
        one for one in found if one[1] and not one[1].startswith(one[0].removesuffix(" …"))
    ] == []


def test_every_status_and_every_kind_of_message_is_shown() -> None:
    """Each that a step can have, and each telling of the thread."""
    states = runs().values()
    assert {task.status for state in states for task in state.tasks} == set(get_args(TaskStatus))
    assert {told.kind for state in states for told in state.tellings} == set(get_args(Kind))


def builders(source: Source) -> set[str]:
    """The functions of a module that make cards, blocks or views, by their return type or form.

    Those that are given the desk ask and send; what they send is made by the others, so a view
    that is written out in them is found too.
    """
    return {
        f"{source.path}:{node.name}" for node in source.tree.body
        if isinstance(node, ast.FunctionDef) and (_returns_blocks(node) or _writes_out(node))
    }  # fmt: skip


def _returns_blocks(node: ast.FunctionDef) -> bool:
    returned = {n.id for n in ast.walk(node.returns) if isinstance(n, ast.Name)} if (
        node.returns) else set()  # fmt: skip
    return bool(returned & {"Card", "Block"}) and not any(a.arg == "desk" for a in node.args.args)


def _writes_out(node: ast.FunctionDef) -> bool:
    keys = [key for n in ast.walk(node) if isinstance(n, ast.Dict) for key in n.keys]
    return any(isinstance(key, ast.Constant) and key.value in ("type", "blocks") for key in keys)


def called(do: Callable[[], object]) -> set[str]:
    """The functions of `bot/slack` that are called meanwhile."""
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _value: object) -> None:
        where, found, name = frame.f_code.co_filename.rpartition("bot/slack/")
        if event == "call" and where and found:
            seen.add(f"{found}{name}:{frame.f_code.co_qualname}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(before)
    return seen


def test_whatever_builds_a_card_or_a_view_is_in_the_gallery() -> None:
    """A new card, form, list or home tab comes with its case, or this fails and names it."""
    found = set[str]().union(*(builders(source) for source in sources("bot/slack")))
    assert len(found) > 60
    assert sorted(found - called(lambda: cases(["usual"]))) == []


PLANTED = """
def lone_card(frame: Frame) -> Card: ...
def lone_view() -> dict[str, Any]:
    return {"type": "modal", **frame()}
def opened(desk: "Desk") -> None:
    desk.client.views_open(view={**frame(), "blocks": []})
def overview(desk: "Desk") -> Card: ...
def words() -> str: ...
"""


def test_a_card_that_no_case_shows_would_be_noticed() -> None:
    """The negative control: planted builders are found, and what was not called is told apart."""
    planted = Source("bot/slack/planted.py", PLANTED)
    names = {name.partition(":")[2] for name in builders(planted)}
    assert names == {"lone_card", "lone_view", "opened"}
    seen = called(lambda: sections(["a"]))
    assert "bot/slack/blocks.py:section" in seen
    assert "bot/slack/blocks.py:header" not in seen
