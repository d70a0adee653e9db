"""Every card in every state: valid for Slack, within its limits, nothing foreign unescaped."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine import events as e
from bot.engine.fold import fold
from bot.engine.policy import Policy
from bot.slack.blocks import Card
from bot.slack.cards import run_messages
from bot.slack.words import Frame
from steps.step import Change, Plan
from tests.goldens import FOLDER, FRAME, as_json, states
from tests.slack_rules import shape_errors, violations
from tests.toys import NOON, SITE

STATES = states()


def payload(card: Card) -> dict[str, Any]:
    return {"text": card.text, "blocks": card.numbered("golden")}


def buttons(card: Card) -> list[dict[str, Any]]:
    return [e for b in card.blocks if b["type"] == "actions" for e in b["elements"]]


@pytest.mark.parametrize("name", sorted(STATES))
def test_cards_are_as_reviewed(name: str) -> None:
    """Compared with the golden file; `make goldens` makes them anew, reviewed as a difference."""
    golden = FOLDER / f"{name}.json"
    assert json.loads(golden.read_text()) == json.loads(as_json(STATES[name]))


@pytest.mark.parametrize("name", sorted(STATES))
def test_cards_are_valid_for_slack(name: str) -> None:
    """The official types, and the limits that they miss."""
    for card in run_messages(FRAME, STATES[name]).values():
        assert shape_errors(payload(card)) == []
        assert violations(payload(card)) == []


@pytest.mark.parametrize("name", sorted(STATES))
def test_a_button_says_run_step_and_fingerprint_and_nothing_else(name: str) -> None:
    """Facts come from the log, never from a message."""
    for card in run_messages(FRAME, STATES[name]).values():
        for button in buttons(card):
            run, step, fingerprint = button["value"].split("|")
            assert run == "R1"
            assert STATES[name].task(step) is not None
            assert fingerprint == "-" or len(fingerprint) == 64


@pytest.mark.parametrize("name", sorted(STATES))
def test_what_is_read_out_of_a_button_holds_what_it_says(name: str) -> None:
    """Whoever speaks to a screen says the words that stand on the button (WCAG 2.5.3)."""
    for card in run_messages(FRAME, STATES[name]).values():
        for button in buttons(card):
            said = button["text"]["text"].lower()
            assert said in button.get("accessibility_label", said).lower()


def test_decided_cards_have_no_buttons_and_open_ones_have() -> None:
    """Approve stands on the one card that waits, and on no other."""
    waiting = [
        n for n, s in STATES.items() if s.current and s.current.status == "shown" and not s.outcome
    ]
    assert waiting
    for name, state in STATES.items():
        cards = run_messages(FRAME, state)
        found = [b for card in cards.values() for b in buttons(card) if b["action_id"] == "approve"]
        assert len(found) == (1 if name in waiting else 0), name


def test_a_moved_seam_is_named_where_somebody_decides() -> None:
    """In production none may be moved unseen."""
    state = replace(STATES["shown"], seams=("MTLS_SEAM_SLACK_URL = http://127.0.0.1/",))
    for key in ("root", "lamp/1"):
        told = json.dumps(run_messages(FRAME, state)[key].blocks)
        assert "slack_url" in told
        assert "slack_url" not in json.dumps(run_messages(FRAME, STATES["shown"])[key].blocks)


HOSTILE = st.text(min_size=1, max_size=400) | st.sampled_from(
    ["<!channel>", "<@U1>", "`" * 9, "&lt;", "*_~" * 200, "\u202eabc", "x" * 9000]
)


@settings(max_examples=60, deadline=timedelta(seconds=2))
@given(text=HOSTILE, name=st.sampled_from(sorted(STATES)))
def test_foreign_text_stays_text_and_within_the_limits(text: str, name: str) -> None:
    """A ping, a mention or ten thousand letters from outside do nothing and break nothing."""
    state = STATES[name]
    tasks = tuple(
        replace(t, skipped=(text,), delayed=text, reason=text, evidence=(text,) * 30)
        for t in state.tasks
    )
    site = replace(state.site, name=text) if state.site else None
    for card in run_messages(FRAME, replace(state, tasks=tasks, site=site)).values():
        assert violations(payload(card)) == []
        assert "<!channel>" not in json.dumps(card.blocks)
        assert "<!channel>" not in card.text


def test_the_golden_folder_holds_nothing_else() -> None:
    """A state that is gone takes its file with it."""
    assert {p.stem for p in Path(FOLDER).glob("*.json")} == set(STATES)


def test_a_run_without_approvers_says_so() -> None:
    """Nobody set: the card names that, instead of nobody."""
    frame = Frame(FRAME.titles, Policy(frozenset()), NOON)
    card = run_messages(frame, STATES["shown"])["root"]
    assert "none is set" in card.text


def test_an_accepted_address_is_never_called_closed() -> None:
    """Neither by the report nor by the overview: nobody saw it refuse."""
    cards = run_messages(FRAME, STATES["accepted"])
    for key in ("root", "report-closed"):
        assert "closed where it could be seen" in cards[key].text
        assert "origin is closed." not in cards[key].text
    proven = run_messages(FRAME, STATES["closed"])
    assert "origin is closed." in proven["report-closed"].text


def test_a_card_that_is_over_promises_nothing() -> None:
    """Done it says what changed; left out, or not begun when the run ended, what would have."""
    words = {name: json.dumps(run_messages(FRAME, states()[name])["lamp/1"].blocks) for name in (
        "shown", "set", "declined", "skipped-by", "expired", "stopped")}  # fmt: skip
    assert "*What changes*" in words.pop("shown")
    assert "*What changed*" in words.pop("set")
    assert [n for n, told in words.items() if "*What it would have changed*" not in told] == []
    assert [n for n, told in words.items() if "By approving" in told or "To go back" in told] == []
    assert "Not begun" in words["stopped"]
    assert "Waiting for" not in words["stopped"]


def test_a_wildcard_keeps_its_star_where_others_are_bold() -> None:
    """A star in a bold text ends it, and is not shown itself: the name would be another."""
    plan = Plan("lamp", SITE, (Change("create", "names", None, "example.com, *.example.com"),
                               Change("update", "lamp", "off", "on")))  # fmt: skip
    opened = e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp",))
    shown = e.PlanShown(at=NOON, step="lamp", plan=plan, fingerprint=plan.fingerprint)
    told = json.dumps(run_messages(FRAME, fold("R1", [opened, shown]))["lamp/1"].blocks,
                      ensure_ascii=False)  # fmt: skip
    assert "nothing → example.com, *.example.com (" in told
    assert "off → *on* (" in told
