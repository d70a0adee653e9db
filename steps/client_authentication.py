"""Client authentication at the origin: `require` with Cloudflare's CA on every https route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from steps.configuration import Changed, Files, Record, kept
from steps.errors import PreconditionFailed, WayBackTaken
from steps.origin.evidence import Attempt
from steps.route_step import (
    NO_ADDRESS,
    PAGE,
    RouteFacts,
    RouteStep,
    expected,
    probe_rows,
    receipt,
    unnamed,
    unsaid_words,
    ways_around,
    without_accepted,
    words,
)
from steps.step import Done, Noted, Outcome, Past, Plan, Site, Verdict, Waiting
from steps.way_in import Push, nothing_wrong
from steps.zone_settings import broken, ssl_rules

TITLE = "Require Cloudflare's client certificate at the origin"
WHY = """\
Every https route asks for a client certificate of Cloudflare's origin
pull CA and refuses whoever shows none. From now on the site is reached
through Cloudflare only; a direct request to the origin is refused."""
BACK = "Stop asking for a client certificate at the origin"
BACK_WHY = """\
The routes are as they were before: whoever knows the origin's address
is served again, with or without Cloudflare."""
PREVIEW = (
    "A preview environment of this branch is not behind Cloudflare, so nobody can show it"
    " Cloudflare's certificate: once it is built with this change it refuses every visitor, link"
    " and health check. That is expected, and says nothing against the change; production is"
    " reached through Cloudflare, which shows its certificate already."
)
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
    pulls: Callable[[Site], tuple[str, ...]] = lambda _site: ()
    """What is missing at Cloudflare at this moment: looked at until the change is live."""

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
        changed = self.change(facts, "require")
        files = {change.path: change.after for change in changed.files}
        return Plan(
            step=self.key, site=site,
            changes=self.changes(site, facts, files, "require", "outage-if-wrong"),
            inputs=self.inputs(facts, files, kept(changed)) | _left_open(changed),
            accepting=ways_around(changed), page=PAGE,
            notes=(*self.notes(site, facts), *ssl_rules(past)),
            way_back=self.way_back(site, facts),
        )  # fmt: skip

    def notes(self, site: Site, facts: RouteFacts) -> tuple[str, ...]:
        """Which CA, who would be refused, and what is not proven beforehand."""
        said = [
            "The CA is the one of Cloudflare's origin pulls (authenticated_origin_pull_ca.pem). Not"
            " the Origin CA root: with that, every Cloudflare customer could come in.",
            "From then on whoever comes to the origin directly is refused: monitoring, uptime"
            " checks and integrations that know its address included.",
        ]
        said += facts.way.told(site)
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

    def way_back(self, site: Site, facts: RouteFacts) -> str:
        """Who must act, how long it takes, and when it happens by itself."""
        text = facts.way.back(site)
        if site.order == "published":
            return text
        seconds = f"{self.back.within.total_seconds():.0f} s after the deployment"
        looks = f"{self.back.looks} failed looks within {seconds}"
        if not facts.way.between(site):
            return (
                f"By itself: {looks} push the old file back at once, under this approval. By hand:"
                f" {text}"
            )
        return f"{looks} ask for the way back at once, under this approval. {text}"

    def satisfied(self, site: Site, facts: RouteFacts, past: Past) -> tuple[str, ...]:
        """The deployment has it on every route."""
        return ("Every https route of the deployment requires a certificate of exactly our CA.",)

    def apply(self, plan: Plan, notes: Mapping[str, str], *, past: Past, now: datetime) -> Outcome:
        """Bring the change in; or, when visitors were refused, the way back."""
        push = self._push(plan, back=bool(notes.get("way_back")))
        return self.way(plan).bring(plan, notes, push, past=past, now=now)

    def _push(self, plan: Plan, *, back: bool) -> Push:
        if back:
            return Push(
                lambda: self._files_before(plan), BACK, BACK_WHY, "back_", is_way_back=True,
                expected=expected(plan, back=True),
                shown=lambda: not self.all_have(self.now(plan), "require"),
            )  # fmt: skip
        published = plan.site.order == "published"
        return Push(
            lambda: self.changed_files(self.now(plan), "require"), TITLE, WHY,
            expected=expected(plan), shown=lambda: self.all_have(self.now(plan), "require"),
            safe=nothing_wrong if published else lambda: self.pulls(plan.site), preview=PREVIEW,
        )  # fmt: skip

    def _files_before(self, plan: Plan) -> Files:
        """As they were; changed by somebody else, exactly our lines go: visitors are refused."""
        there = self.now(plan).configuration
        files = there.restored(Record.of(plan.inputs), self.ca_pem.encode())
        if files is not None:
            return files
        changed = there.taken_out()
        if changed.blocked:
            told = " ".join(words(f) for f in changed.findings if f.blocking)
            raise PreconditionFailed(
                told, hint="Take client_authentication out of the routes by hand and push it."
            )
        return {
            change.path: change.after for change in changed.files
            if plan.inputs["ca_file"] or change.path != there.ca_path
        }  # fmt: skip

    def poll(self, plan: Plan, waiting: Waiting, *, past: Past, now: datetime) -> Outcome:
        """The deployment, then the visitors, and the way back if they are refused."""
        if waiting.handle["phase"] == "watch":
            return self._watch(plan, waiting, past, now=now)
        back = bool(waiting.handle.get("noted_as"))
        push = self._push(plan, back=back)
        brought = self.way(plan).poll(plan, waiting, push, now=now)
        if not isinstance(brought, Done):
            return brought
        if back:
            return self._went_back(waiting, past, now=now)
        if plan.site.order == "published":
            return Done(receipt(plan, brought.receipt), brought.evidence)
        until = now + self.back.within
        handle = {**brought.receipt, "phase": "watch", "until": until.isoformat(), "failed": "0"}
        what = f"visitors to be served for {self.back.within.total_seconds():.0f} s"
        return Waiting(what, handle, now, until + timedelta(hours=1))

    def _went_back(self, waiting: Waiting, past: Past, *, now: datetime) -> Outcome:
        """The old routes are deployed; told only once visitors are seen to be served again."""
        if self.visitors(past).state != "fine":
            return Waiting(waiting.what, waiting.handle, now + self.back.every, waiting.give_up_at)
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
            brought = {k: v for k, v in waiting.handle.items() if k in ("commit", "request")}
            return Done(receipt(plan, brought))
        handle = {**waiting.handle, "failed": str(failed)}
        return Waiting(waiting.what, handle, now + self.back.every, waiting.give_up_at)

    def verify(self, plan: Plan, past: Past, *, now: datetime) -> Verdict:
        """The deployment's own state, the probe on every address, and the visitors."""
        facts = self.now(plan)
        if not self.all_have(facts, "require"):
            return Verdict("not-yet", ("The deployment does not show it on every route yet.",))
        published = plan.site.order == "published"
        seen_by = self.probe(plan.site, past, lambda: self.visitors(past).state == "fine")
        report = without_accepted(seen_by, plan.inputs)
        rows = probe_rows(report)
        if report.verdict != "closed":
            told = tuple(
                f"{a.host} at {a.address}:{a.port}: {a.evidence}"
                for a in report.attempts if a.verdict != "closed"
            )  # fmt: skip
            if published and report.attempts and all(map(_needs_a_control, report.attempts)):
                return Verdict("set", (*told, REFUSED), rows=rows, proven_by="origin-probe")
            return Verdict(
                "not-yet", told or (NO_ADDRESS,), rows=rows,
                hint="Nodes switch one after the other.",
                # Closed elsewhere and not to be asked from here: an approver may name it.
                acceptable=report.verdict == "inconclusive" and report.closed > 0
                and (published or self.visitors(past).state == "fine"),
            )  # fmt: skip
        if silent := unnamed(facts, report):
            return Verdict("not-yet", silent, rows=rows, hint="Nobody tells which CA is asked for.")
        closed = f"The probe was refused on all {report.of} addresses without our certificate."
        left = plan.inputs.get("open", "")
        told = (closed, *unsaid_words(facts), *((f"Open by acceptance: {left}.",) if left else ()))
        if published:
            return Verdict("proven", (*told, REFUSED), rows=rows)
        seen = self.visitors(past)
        if seen.state != "fine":
            return broken(seen)
        return Verdict("proven", (*told, *seen.evidence), rows=rows)


def _left_open(changed: Changed) -> dict[str, str]:
    return {"open": " ".join(changed.open)} if changed.open else {}


def _needs_a_control(attempt: Attempt) -> bool:
    """Closed, or ended without a byte; in this order no visitor is served who could tell."""
    return attempt.verdict == "closed" or attempt.reason == "eof-after-request"
