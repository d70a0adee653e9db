"""A run in each of its states, and its cards as golden files: `python -m tests.goldens`."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.engine import approval_events as a
from bot.engine import control_events as ce
from bot.engine import events as e
from bot.engine.fold import fold
from bot.engine.itinerary import Laws
from bot.engine.policy import Policy
from bot.engine.state import RunState
from bot.slack.cards import run_messages
from bot.slack.words import Frame
from steps.step import Change, Plan, Row, Verdict
from tests.toys import NOON, SITE

FOLDER = Path(__file__).parent / "unit" / "cards"
TITLES = {"preflight": "Preflight", "lamp": "The lamp", "origin-probe": "Origin probe",
          "undo-lamp": "The lamp as before"}  # fmt: skip
TWO = Policy(frozenset({"U2", "U3"}), ("S1",), (1, 1, 2))
LAWS = Laws(
    optional=frozenset({"lamp"}), back_of={"lamp": ("undo-lamp",)},
    for_good={"undo-lamp": "A lamp that is off stays cold."},
)  # fmt: skip
FRAME = Frame(TITLES, Policy(frozenset({"U2"}), ("S1",)), NOON, LAWS, timedelta(hours=24))
PLAN = Plan(
    step="lamp", site=SITE,
    changes=(Change("update", "zone example.com · lamp", "off", "on", "outage-if-wrong"),),
    inputs={"diff": "--- a/lamp\n+++ b/lamp\n-off\n+on\n"},
    notes=("The lamp is bright.",), accepting=("status.example.com would blink.",),
    way_back="It is switched off again.", page="https://example.com/lamp",
)  # fmt: skip
CHANGED = Plan(step="lamp", site=SITE, changes=(Change("update", "lamp", "dim", "on"),))
BACK = Plan(step="undo-lamp", site=SITE, changes=(Change("update", "lamp", "on", "off", "brief"),))
LOOK = Plan(step="preflight", site=SITE, changes=())
CLOSED = Verdict(
    "proven", ("Closed: refused on 3 of 3 addresses.",),
    rows=(Row("www.example.com at 192.0.2.1:443", "closed (refused-by-alert)", "It was refused."),),
)  # fmt: skip
UNCLEAR = Verdict("inconclusive", ("2001:db8::1 has no route from here.",), acceptable=True)


def states() -> dict[str, RunState]:
    """The run after each of its turns, by the name of the state."""
    keys = ("preflight", "lamp", "origin-probe")
    opened: list[e.Event] = [
        e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=keys),
        e.PlanShown(at=NOON, step="preflight", plan=LOOK, fingerprint=LOOK.fingerprint),
        e.StepStarted(at=NOON, step="preflight", fingerprint=LOOK.fingerprint),
        e.StepApplied(at=NOON, step="preflight", receipt={"edge_hostname": "main.example.net"}),
        e.StepFinished(at=NOON, step="preflight", verdict=Verdict("proven", ("Open.",), "open")),
    ]
    shown = [*opened, e.PlanShown(at=NOON, step="lamp", plan=PLAN, fingerprint=PLAN.fingerprint)]
    yes = e.PlanApproved(at=NOON, by="U2", step="lamp", fingerprint=PLAN.fingerprint)
    started = [*shown, yes, e.StepStarted(at=NOON, step="lamp", fingerprint=PLAN.fingerprint)]
    applied = [*started, e.StepApplied(at=NOON, step="lamp", receipt={"before": "off"})]
    done = [*applied, e.StepFinished(
        at=NOON + timedelta(minutes=2), step="lamp",
        verdict=Verdict("set", ("It shines.",), proven_by="origin-probe"),
    )]  # fmt: skip
    made = {
        "opened": opened[:1], "shown": shown, "started": started, "applied": applied, "set": done,
        **_decided(shown, yes), **_troubles(started), **_ends(done), **_approvals(opened),
        **_steered(shown, started, done),
    }  # fmt: skip
    folded = {name: fold("R1", events) for name, events in made.items()}
    return folded | {n: replace(folded[n], policy=TWO) for n in _approvals(opened)}


def _decided(shown: list[e.Event], yes: e.Event) -> dict[str, list[e.Event]]:
    fingerprint = PLAN.fingerprint
    return {
        "approved": [*shown, yes],
        "declined": [*shown, e.PlanDeclined(at=NOON, by="U2", step="lamp", fingerprint=fingerprint,
                                            reason="not today")],
        "drifted": [*shown, yes, e.PlanDrifted(
            at=NOON, step="lamp", was=fingerprint, plan=CHANGED,
            fingerprint=CHANGED.fingerprint, differences=("lamp: was off, is now dim.",),
        )],
        "skipped": [*shown[:-1], e.StepSkipped(at=NOON, step="lamp", reasons=("It is on.",))],
        "stopped": [*shown, e.RunStopped(at=NOON, by="U1", reason="later"),
                    e.RunClosed(at=NOON, by="U1", outcome="stopped")],
    }  # fmt: skip


def _troubles(started: list[e.Event]) -> dict[str, list[e.Event]]:
    waiting = e.StepWaiting(
        at=NOON, step="lamp", what="the lamp to warm up", handle={"id": "1"}, look_again_at=NOON,
        give_up_at=NOON,
    )  # fmt: skip
    deploying = waiting.model_copy(update={
        "what": "the deployment of 1a2b3c4d",
        "handle": {"activity": "q1w2e3", "state": "in_progress", "usual": "94"},
    })  # fmt: skip
    return {
        "waiting": [*started, waiting],
        "deploying": [*started, deploying],
        "deploying-delayed": [*started, deploying, e.StepDelayed(
            at=NOON, step="lamp", code="unreachable",
            message="Platform.sh does not answer.")],
        "delayed": [*started, e.StepDelayed(at=NOON, step="lamp", code="unreachable",
                                            message="The lamp does not answer.")],
        "failed": [*started, e.StepFailed(
            at=NOON, step="lamp", phase="applying", code="denied", message="No right <here>.",
            hint="Give it.", vendor_code="10000", request_id="ray",
        )],
        "inconclusive": [*started, e.StepFailed(
            at=NOON, step="lamp", phase="verifying", code="verification", message="Unclear.",
            verdict=UNCLEAR,
        )],
    }  # fmt: skip


def _ends(done: list[e.Event]) -> dict[str, list[e.Event]]:
    probed = [
        *done,
        e.PlanShown(at=NOON, step="origin-probe", plan=LOOK, fingerprint=LOOK.fingerprint),
        e.StepFinished(at=NOON, step="origin-probe", verdict=CLOSED),
        e.RunClosed(at=NOON + timedelta(minutes=5), outcome="closed"),
    ]
    asked = [*probed, e.UndoAsked(at=NOON, by="U1", tasks=("undo-lamp",))]
    back = [*asked, e.PlanShown(at=NOON, step="undo-lamp", plan=BACK, fingerprint=BACK.fingerprint)]
    undone = [
        *back,
        e.PlanApproved(at=NOON, by="U2", step="undo-lamp", fingerprint=BACK.fingerprint),
        e.StepStarted(at=NOON, step="undo-lamp", fingerprint=BACK.fingerprint),
        e.StepApplied(at=NOON, step="undo-lamp", receipt={}),
        e.StepFinished(at=NOON, step="undo-lamp", verdict=Verdict("proven", ("Dark again.",))),
        e.RunClosed(at=NOON + timedelta(minutes=9), outcome="undone"),
    ]
    drifted = [*probed, ce.DriftSeen(at=NOON, by="watch", findings=(
        "Direct access is open: 203.0.113.11 answered <HTTP 200>.",
        "The lamp: lamp is off, and was left as on.",
    ))]  # fmt: skip
    restored = [*drifted, ce.DriftSeen(at=NOON, by="watch", findings=())]
    return {
        "closed": probed,
        "since-drifted": drifted,
        "since-restored": restored,
        "accepted": _accepted(done),
        "undo-shown": back,
        "undone": undone,
    }


def _accepted(done: list[e.Event]) -> list[e.Event]:
    """A run that ended although one address could not be asked."""
    return [
        *done,
        e.PlanShown(at=NOON, step="origin-probe", plan=LOOK, fingerprint=LOOK.fingerprint),
        e.StepStarted(at=NOON, step="origin-probe", fingerprint=LOOK.fingerprint),
        e.StepFailed(
            at=NOON, step="origin-probe", phase="verifying", code="verification",
            message="Unclear.", verdict=UNCLEAR,
        ),
        e.VerdictAccepted(at=NOON, by="U2", step="origin-probe", accepted=UNCLEAR.evidence),
        e.RunClosed(at=NOON + timedelta(minutes=5), outcome="closed"),
    ]  # fmt: skip


def _approvals(opened: list[e.Event]) -> dict[str, list[e.Event]]:
    """Cards that wait for two, that offer later steps, that came too late, or wait for a window."""
    until = NOON + timedelta(hours=24)
    window = a.Window(NOON + timedelta(hours=2), NOON + timedelta(hours=4), "Europe/Berlin")
    shown = [*opened, e.PlanShown(at=NOON, step="lamp", plan=PLAN, fingerprint=PLAN.fingerprint,
                                  deadline=until)]  # fmt: skip
    bound = {"step": "lamp", "fingerprint": PLAN.fingerprint}
    first = [*shown, e.PlanApproved(at=NOON, by="U2", needed=2, **bound)]
    both = [*first, e.PlanApproved(at=NOON, by="U3", needed=2, **bound)]
    ahead = a.Foreseen("origin-probe", CHANGED, CHANGED.fingerprint)
    foreseen = [*shown, a.PlansForeseen(at=NOON, plans=(ahead,), **bound)]
    return {
        "one-of-two": first,
        "reminded": [*first, a.ApprovalReminded(at=NOON, **bound)],
        "withdrawn": [*both, a.ApprovalWithdrawn(at=NOON, by="U3", **bound)],
        "foreseen": foreseen,
        "approved-ahead": [
            *foreseen, e.PlanApproved(at=NOON, by="U2", **bound),
            e.PlanApproved(at=NOON, by="U2", step=ahead.step, fingerprint=ahead.fingerprint,
                           pressed_on="lamp"),
        ],
        "expired": [*first, a.ApprovalExpired(at=until, **bound)],
        "extended": [*shown, a.ApprovalExtended(at=NOON, by="U2", until=until, **bound)],
        "held": [*both, a.WindowSet(at=NOON, by="U2", window=window),
                 a.StepHeld(at=NOON, step="lamp", why="not-open")],
    }  # fmt: skip


def _steered(
    shown: list[e.Event], started: list[e.Event], done: list[e.Event]
) -> dict[str, list[e.Event]]:  # fmt: skip
    """What people do with the run as a whole."""
    stop = e.RunStopped(at=NOON, by="U1", reason="the day ends")
    asked = e.UndoAsked(at=NOON, by="U1", tasks=("undo-lamp",), scope="last", reach=("lamp",))
    stuck = e.StepFailed(
        at=NOON, step="undo-lamp", phase="planning", code="denied", message="No right.",
        vendor_code="10000", request_id="ray",
    )  # fmt: skip
    skipped = e.StepSkipped(
        at=NOON, by="U2", step="lamp", reasons=("no <lamp> here",), asked=True
    )  # fmt: skip
    return {
        "paused": [*shown, ce.RunPaused(at=NOON, by="U1", reason="lunch")],
        "pausing": [*started, ce.RunPaused(at=NOON, by="U1")],
        "stopping": [*started, stop],
        "stopped-halfway": [*done, stop, e.RunClosed(at=NOON, by="U1", outcome="stopped")],
        "skipped-by": [*shown, skipped],
        "back-stuck": [*done, asked, stuck],
        "partly-undone": [
            *done, asked, e.StepSkipped(at=NOON, step="undo-lamp", reasons=("It is off.",)),
            e.RunClosed(at=NOON + timedelta(minutes=9), outcome="partly-undone"),
        ],
    }  # fmt: skip


def as_json(state: RunState) -> str:
    """All messages of a state, as a golden file holds them."""
    cards = run_messages(FRAME, state)
    made = {key: {"text": card.text, "blocks": card.blocks} for key, card in cards.items()}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, state in states().items():
        (FOLDER / f"{name}.json").write_text(as_json(state))


if __name__ == "__main__":
    main()
