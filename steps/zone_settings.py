"""A change that is made of zone settings only: read, compare, write one at a time, let it settle.

The steps that switch something at Cloudflare are of this kind; each says what it wants and what
proves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal, Protocol

from steps.errors import NotFound, PlanVoid, PreconditionFailed
from steps.origin.baseline import loops
from steps.origin.look import Look
from steps.origin.vantage import Seen, Vantage, kept
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Risk, Site, Verdict, Waiting

WORDS: Mapping[str, str] = {
    "development_mode": "development mode",
    "ssl": "SSL/TLS mode",
    "ssl_automatic_mode": "Automatic SSL/TLS",
    "tls_client_auth": "authenticated origin pulls (global)",
}
NOT_EVERYWHERE = frozenset({"ssl_automatic_mode"})
"""Settings that a zone may not have (no source says which zones do): they are not set then."""
TOO_MANY = 429
ACCEPTED = "accepted"
"""In a receipt: the concerns that were accepted, a line each, the host first."""


class Setting(Protocol):
    """One zone setting as Cloudflare gives it."""

    @property
    def value(self) -> str: ...
    @property
    def editable(self) -> bool: ...


class ZoneSettings(Protocol):
    """The two calls of the Cloudflare client that these steps use."""

    def setting(self, zone_id: str, name: str) -> Setting: ...
    def set_setting(self, zone_id: str, name: str, value: str) -> Setting: ...


@dataclass(frozen=True, slots=True)
class SettingFacts:
    """The settings that a step reads; absent where the zone does not have one."""

    values: Mapping[str, str]
    locked: frozenset[str] = frozenset()
    """Settings that the zone's plan does not let anybody change."""
    concerns: tuple[str, ...] = ()
    """What whoever approves must accept by name (the host comes first), from a wider look."""
    problems: tuple[str, ...] = ()
    """What must be put right first."""
    missing: tuple[str, ...] = ()
    """Later changes that are still to be made (development mode asks for them)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A setting and the value that the step wants it to have."""

    setting: str
    value: str
    risk: Risk = "none"


@dataclass
class ZoneSettingStep:
    """The common part; a subclass says `reads`, `wanted`, the words, and `verify`."""

    zone: ZoneSettings
    vantage: Vantage
    settle: timedelta = timedelta(seconds=60)
    """Between the switch and whatever relies on it: Cloudflare's nodes adopt it one by one."""

    kind: ClassVar[Literal["change", "look"]] = "change"
    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...]] = ()
    page: ClassVar[str] = ""
    settles: ClassVar[bool] = True
    way_back: ClassVar[str] = ""
    _words: ClassVar[Mapping[str, str]] = field(default=WORDS, init=False)

    def wanted(self, site: Site, facts: SettingFacts, past: Past) -> tuple[Wanted, ...]:
        """The settings as this step wants them, in the order of their writing."""
        raise NotImplementedError

    def notes(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """What the card says beside the changes."""
        return ()

    def observe(self, site: Site) -> SettingFacts:
        """Read the settings one by one (there is no batch any more)."""
        found = {name: there_or_not(self.zone, site.zone_id, name) for name in self.reads}
        there = {name: setting for name, setting in found.items() if setting is not None}
        locked = {
            name for name, setting in found.items() if setting is None or not setting.editable
        }
        return SettingFacts({n: setting.value for n, setting in there.items()}, frozenset(locked))

    def plan(self, site: Site, facts: SettingFacts, past: Past) -> Plan:
        """The settings that differ from what is wanted."""
        differing = tuple(
            want for want in self.wanted(site, facts, past)
            if facts.values.get(want.setting) != want.value
        )  # fmt: skip
        if differing:
            self._refuse(facts, differing)
        return Plan(
            step=self.key, site=site,
            changes=tuple(_change(site, facts, want) for want in differing),
            inputs={want.setting: want.value for want in differing},
            notes=self.notes(site, facts, past) if differing else (),
            accepting=facts.concerns if differing else (),
            way_back=self.way_back, page=self.page,
        )  # fmt: skip

    def satisfied(self, site: Site, facts: SettingFacts, past: Past) -> tuple[str, ...]:
        """The values that are right already."""
        return tuple(
            f"{WORDS[name]} is {facts.values.get(name, 'not there')}" for name in self.reads
        )

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Write the next setting that is not yet as planned; then let the last one settle."""
        if len(plan.inputs) > 1 and "begun" not in notes:
            # Between two writes the plan looks different from outside; the note says whose it is.
            return Noted({"begun": "yes"})
        for name, value in plan.inputs.items():
            found = self.zone.setting(plan.site.zone_id, name).value
            if not self.met(name, found, value):
                _as_shown(plan, name, found)
                self.zone.set_setting(plan.site.zone_id, name, value)
                if len(plan.inputs) > 1:
                    return Noted({name: value})
        if not (self.settles and self.settle):
            return self.done(plan, past)
        until = now + self.settle
        what = "Cloudflare's nodes to adopt the switch"
        return Waiting(what, {"until": until.isoformat()}, until, until + timedelta(hours=1))

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Nothing outside tells when every node has it: the settling time is waited out."""
        until = datetime.fromisoformat(waiting.handle["until"])
        if now < until:  # a clock was set back: asked early, and not early enough to rely on it
            return Waiting(waiting.what, waiting.handle, until, waiting.give_up_at)
        return self.done(plan, past)

    def done(self, plan: Plan, past: Past) -> Done:
        """Written and settled; the receipt holds the values from before."""
        return Done(before_of(plan))

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Evidence from outside; see the subclass."""
        raise NotImplementedError

    def unlike(self, plan: Plan) -> tuple[str, ...]:
        """The settings that do not read back as planned."""
        return tuple(
            f"{WORDS[name]} reads {found}, not {value}"
            for name, value in plan.inputs.items()
            if not self.met(name, found := self.zone.setting(plan.site.zone_id, name).value, value)
        )

    def met(self, name: str, found: str, value: str) -> bool:
        """Whether a setting is as planned; more than was planned may be as good (see SSL mode)."""
        return found == value

    def visit(self, past: Past) -> Seen:
        """Every host of the zone that was looked at before the run, looked at again."""
        return self.vantage.visit(baselines(past))

    def looked(self, plan: Plan, past: Past, *, proven_by: str) -> Verdict:
        """Read back, and the visitors are served: set, and proven by a later step."""
        unlike = self.unlike(plan)
        if unlike:
            return Verdict("failed", unlike, hint="Somebody or something has changed it back.")
        seen = self.visit(past)
        if seen.state == "fine":
            return Verdict("set" if proven_by else "proven", seen.evidence, proven_by=proven_by)
        return broken(seen)

    def _refuse(self, facts: SettingFacts, differing: tuple[Wanted, ...]) -> None:
        locked = [WORDS[want.setting] for want in differing if want.setting in facts.locked]
        if locked:
            raise PreconditionFailed(
                f"The zone's plan does not allow a change of {', '.join(locked)}.",
                hint="Change the Cloudflare plan of the zone, or ask Cloudflare about it.",
            )
        if facts.problems:
            raise PreconditionFailed(
                " ".join(facts.problems), hint="Put this right, then press Retry."
            )


def there_or_not(zone: ZoneSettings, zone_id: str, name: str) -> Setting | None:
    """A setting, or None where the zone does not have one of those that not every zone has."""
    try:
        return zone.setting(zone_id, name)
    except NotFound:
        if name in NOT_EVERYWHERE:
            return None
        raise


def ssl_rules(past: Past) -> tuple[str, ...]:
    """Rules that override the zone's SSL mode, or could not be looked at; as the preflight saw."""
    return tuple(past.receipts.get("preflight", {}).get("ssl_rules", "").splitlines())


def baselines(past: Past) -> dict[str, Look]:
    """The looks from before the run, less the hosts whose breaking was accepted by name."""
    accepted = {
        line.partition(" ")[0]
        for receipt in past.receipts.values()
        for line in receipt.get(ACCEPTED, "").splitlines()
    }
    looks = kept(past.receipts.get("preflight", {}).get("baseline", ""))
    if "undo-ssl-mode" not in past.receipts:
        # What redirected in a circle is judged by the first look that did not, while it lasts.
        looks |= kept(past.receipts.get("ssl-full", {}).get("baseline", ""))
    return {host: look for host, look in looks.items() if host not in accepted}


def unusable(seen: Look) -> str:
    """Why no later look can be judged against this one, in words; empty when it can."""
    if seen.error and not loops(seen):
        return f"{seen.error} {seen.detail}".strip()
    if seen.mitigated:
        return f"Cloudflare put a {seen.mitigated} before the visitor"
    if seen.status is None or seen.status >= 500 or seen.status == TOO_MANY:  # noqa: PLR2004
        return f"HTTP {seen.status}"
    return ""


def broken(seen: Seen) -> Verdict:
    """The verdict over looks that were not fine: broken has failed, unclear is not a no."""
    if seen.state == "broken":
        return Verdict("failed", seen.evidence, hint=seen.hint)
    return Verdict("inconclusive", seen.evidence, hint=seen.hint)


def _change(site: Site, facts: SettingFacts, want: Wanted) -> Change:
    target = f"zone {site.zone} · {WORDS[want.setting]}"
    return Change("update", target, facts.values.get(want.setting), want.value, want.risk)


def _as_shown(plan: Plan, name: str, found: str) -> None:
    """What is about to be overwritten must be what the card showed as being there."""
    shown = _shown(plan)[name]
    if found != shown:
        raise PlanVoid(
            f"{WORDS[name]} was {shown or 'not there'} when this was approved and is {found} now;"
            " it was not changed.",
            hint="Press Retry: the next card shows what would be done now.",
        )


def _shown(plan: Plan) -> dict[str, str]:
    """The values from before, by setting, from the plan that was shown."""
    names = {f"zone {plan.site.zone} · {WORDS[name]}": name for name in plan.inputs}
    return {names[c.target]: c.before or "" for c in plan.changes if c.target in names}


def before_of(plan: Plan) -> dict[str, str]:
    """The values from before, and what was accepted."""
    values = _shown(plan)
    return values | ({ACCEPTED: "\n".join(plan.accepting)} if plan.accepting else {})
