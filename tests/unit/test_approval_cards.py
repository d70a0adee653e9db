"""Cards, messages and forms of approvals: within Slack's limits for the longest of everything."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.engine import approval_events as a
from bot.engine import events as e
from bot.engine.approvals import policy_plan
from bot.engine.fold import fold
from bot.engine.policy import Policy, policy_stream
from bot.engine.state import RunState
from bot.slack import policy_form, reasons
from bot.slack.access import SAID
from bot.slack.answers import refusal_card, told_card
from bot.slack.blocks import Card
from bot.slack.cards import run_messages
from bot.slack.words import window_told
from steps.errors import Rejected
from steps.step import Change, Plan
from tests.goldens import FRAME, TWO, states
from tests.slack_rules import shape_errors, stray_markup, violations
from tests.toys import NOON, SITE

HOST = ".".join(["h" * 61] * 4)
HOSTS = tuple(f"{n:02}{HOST[2:]}" for n in range(100))
CROWD = Policy(frozenset(f"U{n:010}" for n in range(400)), tuple(f"S{n:010}" for n in range(30)),
               (9, 9, 9), "none")  # fmt: skip
LONG = replace(SITE, name=HOST, zone=HOST, access_environments=HOSTS)
UNTIL = NOON + timedelta(hours=24)


def faults(payload: dict[str, Any]) -> list[str]:
    return [*violations(payload), *shape_errors(payload), *stray_markup(payload)]


def of_card(card: Card) -> list[str]:
    return faults({"text": card.text, "blocks": card.numbered("policy-1")})


def longest(risk: a.HeldBack | None) -> RunState:
    """A run on a hundred hosts, its card with everything that a card can have."""
    changes = tuple(Change("update", f"host {host}", HOST, HOST, "brief") for host in HOSTS)
    plan = Plan("lamp", LONG, changes, {"diff": HOST * 90}, HOSTS, way_back=HOST * 20)
    later = Plan("bell", LONG, tuple(replace(c, risk="none") for c in changes))
    bound: dict[str, Any] = {"step": "lamp", "fingerprint": plan.fingerprint}
    tasks = ("lamp", *(f"bell-{n}" for n in range(20)))
    ahead = tuple(a.Foreseen(key, later, later.fingerprint) for key in tasks[1:])
    window = a.Window(NOON, UNTIL, HOST)
    yes = [e.PlanApproved(at=NOON, by=f"U{n:010}", needed=9, **bound) for n in range(8)]
    happened: list[e.Event] = [
        e.RunOpened(at=NOON, by="U1", site=LONG, channel="C1", tasks=tasks, window=window),
        e.PlanShown(at=NOON, plan=plan, deadline=UNTIL, **bound),
        a.PlansForeseen(at=NOON, plans=ahead, **bound), *yes,
        a.ApprovalExtended(at=NOON, by="U2", until=UNTIL, **bound),
        a.ApprovalReminded(at=NOON, **bound), a.WindowOpened(at=NOON),
    ]  # fmt: skip
    if risk:
        happened.append(e.PlanApproved(at=NOON, by="U9", needed=9, **bound))
        happened.append(a.StepHeld(at=NOON, step="lamp", why=risk))
    return replace(fold("R1", happened), policy=CROWD)


@pytest.mark.parametrize("why", [None, "not-open", "would-cross", "over"])
def test_cards_and_messages_hold_with_the_longest_names(why: a.HeldBack | None) -> None:
    """A hundred hosts of 247 letters, four hundred approvers, twenty later steps."""
    state = longest(why)
    made = run_messages(FRAME, state)
    assert len(made) > 10
    assert {key: found for key, card in made.items() if (found := of_card(card))} == {}


def test_a_drift_tells_a_hundred_differences_within_the_limits() -> None:
    """To eight people, each of them mentioned whole."""
    state = longest(None)
    plan = Plan("lamp", LONG, (Change("update", HOST, None, HOST),))
    drift = e.PlanDrifted(
        at=NOON, step="lamp", was="0" * 64, plan=plan, fingerprint=plan.fingerprint,
        differences=tuple(f"{host}: was {HOST}, is now <!channel> & {HOST}." for host in HOSTS),
    )  # fmt: skip
    opened = e.RunOpened(at=NOON, by="U1", site=LONG, channel="C1", tasks=("lamp",))
    shown = e.PlanShown(at=NOON, step="lamp", plan=plan, fingerprint=plan.fingerprint)
    yes = e.PlanApproved(at=NOON, by="U2", step="lamp", fingerprint=plan.fingerprint, needed=2)
    drifted = fold("R1", [opened, shown, yes, drift])
    told = run_messages(FRAME, drifted)[f"told/{drifted.seq}"]
    assert told.text.startswith("<@U2>: Your approval of")
    assert of_card(told) == []
    assert state.site == LONG


def test_a_wildcard_keeps_its_star_in_the_words_for_screen_readers() -> None:
    """Bold is taken out of our own words, and of nobody else's."""
    told = "*.example.com was off, is now on."
    drift = e.PlanDrifted(at=NOON, step="lamp", was="0" * 64, plan=Plan("lamp", LONG, ()),
                          fingerprint="1" * 64, differences=(told,))  # fmt: skip
    opened = e.RunOpened(at=NOON, by="U1", site=LONG, channel="C1", tasks=("lamp",))
    yes = e.PlanApproved(at=NOON, by="U2", step="lamp", fingerprint="0" * 64)
    state = fold("R1", [opened, yes, drift])
    assert told in run_messages(FRAME, state)[f"told/{state.seq}"].text


def policy_state(status: str, wanted: Policy | None, was: Policy = CROWD) -> RunState:
    """The stream of a policy after each of its turns."""
    stream = policy_stream(LONG)
    plan = policy_plan(LONG, was, wanted or TWO, own=wanted is not None)
    bound: dict[str, Any] = {"step": "policy", "fingerprint": plan.fingerprint}
    asked = a.PolicyAsked(at=NOON, by="U1", site=LONG, channel="C1", was=was, policy=wanted,
                          plan=plan, fingerprint=plan.fingerprint, deadline=UNTIL)  # fmt: skip
    turns: dict[str, list[e.Event]] = {
        "asked": [asked],
        "twice": [asked, a.ApprovalExpired(at=UNTIL, **bound), asked],
        "changed": [asked, e.PlanApproved(at=NOON, by="U2", **bound),
                    a.PolicyChanged(at=NOON, by="U2", policy=wanted)],
        "declined": [asked, e.PlanDeclined(at=NOON, by="U2", reason="x" * 1000, **bound)],
        "expired": [asked, a.ApprovalExpired(at=UNTIL, **bound)],
    }  # fmt: skip
    return replace(fold(stream, turns[status]), policy=was)


@pytest.mark.parametrize("status", ["asked", "twice", "changed", "declined", "expired"])
@pytest.mark.parametrize("wanted", [TWO, CROWD, None], ids=["two", "crowd", "settings"])
def test_the_card_of_a_policy_is_valid_in_every_state(status: str, wanted: Policy | None) -> None:
    """Whoever is asked for, however many they are; its buttons say stream, step, fingerprint."""
    state = policy_state(status, wanted, was=Policy(frozenset({"U5"})))
    made = run_messages(FRAME, state)
    assert [found for card in made.values() for found in of_card(card)] == []
    waiting = {"asked", "twice"} & {status}
    pressed = str([b for card in made.values() for b in card.blocks if b["type"] == "actions"])
    assert ("'approve'" in pressed) == bool(waiting)
    assert "'retry'" not in pressed


@pytest.mark.parametrize("groups", [None, (), tuple((f"S{n}", HOST) for n in range(150))])
def test_the_form_of_a_policy_is_valid(groups: policy_form.Groups | None) -> None:
    """Without groups, with more than a select takes, and with four hundred approvers."""
    for policy in (Policy(), TWO, CROWD):
        view = policy_form.form_view(LONG, "C1", policy, groups)
        assert faults(view) == []


@pytest.mark.parametrize("act", ["decline", "stop", "skip"])
def test_the_form_that_asks_why_is_valid_and_comes_back(act: reasons.Asked) -> None:
    """What it is about travels in it, whatever the step is called."""
    about = reasons.About(act, policy_stream(LONG), "lamp", "f" * 64, "C1")
    view = reasons.reason_view(about, f"<!channel> {HOST * 20}")
    assert faults(view) == []
    back = {**view, "state": {"values": {"reason": {"reason": {"value": " because "}}}}}
    assert reasons.answered(back) == (about, "because")


def test_a_form_of_another_version_is_refused() -> None:
    """Not guessed at."""
    for metadata in ("", "decline|R1", "burn|R1|lamp|f|C1"):
        with pytest.raises(Rejected, match="another version"):
            reasons.answered({"private_metadata": metadata})


def test_each_refusal_is_a_valid_answer() -> None:
    """Every reason that the access decision knows."""
    for kind, words, hint in SAID.values():
        assert of_card(refusal_card(kind(words, hint=hint))) == []


@pytest.mark.parametrize("window", [None, a.Window(NOON, UNTIL, "<!channel>")])
def test_a_window_is_told_in_words(window: a.Window | None) -> None:
    """With its zone as text."""
    assert of_card(told_card(window_told(window))) == []


@pytest.mark.parametrize("name", sorted(states()))
def test_nothing_foreign_is_markup_in_any_message(name: str) -> None:
    """Every card and message of every state."""
    for card in run_messages(FRAME, states()[name]).values():
        assert of_card(card) == []


def test_a_reminder_mentions_those_whose_yes_would_count() -> None:
    """Not whoever has given theirs, not whoever asked; and nobody once it is decided."""
    waiting = states()["reminded"]
    told = run_messages(FRAME, waiting)[f"told/{waiting.seq}"].text
    assert ("<@U3>" in told, "<@U2>" in told, "<@U1>" in told) == (True, False, False)
    gone = replace(waiting, outcome="stopped")
    assert "<@" not in run_messages(FRAME, gone)[f"told/{waiting.seq}"].text
