"""The way back from client authentication: always open to one approver, and quick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from steps.client_authentication import BACK, BACK_WHY
from steps.configuration import Configuration, Files, Record
from steps.errors import NotAsApproved, PreconditionFailed
from steps.route_step import (
    NO_ADDRESS,
    PAGE,
    DeployedRoute,
    RouteFacts,
    RouteStep,
    expected,
    probe_rows,
    words,
)
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Receipt, Site, Verdict, Waiting
from steps.way_in import Offered, Push
from steps.zone_settings import broken


@dataclass
class ClientAuthenticationBack(RouteStep):
    """What this run put into the routes file taken out again, and seen gone by the probe."""

    key: ClassVar[str] = "undo-client-authentication"
    title: ClassVar[str] = "Client authentication off"

    def observe(self, site: Site) -> RouteFacts:
        """The repository and the deployment, and whether another one is on its way."""
        return replace(self.look(site), deploying=self.ground.deploying(site))

    def plan(self, site: Site, facts: RouteFacts, past: Past) -> Plan:
        """The files as they were, else without our lines; and our CA file with them."""
        ours = _ours(past)
        files = self._undone(facts.configuration, ours) if ours else {}
        if ours and not files and facts.deploying:
            raise PreconditionFailed(
                "A deployment is under way, and it may be the one that requires a certificate: what"
                " comes next here would let it refuse every visitor.",
                hint="Wait until it has ended, then press Retry.",
            )
        if ours and not files and _required(facts.deployed):
            raise PreconditionFailed(
                "The routes require no certificate any more, and the deployment still does.",
                hint="Wait for a deployment that is under way, or redeploy, then press Retry.",
            )
        offered = _offered(facts, past)
        closing = tuple(
            Change("update", f"request {o.number} · {o.url}", "open", "closed") for o in offered
        )
        inputs = {"close": " ".join(o.number for o in offered), "way": facts.way.name}
        if not files:
            return Plan(step=self.key, site=site, changes=closing, inputs=inputs if closing else {})
        return Plan(
            step=self.key, site=site,
            changes=(
                *closing, *self.changes(site, facts, files, "no client authentication", "brief")
            ),
            inputs={**self.inputs(facts, files), **inputs}, page=PAGE,
            notes=(
                "The origin is open to everybody again once this is deployed.",
                *facts.way.told(site), *_patches(past),
            ),
            way_back="A new run puts it back.",
        )  # fmt: skip

    def _undone(self, there: Configuration, ours: Sequence[Receipt]) -> Files:
        """What differs when all that this run put in is out again; nothing when it is out."""
        record = Record.of(ours[-1])
        for earlier in reversed(ours[:-1]):
            record = record.since(Record.of(earlier))
        files = there.restored(record, self.ca_pem.encode())
        if files is None:  # others have changed them: only our lines are taken out
            changed = there.taken_out()
            if changed.blocked:
                told = [words(f) for f in changed.findings if f.blocking]
                raise PreconditionFailed(
                    " ".join(told), hint="Take client_authentication out by hand and deploy it."
                )
            made = any(receipt.get("ca_file") for receipt in ours)
            files = {change.path: change.after for change in changed.files
                     if made or change.path != there.ca_path}  # fmt: skip
        return {path: new for path, new in files.items() if new != there.content(path)}

    def satisfied(self, site: Site, facts: RouteFacts, past: Past) -> tuple[str, ...]:
        """Nothing of this run is in the file; what may still come in is named."""
        return ("The routes hold nothing that this run put there.", *_patches(past))

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Close what is still offered, then bring the change in."""
        way = self.way(plan)
        for number in plan.inputs.get("close", "").split():
            if not notes.get(f"closed_{number}"):
                return self._closed(plan, number)
        if not plan.inputs.get("after"):
            return Done({"undone": "closed"})
        return way.bring(plan, notes, self._push(plan, past), past=past, now=now)

    def _closed(self, plan: Plan, number: str) -> Noted:
        if not self.way(plan).withdraw(number):
            raise NotAsApproved(
                f"The request {number} of this run has been merged meanwhile.",
                hint="Press Retry: the way back is planned on what is there now.",
            )
        return Noted({f"closed_{number}": "yes"})

    def _push(self, plan: Plan, past: Past) -> Push:
        def files() -> Files:
            return self._undone(self.now(plan).configuration, _ours(past))

        return Push(
            files, BACK, BACK_WHY, is_way_back=True, expected=expected(plan),
            shown=lambda: not _required(self.ground.deployed(plan.site)),
        )  # fmt: skip

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Has the deployment ended?"""
        push = self._push(plan, past)
        brought = self.way(plan).poll(plan, waiting, push, now=now)
        if isinstance(brought, Done):
            return Done({"undone": brought.receipt["commit"]}, brought.evidence)
        return brought

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """No route requires it, every address answers without a certificate, visitors too."""
        if _required(self.ground.deployed(plan.site)):
            return Verdict("not-yet", ("The deployment still requires it on some route.",))
        report = self.probe(plan.site, past, lambda: False)
        shut = tuple(
            a.evidence for a in report.attempts
            if a.verdict != "open" and a.reason != "redirects-to-https"
        )  # fmt: skip
        if not report.of:
            return Verdict("inconclusive", (NO_ADDRESS,))
        if shut:
            return Verdict("not-yet", shut, rows=probe_rows(report))
        seen = self.visitors(past)
        if seen.state != "fine":
            return broken(seen)
        told = f"All {report.of} addresses answer without a client certificate again."
        return Verdict("proven", (told, *seen.evidence), rows=probe_rows(report))


def _required(deployed: Sequence[DeployedRoute]) -> bool:
    return any(route.client_authentication == "require" for route in deployed)


def _receipts(past: Past) -> list[Receipt]:
    return [past.receipts.get(key, {}) for key in ("gate", "client-authentication")]


def _ours(past: Past) -> list[Receipt]:
    """What is on record of this run's commits, the first one first."""
    return [receipt for receipt in _receipts(past) if receipt.get("commit")]


def _patches(past: Past) -> tuple[str, ...]:
    """Whether somebody still means to bring one in is not known."""
    names = (r["file_name"] for r in _receipts(past) if r.get("file_name"))
    return tuple(f"Its patch {name} must not be brought in any more." for name in names)


def _offered(facts: RouteFacts, past: Past) -> tuple[Offered, ...]:
    """The requests of this run that somebody could still merge."""
    names = ("branch", "back_branch")
    branches = {r[name] for r in _receipts(past) for name in names if r.get(name)}
    return tuple(o for o in facts.offered if o.branch in branches)
