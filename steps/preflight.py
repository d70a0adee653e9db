"""The preflight: read everything, find what stands in the way, keep what was there before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from steps.errors import PreconditionFailed
from steps.origin.evidence import Expect
from steps.origin.vantage import Vantage, keep
from steps.preflight_checks import PreflightFacts, problems, remarks
from steps.route_step import probe_rows
from steps.step import Done, Outcome, Past, Plan, Row, Site, Verdict, Waiting
from steps.zone_settings import unusable

SETTINGS = ("ssl", "ssl_automatic_mode", "tls_client_auth", "development_mode", "always_use_https")


@dataclass
class Preflight:
    """Always runs, needs no approval, writes nothing."""

    read: Callable[[Site], PreflightFacts]
    vantage: Vantage
    ca_pem: str

    key: ClassVar[str] = "preflight"
    title: ClassVar[str] = "Preflight"
    kind: ClassVar[Literal["change", "look"]] = "look"

    def observe(self, site: Site) -> PreflightFacts:
        """Both vendors, DNS and the repository."""
        return self.read(site)

    def plan(self, site: Site, facts: PreflightFacts, past: Past) -> Plan:
        """Nothing to change; raises PreconditionFailed with everything that stands in the way."""
        found = (*_site(site, facts), *problems(facts))
        if found:
            raise PreconditionFailed(
                "\n".join(f"• {problem}" for problem in found),
                hint="Nothing was written. Put these right, then press Retry.",
            )
        # What was there before goes on record here, before any step writes (law 3).
        hosts = " ".join(host.name for host in facts.hosts)
        return Plan(
            step=self.key, site=site, changes=(), notes=remarks(facts),
            inputs={
                "hosts": hosts, "neighbours": " ".join(facts.neighbours),
                "edge_hostname": facts.project.edge_hostname, "head": facts.project.head,
                "ssl_rules": "\n".join(facts.zone.rules),
                **{name: facts.zone.settings.get(name, "") for name in SETTINGS},
            },
        )  # fmt: skip

    def satisfied(self, site: Site, facts: PreflightFacts, past: Past) -> tuple[str, ...]:
        """A look always runs."""
        return ()

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """The first look at every host, to judge later ones against."""
        ours = plan.inputs["hosts"].split()
        looks = self.vantage.baseline([*ours, *plan.inputs["neighbours"].split()])
        unclear = {host: why for host, look in looks.items() if (why := unusable(look))}
        if any(host in unclear for host in ours):
            told = "; ".join(f"{host}: {unclear[host]}" for host in ours if host in unclear)
            raise PreconditionFailed(
                f"A first look through Cloudflare did not come to an answer: {told}.",
                hint="Without it no later look can be judged. Put this right, then press Retry.",
            )
        # A neighbour that is broken today cannot be broken by this run, nor judged in it.
        judged = {host: look for host, look in looks.items() if host not in unclear}
        unjudged = "\n".join(f"{host}: {why}" for host, why in sorted(unclear.items()))
        return Done({**plan.inputs, "baseline": keep(judged), "unjudged": unjudged})

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Nothing is awaited."""
        return Done({})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """What was found, and the baseline probe: how open the origin is today."""
        hosts = plan.inputs["hosts"].split()
        report = self.vantage.probe(
            hosts, plan.inputs["edge_hostname"], expect=Expect(our_ca=self.ca_pem)
        )
        today = {
            "open": "Today the origin answers whoever knows its address.",
            "closed": "Today the origin refuses whoever comes without our certificate.",
            "inconclusive": "Whether the origin is open today could not be seen from here.",
        }[report.verdict]
        unjudged = past.receipts.get(self.key, {}).get("unjudged", "").splitlines()
        odd = tuple(f"Broken today, and not looked at in this run: {line}." for line in unjudged)
        served = Row("hosts", "served through this zone", ", ".join(hosts))
        return Verdict(
            "proven", (today, *odd, *plan.notes), rows=(served, *probe_rows(report)),
            hint=report.verdict,
        )  # fmt: skip


def _site(site: Site, facts: PreflightFacts) -> tuple[str, ...]:
    if any(host.name == site.name for host in facts.hosts):
        return ()
    known = ", ".join(host.name for host in facts.hosts) or "none"
    return (
        f"{site.name} is neither attached to the project {site.project} nor one of its routes (its"
        f" hosts: {known}).",
    )
