"""HTTP access control on development environments: the optional step. Basic auth, by reference.

The password comes from the settings, goes to Platform.sh, and is read back by nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from pydantic import SecretStr

from steps.deployments import Activities, Activity, Rhythm, must_have_succeeded
from steps.errors import PreconditionFailed
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Site, Verdict, Waiting

PAGE = "https://docs.upsun.com/environments/http-access-control.html"


@dataclass(frozen=True, slots=True)
class AccessState:
    """The access control of one environment: names only, never a password."""

    environment: str
    production: bool
    active: bool
    enabled: bool
    users: tuple[str, ...]
    addresses: tuple[str, ...]
    url: str
    """A page of the environment, to ask without credentials."""

    @property
    def effective(self) -> bool:
        """Enabled with empty lists protects nothing (the reference shows such a sample)."""
        return self.enabled and bool(self.users or self.addresses)


class Access(Activities, Protocol):
    """The calls of the Platform.sh client that this step uses."""

    def set_http_access(
        self, project: str, environment: str, *, enabled: bool,
        basic_auth: Mapping[str, SecretStr],
    ) -> Sequence[Activity]: ...  # fmt: skip


@dataclass
class HttpAccess:
    """Basic auth on each chosen environment that has no effective access control yet."""

    platformsh: Access
    states: Callable[[Site], tuple[AccessState, ...]]
    refused: Callable[[str], str]
    """What a request without credentials got: empty when it was refused, else a sentence."""
    user: str
    password: SecretStr
    rhythm: Rhythm

    key: ClassVar[str] = "http-access"
    title: ClassVar[str] = "HTTP access on development environments"
    kind: ClassVar[Literal["change", "look"]] = "change"

    def observe(self, site: Site) -> tuple[AccessState, ...]:
        """The chosen environments as they are."""
        chosen = set(site.access_environments)
        return tuple(s for s in self.states(site) if s.environment in chosen)

    def plan(self, site: Site, facts: tuple[AccessState, ...], past: Past) -> Plan:
        """One change for each environment without effective access control."""
        bare = [state for state in facts if not state.effective]
        if bare:
            self._refuse(bare)
        return Plan(
            step=self.key, site=site,
            changes=tuple(
                Change("update", f"environment {state.environment} · HTTP access", _words(state),
                       f"basic auth for the user {self.user}", "brief")
                for state in bare
            ),
            inputs={state.environment: _words(state) for state in bare},
            notes=_NOTES if bare else (),
            way_back="Access control is switched off again on the environments changed here.",
            page=PAGE,
        )  # fmt: skip

    def _refuse(self, bare: Sequence[AccessState]) -> None:
        wrong = [s.environment for s in bare if s.production or not s.active]
        if wrong:
            raise PreconditionFailed(
                f"Access control is only for active development environments, not"
                f" {', '.join(wrong)}.",
                hint="Start a run with other environments.",
            )
        if not self.user or not self.password.get_secret_value():
            raise PreconditionFailed(
                "No user and password are set for HTTP access.",
                hint="Set MTLS_ACCESS_USER and MTLS_ACCESS_PASSWORD, start the bot again, then"
                " press Retry.",
            )

    def satisfied(self, site: Site, facts: tuple[AccessState, ...], past: Past) -> tuple[str, ...]:
        """None chosen, or all protected already."""
        if not facts:
            return ("No development environment was chosen.",)
        return tuple(f"{s.environment} has effective access control already." for s in facts)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """The next environment that is not protected yet; each is noted."""
        if "begun" not in notes:
            return Noted({"begun": "yes"})
        bare = {s.environment for s in self.observe(plan.site) if not s.effective}
        for environment in plan.inputs:
            if environment in bare and environment not in notes:
                started = self.platformsh.set_http_access(
                    plan.site.project, environment, enabled=True,
                    basic_auth={self.user: self.password},
                )  # fmt: skip
                return Noted({environment: started[0].id if started else ""})
        running = " ".join(notes[e] for e in plan.inputs if notes.get(e))
        if not running:
            return Done({"environments": " ".join(plan.inputs)})
        return self.rhythm.waiting("the environments to deploy", {"activities": running}, now)

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Have all deployments ended?"""
        for activity_id in waiting.handle["activities"].split():
            activity = self.platformsh.activity(plan.site.project, activity_id)
            if activity.outcome == "running":
                return self.rhythm.again(waiting, now)
            must_have_succeeded(self.platformsh, plan.site, activity)
        return Done({"environments": " ".join(plan.inputs)})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """A request without credentials is refused on each of them."""
        told = {s.environment: self.refused(s.url) for s in self.observe(plan.site)}
        let_in = tuple(f"{name}: {saw}" for name, saw in told.items() if saw)
        if let_in:
            return Verdict("not-yet", let_in)
        return Verdict(
            "proven", tuple(f"{name} refuses a request without credentials." for name in told)
        )


_NOTES = (
    "Each environment is deployed again. The password comes from the settings and stays hidden.",
    "Address rules are no substitute: behind a CDN they see addresses that anybody can pretend.",
    "An environment that has inherited client authentication is reachable by nobody anyway.",
)


def _words(state: AccessState) -> str:
    if not state.enabled:
        return "off"
    return "on, with empty lists (protects nothing)" if not state.effective else "on"


@dataclass
class HttpAccessBack:
    """Off again where this run has switched it on."""

    platformsh: Access
    states: Callable[[Site], tuple[AccessState, ...]]
    rhythm: Rhythm

    key: ClassVar[str] = "undo-http-access"
    title: ClassVar[str] = "HTTP access as before"
    kind: ClassVar[Literal["change", "look"]] = "change"

    def observe(self, site: Site) -> tuple[AccessState, ...]:
        """All environments of the project as they are."""
        return self.states(site)

    def plan(self, site: Site, facts: tuple[AccessState, ...], past: Past) -> Plan:
        """One change for each environment that this run has protected."""
        receipt = past.receipts.get("http-access", {})
        ours = set(receipt.get("environments", "").split()) | (set(receipt) & set(
            site.access_environments))  # fmt: skip
        on = [s.environment for s in facts if s.environment in ours and s.effective]
        return Plan(
            step=self.key, site=site,
            changes=tuple(
                Change("update", f"environment {name} · HTTP access", "on", "off", "brief")
                for name in on
            ),
            inputs=dict.fromkeys(on, "off"), way_back="It can be switched on again.", page=PAGE,
        )  # fmt: skip

    def satisfied(self, site: Site, facts: tuple[AccessState, ...], past: Past) -> tuple[str, ...]:
        """Nothing of this run is on."""
        return ("This run has protected no environment that is still protected.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """The next environment; each is noted."""
        if "begun" not in notes:
            return Noted({"begun": "yes"})
        on = {s.environment for s in self.observe(plan.site) if s.effective}
        for environment in plan.inputs:
            if environment in on and environment not in notes:
                started = self.platformsh.set_http_access(
                    plan.site.project, environment, enabled=False, basic_auth={}
                )
                return Noted({environment: started[0].id if started else ""})
        running = " ".join(notes[e] for e in plan.inputs if notes.get(e))
        if not running:
            return Done({})
        return self.rhythm.waiting("the environments to deploy", {"activities": running}, now)

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Have all deployments ended?"""
        for activity_id in waiting.handle["activities"].split():
            activity = self.platformsh.activity(plan.site.project, activity_id)
            if activity.outcome == "running":
                return self.rhythm.again(waiting, now)
            must_have_succeeded(self.platformsh, plan.site, activity)
        return Done({})

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """Read back on each of them."""
        still = [s.environment for s in self.observe(plan.site)
                 if s.environment in plan.inputs and s.effective]  # fmt: skip
        if still:
            return Verdict("failed", tuple(f"{name} is still protected." for name in still))
        return Verdict("proven", ("The environments are as they were before the run.",))
