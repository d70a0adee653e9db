"""What may be skipped, how far an undo goes, and what stop and pause mean in each state."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from bot.engine import commands as c
from bot.engine import control_events as ce
from bot.engine import events as e
from bot.engine.control import controlled, refused_without, unskippable
from bot.engine.fold import evolve, fold
from bot.engine.itinerary import Itinerary
from bot.engine.next import Close, Rest, Show, Verify, next_unit
from bot.engine.policy import Policy
from bot.engine.state import RunState, Task, TaskStatus
from bot.engine.undo import standing, way_of
from bot.slack.words import Frame, run_words, stands_words
from bot.watch import Reminding, due
from bot.wiring import itinerary
from steps import laws, rollout, way_back
from steps.errors import AlreadyDecided, NothingToUndo, Rejected
from steps.step import Change, Order, Plan, Verdict
from tests.toys import NOON, SITE

REAL = itinerary()
LOOKS = ("preflight", "origin-probe")
FRAME = Frame({}, Policy(frozenset({"U2"})), NOON, REAL.laws)
FORWARD: tuple[Order, ...] = ("no-downtime", "published")


def plan(key: str) -> Plan:
    changes = () if key in LOOKS else (Change("update", key, "a", "b"),)
    return Plan(step=key, site=SITE, changes=changes)


def task(key: str, status: TaskStatus) -> Task:
    """A task as it is when it has come so far."""
    if status in ("next", "skipped"):
        return Task(key, status)
    begun = NOON if status in ("started", "applied", "done", "failed") else None
    return Task(key, status, plan(key), started_at=begun)


def at(key: str, status: TaskStatus, order: Order = "no-downtime") -> RunState:
    """A run in which everything before `key` is done."""
    keys = rollout(order)
    place = keys.index(key)
    tasks = tuple(
        task(k, "done" if n < place else status if n == place else "next")
        for n, k in enumerate(keys)
    )  # fmt: skip
    return RunState("R1", replace(SITE, order=order), starter="U1", tasks=tasks)


def does(state: RunState, command: c.Control, way: Itinerary = REAL) -> list[str]:
    return [event.type for event in controlled(state, command, now=NOON, itinerary=way)]


SKIPPABLE = {"development-mode", "gate", "http-access", "development-mode-off"}


@pytest.mark.parametrize("key", rollout("no-downtime"))
@pytest.mark.parametrize("status", ["shown", "declined", "failed"])
def test_only_what_nothing_relies_on_is_skipped(key: str, status: TaskStatus) -> None:
    """The whole table: a step that a later one relies on is refused, in words that name it."""
    state = at(key, status)
    if key in SKIPPABLE:
        assert does(state, c.Skip("U2", key, "not here")) == ["step-skipped"]
        return
    with pytest.raises(Rejected, match=f"The step {key} cannot be skipped") as refused:
        does(state, c.Skip("U2", key, "not here"))
    relying = [k for k, needs in laws.NEEDS.items() if key in needs and not k.startswith("undo-")]
    assert all(k in refused.value.for_people for k in relying)


@pytest.mark.parametrize("key", way_back())
def test_of_the_way_back_only_what_harms_nobody_is_skipped(key: str) -> None:
    """What comes first on the way back is never left out while something relies on it."""
    tasks = tuple(Task(k, "failed" if k == key else "next") for k in way_back())
    state = RunState("R1", SITE, tasks=tasks, direction="back", way_back=way_back())
    may = {"undo-certificate-revoke", "undo-automatic-ssl", "undo-http-access",
           "undo-development-mode"}  # fmt: skip
    assert (unskippable(state, tasks[way_back().index(key)], REAL.laws) == "") == (key in may)


@pytest.mark.parametrize(
    ("verdict", "may"),
    [
        (None, True),
        (Verdict("inconclusive", ("The page could not be asked.",)), True),
        (Verdict("not-yet", ("The page says NONE.",)), False),
        (Verdict("failed", ("The page says NONE.",)), False),
    ],
)
def test_a_gate_that_has_seen_trouble_is_not_skipped(verdict: Verdict | None, *, may: bool) -> None:
    """Left out when it cannot be asked, never when it has seen that visitors would be refused."""
    state = at("gate", "started")
    failed = e.StepFailed(
        at=NOON, step="gate", phase="verifying", code="verification", message="No.", verdict=verdict
    )
    state = evolve(state, failed)
    if may:
        assert does(state, c.Skip("U2", "gate", "no such page")) == ["step-skipped"]
        return
    with pytest.raises(Rejected, match="The page says NONE"):
        does(state, c.Skip("U2", "gate", "I am in a hurry"))


@pytest.mark.parametrize(
    ("status", "why"),
    [("approved", "begins as soon as it may"), ("started", "at work"), ("applied", "at work")],
)
def test_a_step_at_work_is_not_skipped(status: TaskStatus, why: str) -> None:
    """Half of a step is no place to leave it; one that waits for its window is not at work."""
    with pytest.raises(Rejected, match=why):
        does(at("gate", status), c.Skip("U2", "gate", "now"))


def test_a_skip_needs_a_reason_and_its_turn() -> None:
    """Without words, or of another step, nothing is left out."""
    with pytest.raises(Rejected, match="Say why"):
        does(at("gate", "shown"), c.Skip("U2", "gate", "  "))
    with pytest.raises(AlreadyDecided, match="turn"):
        does(at("gate", "shown"), c.Skip("U2", "http-access", "why not"))


def test_a_skipped_step_keeps_its_reason_and_the_run_goes_on() -> None:
    """By whom and why; the next step is shown."""
    state = at("gate", "shown")
    (event,) = controlled(state, c.Skip("U2", "gate", "no page"), now=NOON, itinerary=REAL)
    after = evolve(state, event)
    gate = after.task("gate")
    assert gate is not None
    assert (gate.status, gate.skipped, gate.skipped_by) == ("skipped", ("no page",), "U2")
    unit = next_unit(after, begun_here=False)
    assert isinstance(unit, Show)
    assert unit.task.key == "client-authentication"


# How far an undo goes.


def test_no_step_is_without_its_rows() -> None:
    """Whoever adds a step or a way back says what takes it back, and what relies on it."""
    ways = {way for back in laws.BACK_OF.values() for way in back}
    assert ways == set(way_back())
    looks_and_last = {*LOOKS, "development-mode-off"}
    for order in FORWARD:
        assert set(rollout(order)) - set(laws.BACK_OF) == looks_and_last & set(rollout(order))
    every = {*rollout("no-downtime"), *rollout("published"), *way_back()}
    for table in (laws.NEEDS, laws.KEPT, laws.FOR_GOOD, laws.FOLLOWS, laws.OPTIONAL, laws.GUARDS):
        assert set(table) <= every
    told = {*laws.OPTIONAL, *laws.KEPT, *(n for needs in laws.NEEDS.values() for n in needs)}
    assert every <= told


@pytest.mark.parametrize("order", FORWARD)
def test_every_undo_of_every_prefix_holds_the_laws(order: Order) -> None:
    """Whatever was done, and however far back: what a way back needs comes before it, in one order.

    Above all: nobody stops presenting a certificate while the origin still requires one.
    """
    changing = [key for key in rollout(order) if key in laws.BACK_OF]
    seen = 0
    for number in range(1, len(changing) + 1):
        for done in combinations(changing, number):
            state = ended(order, done)
            for scope in ("last", *rollout(order)):
                try:
                    way = way_of(state, scope, REAL)
                except NothingToUndo:
                    continue
                seen += 1
                assert lawful(way.tasks, state), (done, scope, way)
    assert seen > 900


def ended(order: Order, done: tuple[str, ...]) -> RunState:
    tasks = tuple(task(key, "done" if key in done else "skipped") for key in rollout(order))
    return RunState("R1", SITE, tasks=tasks, outcome="closed")


def lawful(ways: tuple[str, ...], state: RunState) -> bool:
    """In the order of the way back; each with what it needs before it; no requirement left behind.

    Written anew here, without the code that it checks.
    """
    in_order = list(ways) == [key for key in way_back() if key in ways]
    bound = all(need in ways for way in ways for need in laws.NEEDS.get(way, ()))
    ends = all(then in ways for way in ways for then in laws.FOLLOWS.get(way, ()))
    requires = state.task("client-authentication")
    required = requires is not None and requires.status == "done"
    presents = "undo-origin-pulls" not in ways
    return in_order and bound and ends and (presents or not required or ways[0] == way_back()[0])


@pytest.mark.parametrize(
    ("scope", "reach", "ways"),
    [
        ("last", ("http-access",), ("undo-http-access",)),
        ("ssl-strict", ("http-access",), ("undo-http-access",)),
        ("client-authentication", ("ssl-strict", "http-access"),
         ("undo-ssl-hold", "undo-http-access")),
        ("ssl-full", ("origin-pulls", "gate", "client-authentication", "ssl-strict", "http-access"),
         ("undo-client-authentication", "undo-origin-pulls", "undo-ssl-hold", "undo-http-access")),
    ],
)  # fmt: skip
def test_back_to_a_step_takes_back_what_came_after_it(
    scope: str, reach: tuple[str, ...], ways: tuple[str, ...]
) -> None:
    """The least that is needed, in the one order."""
    way = way_of(ended("no-downtime", tuple(laws.BACK_OF)), scope, REAL)
    assert (way.reach, way.tasks) == (reach, ways)


def test_what_has_to_go_along_is_told_with_what_forces_it() -> None:
    """Published order: origin pulls were last, and cannot go off while the origin requires."""
    done = ("client-authentication", "origin-pulls")
    way = way_of(ended("published", done), "last", REAL)
    assert way.tasks == ("undo-client-authentication", "undo-origin-pulls")
    assert way.reach == done
    assert way.along == (("client-authentication", "origin-pulls"),)


def test_what_cannot_be_undone_is_said_before() -> None:
    """A revoked certificate: for the whole run and for its own step, not for another."""
    state = ended("no-downtime", tuple(laws.BACK_OF))
    assert "stays revoked" in way_of(state, "run", REAL).for_good[0]
    assert "stays revoked" in way_of(state, "development-mode", REAL).for_good[0]
    assert way_of(state, "last", REAL).for_good == ()
    untouched = ended("no-downtime", ("origin-pulls",))
    assert way_of(untouched, "run", REAL).for_good == ()


def test_a_run_taken_back_in_part_can_be_taken_back_further() -> None:
    """What is back already is not asked for again; the rest is."""
    state = ended("no-downtime", ("origin-pulls", "client-authentication", "http-access"))
    back = e.UndoAsked(at=NOON, by="U1", tasks=("undo-http-access",), scope="last",
                       reach=("http-access",))  # fmt: skip
    done = e.StepSkipped(at=NOON, step="undo-http-access", reasons=("It is off.",))
    closed = e.RunClosed(at=NOON, outcome="partly-undone")
    for event in (back, done, closed):
        state = evolve(state, event)
    assert standing(state, REAL.laws) == ("origin-pulls", "client-authentication")
    assert way_of(state, "last", REAL).tasks == ("undo-client-authentication",)
    assert does(state, c.Undo("U1", "run")) == ["undo-asked"]


def test_what_the_run_has_switched_off_itself_stands_no_longer() -> None:
    """Development mode, once it is off again; before that it does."""
    keys = ("development-mode", "development-mode-off")
    over = RunState("R1", SITE, tasks=tuple(task(key, "done") for key in keys))
    assert standing(over, REAL.laws) == ()
    still = replace(over, tasks=(over.tasks[0], task(keys[1], "shown")))
    assert standing(still, REAL.laws) == ("development-mode",)


def test_a_run_that_is_back_or_on_its_way_is_not_turned_again() -> None:
    """Refused with the name of whoever was first; finished, there is nothing left."""
    on_its_way = replace(
        ended("no-downtime", ("gate",)), outcome="", direction="back", undo_by="U7"
    )
    with pytest.raises(AlreadyDecided, match="U7"):
        does(on_its_way, c.Undo("U1"))
    with pytest.raises(NothingToUndo):
        does(replace(on_its_way, outcome="undone"), c.Undo("U1"))
    with pytest.raises(NothingToUndo):
        does(ended("no-downtime", ()), c.Undo("U1", "last"))
    with pytest.raises(Rejected, match="no step lamp"):
        does(ended("no-downtime", ("gate",)), c.Undo("U1", "lamp"))


# Stop and pause.

STOPS: dict[TaskStatus, list[str]] = {
    "next": ["run-stopped", "run-closed"], "shown": ["run-stopped", "run-closed"],
    "approved": ["run-stopped", "run-closed"], "declined": ["run-stopped", "run-closed"],
    "failed": ["run-stopped", "run-closed"], "expired": ["run-stopped", "run-closed"],
    "started": ["run-stopped"], "applied": ["run-stopped"],
}  # fmt: skip


@pytest.mark.parametrize("status", STOPS)
def test_stop_ends_at_once_or_with_the_step_at_work(status: TaskStatus) -> None:
    """In each state: never inside a step, always for good."""
    state = at("origin-certificate", status)
    assert does(state, c.Stop("U1", "later")) == STOPS[status]
    for event in controlled(state, c.Stop("U1", "later"), now=NOON, itinerary=REAL):
        state = evolve(state, event)
    if state.outcome:
        assert state.outcome == "stopped"
        return
    assert not isinstance(next_unit(state, begun_here=True), Close)
    with pytest.raises(AlreadyDecided, match="U1"):
        does(state, c.Stop("U2"))
    proven = e.StepFinished(at=NOON, step="origin-certificate", verdict=Verdict("proven", ("Yes",)))
    assert next_unit(evolve(state, proven), begun_here=True) == Close("stopped")


@pytest.mark.parametrize("status", ["started", "applied", "done"])
def test_published_is_not_stopped_where_visitors_are_refused(status: TaskStatus) -> None:
    """Between require and origin pulls; in the other order there is no such place."""
    state = at("client-authentication", status, "published")
    assert refused_without(state, REAL.laws) == "origin-pulls"
    with pytest.raises(Rejected, match="visitors would be refused until the step origin-pulls"):
        does(state, c.Stop("U1"))
    assert refused_without(at("client-authentication", status), REAL.laws) == ""
    assert refused_without(at("client-authentication", "shown", "published"), REAL.laws) == ""


def turned(state: RunState) -> RunState:
    """The same run, on its way back."""
    way = way_of(state, "run", REAL)
    return evolve(state, e.UndoAsked(at=NOON, by="U1", tasks=way.tasks))


@pytest.mark.parametrize("reached", ["next", "shown", "failed"])
def test_published_turned_round_there_is_not_stopped_before_the_way_back(
    reached: TaskStatus,
) -> None:
    """Visitors are refused until the origin asks no more; not where the cure came before."""
    state = turned(at("origin-pulls", reached, "published"))
    assert refused_without(state, REAL.laws) == "undo-client-authentication"
    with pytest.raises(Rejected, match="refused until the step undo-client-authentication"):
        does(state, c.Stop("U1"))
    assert "serves visitors" not in stands_words(FRAME, state)
    opened = e.StepSkipped(at=NOON, step="undo-client-authentication", reasons=("It asks nobody",))
    assert does(evolve(state, opened), c.Stop("U1")) == ["run-stopped", "run-closed"]
    assert "serves visitors" in stands_words(FRAME, evolve(state, opened))
    for whole in (at("ssl-strict", "shown", "published"), at("ssl-strict", "shown")):
        assert does(turned(whole), c.Stop("U1")) == ["run-stopped", "run-closed"]


@pytest.mark.parametrize("status", ["shown", "declined", "expired", "failed"])
def test_a_run_that_stands_where_visitors_are_refused_says_so(status: TaskStatus) -> None:
    """Whatever it waits for, and while it is paused; in the other order there is nothing to say."""
    words = "Visitors are refused until *origin-pulls* is done"
    for one in (at("origin-pulls", status, "published"), at("origin-pulls", status)):
        for state in (one, replace(one, paused_by="U2")):
            told = run_words(FRAME, state)
            assert (words in told) == (one.site is not None and one.site.order == "published")


@pytest.mark.parametrize(
    ("status", "unit"),
    [("next", Rest), ("shown", Rest), ("approved", Rest), ("failed", Rest), ("applied", Verify)],
)
def test_pause_holds_before_a_step_and_not_inside_one(
    status: TaskStatus, unit: type[object]
) -> None:
    """What is at work goes on to its proof; nothing else begins until somebody resumes."""
    state = at("origin-certificate", status)
    paused = replace(state, paused_by="U1")
    assert does(state, c.Pause("U1", "lunch")) == ["run-paused"]
    assert isinstance(next_unit(paused, begun_here=True), unit)
    assert does(paused, c.Resume("U2")) == ["run-resumed"]
    with pytest.raises(AlreadyDecided, match="U1"):
        does(paused, c.Pause("U2"))
    with pytest.raises(AlreadyDecided, match="not paused"):
        does(state, c.Resume("U2"))


@pytest.mark.parametrize("paused_by", ["", "U1"])
def test_nobody_is_reminded_of_what_is_paused(paused_by: str) -> None:
    """The card waits as before, and its deadline runs on; only the mention is left out."""
    state = at("gate", "shown")
    waits = tuple(replace(t, shown_at=NOON) if t.key == "gate" else t for t in state.tasks)
    later = NOON + timedelta(hours=5)
    found = due(replace(state, tasks=waits, paused_by=paused_by), Reminding(), now=later)
    assert [event.type for event in found] == ([] if paused_by else ["approval-reminded"])


@pytest.mark.parametrize("command", [c.Pause("U1"), c.Resume("U1"), c.Stop("U1"),
                                     c.Skip("U1", "gate", "why not")])  # fmt: skip
def test_a_run_that_is_over_is_not_steered(command: c.Control) -> None:
    """Only an undo opens it again."""
    over = replace(at("gate", "shown"), outcome="stopped")
    with pytest.raises(AlreadyDecided, match="over"):
        does(over, command)
    assert does(over, c.Undo("U1")) == ["undo-asked"]


def test_logs_from_before_these_events_still_fold() -> None:
    """Fields that were added have a default: an old skip and an old undo read as they were."""
    opened = e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp",))
    old = [
        {"type": "step-skipped", "at": NOON, "by": "driver", "step": "lamp", "reasons": ["On."]},
        {"type": "undo-asked", "at": NOON, "by": "U1", "tasks": ["undo-lamp"]},
    ]
    state = fold("R1", [opened, *(e.EVENT.validate_python(fields) for fields in old)])
    assert (state.direction, state.undo_scope, state.way_back) == ("back", "run", ("undo-lamp",))
    assert state.tasks[0].skipped_by == ""
    assert fold("R1", [opened, ce.RunPaused(at=NOON, by="U1")]).status == "paused"
