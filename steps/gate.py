"""The gate: the origin asks and refuses nobody, and a page tells what Cloudflare presented."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from steps.configuration import kept
from steps.errors import PreconditionFailed
from steps.route_step import PAGE, RouteFacts, RouteStep, expected, receipt
from steps.step import Done, Outcome, Past, Plan, Site, Verdict, Waiting
from steps.way_in import Push
from steps.zone_settings import broken

GATE = "Ask for Cloudflare's client certificate at the origin"
WHY = """\
Every https route asks for a client certificate and lets everybody in,
with one or without: so it can be seen whether Cloudflare shows its own
before anybody is refused."""
PREVIEW = "It asks for a client certificate and serves everybody, like production."


@dataclass
class Gate(RouteStep):
    """`request`, deployed: the origin asks, refuses nobody, and tells what it was shown."""

    path: str
    """The page of the site that echoes X-Client-Verify; empty where there is none."""
    ready: Callable[[Site], tuple[str, ...]]
    looks: int = 3

    key: ClassVar[str] = "gate"
    title: ClassVar[str] = "Gate: ask, and refuse nobody"

    def observe(self, site: Site) -> RouteFacts:
        """The repository and the deployment, and whether Cloudflare is ready for it."""
        return self.look(site, self.ready(site) if self.path else ())

    def plan(self, site: Site, facts: RouteFacts, past: Past) -> Plan:
        """The routes file with `request`, unless it asks or requires already."""
        if not self.path or self._requires(facts) or self.all_have(facts, "request"):
            return Plan(step=self.key, site=site, changes=())
        if facts.problems:
            raise PreconditionFailed(
                " ".join(facts.problems), hint="Put this right at Cloudflare, then press Retry."
            )
        changed = self.change(facts, "request")
        files = {change.path: change.after for change in changed.files}
        return Plan(
            step=self.key, site=site, changes=self.changes(site, facts, files, "request", "brief"),
            inputs=self.inputs(facts, files, kept(changed)), page=PAGE,
            notes=(
                "The origin asks for a certificate and lets everybody in. A page of the site then"
                f" says what Cloudflare presented ({self.path}): only SUCCESS opens the next step.",
                *facts.way.told(site),
            ),
            way_back=facts.way.back(site),
        )  # fmt: skip

    def satisfied(self, site: Site, facts: RouteFacts, past: Past) -> tuple[str, ...]:
        """No page to ask, or asked already."""
        if not self.path:
            return (
                "No page that echoes X-Client-Verify is set (MTLS_RUN_GATE_PATH): whether"
                " Cloudflare presents its certificate is not proven beforehand.",
            )
        if self._requires(facts):
            return ("A route requires a certificate already: only to ask for one would open it.",)
        return ("The deployment asks for a certificate of our CA already.",)

    def _requires(self, facts: RouteFacts) -> bool:
        return any(route.client_authentication == "require" for route in facts.deployed)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Bring the change in."""
        return self.way(plan).bring(plan, notes, self._push(plan), past=past, now=now)

    def _push(self, plan: Plan) -> Push:
        return Push(
            lambda: self.changed_files(self.now(plan), "request"), GATE, WHY,
            expected=expected(plan), shown=lambda: self.all_have(self.now(plan), "request"),
            preview=PREVIEW,
        )  # fmt: skip

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Has the deployment ended?"""
        brought = self.way(plan).poll(plan, waiting, self._push(plan), now=now)
        if isinstance(brought, Done):
            return Done(receipt(plan, brought.receipt), brought.evidence)
        return brought

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Every one of k uncached looks says SUCCESS, at every address of Cloudflare."""
        hosts = past.receipts.get("preflight", {}).get("hosts", plan.site.name).split()
        unlike = self.vantage.unverified(hosts, self.path, self.looks)
        if unlike:
            return Verdict(
                "not-yet", unlike, hint="Cloudflare does not present its certificate. With client"
                " authentication now, visitors would be refused.",
            )  # fmt: skip
        seen = self.visitors(past)
        if seen.state != "fine":
            return broken(seen)
        return Verdict("proven", (
            f"{self.looks} of {self.looks} uncached looks at each address in reach said SUCCESS.",
            *seen.evidence,
        ))  # fmt: skip
