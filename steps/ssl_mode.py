"""Cloudflare's SSL/TLS mode: at least Full first, strict at the end; and the ways back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from steps.origin.baseline import loops
from steps.origin.vantage import keep
from steps.step import Done, Past, Plan, Site, Verdict
from steps.zone_settings import (
    SettingFacts,
    Wanted,
    ZoneSettingStep,
    baselines,
    before_of,
    ssl_rules,
    unusable,
)

PAGE = "https://developers.cloudflare.com/ssl/origin-configuration/ssl-modes/"
ENCRYPTED = frozenset({"full", "strict", "origin_pull"})
VALIDATED = frozenset({"strict", "origin_pull"})

Check = Callable[[Site], tuple[tuple[str, ...], tuple[str, ...]]]
"""Problems and concerns (a sentence each) from the certificates that the origins show."""


@dataclass
class SslFull(ZoneSettingStep):
    """At least Full, and Automatic SSL/TLS pinned first so that nothing moves it meanwhile."""

    check: Check = lambda _site: ((), ())
    """Do the zone's other proxied hosts answer over TLS at all?"""

    key: ClassVar[str] = "ssl-full"
    title: ClassVar[str] = "SSL mode Full"
    reads: ClassVar[tuple[str, ...]] = ("ssl_automatic_mode", "ssl")
    page: ClassVar[str] = PAGE
    way_back: ClassVar[str] = "The mode and Automatic SSL/TLS go back to what they were."

    def observe(self, site: Site) -> SettingFacts:
        """The mode, and whether another host of the zone would break."""
        facts = super().observe(site)
        if facts.values["ssl"] in ENCRYPTED:
            return facts
        problems, concerns = self.check(site)
        return replace(facts, problems=problems, concerns=concerns)

    def met(self, name: str, found: str, value: str) -> bool:
        """A mode that encrypts is never lowered, however it got there."""
        return found in ENCRYPTED if name == "ssl" else found == value

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """Pinned, and Full unless the mode is higher already (it is never lowered)."""
        mode = facts.values["ssl"] if facts.values["ssl"] in ENCRYPTED else "full"
        pin = () if "ssl_automatic_mode" in facts.locked else (PIN,)
        return (*pin, Wanted("ssl", mode, "brief"))

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """What the mode means, and what could not be pinned."""
        said = ["Full encrypts from Cloudflare to the origin and accepts any certificate there."]
        if "ssl_automatic_mode" in facts.locked:
            said.append(
                "Automatic SSL/TLS cannot be pinned in this zone, so Cloudflare may raise the mode"
                " by itself; it is read again before each later step."
            )
        return (*said, *ssl_rules(past))

    def done(self, plan: Plan, past: Past) -> Done:
        """With a first look at each host that redirected in a circle and does not any more."""
        circling = sorted(host for host, seen in baselines(past).items() if loops(seen))
        if not circling:
            return super().done(plan, past)
        looks = self.vantage.baseline(circling)
        mended = {h: seen for h, seen in looks.items() if not (loops(seen) or unusable(seen))}
        return Done({**before_of(plan), "baseline": keep(mended)})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The site looked at through Cloudflare; what Full is worth shows at strict."""
        return self.looked(plan, past, proven_by="ssl-strict")


PIN = Wanted("ssl_automatic_mode", "custom")


@dataclass
class SslStrict(ZoneSettingStep):
    """Strict: Cloudflare accepts only a certificate that it can trust for this name."""

    check: Check = lambda _site: ((), ())
    """Does every address of every proxied host show a certificate that strict accepts?"""

    key: ClassVar[str] = "ssl-strict"
    title: ClassVar[str] = "SSL mode Full (strict)"
    reads: ClassVar[tuple[str, ...]] = ("ssl",)
    page: ClassVar[str] = f"{PAGE}full-strict/"
    way_back: ClassVar[str] = "The mode goes back to Full at once; no deployment is needed."

    def observe(self, site: Site) -> SettingFacts:
        """The mode, and what the origins show."""
        facts = super().observe(site)
        if facts.values["ssl"] in VALIDATED:
            return facts
        problems, concerns = self.check(site)
        return replace(facts, problems=problems, concerns=concerns)

    def met(self, name: str, found: str, value: str) -> bool:
        """SSL-only origin pull validates as well."""
        return found in VALIDATED

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """Strict, unless it is SSL-only origin pull already."""
        mode = facts.values["ssl"] if facts.values["ssl"] in VALIDATED else "strict"
        return (Wanted("ssl", mode, "outage-if-wrong"),)

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """Why it will be accepted."""
        return (
            "Strict will accept this origin: every address in reach was asked in fresh"
            " sessions, and each showed a certificate for the right names that is valid and issued"
            " by Cloudflare's Origin CA or a public authority.",
            *ssl_rules(past),
        )

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Certificates that strict accepts on every address, and the site looked at."""
        problems, _ = self.check(plan.site)
        if problems:
            return Verdict("failed", problems, hint="Set the mode back to Full, then look again.")
        return self.looked(plan, past, proven_by="")


@dataclass
class SslHold(ZoneSettingStep):
    """Held at Full while the origin's certificate is exchanged on the way back."""

    key: ClassVar[str] = "undo-ssl-hold"
    title: ClassVar[str] = "SSL mode held at Full"
    reads: ClassVar[tuple[str, ...]] = ("ssl",)
    page: ClassVar[str] = PAGE
    way_back: ClassVar[str] = "Strict can be switched on again as long as the certificate is there."

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """Full, when the certificate that strict relies on is about to go."""
        receipt = past.receipts.get("origin-certificate", {})
        begun = any(receipt.get(name) for name in ("installed", "public_key"))
        lowered = facts.values["ssl"] in VALIDATED and begun and not _stays(past)
        return (Wanted("ssl", "full"),) if lowered else ()

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """What a neighbour has of it: validated again as soon as the exchange is proven."""
        if not past.neighbours:
            return ()
        return (
            f"It acts on {', '.join(past.neighbours)} too: served as before, and encrypted. The"
            f" mode is {facts.values['ssl']} again once the certificate's exchange is proven.",
        )

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """Not validated anyway, or nothing will be exchanged."""
        if _stays(past):
            return (f"The mode stays: {', '.join(past.neighbours)} needs it.",)
        return (f"The mode is {facts.values['ssl']}, and no exchange of certificates needs Full.",)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The site looked at."""
        return self.looked(plan, past, proven_by="")


def _stays(past: Past) -> bool:
    """Whether a neighbour would be left at Full: in a part of the way back that does not end it."""
    return bool(past.neighbours and past.way_back) and "undo-ssl-mode" not in past.way_back


@dataclass
class SslModeBack(ZoneSettingStep):
    """The mode as it was before the run."""

    check: Check = lambda _site: ((), ())
    """Does every address show a certificate that strict accepts? Where it goes back to that."""

    key: ClassVar[str] = "undo-ssl-mode"
    title: ClassVar[str] = "SSL mode as before"
    reads: ClassVar[tuple[str, ...]] = ("ssl",)
    page: ClassVar[str] = PAGE
    way_back: ClassVar[str] = "Full can be set again at any time."

    def observe(self, site: Site) -> SettingFacts:
        """The mode, and what the origin shows now that its certificate was exchanged."""
        problems, _ = self.check(site)
        return replace(super().observe(site), problems=problems)

    def plan(self, site: Site, facts: SettingFacts, past: Past) -> Plan:
        """The mode of before; one that validates only where there is something to validate."""
        strict = any(want.value in VALIDATED for want in self.wanted(site, facts, past))
        return super().plan(site, facts if strict else replace(facts, problems=()), past)

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """What the preflight read; for a neighbour's sake what it was when the way back began."""
        before = past.receipts.get("preflight", {}).get("ssl", "")
        if past.neighbours:
            before = past.receipts.get("undo-ssl-hold", {}).get("ssl", "")
        return (Wanted("ssl", before, "brief"),) if before else ()

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """The trap of going back below Full."""
        if self.wanted(site, facts, past)[0].value in ENCRYPTED:
            return ()
        return (
            "The mode before the run does not encrypt to the origin. If the origin redirects http"
            " to https, browsers will be sent in a circle, as they were before.",
        )

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """As before already, or needed by a neighbour."""
        if past.neighbours:
            return (f"The mode stays: {', '.join(past.neighbours)} needs it.",)
        return (f"The mode is {facts.values['ssl']}, as before the run.",)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The site looked at."""
        return self.looked(plan, past, proven_by="")


@dataclass
class AutomaticSslBack(ZoneSettingStep):
    """Automatic SSL/TLS as it was before the run."""

    key: ClassVar[str] = "undo-automatic-ssl"
    title: ClassVar[str] = "Automatic SSL/TLS as before"
    reads: ClassVar[tuple[str, ...]] = ("ssl_automatic_mode",)
    page: ClassVar[str] = PAGE
    settles: ClassVar[bool] = False
    way_back: ClassVar[str] = "It can be pinned again at any time."

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """What the preflight read."""
        before = past.receipts.get("preflight", {}).get("ssl_automatic_mode", "")
        if not before or past.neighbours or "ssl_automatic_mode" in facts.locked:
            return ()
        return (Wanted("ssl_automatic_mode", before),)

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """As before already, or needed by a neighbour."""
        if past.neighbours:
            return (f"It stays pinned: {', '.join(past.neighbours)} needs it.",)
        found = facts.values.get("ssl_automatic_mode", "not there")
        return (f"Automatic SSL/TLS is {found}, as before the run.",)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The site looked at."""
        return self.looked(plan, past, proven_by="")
