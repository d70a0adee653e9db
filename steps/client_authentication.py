"""Client authentication at the origin: `require` with Cloudflare's CA on every https route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from steps import routes
from steps.errors import PreconditionFailed, WayBackTaken
from steps.origin.evidence import Attempt
from steps.route_change import CA_FILE, Push
from steps.route_step import NO_ADDRESS, PAGE, RouteFacts, RouteStep, as_before, probe_rows, receipt
from steps.step import Done, Noted, Outcome, Past, Plan, Site, Verdict, Waiting
from steps.zone_settings import broken, ssl_rules

MESSAGE = "Require Cloudflare's client certificate at the origin"
BACK = "Stop asking for a client certificate at the origin"
_ENDS = frozenset({"alert-after-request", "eof-after-request"})
REFUSED = "Visitors are refused as well, until origin pulls are on: the next step."


@dataclass(frozen=True, slots=True)
class WayBack:
    """When the change goes back by itself: so many failed looks within so many seconds."""

    looks: int = 3
    within: timedelta = timedelta(seconds=120)
    every: timedelta = timedelta(seconds=2)
    blind: timedelta = timedelta(minutes=15)
    """For so long again it goes on when the last look said neither."""


@dataclass
class ClientAuthentication(RouteStep):
    """`require`, deployed, seen closed by the probe and open by the visitors."""

    ready: Callable[[Site], tuple[str, ...]]
    """What must be so at Cloudflare first: origin pulls on, encrypted, nothing overriding them."""
    gated: bool
    """A page shows beforehand whether Cloudflare presents its certificate."""
    back: WayBack
    unserved: Callable[[Site], tuple[str, ...]]
    """Hosts whose visitors do not come through Cloudflare to this project, a sentence each."""

    key: ClassVar[str] = "client-authentication"
    title: ClassVar[str] = "Client authentication at the origin"

    def observe(self, site: Site) -> RouteFacts:
        """The repository and the deployment, and whether Cloudflare is ready for it."""
        ready = self.ready(site) if site.order == "no-downtime" else ()
        return self.look(site, tuple(dict.fromkeys((*self.unserved(site), *ready))))

    def plan(self, site: Site, facts: RouteFacts, past: Past) -> Plan:
        """The routes file with `require`, and the CA beside it."""
        if self.all_have(facts, "require"):
            return Plan(step=self.key, site=site, changes=())
        if facts.problems:
            raise PreconditionFailed(
                " ".join(facts.problems), hint="Put this right, then press Retry."
            )
        files = self.changed_files(facts, "require")
        return Plan(
            step=self.key, site=site,
            changes=self.changes(site, facts, files, "require", "outage-if-wrong"),
            inputs=self.inputs(facts, files), page=PAGE,
            notes=(*self.notes(site, facts), *ssl_rules(past)),
            way_back=self.way_back(site),
        )  # fmt: skip

    def notes(self, site: Site, facts: RouteFacts) -> tuple[str, ...]:
        """Which CA, who would be refused, and what is not proven beforehand."""
        said = [
            "The CA is the one of Cloudflare's origin pulls (authenticated_origin_pull_ca.pem). Not"
            " the Origin CA root: with that, every Cloudflare customer could come in.",
            "From then on whoever comes to the origin directly is refused: monitoring, uptime"
            " checks and integrations that know its address included.",
        ]
        if facts.inheriting:
            said.append(
                f"These environments inherit it with their next sync or merge, and are then"
                f" reachable by nobody: {', '.join(facts.inheriting)}."
            )
        if site.order == "published":
            said.append(
                "In this order visitors are refused until origin pulls are on: plan two hours of"
                " downtime, and put up a maintenance page."
            )
        elif not self.gated:
            said.append(
                "Not proven beforehand: without a page that echoes X-Client-Verify nobody outside"
                " can see whether Cloudflare presents its certificate."
            )
        return tuple(said)

    def way_back(self, site: Site) -> str:
        """Who must act, how long it takes, and when it happens by itself."""
        text = (
            "One commit takes it out again: a push and one deployment, usually a few minutes."
            " One approver is enough, whoever started the run included; nobody has to merge."
        )
        if site.order == "published":
            return text
        return (
            f"By itself: {self.back.looks} failed looks within"
            f" {self.back.within.total_seconds():.0f} s after the deployment push the old file"
            f" back at once, under this approval. By hand: {text}"
        )

    def satisfied(self, site: Site, facts: RouteFacts, past: Past) -> tuple[str, ...]:
        """The deployment has it on every route."""
        return ("Every https route of the deployment requires a certificate of exactly our CA.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Push the change; or, when visitors were refused, the way back."""
        if not notes.get("way_back"):
            push = Push(lambda: self.changed_files(self.look(plan.site), "require"), MESSAGE)
            return self.pusher.pushed(plan, notes, push, now=now)
        push = Push(lambda: self._files_before(plan), BACK, "back_", is_way_back=True)
        outcome = self.pusher.pushed(plan, notes, push, now=now)
        if isinstance(outcome, Waiting):
            return replace(outcome, handle={**outcome.handle, "phase": "back"})
        return outcome

    def _files_before(self, plan: Plan) -> Mapping[str, bytes | None]:
        facts = self.look(plan.site)
        # Changed by somebody else: visitors are refused, so exactly our lines go out of it.
        before = as_before(facts.text, plan.inputs["routes_before"])
        text = routes.undo(facts.text, ca_path=CA_FILE).text if before is None else before
        files: dict[str, bytes | None] = {facts.routes_path: text.encode()}
        if plan.inputs["ca_file"] and facts.ca is not None and CA_FILE not in text:
            files[plan.inputs["ca_file"]] = None
        return files

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """The deployment, then the visitors, and the way back if they are refused."""
        commit, phase = waiting.handle["commit"], waiting.handle["phase"]
        if phase == "watch":
            return self._watch(plan, waiting, past, now=now)
        if not self.pusher.deployed(plan.site, commit):
            return self.pusher.rhythm.again(waiting, now)
        if phase == "back":
            return self._went_back(waiting, past, now=now)
        if plan.site.order == "published":
            return Done(receipt(plan, commit))
        until = now + self.back.within
        handle = {"commit": commit, "phase": "watch", "until": until.isoformat(), "failed": "0"}
        what = f"visitors to be served through {self.back.within.total_seconds():.0f} s"
        return Waiting(what, handle, now, until + timedelta(hours=1))

    def _went_back(self, waiting: Waiting, past: Past, *, now: datetime) -> Outcome:
        """The old routes are deployed; told only once visitors are seen to be served again."""
        if self.visitors(past).state != "fine":
            return self.pusher.rhythm.again(waiting, now)
        raise WayBackTaken(
            "Visitors were refused after the deployment, so the old routes were deployed again by"
            " themselves. Visitors are served again.",
            hint="Find out why Cloudflare did not present its certificate, then press Retry.",
        )

    def _watch(self, plan: Plan, waiting: Waiting, past: Past, *, now: datetime) -> Outcome:
        """One more look after the deployment: served, or counted towards the way back."""
        seen = self.visitors(past)
        failed = int(waiting.handle["failed"]) + (seen.state == "broken")
        if failed >= self.back.looks:
            return Noted({"way_back": "taken", "saw": " ".join(seen.evidence)})
        # Not while visitors are refused or cannot be seen: neither lets the time run out on them.
        until = datetime.fromisoformat(waiting.handle["until"])
        blind = seen.state == "inconclusive" and now < until + self.back.blind
        if now >= until and seen.state != "broken" and not blind:
            return Done(receipt(plan, waiting.handle["commit"]))
        handle = {**waiting.handle, "failed": str(failed)}
        return Waiting(waiting.what, handle, now + self.back.every, waiting.give_up_at)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The deployment's own state, the probe on every address, and the visitors."""
        if not self.all_have(self.look(plan.site), "require"):
            return Verdict("not-yet", ("The deployment does not show it on every route yet.",))
        published = plan.site.order == "published"
        report = self.probe(plan.site, past, lambda: self.visitors(past).state == "fine")
        rows = probe_rows(report)
        if report.verdict != "closed":
            told = tuple(a.evidence for a in report.attempts if a.verdict != "closed")
            if published and report.attempts and all(map(_needs_a_control, report.attempts)):
                return Verdict("set", (*told, REFUSED), rows=rows, proven_by="origin-probe")
            told = told or (NO_ADDRESS,)
            return Verdict("not-yet", told, rows=rows, hint="Nodes switch one after the other.")
        closed = f"The probe was refused on all {report.of} addresses without our certificate."
        if published:
            return Verdict("proven", (closed, REFUSED), rows=rows)
        seen = self.visitors(past)
        if seen.state != "fine":
            return broken(seen)
        return Verdict("proven", (closed, *seen.evidence), rows=rows)


def _needs_a_control(attempt: Attempt) -> bool:
    """Closed, or ended as a refusal ends; in this order no visitor is served who could tell."""
    return attempt.verdict == "closed" or attempt.reason in _ENDS
