"""The way back from client authentication: always open to one approver, and quick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from steps.client_authentication import BACK, BACK_WHY
from steps.errors import NotAsApproved, PreconditionFailed
from steps.route_edit import CA_FILE, as_before, taken_out
from steps.route_step import (
    NO_ADDRESS,
    PAGE,
    DeployedRoute,
    RouteFacts,
    RouteStep,
    expected,
    probe_rows,
)
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Receipt, Site, Verdict, Waiting
from steps.way_in import Files, Offered, Push
from steps.zone_settings import broken


@dataclass
class ClientAuthenticationBack(RouteStep):
    """What this run put into the routes file taken out again, and seen gone by the probe."""

    key: ClassVar[str] = "undo-client-authentication"
    title: ClassVar[str] = "Client authentication off"

    def observe(self, site: Site) -> RouteFacts:
        """The repository and the deployment."""
        return self.look(site)

    def plan(self, site: Site, facts: RouteFacts, past: Past) -> Plan:
        """The routes file as it was, else without our lines; and our CA file with them."""
        ours = _ours(past)
        text = _text(facts.text, ours)
        if ours and text == facts.text and _required(facts.deployed):
            raise PreconditionFailed(
                "The routes file requires no certificate any more, and the deployment still does.",
                hint="Wait for a deployment that is under way, or redeploy, then press Retry.",
            )
        offered = _offered(facts, past)
        closing = tuple(
            Change("update", f"request {o.number} · {o.url}", "open", "closed") for o in offered
        )
        inputs = {"close": " ".join(o.number for o in offered), "way": facts.way.name}
        if not ours or text == facts.text:
            return Plan(step=self.key, site=site, changes=closing, inputs=inputs if closing else {})
        files: dict[str, bytes | None] = {facts.routes_path: text.encode()}
        made = any(receipt.get("ca_file") for receipt in ours)
        if made and facts.ca is not None and CA_FILE not in text:
            files[facts.ca_path] = None
        return Plan(
            step=self.key, site=site,
            changes=(
                *closing, *self.changes(site, facts, files, "no client authentication", "brief")
            ),
            inputs={**self.inputs(facts, files), **inputs}, page=PAGE,
            notes=(
                "The origin is open to everybody again once this is deployed.",
                *facts.way.told(site),
            ),
            way_back="A new run puts it back.",
        )  # fmt: skip

    def satisfied(self, site: Site, facts: RouteFacts, past: Past) -> tuple[str, ...]:
        """Nothing of this run is in the file; what may still come in is named."""
        told = ["The routes file holds nothing that this run put there."]
        by_hand = [r["file_name"] for r in _receipts(past) if r.get("file_name")]
        told += [f"Its patch {name} must not be brought in any more." for name in by_hand]
        return tuple(told)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Close what is still offered, then bring the change in."""
        way = self.way(plan)
        for number in plan.inputs.get("close", "").split():
            if not notes.get(f"closed_{number}"):
                return self._closed(plan, number)
        if not plan.inputs.get("routes_path"):
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
            facts = self.now(plan)
            found: dict[str, bytes | None] = {
                facts.routes_path: _text(facts.text, _ours(past)).encode()
            }
            return found | ({plan.inputs["ca_file"]: None} if plan.inputs["ca_file"] else {})

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


def _offered(facts: RouteFacts, past: Past) -> tuple[Offered, ...]:
    """The requests of this run that somebody could still merge."""
    names = ("branch", "back_branch")
    branches = {r[name] for r in _receipts(past) for name in names if r.get(name)}
    return tuple(o for o in facts.offered if o.branch in branches)


def _text(text: str, ours: Sequence[Receipt]) -> str:
    """The file from before this run's first change; without our lines when others changed it."""
    before = as_before(text, ours[0].get("routes_before", "")) if ours else None
    return taken_out(text) if before is None else before
