"""The rarer states of a run and of a policy, for the gallery: each kind of message once at least.

The usual ones are the goldens' (`tests.goldens`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.engine import approval_events as a
from bot.engine import control_events as ce
from bot.engine import events as e
from bot.engine.approvals import policy_plan
from bot.engine.fold import fold
from bot.engine.policy import POLICY_STEP, Policy, policy_stream
from bot.engine.state import RunState
from bot.slack.troubleshooting import WHAT_TO_DO
from bot.wiring import itinerary
from steps.step import Change, Plan, Verdict
from tests.goldens import CHANGED, CLOSED, LOOK, PLAN, TITLES, TWO
from tests.toys import NOON, SITE

LATER = NOON + timedelta(hours=1)
WINDOW = a.Window(NOON + timedelta(hours=2), NOON + timedelta(hours=4), "Europe/Berlin")
REAL = itinerary()
BELOW = Policy(frozenset({"U5"}), (), (1, 1, 1), "never")
SEAMS = ("MTLS_SEAM_SLACK_URL = http://127.0.0.1:1/", "MTLS_SEAM_AUTH_URL = http://127.0.0.1:2",
         "MTLS_SEAM_NAME_SERVERS = 127.0.0.1:53")  # fmt: skip
_BOUND = {"step": "lamp", "fingerprint": PLAN.fingerprint}
_DEPLOYS = Plan("lamp", SITE, (Change("deploy", "environment main", None, "require"),))


def rare() -> Mapping[str, RunState]:
    """By the name of the state; who may approve is in each, as the engine adds it."""
    opened: list[e.Event] = [
        e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=tuple(TITLES)[:3]),
        e.StepFinished(at=NOON, step="preflight", verdict=Verdict("proven", ("Open.",), "open")),
    ]
    shown = [*opened, e.PlanShown(at=NOON, plan=PLAN, deadline=LATER, **_BOUND)]
    started = [
        *shown, e.PlanApproved(at=NOON, by="U2", **_BOUND), e.StepStarted(at=NOON, **_BOUND),
    ]  # fmt: skip
    made = {
        **_times(shown, started), **_people(shown, started), **_works(opened, started),
        **_seen(started), **_failures(opened, shown, started),
    }  # fmt: skip
    runs = {name: replace(fold("R1", happened), policy=TWO) for name, happened in made.items()}
    return runs | _policies() | {"rollout": rollout(), "rollout-begun": rollout(3)}


def _times(shown: list[e.Event], started: list[e.Event]) -> dict[str, list[e.Event]]:
    """Windows, and what ends by itself."""
    yes = e.PlanApproved(at=NOON, by="U2", **_BOUND)
    held = [*shown, a.WindowSet(at=NOON, by="U2", window=WINDOW), yes]
    lapsed = a.StepLapsed(at=LATER, step="lamp", renewed_as=PLAN.fingerprint)
    return {
        "moved": [_moved(shown[0]), *shown[1:]],
        "reminded-late": [*shown, a.ApprovalReminded(at=NOON, **_BOUND), yes],
        "window-open": [*held, a.WindowOpened(at=NOON)],
        "window-off": [*held, a.StepHeld(at=NOON, step="lamp", why="not-open"),
                       a.WindowSet(at=NOON, by="U2", window=None)],
        "held-short": [*held, a.StepHeld(at=NOON, step="lamp", why="would-cross")],
        "held-over": [*held, a.StepHeld(at=NOON, step="lamp", why="over")],
        "lapsed": [*started, a.StepLapsed(at=LATER, step="lamp")],
        "unrenewed": [*started, lapsed, e.StepDelayed(at=LATER, step="lamp", code="denied",
                                                      message="Its token lacks a right.")],
        "renewed": [*started, lapsed, a.StepRenewed(at=LATER, step="lamp")],
    }  # fmt: skip


def _moved(event: e.Event) -> e.RunOpened:
    """The same run, in a window and in another world than production."""
    assert isinstance(event, e.RunOpened)
    return event.model_copy(update={"seams": SEAMS, "window": WINDOW})


def _people(shown: list[e.Event], started: list[e.Event]) -> dict[str, list[e.Event]]:
    """What somebody else than the starter does with the run, so that the starter is told."""
    paused = [*shown, ce.RunPaused(at=NOON, by="U2", reason="lunch")]
    applied = [*started, e.StepApplied(at=NOON, step="lamp", receipt={"before": "off"})]
    back = {"tasks": ("undo-lamp",), "reach": ("lamp",)}
    return {
        "paused-by": paused,
        "resumed-by": [*paused, ce.RunResumed(at=NOON, by="U3")],
        "stopped-by": [*shown, e.RunStopped(at=NOON, by="U2", reason="later"),
                       e.RunClosed(at=NOON, by="U2", outcome="stopped")],
        "turned-by": [*applied, e.UndoAsked(at=NOON, by="U2", tasks=("undo-lamp",))],
        "turned-in-part": [*applied, e.UndoAsked(at=NOON, by="U2", scope="last", **back)],
        "retried": [*shown, e.PlanDeclined(at=NOON, by="U2", **_BOUND),
                    e.StepRetried(at=NOON, by="U1", step="lamp")],
    }  # fmt: skip


def _works(opened: list[e.Event], started: list[e.Event]) -> dict[str, list[e.Event]]:
    """A second deployment that is awaited, a file for people, a yes that cannot be used yet."""
    fingerprint = _DEPLOYS.fingerprint
    first: list[e.Event] = [
        e.PlanShown(at=NOON, step="preflight", plan=_DEPLOYS, fingerprint=fingerprint),
        e.StepStarted(at=NOON, step="preflight", fingerprint=fingerprint),
        e.StepFinished(at=LATER, step="preflight", verdict=Verdict("proven", ())),
        e.PlanShown(at=LATER, step="lamp", plan=_DEPLOYS, fingerprint=fingerprint),
        e.PlanApproved(at=LATER, by="U2", step="lamp", fingerprint=fingerprint),
        e.StepStarted(at=LATER, step="lamp", fingerprint=fingerprint),
    ]
    awaited = e.StepWaiting(
        at=LATER, step="lamp", what="the deployment of main", handle={"activity": "abc123"},
        look_again_at=LATER, give_up_at=LATER + timedelta(hours=1),
    )  # fmt: skip
    patch = {"file_name": "lamp.patch", "file_text": "From: mtls-bot"}
    late = {"at": NOON, "step": "lamp", "code": "unreachable", "message": "It does not answer."}
    return {
        "deploying": [*opened, *first, awaited],
        "patch": [*started, e.StepNoted(at=NOON, step="lamp", notes=patch)],
        "approved-delayed": [*started[:-1], e.StepDelayed(**late)],
        "proof-delayed": [*started, e.StepApplied(at=NOON, step="lamp", receipt={}),
                          e.StepDelayed(**late)],
    }  # fmt: skip


def _seen(started: list[e.Event]) -> dict[str, list[e.Event]]:
    """Visitors who were refused; a finished run with everything that its report can have."""
    looks = e.VisitorsSeen(at=LATER, served=90, looks=100, since=NOON, refused=("525",), unclear=2)
    failed = e.StepFailed(at=NOON, step="lamp", phase="verifying", code="verification",
                          message="Visitors were refused.")  # fmt: skip
    skipped = e.StepSkipped(at=NOON, by="U2", step="lamp", reasons=("no lamp",), asked=True)
    return {
        "refused": [*started, looks, failed],
        "closed-without": [
            *started[:-2], looks, skipped,
            e.PlanShown(at=NOON, step="origin-probe", plan=LOOK, fingerprint=LOOK.fingerprint),
            e.StepFinished(at=NOON, step="origin-probe", verdict=CLOSED),
            e.RunClosed(at=LATER, outcome="closed"),
        ],
    }  # fmt: skip


def _failures(
    opened: list[e.Event], shown: list[e.Event], started: list[e.Event]
) -> dict[str, list[e.Event]]:  # fmt: skip
    """Each code that has its advice, without a hint of its own; and failures before the work."""
    by_code: dict[str, list[e.Event]] = {
        f"failed-{code}": [*started, e.StepFailed(at=NOON, step="lamp", phase="applying", code=code,
                                                  message="It did not work.")]
        for code in WHAT_TO_DO
    }  # fmt: skip
    planning = e.StepFailed(at=NOON, step="lamp", phase="planning", code="unreachable",
                            message="No answer.")  # fmt: skip
    plan = e.PlanShown(at=NOON, step="lamp", plan=CHANGED, fingerprint=CHANGED.fingerprint)
    return {
        **by_code,
        "failed-unplanned": [*opened, planning],
        "failed-then-shown": [*opened, planning, e.StepRetried(at=NOON, step="lamp"), plan],
        "failed-second-look": [*shown, e.PlanApproved(at=NOON, by="U2", **_BOUND), planning],
    }  # fmt: skip


def _policies() -> dict[str, RunState]:
    """The stream of a site's policy after each of its turns."""
    groups = tuple(f"S{n:010}" for n in range(30))
    crowd = Policy(frozenset(f"U{n:010}" for n in range(400)), groups, (9, 9, 9), "none")
    found = {f"policy-{name}": turns for name, turns in _turns(TWO).items()}
    found |= {"policy-to-settings": _turns(None)["asked"], "policy-crowd": _turns(crowd)["asked"]}
    stream = policy_stream(SITE)
    return {name: replace(fold(stream, turns), policy=BELOW) for name, turns in found.items()}


def _turns(wanted: Policy | None) -> dict[str, list[e.Event]]:
    plan = policy_plan(SITE, BELOW, wanted or TWO, own=wanted is not None)
    bound = {"step": POLICY_STEP, "fingerprint": plan.fingerprint}
    asked = a.PolicyAsked(at=NOON, by="U1", site=SITE, channel="C1", was=BELOW, policy=wanted,
                          plan=plan, fingerprint=plan.fingerprint, deadline=LATER)  # fmt: skip
    return {
        "asked": [asked],
        "twice": [asked, a.ApprovalExpired(at=LATER, **bound), asked],
        "changed": [asked, e.PlanApproved(at=NOON, by="U2", **bound),
                    a.PolicyChanged(at=NOON, by="U2", policy=wanted)],
        "declined": [asked, e.PlanDeclined(at=NOON, by="U2", reason="not now", **bound)],
        "expired": [asked, a.ApprovalExpired(at=LATER, **bound)],
        "reminded": [asked, a.ApprovalReminded(at=NOON, **bound)],
    }  # fmt: skip


def rollout(steps: int = 99) -> RunState:
    """A run through the real steps, as far as it is wanted: what an undo can choose from."""
    keys = REAL.no_downtime[:steps]
    happened: list[e.Event] = [
        e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=REAL.no_downtime)
    ]
    for key in keys:
        plan = Plan(key, SITE, (Change("update", key, "off", "on"),))
        receipt = {"not_after": "2027-11-24T12:00:00Z"} if key == "origin-certificate" else {}
        happened += [
            e.PlanShown(at=NOON, step=key, plan=plan, fingerprint=plan.fingerprint),
            e.PlanApproved(at=NOON, by="U2", step=key, fingerprint=plan.fingerprint),
            e.StepStarted(at=NOON, step=key, fingerprint=plan.fingerprint),
            e.StepApplied(at=NOON, step=key, receipt=receipt),
            e.StepFinished(at=NOON, step=key, verdict=Verdict("proven", ("Seen.",))),
        ]
    if keys == REAL.no_downtime:
        happened.append(e.RunClosed(at=LATER, outcome="closed"))
    return replace(fold("R2", happened), policy=TWO, head="e" * 12)
