"""The way back from client authentication: always open to one approver, and quick."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from steps import routes
from steps.client_authentication import BACK
from steps.route_change import CA_FILE, Push, digest
from steps.route_step import PAGE, RouteFacts, RouteStep, probe_rows
from steps.step import Done, Outcome, Past, Plan, Site, Verdict, Waiting
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
        """Our lines out of the routes file, and our CA file with them."""
        ours = [past.receipts.get(key, {}) for key in ("gate", "client-authentication")]
        edited = routes.undo(facts.text, ca_path=CA_FILE)
        if not any(receipt.get("commit") for receipt in ours) or not edited.routes:
            return Plan(step=self.key, site=site, changes=())
        files: dict[str, bytes | None] = {facts.routes_path: edited.text.encode()}
        if any(receipt.get("ca_file") for receipt in ours) and CA_FILE not in edited.text:
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
        facts = self.look(plan.site)
        files: dict[str, bytes | None] = {}
        if digest(facts.text.encode()) != plan.inputs["routes_after"]:
            text = routes.undo(facts.text, ca_path=CA_FILE).text
            files[facts.routes_path] = text.encode()
            if plan.inputs["ca_file"]:
                files[plan.inputs["ca_file"]] = None
        return self.pusher.pushed(plan, notes, Push(files, BACK), now=now)

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Has the deployment ended?"""
        if not self.pusher.deployed(plan.site, waiting.handle["commit"]):
            return self.pusher.rhythm.again(waiting, now)
        return Done({"undone": waiting.handle["commit"]})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """No route asks any more, every address answers without a certificate, visitors too."""
        if any(route.client_authentication for route in self.deployed(plan.site)):
            return Verdict("not-yet", ("The deployment still asks on some route.",))
        report = self.probe(plan.site, past, lambda: False)
        shut = tuple(
            a.evidence for a in report.attempts
            if a.verdict != "open" and a.reason != "redirects-to-https"
        )  # fmt: skip
        if shut:
            return Verdict("not-yet", shut, rows=probe_rows(report))
        seen = self.visitors(past)
        if seen.state != "fine":
            return broken(seen)
        told = f"All {report.of} addresses answer without a client certificate again."
        return Verdict("proven", (told, *seen.evidence), rows=probe_rows(report))
