"""Development mode: on while the run changes things, so that every look reaches the origin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import ClassVar

from steps.step import Noted, Outcome, Past, Plan, Site, Verdict
from steps.zone_settings import SettingFacts, Wanted, ZoneSettingStep, baselines, broken

PAGE = "https://developers.cloudflare.com/cache/reference/development-mode/"
CACHED = "cached"
"""In the notes: the URLs that the cache answered before the switch, a line each."""
ENOUGH = 2
"""The switch is the zone's: a few URLs show it, and no more hosts are asked for theirs."""
NOTHING_CACHED = (
    "It reads on. Nothing was found that the cache answered before, no page and no file that one"
    " names, so nothing outside can show the difference; every look of this run is uncached anyway."
)


@dataclass
class DevelopmentMode(ZoneSettingStep):
    """On, unless no later change is missing."""

    later_changes: Callable[[Site], tuple[str, ...]] = lambda _site: ()
    """The titles of the later steps that still have something to change."""
    cached_url: Callable[[str], str] = lambda _host: ""
    """A URL of a host that the cache answers today; empty when none is found."""
    is_hit: Callable[[str], bool] = lambda _url: False

    key: ClassVar[str] = "development-mode"
    title: ClassVar[str] = "Development mode on"
    reads: ClassVar[tuple[str, ...]] = ("development_mode",)
    page: ClassVar[str] = PAGE
    settles: ClassVar[bool] = False
    way_back: ClassVar[str] = "It is switched off at the end of the run, and ends by itself."

    def observe(self, site: Site) -> SettingFacts:
        """The setting, and whether any later change still needs it."""
        facts = super().observe(site)
        if facts.values["development_mode"] == "on":
            return facts
        return replace(facts, missing=self.later_changes(site))

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """On, as long as something is still to be changed."""
        return (Wanted("development_mode", "on", "brief"),) if facts.missing else ()

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """What switching the cache off means."""
        return (
            "While it is on, Cloudflare's cache is passed by: the whole load reaches the origin.",
            "It ends by itself after three hours; if that happens during the run, it is told and"
            " nothing fails.",
        )

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """On already, or not needed."""
        if facts.values["development_mode"] == "on":
            return ("Development mode is on already.",)
        return ("No later change is missing, so the cache can stay as it is.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """What the cache answers today is written down first: afterwards nobody can tell."""
        if CACHED in notes:
            return super().apply(plan, notes, past=past, now=now)
        found = (url for host in baselines(past) if (url := self.cached_url(host)))
        return Noted({CACHED: "\n".join(islice(found, ENOUGH))})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Read back, and what the cache answered before is answered by the origin."""
        unlike = self.unlike(plan)
        if unlike:
            return Verdict("failed", unlike, hint="Somebody or something has changed it back.")
        urls = past.receipts.get(self.key, {}).get(CACHED, "").splitlines()
        hits = tuple(url for url in urls if self.is_hit(url))
        if hits:
            return Verdict(
                "not-yet", tuple(f"{url} is still answered by the cache" for url in hits)
            )
        seen = self.visit(past)
        if seen.state != "fine":
            return broken(seen)
        if not urls:
            return Verdict("set", (NOTHING_CACHED, *seen.evidence))
        told = f"No longer answered by the cache, as they were before: {', '.join(urls)}."
        return Verdict("proven", (told, *seen.evidence))


@dataclass
class DevelopmentModeOff(ZoneSettingStep):
    """Off again at the end, unless it was on before the run."""

    key: ClassVar[str] = "development-mode-off"
    title: ClassVar[str] = "Development mode off"
    reads: ClassVar[tuple[str, ...]] = ("development_mode",)
    page: ClassVar[str] = PAGE
    settles: ClassVar[bool] = False
    way_back: ClassVar[str] = "It can be switched on again at any time."

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """Off, if this run has switched it on."""
        before = past.receipts.get("preflight", {}).get("development_mode", "off")
        return () if before == "on" else (Wanted("development_mode", "off"),)

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """What visitors notice."""
        return ("Cloudflare caches again; visitors notice nothing but speed.",)

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """Off already, or not ours to switch off."""
        if facts.values["development_mode"] == "on":
            return ("Development mode was on before the run and stays on.",)
        if past.receipts.get("development-mode", {}).get("development_mode") == "off":
            return (
                "Development mode is off already: its three hours ended during the run, or somebody"
                " ended it. That fails nothing: every look passes the cache by anyway.",
            )
        return ("Development mode is off: this run has not switched it on.",)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Read back, and visitors are served."""
        return self.looked(plan, past, proven_by="")


@dataclass
class DevelopmentModeBack(DevelopmentModeOff):
    """As before the run; on again is not restored, since it would have ended by itself."""

    key: ClassVar[str] = "undo-development-mode"
    title: ClassVar[str] = "Development mode as before"
