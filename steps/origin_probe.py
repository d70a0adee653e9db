"""The origin probe as a step: the last proof of a run, and the answer to whoever asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal

from steps.origin.evidence import Expect, ProbeReport
from steps.origin.look import Look
from steps.origin.vantage import Seen, Vantage
from steps.route_step import probe_rows, without_accepted
from steps.step import Done, Outcome, Past, Plan, Site, Verdict, Waiting
from steps.zone_settings import baselines


@dataclass
class OriginProbe:
    """Asks every address for every host without our certificate; must be refused everywhere."""

    vantage: Vantage
    ca_pem: str
    hosts: Callable[[Site], tuple[str, ...]]
    edge_hostname: Callable[[Site], str]

    key: ClassVar[str] = "origin-probe"
    title: ClassVar[str] = "Origin probe"
    kind: ClassVar[Literal["change", "look"]] = "look"

    def observe(self, site: Site) -> None:
        """Nothing beforehand: the probe itself is the look."""

    def plan(self, site: Site, facts: None, past: Past) -> Plan:
        """A look changes nothing."""
        return Plan(step=self.key, site=site, changes=())

    def satisfied(self, site: Site, facts: None, past: Past) -> tuple[str, ...]:
        """A look always runs."""
        return ()

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Nothing is written."""
        return Done({})

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Nothing is awaited."""
        return Done({})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Closed on every address in fresh sessions, with the visitors as control."""
        known = past.receipts.get("preflight", {}).get("hosts", "").split()
        # Attached since the preflight counts as well: closed means every host that there is.
        hosts = tuple(dict.fromkeys((*known, *self.hosts(plan.site))))
        looks = {host: look for host, look in baselines(past).items() if host in hosts}
        installed = past.receipts.get("origin-certificate", {}).get("public_key", "")
        expect = Expect(
            control=lambda: self._served(hosts, looks), our_ca=self.ca_pem, our_key=installed
        )
        report = self.vantage.probe(
            hosts, self.edge_hostname(plan.site), expect=expect, sessions=self.vantage.sessions
        )
        if report.verdict == "closed" and looks:
            return _beside(self.vantage.visit(looks), verdict_of(report))
        return _by_acceptance(past, report, verdict_of(report))

    def _served(self, hosts: Sequence[str], looks: Mapping[str, Look]) -> bool:
        """Whether the site answers through Cloudflare now: as before the run, if there is one."""
        if looks:
            return self.vantage.visit(looks).state == "fine"
        return all(_came_through(look) for look in self.vantage.baseline(hosts).values())


def _came_through(look: Look) -> bool:
    """An answer of the origin itself, fetched for this look; no cache, no challenge, no Worker."""
    fetched = look.cache_status not in ("HIT", "STALE", "UPDATING") and not look.mitigated
    return look.from_platform and fetched and not look.refusal and not look.error


def _beside(seen: Seen, closed: Verdict) -> Verdict:
    """Closed counts when the visitors are served at the same time: else it refuses everybody."""
    if seen.state == "fine":
        return replace(closed, evidence=(*closed.evidence, *seen.evidence))
    first = "It refuses without our certificate, but visitors were not seen to be served meanwhile."
    return replace(
        closed, state="inconclusive", evidence=(first, *seen.evidence), hint=seen.hint,
        acceptable=True,
    )  # fmt: skip


def verdict_of(report: ProbeReport) -> Verdict:
    """A probe's report as a verdict: open has failed, inconclusive may be accepted by name."""
    rows = probe_rows(report)
    if report.verdict == "closed":
        said = (
            f"Closed: refused without our certificate on {report.closed} of {report.of} addresses."
        )
        return Verdict("proven", (said,), rows=rows)
    told = tuple(
        f"{a.host} at {a.address}:{a.port}: {a.evidence}"
        for a in report.attempts
        if a.verdict == report.verdict
    )
    hint = next((a.hint for a in report.attempts if a.verdict == report.verdict and a.hint), "")
    if report.verdict == "open":
        return Verdict("failed", told, rows=rows, hint=hint or "The origin answers directly.")
    closed = f"Closed on {report.closed} of {report.of} addresses."
    return Verdict(
        "inconclusive", (closed, *told), rows=rows, acceptable=report.closed > 0, hint=hint
    )


def _by_acceptance(past: Past, report: ProbeReport, seen: Verdict) -> Verdict:
    """Open only where an approver left it open knowingly: never called closed, named once more."""
    left = past.receipts.get("client-authentication", {}).get("open", "")
    if seen.state != "failed" or without_accepted(report, {"open": left}).verdict != "closed":
        return seen
    said = f"Left open by acceptance: {left}. Everything else refused without our certificate."
    return replace(seen, state="inconclusive", evidence=(said, *seen.evidence), acceptable=True)
