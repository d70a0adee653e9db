"""The origin's certificate: issued by Cloudflare's Origin CA, installed at Platform.sh, seen there.

The private key is made here, stays in this process's memory between the request that needs it and
the request that takes it, and is then forgotten; nobody can have it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Protocol

from pydantic import SecretStr

from steps.certificates import (
    CertificateRequest,
    covers,
    fingerprints,
    is_for,
    names_needed,
    new_request,
    parse_certificate,
    traditional_pem,
)
from steps.deployments import Activities, Rhythm, after_activity, newest_redeploy, redeployed
from steps.errors import PreconditionFailed
from steps.origin.evidence import Shown
from steps.origin.reach import not_reached, reached
from steps.origin.vantage import Vantage
from steps.step import Change, Noted, Outcome, Past, Plan, Site, Verdict, Waiting
from steps.zone_settings import baselines, broken

PAGE = "https://developers.cloudflare.com/ssl/origin-configuration/origin-ca/"
REPLACED_DAYS = 7
"""Platform.sh replaces a custom certificate so many days before its end (docs, steps/tls)."""


class OriginCertificate(Protocol):
    """One certificate of the Origin CA, as Cloudflare lists it."""

    @property
    def id(self) -> str: ...
    @property
    def certificate(self) -> str: ...


class OriginCa(Protocol):
    """The calls of the Cloudflare client that this step uses."""

    def create_origin_certificate(
        self, csr: str, hostnames: Sequence[str], *, validity_days: int
    ) -> OriginCertificate: ...
    def origin_certificates(self, zone_id: str) -> Sequence[OriginCertificate]: ...
    def revoke_origin_certificate(self, certificate_id: str) -> None: ...


class InstalledCertificate(Protocol):
    """One certificate of a Platform.sh project."""

    @property
    def id(self) -> str: ...
    @property
    def certificate(self) -> str: ...
    @property
    def is_provisioned(self) -> bool: ...


class Project(Activities, Protocol):
    """The calls of the Platform.sh client that this step uses."""

    def certificates(self, project: str) -> Sequence[InstalledCertificate]: ...
    def add_certificate(
        self, project: str, *, certificate: str, key: SecretStr, chain: Sequence[str]
    ) -> InstalledCertificate: ...
    def delete_certificate(self, project: str, certificate_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What there is before the step."""

    hosts: tuple[str, ...]
    names: tuple[str, ...]
    lasting: bool
    """Every address shows a listed Origin CA certificate that covers all and lasts."""
    shown: str
    """What the origin shows today, in words without a date."""
    problems: tuple[str, ...] = ()


@dataclass
class OriginCertificateStep:
    """Issue, install, make live by a redeploy, see it on the wire."""

    cloudflare: OriginCa
    platformsh: Project
    vantage: Vantage
    hosts: Callable[[Site], tuple[str, ...]]
    """The site's hosts; raises PreconditionFailed when one of them cannot be served after this."""
    edge_hostname: Callable[[Site], str]
    clock: Callable[[], datetime]
    rhythm: Rhythm
    others_work: Callable[[Site], tuple[str, ...]]
    """What a redeploy would release of other people's, a sentence each."""
    _keys: dict[str, CertificateRequest] = field(default_factory=dict, repr=False)
    """Requests under way, by the digest of their public key. Never written anywhere."""

    key: ClassVar[str] = "origin-certificate"
    title: ClassVar[str] = "Origin certificate"
    kind: ClassVar[Literal["change", "look"]] = "change"

    def observe(self, site: Site) -> CertificateFacts:
        """The certificates at both vendors, and what every address shows for every host."""
        hosts = self.hosts(site)
        names = names_needed(site.zone, hosts)
        certificates = self.cloudflare.origin_certificates(site.zone_id)
        listed = {one for c in certificates for one in fingerprints(c.certificate)}
        seen = self.vantage.certificates(hosts, self.edge_hostname(site))
        least = self.clock() + timedelta(days=REPLACED_DAYS * 2)
        shown = [one for every in seen.values() for one in reached(every)]
        lasting = bool(shown) and all(_lasts(one, listed, names, least) for one in shown)
        return CertificateFacts(hosts, names, lasting, _issuers(seen), self.others_work(site))

    def plan(self, site: Site, facts: CertificateFacts, past: Past) -> Plan:
        """One certificate created, installed and deployed; nothing when one is live already."""
        if facts.lasting:
            return Plan(step=self.key, site=site, changes=())
        if facts.problems:
            raise PreconditionFailed(
                " ".join(facts.problems), hint="Deploy them or put them right, then press Retry."
            )
        names = ", ".join(facts.names)
        return Plan(
            step=self.key, site=site,
            changes=(
                Change("create", f"zone {site.zone} · Origin CA certificate", None,
                       f"{names} for {site.validity_days} days"),
                Change("create", f"project {site.project} · custom certificate", facts.shown,
                       "Cloudflare Origin CA", "brief"),
                Change("deploy", f"environment {site.environment} · redeploy", None,
                       "the same code with the new certificate", "brief"),
            ),
            inputs={"names": " ".join(facts.names), "hosts": " ".join(facts.hosts)},
            notes=_NOTES,
            way_back="The custom certificate is deleted and the project redeployed; a publicly"
            " trusted one is served again. The Origin CA certificate is then revoked, for good.",
            page=PAGE,
        )  # fmt: skip

    def satisfied(self, site: Site, facts: CertificateFacts, past: Past) -> tuple[str, ...]:
        """A listed certificate is live everywhere."""
        return ("Every address in reach shows a lasting, listed Origin CA certificate for it.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """The next of: make a key, issue, install, redeploy. Each is noted before the next."""
        digest = notes.get("public_key", "")
        if not digest:
            return self._make_key(plan)
        installed = self._installed(plan.site, digest)
        if installed is not None:
            return self._deploy(plan, notes, installed, now=now)
        request = self._keys.get(digest)
        revoked = notes.get("revoked", "").split()
        issued = self._issued(plan.site, digest, without=revoked)
        if request is None:
            return self._start_over(issued, revoked)
        if issued is None:
            names = plan.inputs["names"].split()
            issued = self.cloudflare.create_origin_certificate(
                request.csr_pem, names, validity_days=plan.site.validity_days
            )
            return Noted({"issued": issued.id})
        made = self.platformsh.add_certificate(
            plan.site.project, certificate=issued.certificate, key=traditional_pem(request.key),
            chain=(),
        )  # fmt: skip
        self._keys.pop(digest)
        return Noted({"installed": made.id, "issued": issued.id})

    def _make_key(self, plan: Plan) -> Noted:
        """A new key; the digest of its public half is on record before anybody signs it."""
        request = new_request(plan.inputs["names"].split())
        self._keys[request.public_key_digest] = request
        return Noted({"public_key": request.public_key_digest, "issued": "", "installed": ""})

    def _start_over(self, issued: OriginCertificate | None, revoked: Sequence[str]) -> Noted:
        """The key is lost with the process that held it: revoke all that was issued for it.

        All, since a lost answer may have made another; and each once, since a list can be late.
        """
        if issued is None:
            return Noted({"public_key": "", "issued": ""})
        self.cloudflare.revoke_origin_certificate(issued.id)
        return Noted({"issued": "", "revoked": " ".join((*revoked, issued.id))})

    def _issued(
        self, site: Site, digest: str, *, without: Sequence[str] = ()
    ) -> OriginCertificate | None:
        listed = (c for c in self.cloudflare.origin_certificates(site.zone_id)
                  if c.id not in without)  # fmt: skip
        return next((c for c in listed if is_for(c.certificate, digest)), None)

    def _installed(self, site: Site, digest: str) -> InstalledCertificate | None:
        there = self.platformsh.certificates(site.project)
        return next((c for c in there if is_for(c.certificate, digest)), None)

    def _deploy(
        self, plan: Plan, notes: Mapping[str, str], installed: InstalledCertificate,
        *, now: datetime,
    ) -> Outcome:  # fmt: skip
        """A certificate is live only after a redeploy; one that is under way is not repeated."""
        digest = notes["public_key"]
        self._keys.pop(digest, None)
        if notes.get("redeploy_for") != installed.id:
            issued = self._issued(plan.site, digest)
            return Noted({
                "installed": installed.id, "redeploy_for": installed.id,
                "issued": issued.id if issued else notes.get("issued", ""),
                "last_redeploy": newest_redeploy(self.platformsh, plan.site),
            })  # fmt: skip
        told = redeployed(self.platformsh, plan.site, last=notes["last_redeploy"])
        return self.rhythm.waiting(
            "the redeploy", {**_receipt(notes, installed.certificate), **told}, now
        )

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Has the redeploy ended?"""
        return after_activity(
            self.platformsh, plan.site, waiting, now=now, rhythm=self.rhythm,
            receipt=waiting.handle,
        )  # fmt: skip

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """In the list, on the wire of every address, and visitors are served."""
        receipt = past.receipts.get(self.key, {})
        listed = self._installed(plan.site, receipt.get("public_key", ""))
        if listed is None:
            return Verdict("failed", ("The certificate is not in the project's list any more.",))
        facts = parse_certificate(listed.certificate)
        seen = self.vantage.certificates(
            plan.inputs["hosts"].split(), self.edge_hostname(plan.site)
        )
        others = _not_showing(seen, facts.fingerprint)
        if not any(seen.values()):
            return Verdict("inconclusive", ("The origin has no address that could be asked.",))
        if others:
            return Verdict("not-yet", others, hint="Nodes switch one after the other.")
        looks = self.vantage.visit(baselines(past))
        if looks.state != "fine":
            return broken(looks)
        return Verdict("proven", (
            f"Listed as {listed.id}: {', '.join(facts.names)}, until {facts.not_after:%Y-%m-%d}.",
            f"Every address that is reached shows it ({facts.fingerprint[:16]}…) in"
            f" {self.vantage.sessions} fresh sessions.",
            *not_reached([one for every in seen.values() for one in every]),
            "No file was written and the key is kept by nobody: lost means reissued.",
            *looks.evidence,
        ))  # fmt: skip


_NOTES = (
    "From here on Let's Encrypt no longer renews the certificate of this environment: a custom one"
    " takes its place, and its validation cannot pass once the origin asks for client"
    " certificates.",
    f"Platform.sh replaces a custom certificate {REPLACED_DAYS} days before its end:"
    " renew earlier.",
    "Only Cloudflare trusts this certificate: every host must stay proxied.",
    "The private key is made in memory, handed to Platform.sh once, and kept by nobody. If the bot"
    " is killed in between, the certificate is revoked and issued anew under this approval.",
)


def _receipt(notes: Mapping[str, str], pem: str) -> dict[str, str]:
    """What the way back needs, and when the certificate ends: then the watch has to know."""
    kept = {name: notes.get(name, "") for name in ("public_key", "issued", "installed")}
    return {**kept, "not_after": parse_certificate(pem).not_after.isoformat()}


def _lasts(shown: Shown, listed: set[str], names: Sequence[str], least: datetime) -> bool:
    agreed = shown.agreed
    return (
        agreed is not None
        and agreed.fingerprint in listed
        and all(covers(agreed.names, name) for name in names)
        and datetime.fromisoformat(agreed.not_after) > least
    )


def _not_showing(seen: Mapping[str, tuple[Shown, ...]], fingerprint: str) -> tuple[str, ...]:
    return tuple(
        f"{shown.address} shows another certificate for {host}"
        for host, every in seen.items() for shown in reached(every)
        if shown.agreed is None or shown.agreed.fingerprint != fingerprint
    )  # fmt: skip


def _issuers(seen: Mapping[str, tuple[Shown, ...]]) -> str:
    shown = [one.agreed for every in seen.values() for one in reached(every)]
    issuers = {f"issued by {one.issuer}" if one else "no certificate seen" for one in shown}
    return " / ".join(sorted(issuers))
