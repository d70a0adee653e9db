"""HTTP access control on development environments: the optional step. Basic auth, by reference.

The password comes from the settings, goes to Platform.sh, and is read back by nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from pydantic import SecretStr

from steps.deployments import Activities, Activity, Rhythm, must_have_succeeded, told_of
from steps.errors import PreconditionFailed
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Site, Verdict, Waiting

PAGE = "https://docs.upsun.com/environments/http-access-control.html"
NOTHING = "-"
"""Noted for a change that Platform.sh deployed nothing for: it is made all the same."""
NONE_LEFT = "No environment is left to ask."


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
    shut: bool = False
    """It has inherited client authentication: nobody gets as far as access control."""

    @property
    def effective(self) -> bool:
        """Enabled with empty lists protects nothing (the reference shows such a sample)."""
        return self.enabled and bool(self.users or self.addresses)


@dataclass(frozen=True, slots=True)
class Stranger:
    """What a request without credentials came to; ``unclear`` is neither, and says why."""

    state: Literal["refused", "let in", "unclear"]
    saw: str


class Access(Activities, Protocol):
    """The calls of the Platform.sh client that this step uses."""

    def set_http_access(
        self, project: str, environment: str, *, enabled: bool,
        basic_auth: Mapping[str, SecretStr],
    ) -> Sequence[Activity]: ...  # fmt: skip


@dataclass
class AccessStep:
    """What both directions share: one environment after the other, then their deployments."""

    platformsh: Access
    states: Callable[[Site], tuple[AccessState, ...]]
    ask: Callable[[str], Stranger]
    """Asks a page without credentials."""
    rhythm: Rhythm

    kind: ClassVar[Literal["change", "look"]] = "change"
    enables: ClassVar[bool]

    def basic_auth(self) -> Mapping[str, SecretStr]:
        """The users who are let in."""
        return {}

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """The next environment that is not as planned, or whose deployment failed."""
        if "environments" not in notes:
            return Noted({"environments": " ".join(plan.inputs)})
        unlike = {s.environment for s in self.states(plan.site) if s.effective != self.enables}
        for environment in plan.inputs:
            begun = notes.get(f"deploys {environment}")
            again = begun is not None and begun != NOTHING and self._failed(plan.site, begun)
            if again or (begun is None and environment in unlike):
                started = self.platformsh.set_http_access(
                    plan.site.project, environment, enabled=self.enables,
                    basic_auth=self.basic_auth(),
                )  # fmt: skip
                return Noted({f"deploys {environment}": started[0].id if started else NOTHING})
        begun_all = (notes.get(f"deploys {environment}", NOTHING) for environment in plan.inputs)
        running = " ".join(activity for activity in begun_all if activity != NOTHING)
        if not running:
            return Done({"environments": " ".join(plan.inputs)})
        return self.rhythm.waiting("the environments to deploy", {"activities": running}, now)

    def _failed(self, site: Site, activity_id: str) -> bool:
        outcome = self.platformsh.activity(site.project, activity_id).outcome
        return outcome not in ("running", "success")

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """Have all deployments ended?"""
        for activity_id in waiting.handle["activities"].split():
            activity = self.platformsh.activity(plan.site.project, activity_id)
            if activity.outcome == "running":
                return self.rhythm.again(waiting, now, **told_of(activity))
            must_have_succeeded(self.platformsh, plan.site, activity)
        return Done({"environments": " ".join(plan.inputs)})

    def judged(self, plan: Plan, wanted: Literal["refused", "let in"], proof: str) -> Verdict:
        """What requests without credentials show: all must be as wanted; `proof` follows a name.

        Behind inherited client authentication nobody can see it, which is neither.
        """
        states = {state.environment: state for state in self.states(plan.site)}
        gone = tuple(f"{name} is not there any more." for name in plan.inputs if name not in states)
        asked = {name: self.ask(states[name].url) for name in plan.inputs if name in states}
        shut = tuple(
            f"{name} requires a client certificate that nobody can present, so what access control"
            " does there cannot be seen; nobody comes in either way."
            for name, seen in asked.items() if states[name].shut and seen.state == "unclear"
        )  # fmt: skip
        unlike = tuple(
            f"{name}: {seen.saw}" for name, seen in asked.items()
            if seen.state != wanted and not (states[name].shut and seen.state == "unclear")
        )  # fmt: skip
        if unlike or gone:
            return Verdict("not-yet", (*unlike, *gone, *shut))
        if shut:
            return Verdict("inconclusive", shut, acceptable=True)
        return Verdict("proven", tuple(f"{name} {proof}" for name in asked) or (NONE_LEFT,))


@dataclass
class HttpAccess(AccessStep):
    """Basic auth on each chosen environment that has no effective access control yet."""

    user: str
    password: SecretStr

    key: ClassVar[str] = "http-access"
    title: ClassVar[str] = "HTTP access on development environments"
    enables: ClassVar[bool] = True

    def basic_auth(self) -> Mapping[str, SecretStr]:
        """The one user of the settings."""
        return {self.user: self.password}

    def observe(self, site: Site) -> tuple[AccessState, ...]:
        """The chosen environments as they are."""
        chosen = set(site.access_environments)
        return tuple(s for s in self.states(site) if s.environment in chosen)

    def plan(self, site: Site, facts: tuple[AccessState, ...], past: Past) -> Plan:
        """One change for each environment without effective access control."""
        bare = sorted((s for s in facts if not s.effective), key=lambda s: s.environment)
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
            notes=(*_NOTES, *_shut(bare)) if bare else (),
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

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """A request without credentials is refused on each of them."""
        return self.judged(plan, "refused", "refuses a request without credentials.")


_NOTES = (
    "Each environment is deployed again. The password comes from the settings and stays hidden.",
    "Address rules are no substitute: behind a CDN they see addresses that anybody can pretend.",
    "Behind access control an application no longer sees the Authorization header of its visitors.",
    "Environments below it take it over once they are deployed themselves.",
    "An environment that has inherited client authentication is reachable by nobody anyway.",
)


def _shut(bare: Sequence[AccessState]) -> tuple[str, ...]:
    return tuple(
        f"{state.environment} has inherited it: nobody can come in and see what this does there."
        for state in bare if state.shut
    )  # fmt: skip


def _words(state: AccessState) -> str:
    if not state.enabled and state.users:
        return f"off; the users {', '.join(sorted(state.users))} are replaced, for good"
    if not state.enabled:
        return "off"
    return "on, with empty lists (protects nothing)" if not state.effective else "on"


@dataclass
class HttpAccessBack(AccessStep):
    """Off again where this run has switched it on."""

    key: ClassVar[str] = "undo-http-access"
    title: ClassVar[str] = "HTTP access as before"
    enables: ClassVar[bool] = False

    def observe(self, site: Site) -> tuple[AccessState, ...]:
        """All environments of the project as they are."""
        return self.states(site)

    def plan(self, site: Site, facts: tuple[AccessState, ...], past: Past) -> Plan:
        """One change for each environment that this run has protected."""
        ours = past.receipts.get("http-access", {}).get("environments", "").split()
        on = sorted(s.environment for s in facts if s.environment in ours and s.effective)
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

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """A request without credentials is no longer refused for want of them."""
        return self.judged(plan, "let in", "lets in whoever comes, as before the run.")
