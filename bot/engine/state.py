"""What a run is now, as values. `fold` makes them from the events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from bot.engine.approval_events import Foreseen, HeldBack, Window
from bot.engine.policy import Policy
from bot.engine.tellings import Telling
from steps.step import Past, Plan, Receipt, Site, Verdict, Waiting

TaskStatus: TypeAlias = Literal[
    "next", "shown", "approved", "started", "applied", "done", "skipped", "failed", "declined",
    "expired",
]  # fmt: skip
RunStatus: TypeAlias = Literal["working", "needs-approval", "needs-help", "paused", "closed"]
Outcome: TypeAlias = Literal["", "closed", "undone", "partly-undone", "stopped"]

FINISHED: frozenset[TaskStatus] = frozenset({"done", "skipped"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task stands still, and where a retry takes it up again."""

    phase: Literal["planning", "applying", "verifying", "over"]
    code: str
    message: str
    hint: str
    vendor_code: str
    request_id: str
    at: datetime
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to the plan that the task has now."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One step of a run, forward or back, as far as it got."""

    key: str
    status: TaskStatus = "next"
    plan: Plan | None = None
    fingerprint: str = ""
    shown_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    declined_by: str = ""
    reason: str = ""
    differences: tuple[str, ...] = ()
    """What changed since an earlier card of this step, a sentence each."""
    cards: int = 0
    """How many cards this task has had; a changed plan gets a new one."""
    failed_unplanned: bool = False
    """A card told of a failure before there was a plan; it must not stay with its buttons."""
    begun_before: bool = False
    """An earlier plan of it, which is void now, was begun and may have changed something."""
    started_at: datetime | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    waiting: Waiting | None = None
    waiting_since: datetime | None = None
    delayed: str = ""
    receipt: Receipt = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    applied_at: datetime | None = None
    verdict: Verdict | None = None
    skipped: tuple[str, ...] = ()
    skipped_by: str = ""
    """Who left it out, in `skipped`'s words; empty when everything was right already."""
    left: bool = False
    """The way back overtook it: what it did stays on record, it is not taken up again."""
    failure: Failure | None = None
    ended_at: datetime | None = None
    approvals: tuple[Approval, ...] = ()
    """Who said yes so far, to the plan with this fingerprint; another plan voids them."""
    needed: int = 1
    """How many were needed when the last yes was given."""
    deadline: datetime | None = None
    reminded_at: datetime | None = None
    foreseen: tuple[Foreseen, ...] = ()
    """The later plans without risk that this task's card shows too."""
    ahead: Foreseen | None = None
    """The plan that was approved before this task's turn, on an earlier card."""
    ahead_on: str = ""
    """Whose card that was: the yes is taken back there, whatever that card shows by now."""
    held: HeldBack | None = None
    """Approved, and the window does not let it begin."""
    lapsed_at: datetime | None = None
    """What it did has ended by itself and is not yet made again."""
    renewed_at: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether as many have said yes as were needed when the last one did."""
        return bool(self.approvals) and len(self.approvals) >= self.needed

    @property
    def begun(self) -> bool:
        """Whether it was begun to change something, by this plan or an earlier one."""
        return self.begun_before or bool(self.started_at and self.plan and self.plan.changes)


@dataclass(frozen=True, slots=True)
class Visitors:
    """What the bot's own looks through Cloudflare saw during the run."""

    served: int = 0
    looks: int = 0
    refused: tuple[tuple[datetime, datetime, tuple[str, ...]], ...] = ()
    """Stretches in which somebody was refused: from, to, what was seen."""
    unclear: int = 0
    """Looks that say neither; they are not among `looks`."""


@dataclass(frozen=True, slots=True)
class RunState:
    """Everything that cards, the driver and decisions need to know about one run."""

    run: str = ""
    site: Site | None = None
    channel: str = ""
    starter: str = ""
    opened_at: datetime | None = None
    seams: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    direction: Literal["forward", "back"] = "forward"
    undo_by: str = ""
    undo_scope: str = "run"
    undo_reach: tuple[str, ...] = ()
    way_back: tuple[str, ...] = ()
    """The keys of the tasks that take something back."""
    paused_by: str = ""
    paused_at: datetime | None = None
    pause_reason: str = ""
    stopped_by: str = ""
    """Set while the run still waits for a step at work to end, too."""
    stop_reason: str = ""
    outcome: Outcome = ""
    closed_at: datetime | None = None
    accepted: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    """What the watch has found of the site since, a sentence each."""
    visitors: Visitors = Visitors()
    neighbours: tuple[str, ...] = ()
    """Other sites of the zone that are closed; not in the run's events, added by the engine."""
    window: Window | None = None
    window_opened: bool = False
    tellings: tuple[Telling, ...] = ()
    """What is said in the thread, with a mention, beside the cards."""
    policy: Policy | None = None
    """The one in force; not in the run's events, added by the engine."""
    own_policy: Policy | None = None
    """In a policy's stream: what was decided last; None is the settings' policy."""
    asked_policy: Policy | None = None
    """In a policy's stream: what the waiting card asks for."""
    was_policy: Policy | None = None
    head: str = ""
    """Digest of the newest event in the run's chain; added by the engine."""
    seq: int = 0
    """How many events were folded; the `after` of the next append."""

    @property
    def current(self) -> Task | None:
        """The task whose turn it is; none once all are finished."""
        return next((t for t in self.tasks if t.status not in FINISHED), None)

    @property
    def status(self) -> RunStatus:
        if self.outcome:
            return "closed"
        task = self.current
        if task is not None and task.status in ("started", "applied"):
            return "working"
        if self.paused_by:
            return "paused"
        if task is None or task.status in ("next", "approved"):
            return "working"
        return "needs-approval" if task.status == "shown" else "needs-help"

    @property
    def changed(self) -> bool:
        """Whether a step with changes was begun; one that ended badly may have made some."""
        return any(task.begun for task in self.tasks)

    @property
    def past(self) -> Past:
        """Receipts by step key, for plans and proofs."""
        receipts = {t.key: {**t.notes, **t.receipt} for t in self.tasks if t.notes or t.receipt}
        task = self.current
        return Past(
            receipts, self.accepted, self.neighbours, way_back=self.way_back, head=self.head,
            run=self.run, approved_by=task.approved_by if task else "",
        )  # fmt: skip

    @property
    def askers(self) -> frozenset[str]:
        """Whoever asked for what is done now: the starter, and whoever turned the run round."""
        return frozenset({self.starter, self.undo_by} - {""})

    def task(self, key: str) -> Task | None:
        return next((t for t in self.tasks if t.key == key), None)
