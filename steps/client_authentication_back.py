"""The way back from client authentication: always open to one approver, and quick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from steps import routes
from steps.client_authentication import BACK
from steps.errors import PreconditionFailed
from steps.route_change import CA_FILE, Push
from steps.route_step import (
    NO_ADDRESS,
    PAGE,
    DeployedRoute,
    RouteFacts,
    RouteStep,
    as_before,
    probe_rows,
)
from steps.step import Done, Outcome, Past, Plan, Receipt, Site, Verdict, Waiting
from steps.zone_settings import broken


@dataclass
class ClientAuthenticationBack(RouteStep):
    """What this run put into the routes file taken out again, and seen gone by the probe."""

    key: ClassVar[str] = "undo-client-authentication"
    title: ClassVar[str] = "Client authentication off"

    def observe(self, site: Site) -> RouteFacts:
        """The repository and the deployment, and whether another one is on its way."""
        return replace(self.look(site), deploying=self.pusher.deploying(site))

    def plan(self, site: Site, facts: RouteFacts, past: Past) -> Plan:
        """The routes file as it was, else without our lines; and our CA file with them."""
        ours = _ours(past)
        text = _text(facts.text, ours)
        if ours and text == facts.text and facts.deploying:
            raise PreconditionFailed(
                "A deployment is under way, and it may be the one that requires a certificate: what"
                " comes next here would let it refuse every visitor.",
                hint="Wait until it has ended, then press Retry.",
            )
        if ours and text == facts.text and _required(facts.deployed):
            raise PreconditionFailed(
                "The routes file requires no certificate any more, and the deployment still does.",
                hint="Wait for a deployment that is under way, or redeploy, then press Retry.",
            )
        if not ours or text == facts.text:
            return Plan(step=self.key, site=site, changes=())
        files: dict[str, bytes | None] = {facts.routes_path: text.encode()}
        made = any(receipt.get("ca_file") for receipt in ours)
        if made and facts.ca is not None and CA_FILE not in text:
            files[facts.ca_path] = None
        return Plan(
            step=self.key, site=site,
            changes=self.changes(site, facts, files, "no client authentication", "brief"),
            inputs=self.inputs(facts, files), page=PAGE,
            notes=("The origin is open to everybody again once this is deployed.",),
            way_back="A new run puts it back.",
        )  # fmt: skip

    def satisfied(self, site: Site, facts: RouteFacts, past: Past) -> tuple[str, ...]:
        """Nothing of this run is in the file."""
        return ("The routes file holds nothing that this run put there.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Push the change."""

        def files() -> Mapping[str, bytes | None]:
            facts = self.look(plan.site)
            found: dict[str, bytes | None] = {
                facts.routes_path: _text(facts.text, _ours(past)).encode()
            }
            return found | ({plan.inputs["ca_file"]: None} if plan.inputs["ca_file"] else {})

        return self.pusher.pushed(plan, notes, Push(files, BACK, is_way_back=True), now=now)

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Has the deployment ended?"""
        if not self.pusher.deployed(plan.site, waiting.handle["commit"]):
            return self.pusher.rhythm.again(waiting, now)
        return Done({"undone": waiting.handle["commit"]})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """No route requires it, every address answers without a certificate, visitors too."""
        if _required(self.deployed(plan.site)):
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


def _ours(past: Past) -> list[Receipt]:
    """What is on record of this run's commits, the first one first."""
    receipts = [past.receipts.get(key, {}) for key in ("gate", "client-authentication")]
    return [receipt for receipt in receipts if receipt.get("commit")]


def _text(text: str, ours: Sequence[Receipt]) -> str:
    """The file from before this run's first change; without our lines when others changed it."""
    before = as_before(text, ours[0].get("routes_before", "")) if ours else None
    return routes.undo(text, ca_path=CA_FILE).text if before is None else before
