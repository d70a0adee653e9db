"""Authenticated Origin Pulls: Cloudflare presents its client certificate to the origin."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from steps.errors import PreconditionFailed
from steps.ssl_mode import ENCRYPTED
from steps.step import Past, Plan, Site, Verdict
from steps.zone_settings import SettingFacts, Wanted, ZoneSettingStep, ssl_rules

PAGE = (
    "https://developers.cloudflare.com/ssl/origin-configuration/authenticated-origin-pull/"
    "set-up/global/"
)


@dataclass
class OriginPulls(ZoneSettingStep):
    """The global switch on: Cloudflare's shared certificate, for every host of the zone."""

    overrides: Callable[[Site], tuple[str, ...]] = lambda _site: ()
    """Zone-level or per-host certificates that would be presented instead, a sentence each."""

    key: ClassVar[str] = "origin-pulls"
    title: ClassVar[str] = "Authenticated Origin Pulls on"
    reads: ClassVar[tuple[str, ...]] = ("tls_client_auth", "ssl")
    page: ClassVar[str] = PAGE
    way_back: ClassVar[str] = "It is switched off again, after the origin has stopped asking."

    def observe(self, site: Site) -> SettingFacts:
        """All three kinds: the global switch, and what would override it."""
        facts = super().observe(site)
        problems = list(self.overrides(site))
        if facts.values["ssl"] not in ENCRYPTED:
            problems.append(
                f"SSL mode is {facts.values['ssl']}: origin pulls are not encrypted, so no"
                " certificate would be presented."
            )
        return replace(facts, problems=tuple(problems))

    def plan(self, site: Site, facts: SettingFacts, past: Past) -> Plan:
        """The switch on; raises PreconditionFailed when something overrides it, on or not."""
        if facts.problems:
            raise PreconditionFailed(
                " ".join(facts.problems), hint="Put this right, then press Retry."
            )
        return super().plan(site, facts, past)

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """On."""
        return (Wanted("tls_client_auth", "on"),)

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """What it does alone, and what the shared certificate is worth."""
        return (
            "Presenting a certificate to an origin that does not ask for one changes nothing.",
            "The certificate is Cloudflare's shared one: it proves that a request came through"
            " Cloudflare, not that it came through this zone.",
            *ssl_rules(past),
        )

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """On already."""
        return ("Authenticated origin pulls are on, and nothing overrides them.",)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Nobody outside can see it while the origin does not ask."""
        return self.looked(plan, past, proven_by="client-authentication")


@dataclass
class OriginPullsBack(ZoneSettingStep):
    """As before the run, once the origin no longer asks."""

    asks: Callable[[Site], tuple[str, ...]] = lambda _site: ()
    """The routes that still require a certificate: then it must go on being presented."""

    key: ClassVar[str] = "undo-origin-pulls"
    title: ClassVar[str] = "Authenticated Origin Pulls as before"
    reads: ClassVar[tuple[str, ...]] = ("tls_client_auth",)
    page: ClassVar[str] = PAGE
    settles: ClassVar[bool] = False
    way_back: ClassVar[str] = "It can be switched on again at any time."

    def observe(self, site: Site) -> SettingFacts:
        """The switch, and whether the origin still asks."""
        facts = super().observe(site)
        routes = self.asks(site)
        if not routes:
            return facts
        problem = f"The origin still requires a client certificate on {', '.join(routes)}."
        return replace(facts, problems=(problem,))

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """What the preflight read, unless a neighbour relies on it."""
        before = past.receipts.get("preflight", {}).get("tls_client_auth", "")
        if not before or past.neighbours:
            return ()
        return (Wanted("tls_client_auth", before, "brief"),)

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """As before already, or needed by a neighbour."""
        if past.neighbours:
            return (f"The switch stays on: {', '.join(past.neighbours)} needs it.",)
        return (f"The switch is {facts.values['tls_client_auth']}, as before the run.",)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The site looked at: nobody is refused without it."""
        return self.looked(plan, past, proven_by="")
