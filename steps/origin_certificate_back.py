"""The way back from the origin certificate: first off the origin, then revoked."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from steps.certificates import fingerprints, is_for
from steps.deployments import Rhythm, after_activity, newest_redeploy, redeployed
from steps.errors import NotFound, PreconditionFailed
from steps.origin.evidence import PeerCertificate
from steps.origin.reach import not_reached, reached
from steps.origin.vantage import Vantage
from steps.origin_certificate import PAGE, OriginCa, Project
from steps.ssl_mode import VALIDATED
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Site, Verdict, Waiting
from steps.zone_settings import baselines, broken


@dataclass(frozen=True, slots=True)
class InstalledFacts:
    """The project's custom certificates, and what the zone asks of a certificate."""

    custom: Mapping[str, str]
    """PEM by id."""
    mode: str


@dataclass
class OriginCertificateBack:
    """The custom certificate deleted, and a publicly trusted one seen for every host."""

    platformsh: Project
    vantage: Vantage
    hosts: Callable[[Site], tuple[str, ...]]
    edge_hostname: Callable[[Site], str]
    trusted: Callable[[PeerCertificate, str], str]
    """Why visitors would not trust this certificate for this host; empty when they would."""
    rhythm: Rhythm
    mode: Callable[[Site], str]
    """The zone's SSL mode: one that validates has no use for what is served after this."""

    key: ClassVar[str] = "undo-origin-certificate"
    title: ClassVar[str] = "Origin certificate as before"
    kind: ClassVar[Literal["change", "look"]] = "change"

    def observe(self, site: Site) -> InstalledFacts:
        """The project's custom certificates (PEM) by id, and whether one has to be valid."""
        certificates = self.platformsh.certificates(site.project)
        custom = {c.id: c.certificate for c in certificates if not c.is_provisioned}
        return InstalledFacts(custom, self.mode(site))

    def plan(self, site: Site, facts: InstalledFacts, past: Past) -> Plan:
        """Delete the one that this run installed, and redeploy."""
        installed = ours(past, facts.custom, "installed")
        if not installed:
            return Plan(step=self.key, site=site, changes=())
        if facts.mode in VALIDATED:
            raise PreconditionFailed(
                f"SSL mode has become {facts.mode} again: without this certificate every visitor"
                " might be refused.",
                hint="Set the mode to Full at Cloudflare, then press Retry.",
            )
        return Plan(
            step=self.key, site=site,
            changes=(
                Change("delete", f"project {site.project} · custom certificate {installed}",
                       "Cloudflare Origin CA", "the one that Platform.sh provides", "brief"),
                Change("deploy", f"environment {site.environment} · redeploy", None,
                       "the same code with the provided certificate", "brief"),
            ),
            inputs={"installed": installed},
            notes=("If no publicly trusted certificate is seen afterwards, the way back ends here:"
                   " the site works, and SSL mode stays at Full.",),
            way_back="A new run issues and installs a new one.", page=PAGE,
        )  # fmt: skip

    def satisfied(self, site: Site, facts: InstalledFacts, past: Past) -> tuple[str, ...]:
        """Nothing of this run is installed."""
        return ("No certificate of this run is installed.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Delete, then redeploy once."""
        installed = plan.inputs["installed"]
        if "begun" not in notes:
            return Noted({"begun": "yes"})
        if any(c.id == installed for c in self.platformsh.certificates(plan.site.project)):
            with suppress(NotFound):  # gone meanwhile, which is what is wanted
                self.platformsh.delete_certificate(plan.site.project, installed)
        if "deleted" not in notes:
            last = newest_redeploy(self.platformsh, plan.site)
            return Noted({"deleted": installed, "last_redeploy": last})
        told = redeployed(self.platformsh, plan.site, last=notes["last_redeploy"])
        return self.rhythm.waiting("the redeploy", told, now)

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Has the redeploy ended?"""
        return after_activity(
            self.platformsh, plan.site, waiting, now=now, rhythm=self.rhythm,
            receipt={"deleted": plan.inputs["installed"]},
        )  # fmt: skip

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """A publicly trusted certificate on every address for every host, and visitors."""
        seen = self.vantage.certificates(self.hosts(plan.site), self.edge_hostname(plan.site))
        untrusted = tuple(
            f"{shown.address} for {host}: {why}"
            for host, every in seen.items() for shown in reached(every)
            if (why := self.trusted(shown.agreed, host) if shown.agreed else "none was shown")
        )  # fmt: skip
        if untrusted:
            return Verdict(
                "not-yet", untrusted,
                hint="The site works: Cloudflare accepts any certificate in mode Full. Wait for"
                " Platform.sh to provide one, then press Retry.",
            )  # fmt: skip
        if not any(seen.values()):
            return Verdict("inconclusive", ("The origin has no address that could be asked.",))
        looks = self.vantage.visit(baselines(past))
        if looks.state != "fine":
            return broken(looks)
        lost = not_reached([one for every in seen.values() for one in every])
        told = "Every address that is reached shows a publicly trusted certificate."
        return Verdict("proven", (told, *lost, *looks.evidence))


def ours(past: Past, there: Mapping[str, str], noted_as: str) -> str:
    """The id of this run's certificate among those that are there (PEM by id); empty without one.

    The digest of its key was noted before it was made, its id only afterwards: a run that was
    turned round in between still finds it.
    """
    receipt = past.receipts.get("origin-certificate", {})
    noted, digest = receipt.get(noted_as, ""), receipt.get("public_key", "")
    if noted in there:
        return noted
    return next((name for name, pem in there.items() if is_for(pem, digest)), "")


@dataclass(frozen=True, slots=True)
class RevokeFacts:
    """What is valid, and what is still in use."""

    valid: Mapping[str, str]
    """Cloudflare's certificates (PEM) by id."""
    used: frozenset[str]
    """SHA-256 of every certificate that is installed or shown by an address."""
    unseen: tuple[str, ...] = ()
    """Addresses that showed none in a session: what they would show is not known."""


@dataclass
class OriginCertificateRevoke:
    """The certificate at Cloudflare revoked, once nothing shows it. There is no way back."""

    cloudflare: OriginCa
    platformsh: Project
    vantage: Vantage
    hosts: Callable[[Site], tuple[str, ...]]
    edge_hostname: Callable[[Site], str]

    key: ClassVar[str] = "undo-certificate-revoke"
    title: ClassVar[str] = "Origin CA certificate revoked"
    kind: ClassVar[Literal["change", "look"]] = "change"

    def observe(self, site: Site) -> RevokeFacts:
        """The certificates that Cloudflare lists as valid, and those in use at the origin."""
        seen = self.vantage.certificates(self.hosts(site), self.edge_hostname(site))
        every = [shown for shown_for_host in seen.values() for shown in shown_for_host]
        shown = {one.fingerprint for s in every for one in s.certificates if one is not None}
        unseen = tuple(sorted({s.address for s in every if None in (*s.certificates, s.agreed)}))
        installed = self.platformsh.certificates(site.project)
        used = {one for c in installed for one in fingerprints(c.certificate)}
        return RevokeFacts(self._valid(site), frozenset(shown | used), unseen)

    def _valid(self, site: Site) -> Mapping[str, str]:
        return {c.id: c.certificate for c in self.cloudflare.origin_certificates(site.zone_id)}

    def plan(self, site: Site, facts: RevokeFacts, past: Past) -> Plan:
        """Revoke the one that this run had issued, once nothing shows it."""
        issued = ours(past, facts.valid, "issued")
        if not issued:
            return Plan(step=self.key, site=site, changes=())
        if facts.used & set(fingerprints(facts.valid[issued])):
            raise PreconditionFailed(
                "The origin still has the certificate that is to be revoked: visitors would be"
                " refused in mode strict.",
                hint="Take it off the project and redeploy, then press Retry.",
            )
        if facts.unseen:
            raise PreconditionFailed(
                f"What {', '.join(facts.unseen)} shows could not be seen for certain, so nothing"
                " is revoked.",
                hint="Revoking can wait: the certificate's key is kept by nobody. Press Retry.",
            )
        return Plan(
            step=self.key, site=site,
            changes=(Change("delete", f"zone {site.zone} · Origin CA certificate {issued}",
                            "valid", "revoked"),),
            inputs={"issued": issued}, way_back="None: a revoked certificate stays revoked.",
            page=PAGE,
        )  # fmt: skip

    def satisfied(self, site: Site, facts: RevokeFacts, past: Past) -> tuple[str, ...]:
        """Nothing of this run is valid any more."""
        return ("No Origin CA certificate of this run is valid.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Revoke it unless it is gone."""
        issued = plan.inputs["issued"]
        if issued in self._valid(plan.site):
            with suppress(NotFound):  # gone meanwhile, which is what is wanted
                self.cloudflare.revoke_origin_certificate(issued)
        return Done({"revoked": issued})

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Nothing is awaited."""
        return Done({})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """No longer listed, and visitors are served."""
        if plan.inputs["issued"] in self._valid(plan.site):
            return Verdict("not-yet", ("Cloudflare still lists the certificate as valid.",))
        looks = self.vantage.visit(baselines(past))
        return Verdict("proven", looks.evidence) if looks.state == "fine" else broken(looks)
