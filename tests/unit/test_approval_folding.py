"""What approvals make of a run: old logs and new, and the decisions that are refused."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.engine import approval_events as a
from bot.engine import approvals as ap
from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.approvals import Rules, batch_digest, decide
from bot.engine.decide import decide as decided
from bot.engine.engine import Engine
from bot.engine.events import EVENT
from bot.engine.fold import fold
from bot.engine.itinerary import Itinerary
from bot.engine.policy import Policy, policy_stream
from bot.engine.state import RunState
from bot.slack.telling_cards import telling_card
from bot.slack.words import Frame
from bot.store.memory import MemoryStore
from steps.errors import AlreadyDecided, PlanHasChanged, Rejected
from steps.step import Change, Plan
from tests.toys import NOON, SITE

PLAN = Plan("lamp", SITE, (Change("update", "lamp", "off", "on", "brief"),))
LATER = Plan("bell", SITE, (Change("update", "bell", "off", "on"),))
OTHER = Plan("bell", SITE, (Change("update", "bell", "dim", "on"),))
BOUND: dict[str, Any] = {"step": "lamp", "fingerprint": PLAN.fingerprint}
AHEAD = a.Foreseen("bell", LATER, LATER.fingerprint)
OPENED = e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp", "bell"))
SHOWN = e.PlanShown(at=NOON, plan=PLAN, **BOUND)
FORESEEN = a.PlansForeseen(at=NOON, plans=(AHEAD,), **BOUND)


def yes(by: str, needed: int = 1) -> e.PlanApproved:
    return e.PlanApproved(at=NOON, by=by, needed=needed, **BOUND)


def ahead(by: str, needed: int = 1) -> e.PlanApproved:
    return e.PlanApproved(at=NOON, by=by, step="bell", fingerprint=LATER.fingerprint,
                          needed=needed, pressed_on="lamp")  # fmt: skip


def run(*events: e.Event) -> RunState:
    return fold("R1", events)


def turn(plan: Plan = LATER) -> e.PlanShown:
    """The bell's own turn."""
    return e.PlanShown(at=NOON, step="bell", plan=plan, fingerprint=plan.fingerprint)


def test_a_log_from_before_there_were_several_approvals_folds_as_it_did() -> None:
    """Without the fields that were added later: one yes is enough, no deadline, no window."""
    site = json.loads(EVENT.dump_json(OPENED))["site"]
    plan = json.loads(EVENT.dump_json(SHOWN))["plan"]
    at = NOON.isoformat()
    old = [
        {"type": "run-opened", "at": at, "by": "U1", "site": site, "channel": "C1",
         "tasks": ["lamp"], "seams": []},
        {"type": "plan-shown", "at": at, "by": "driver", "plan": plan, **BOUND},
        {"type": "plan-approved", "at": at, "by": "U2", **BOUND},
        {"type": "plan-drifted", "at": at, "by": "driver", "step": "lamp", "was": "0" * 64,
         "plan": plan, "fingerprint": PLAN.fingerprint, "differences": ["another"]},
        {"type": "plan-approved", "at": at, "by": "U3", **BOUND},
    ]  # fmt: skip
    state = run(*(EVENT.validate_python(event) for event in old))
    task = state.tasks[0]
    assert (task.status, task.approved_by, task.deadline, state.window) == (
        "approved", "U3", None, None,
    )  # fmt: skip


def test_as_many_are_needed_as_the_policy_said_at_the_last_yes() -> None:
    """Two of two; the same person twice is one; a lowered number is met by the next press."""
    assert run(OPENED, SHOWN, yes("U2", 2)).tasks[0].status == "shown"
    assert run(OPENED, SHOWN, yes("U2", 2), yes("U2", 2)).tasks[0].status == "shown"
    assert run(OPENED, SHOWN, yes("U2", 2), yes("U3", 2)).tasks[0].status == "approved"
    assert run(OPENED, SHOWN, yes("U2", 2), yes("U2", 1)).tasks[0].status == "approved"


def test_a_lowered_number_lets_the_same_person_complete_it() -> None:
    """Under the policy in force now one is enough: pressing again counts."""
    state = run(OPENED, SHOWN, yes("U2", 2))
    rules = Rules(Policy(needed=(1, 2, 2)))
    with pytest.raises(AlreadyDecided, match="1 more must come from others"):
        decide(state, c.Approve("U2", "lamp", PLAN.fingerprint), now=NOON, rules=rules)
    (event,) = decide(state, c.Approve("U2", "lamp", PLAN.fingerprint), now=NOON, rules=Rules())
    assert run(OPENED, SHOWN, yes("U2", 2), event).tasks[0].status == "approved"


def test_a_plan_approved_ahead_need_not_wait() -> None:
    """Shown at its turn with the same fingerprint: approved; with another: waits for its own."""
    before = (OPENED, SHOWN, FORESEEN, yes("U2"), ahead("U2"))
    assert run(*before).tasks[1].status == "next"
    assert run(*before, turn()).tasks[1].status == "approved"
    changed = run(*before, turn(OTHER)).tasks[1]
    assert (changed.status, changed.approvals) == ("shown", ())


def test_half_of_the_approvals_given_ahead_stay() -> None:
    """The card of its turn waits for the other half."""
    before = (OPENED, SHOWN, FORESEEN, yes("U2"), ahead("U2", 2), turn())
    assert run(*before).tasks[1].status == "shown"
    last = e.PlanApproved(at=NOON, by="U3", step="bell", fingerprint=LATER.fingerprint, needed=2)
    assert run(*before, last).tasks[1].status == "approved"


def test_plans_foreseen_for_another_card_are_not_on_this_one() -> None:
    """They come late, and the card has changed meanwhile."""
    late = FORESEEN.model_copy(update={"fingerprint": "0" * 64})
    assert run(OPENED, SHOWN, late).tasks[0].foreseen == ()


def test_a_batch_is_bound_to_every_fingerprint_on_the_card() -> None:
    """A press on the card as it was before a plan ahead changed approves nothing."""
    state = run(OPENED, SHOWN, FORESEEN)
    digest = batch_digest(state.tasks[0])
    press = ap.ApproveAhead("U2", "lamp", digest)
    approved = decide(state, press, now=NOON, rules=Rules())
    assert approved == (yes("U2"), ahead("U2"))
    other = FORESEEN.model_copy(update={"plans": (a.Foreseen("bell", OTHER, OTHER.fingerprint),)})
    for changed in (run(OPENED, SHOWN, other), run(OPENED, SHOWN)):
        with pytest.raises(PlanHasChanged):
            decide(changed, press, now=NOON, rules=Rules())


def test_what_is_withdrawn_is_what_the_person_gave_on_the_card() -> None:
    """Their own, for this plan and those ahead; another's stays."""
    state = run(OPENED, SHOWN, FORESEEN, yes("U2"), ahead("U2", 2), ahead("U3", 2))
    taken = decide(state, ap.Withdraw("U2", "lamp"), now=NOON, rules=Rules())
    assert [(x.type, getattr(x, "step", "")) for x in taken] == [
        ("approval-withdrawn", "lamp"), ("approval-withdrawn", "bell"),
    ]  # fmt: skip
    after = run(OPENED, SHOWN, FORESEEN, yes("U2"), ahead("U2", 2), ahead("U3", 2), *taken)
    assert [t.status for t in after.tasks] == ["shown", "next"]
    assert [one.by for one in after.tasks[1].approvals] == ["U3"]
    with pytest.raises(AlreadyDecided):
        decide(after, ap.Withdraw("U2", "lamp"), now=NOON, rules=Rules())


def test_the_window_of_a_run_that_is_over_is_not_changed() -> None:
    """And one that ends before it begins is none."""
    past = a.Window(NOON - timedelta(hours=2), NOON - timedelta(hours=1))
    turned = a.Window(NOON + timedelta(hours=2), NOON + timedelta(hours=1))
    for window in (past, turned):
        with pytest.raises(Rejected, match="ends after it begins"):
            decide(run(OPENED), ap.SetWindow("U2", window), now=NOON, rules=Rules())
    over = run(OPENED, e.RunClosed(at=NOON, outcome="stopped"))
    with pytest.raises(AlreadyDecided):
        decide(over, ap.SetWindow("U2", None), now=NOON, rules=Rules())


@pytest.mark.parametrize(("start", "end", "fits"), [(0, 20, True), (0, 19, False), (-60, 19, False),
                                                    (60, 79, False), (60, 80, True)])  # fmt: skip
def test_a_window_in_which_nothing_could_begin_is_not_taken(
    start: int, end: int, *, fits: bool
) -> None:
    """Shorter than a step may take: it would open, say so, and let nothing begin."""
    window = a.Window(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))
    rules, order = Rules(longest=timedelta(minutes=20)), Itinerary((), (), ())
    for state, asked in (
        (RunState(), c.Start("U1", SITE, "C1", window)),
        (run(OPENED), ap.SetWindow("U2", window)),
    ):
        if fits:
            assert decided(state, asked, now=NOON, itinerary=order, rules=rules)
            continue
        with pytest.raises(Rejected, match="20 minutes before its end"):
            decided(state, asked, now=NOON, itinerary=order, rules=rules)


def test_a_policys_stream_knows_what_is_in_force() -> None:
    """Asked is not changed; approved is; null is the settings' again. Stored, it reads the same."""
    stream, wanted = policy_stream(SITE), Policy(frozenset({"U7", "U8"}), ("S2",), (1, 2, 2))
    asked = ap.AskPolicy("U1", SITE, "C1", wanted)
    (event,) = decide(RunState(run=stream), asked, now=NOON, rules=Rules())
    changed = a.PolicyChanged(at=NOON, by="U2", policy=wanted)
    assert fold(stream, [event]).own_policy is None
    assert fold(stream, [event, changed]).own_policy == wanted
    assert (
        fold(stream, [event, changed, changed.model_copy(update={"policy": None})]).own_policy
        is None
    )
    read = EVENT.validate_json(EVENT.dump_json(event))
    assert (read, EVENT.dump_json(read)) == (event, EVENT.dump_json(event))


def test_the_settings_can_take_every_site_back() -> None:
    """A site's own policy has locked everybody out: whoever runs the bot lets the settings hold."""
    own, store = Policy(frozenset({"U9"})), MemoryStore()
    asked = ap.AskPolicy("U1", SITE, "C1", own)
    (event,) = decide(RunState(run=policy_stream(SITE)), asked, now=NOON, rules=Rules())
    changed = a.PolicyChanged(at=NOON, by="U2", policy=own)
    store.append(policy_stream(SITE), [event, changed], after=0)
    order = Itinerary((), (), ())
    for held, expected in ((True, own), (False, Policy())):
        engine = Engine(store, lambda: NOON, order, lambda: "R1", rules=Rules(site_policies=held))
        assert engine.policy_of(SITE) == expected
        assert engine.view(policy_stream(SITE)).policy == expected


def test_a_policy_that_is_set_aside_can_be_given_up_and_not_replaced() -> None:
    """Else the site would be locked again with the day on which sites may have their own."""
    own, stream = Policy(frozenset({"U9"})), policy_stream(SITE)
    rules = Rules(Policy(frozenset({"U2", "U3"})), site_policies=False)
    state = replace(RunState(run=stream), own_policy=own, policy=rules.policy)
    (event,) = decide(state, ap.AskPolicy("U1", SITE, "C1", None), now=NOON, rules=rules)
    assert isinstance(event, a.PolicyAsked)
    assert (event.was, event.policy, event.plan.risk) == (own, None, "outage-if-wrong")
    with pytest.raises(Rejected, match="settings hold for every site"):
        decide(state, ap.AskPolicy("U1", SITE, "C1", Policy()), now=NOON, rules=rules)
    asked = ap.AskPolicy("U1", SITE, "C1", None)
    with pytest.raises(Rejected, match="in force already"):
        decide(replace(state, own_policy=None), asked, now=NOON, rules=rules)


def test_whoever_turned_the_run_round_is_told_with_its_starter() -> None:
    """What is decided and what runs out on the way back; whoever does it knows already."""
    turned = e.UndoAsked(at=NOON, by="U4", tasks=("bell",))
    before = (OPENED, turned, turn())
    bound = {"step": "bell", "fingerprint": LATER.fingerprint}
    for event in (
        e.PlanApproved(at=NOON, by="U2", **bound), a.ApprovalExpired(at=NOON, **bound),
        e.PlanDeclined(at=NOON, by="U2", **bound),
    ):  # fmt: skip
        assert run(*before, event).tellings[-1].to == ("U1", "U4")
    own = e.PlanApproved(at=NOON, by="U4", **bound)
    assert run(*before, own).tellings[-1].to == ("U1",)


def test_an_acceptance_is_a_decision_that_the_starter_is_told() -> None:
    """By name, with what was accepted."""
    seen = e.VerdictAccepted(at=NOON, by="U2", step="lamp", accepted=("One address is silent.",))
    told = run(OPENED, SHOWN, seen).tellings[-1]
    assert (told.kind, told.to, told.lines) == ("accepted", ("U1",), seen.accepted)
    card = telling_card(Frame({}, Policy(), NOON), run(OPENED, SHOWN, seen), told)
    assert card.text == "<@U1>: lamp was accepted by <@U2> as it is: One address is silent."
