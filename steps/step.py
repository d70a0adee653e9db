"""The contract between the engine and the steps: what a step is asked, and what it answers.

The engine knows this file and nothing else of `steps`. Values only; no clients, no clock.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, TypeAlias, TypeVar

Risk: TypeAlias = Literal["none", "brief", "outage-if-wrong"]
Order: TypeAlias = Literal["no-downtime", "published"]
Receipt: TypeAlias = Mapping[str, str]
"""What a way back needs: ids and previous values. Never a secret."""


@dataclass(frozen=True, slots=True)
class Site:
    """What one run is about, fixed when it is opened."""

    name: str
    """The host name that people use for the site, e.g. ``www.example.com``."""
    zone: str
    zone_id: str
    project: str
    environment: str
    order: Order = "no-downtime"
    validity_days: int = 365
    access_environments: tuple[str, ...] = ()
    """Non-production environments that get HTTP access control (the optional step)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that a person is asked to accept."""

    verb: Literal["create", "update", "delete", "deploy"]
    target: str
    """In people's words: ``zone example.com · development mode``."""
    before: str | None
    after: str | None
    risk: Risk = "none"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step will do, as data. Everything here is shown or bound; nothing here may drift.

    Times, countdowns, ids of finished work and days left stay in the facts: whoever approves a
    plan approves every value in it, and a value that moves by itself would void each approval.
    """

    step: str
    site: Site
    changes: tuple[Change, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Everything `apply` needs beyond the site; secrets by reference only."""
    notes: tuple[str, ...] = ()
    """What the card must say beside the changes, a sentence each."""
    accepting: tuple[str, ...] = ()
    """Named concerns that whoever approves accepts, a sentence each."""
    way_back: str = ""
    page: str = ""
    """The vendor's page for this step (URL)."""

    @property
    def nothing_to_do(self) -> bool:
        return not self.changes

    @property
    def risk(self) -> Risk:
        """The highest risk of its changes."""
        order: tuple[Risk, ...] = ("none", "brief", "outage-if-wrong")
        return max((change.risk for change in self.changes), key=order.index, default="none")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON of every field, 64 hex digits."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """The writes are made. `receipt` is kept for the way back; `evidence` a sentence each."""

    receipt: Receipt
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something outside takes time; `handle` is all that `poll` needs to look again."""

    what: str
    handle: Mapping[str, str]
    look_again_at: datetime
    give_up_at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """Commit `notes` to the log, then call `apply` again: written down before it is acted on."""

    notes: Mapping[str, str]


Outcome: TypeAlias = Done | Waiting | Noted


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table in a verdict: who was asked, and what came back."""

    subject: str
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen from outside.

    ``proven``: seen. ``set``: done, and nothing outside can show it yet; `proven_by` names the
    later step that will. ``not-yet``: look again. ``failed``: it is otherwise. ``inconclusive``:
    could not be asked, which is neither.
    """

    state: Literal["proven", "set", "not-yet", "failed", "inconclusive"]
    evidence: tuple[str, ...]
    hint: str = ""
    proven_by: str = ""
    rows: tuple[Row, ...] = ()
    acceptable: bool = False
    """An approver may go on past this by name (an inconclusive address of the probe)."""

    @property
    def holds(self) -> bool:
        return self.state in ("proven", "set")


@dataclass(frozen=True, slots=True)
class Past:
    """What the run has already on record when a step is asked: for plans and proofs."""

    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    """By step key; the preflight's receipt holds the values from before the run."""
    accepted: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    """Other sites of the zone that a run has closed: their zone settings must stay."""
    run: str = ""
    """The run's id, for what is written down elsewhere: a commit, a branch, a request."""
    approved_by: str = ""
    """Who said yes to the plan that is carried out (a Slack user id)."""
    way_back: tuple[str, ...] = ()
    """The ways back that this run takes; empty while it goes forward."""
    head: str = ""
    """Digest of the newest event of the run's log, for whoever cites it. No plan depends on it."""


Facts = TypeVar("Facts")


class Step(Protocol[Facts]):
    """One change, or one look. A way back is a step too, with a key of its own.

    `observe` and `verify` read. `plan` is pure: no I/O, no clock, no randomness. `apply` is the
    only writer and does only what the plan lists, one write a call at most: with ``Noted`` it asks
    for what it did to be written down before it goes on, and `notes` holds all that was noted so
    far. Called again after a kill with the same plan and notes, it finds what is already there and
    adopts it. `poll` looks once. Nothing here sleeps.
    """

    key: ClassVar[str]
    """Stored in the log; never renamed."""
    title: ClassVar[str]
    kind: ClassVar[Literal["change", "look"]]

    def observe(self, site: Site) -> Facts:
        """Read what is there. Raises ClientError when it could not ask."""
        ...

    def plan(self, site: Site, facts: Facts, past: Past) -> Plan:
        """What would be changed; no changes when it is satisfied (or for a look).

        Raises PreconditionFailed when something outside must be put right first.
        """
        ...

    def satisfied(self, site: Site, facts: Facts, past: Past) -> tuple[str, ...]:
        """Why there is nothing to do, a sentence each, for the record of a skipped step."""
        ...

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Do the next write of the plan, or find it done."""
        ...

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Look once whether what was awaited has come."""
        ...

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Evidence from outside, never only from the system that was just changed."""
        ...
