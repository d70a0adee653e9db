"""What the steps around client authentication share: the routes file, the CA, the deployment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from steps.certificates import ORIGIN_CA_ROOTS, fingerprints
from steps.configuration import (
    Changed,
    Configuration,
    Files,
    Mode,
    digests,
    read_digests,
)
from steps.errors import PreconditionFailed
from steps.following import releases
from steps.origin.evidence import Expect, ProbeReport
from steps.origin.probe import summed_up
from steps.origin.vantage import Seen, Vantage
from steps.routes import Finding
from steps.step import Change, Past, Plan, Row, Site
from steps.way_in import Offered, WayIn
from steps.zone_settings import baselines

PAGE = "https://docs.upsun.com/domains/cdn.html#enable-mtls"
NO_ADDRESS = "The origin has no address that could be asked."
UNSAID = (
    "The deployment does not return the certificates of its authorities. Seen instead: the files"
    " at the deployed commit, the success of its activity, and the authority named on the wire."
)


@dataclass(frozen=True, slots=True)
class DeployedRoute:
    """One https route of the current deployment."""

    url: str
    client_authentication: str
    authorities: tuple[str, ...]
    """SHA-256 of each certificate in its CA list."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """The repository's head and the deployment, as far as client authentication goes."""

    way: WayIn
    configuration: Configuration
    deployed: tuple[DeployedRoute, ...]
    inheriting: tuple[str, ...] = ()
    """Active non-production environments: they inherit the block with the next sync or merge."""
    problems: tuple[str, ...] = ()
    manual: bool = False
    """Deployments wait for somebody to start them."""
    head_deployed: bool = False
    """The activity that brought the head has ended well."""
    offered: tuple[Offered, ...] = ()
    """The bot's requests that are still open at the git host."""
    deploying: bool = False
    """A push is being deployed: what the deployment is now is not what it will be."""


class WaysIn(Protocol):
    """Which way in a project has."""

    def of(self, site: Site) -> WayIn:
        """Chosen by the facts of the project."""
        ...

    def named(self, name: str) -> WayIn:
        """The one that a plan is bound to."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What the route steps stand on: the ways in, and what is read of the environment."""

    ways: WaysIn
    deployed: Callable[[Site], tuple[DeployedRoute, ...]]
    inheriting: Callable[[Site], tuple[str, ...]]
    edge_hostname: Callable[[Site], str]
    manual: Callable[[Site], bool]
    brought: Callable[[Site, str], bool]
    """Whether the deployment of that commit has ended well."""
    deploying: Callable[[Site], bool]
    """Whether a push is on its way into its deployment."""


@dataclass
class RouteStep:
    """What the three steps around client authentication have in common."""

    ground: Ground
    vantage: Vantage
    ca_pem: str

    kind: ClassVar[Literal["change", "look"]] = "change"

    def look(self, site: Site, problems: tuple[str, ...] = (), way: str = "") -> RouteFacts:
        """Read the head of the branch, where people push to it, and the deployment."""
        ground = self.ground
        into = ground.ways.named(way) if way else ground.ways.of(site)
        head, deployed = into.head(site), ground.deployed(site)
        return RouteFacts(
            into, head, deployed, ground.inheriting(site), problems, ground.manual(site),
            _unsaid(deployed) and ground.brought(site, head.commit), into.offered(site),
        )  # fmt: skip

    def our_ca(self) -> str:
        """The fingerprint that the deployment must show."""
        return fingerprints(self.ca_pem)[0]

    def all_have(self, facts: RouteFacts, mode: Mode) -> bool:
        """Every https route of the deployment has `mode` and exactly our CA.

        Where the deployment does not return the certificates, the files at the deployed commit
        and the success of its activity stand for them; the probe asks the wire.
        """
        if not facts.deployed or any(r.client_authentication != mode for r in facts.deployed):
            return False
        if _unsaid(facts.deployed):
            there = facts.configuration.asking(mode, self._ca(facts))
            same = not there.files and not there.blocked
            return same and self._roots(facts) == {self.our_ca()} and facts.head_deployed
        return all(route.authorities == (self.our_ca(),) for route in facts.deployed)

    def _roots(self, facts: RouteFacts) -> set[str]:
        there = facts.configuration.content(facts.configuration.ca_path)
        return set(fingerprints((there or b"").decode(errors="replace")))

    def _ca(self, facts: RouteFacts) -> bytes:
        """Our CA as it is to stand there; written otherwise, it stays as it is written."""
        there = facts.configuration.content(facts.configuration.ca_path)
        same = there is not None and self._roots(facts) == {self.our_ca()}
        return there if same and there is not None else self.ca_pem.encode()

    def change(self, facts: RouteFacts, mode: Mode) -> Changed:
        """The commit's files: the routes, and the CA unless it is there already.

        Raises PreconditionFailed for what stands in the way.
        """
        if self._roots(facts) & set(ORIGIN_CA_ROOTS):
            raise PreconditionFailed(
                f"{facts.configuration.ca_path} holds the Origin CA root. That is the classic"
                " mistake: every Cloudflare customer can get a certificate from it.",
                hint="Remove the file; the bot puts the right CA there.",
            )
        changed = facts.configuration.asking(mode, self._ca(facts))
        stands = [f for f in changed.findings if f.blocking or f.code == OTHER_AUTHORITIES]
        if stands:
            raise PreconditionFailed(
                " ".join(words(finding) for finding in stands),
                hint=" ".join(f.hint for f in stands if f.hint)
                or "Put this right and deploy it, then press Retry.",
            )
        if not changed.files:
            raise PreconditionFailed(
                f"The configuration has {mode} on every route already, and the deployment does not"
                " show it.",
                hint="Wait for a deployment that is under way, or redeploy, then press Retry.",
            )
        return changed

    def changed_files(self, facts: RouteFacts, mode: Mode) -> Files:
        """The same as what is committed."""
        return {change.path: change.after for change in self.change(facts, mode).files}

    def changes(self, site: Site, facts: RouteFacts, files: Files, mode: str,
                risk: Literal["brief", "outage-if-wrong"]) -> tuple[Change, ...]:  # fmt: skip
        """What the card lists: each file, what people do in between, and the deployment."""
        there, place, found = facts.configuration, facts.way.place(site), []
        for path in sorted(files, key=lambda path: path == there.ca_path):
            is_ca, target = path == there.ca_path, f"{place} · {path}"
            before = there.content(path)
            if files[path] is None:
                found.append(Change("delete", target, "there", None, "none" if is_ca else risk))
            elif is_ca:
                found.append(Change("create", target, None, f"CA {self.our_ca()[:16]}…"))
            else:
                verb: Literal["create", "update"] = "create" if before is None else "update"
                was = None if before is None else there.modes()
                found.append(Change(verb, target, was, mode, risk))
        found += facts.way.between(site)
        target = f"environment {site.environment} · deployment of the commit"
        found.append(Change("deploy", target, None, mode, risk))
        return (*found, releases(site)) if facts.manual else tuple(found)

    def inputs(self, facts: RouteFacts, files: Files, kept: str = "") -> dict[str, str]:
        """What the approval is bound to, and the diff that the card shows.

        The CA is among the digests also where it stays as it is: it must be there all the same.
        """
        there = facts.configuration
        before = {path: there.content(path) for path in (*files, there.ca_path)}
        created = there.ca_path in files
        return {
            "way": facts.way.name,
            "manual": "yes" if facts.manual else "",
            "config_tree": there.tree,
            "before": digests(before),
            "after": digests({**before, **files}),
            "kept": kept,
            "ca_file": there.ca_path if created else "",
            "diff": there.diff(files),
        }

    def way(self, plan: Plan) -> WayIn:
        """The way in that the plan is bound to."""
        return self.ground.ways.named(plan.inputs["way"])

    def now(self, plan: Plan) -> RouteFacts:
        """What is there now, by the way in that the plan is bound to."""
        return self.look(plan.site, way=plan.inputs.get("way", ""))

    def probe(self, site: Site, past: Past, control: Callable[[], bool]) -> ProbeReport:
        """The origin probe on every address, in fresh sessions."""
        hosts = past.receipts.get("preflight", {}).get("hosts", site.name).split()
        expect = Expect(control=control, our_ca=self.ca_pem)
        return self.vantage.probe(
            hosts, self.ground.edge_hostname(site), expect=expect, sessions=self.vantage.sessions
        )

    def visitors(self, past: Past) -> Seen:
        """Every host that was looked at before the run, looked at again."""
        return self.vantage.visit(baselines(past))


def _unsaid(deployed: tuple[DeployedRoute, ...]) -> bool:
    """Whether the deployment shows client authentication and no certificate of any authority."""
    asked = [route for route in deployed if route.client_authentication]
    return bool(asked) and not any(route.authorities for route in deployed)


def unnamed(facts: RouteFacts, report: ProbeReport) -> tuple[str, ...]:
    """Addresses that named no authority, where only the wire can tell which one is asked for."""
    if not _unsaid(facts.deployed):
        return ()
    return tuple(
        f"{a.host} at {a.address}:{a.port} names no authority on the wire, and the deployment does"
        " not return the certificates."
        for a in report.attempts
        if a.verdict == "closed" and a.certificate_requested and not a.authorities
    )  # fmt: skip


def unsaid_words(facts: RouteFacts) -> tuple[str, ...]:
    """What stood for the certificates where the deployment does not return them."""
    return (UNSAID,) if _unsaid(facts.deployed) else ()


OTHER_AUTHORITIES = "other-authorities"
"""Somebody else's CA is in a route's list: its holders would get in as well."""


def ways_around(changed: Changed) -> tuple[str, ...]:
    """What whoever approves accepts to leave open, a sentence each."""
    return tuple(words(finding) for finding in changed.findings if finding.acceptable)


def without_accepted(report: ProbeReport, values: Mapping[str, str]) -> ProbeReport:
    """The probe without the plain ports that an approver has accepted as open."""
    if not values.get("open"):
        return report
    return summed_up(tuple(a for a in report.attempts if a.reason != "http-content"))


def words(finding: Finding) -> str:
    """A finding with its place."""
    place = finding.path or "the routes file"
    where = f" ({place}, line {finding.line})" if finding.line else ""
    return f"{finding.message}{where}"


def expected(plan: Plan, *, back: bool = False) -> dict[str, str]:
    """The digests of the approved files by path, or of those from before."""
    return read_digests(plan.inputs["before" if back else "after"])


def probe_rows(report: ProbeReport) -> tuple[Row, ...]:
    """The probe as a table: host and address, verdict, and how it is known."""
    return tuple(
        Row(f"{a.host} at {a.address}:{a.port}", f"{a.verdict} ({a.reason})", a.evidence)
        for a in report.attempts
    )


def receipt(plan: Plan, brought: Mapping[str, str]) -> dict[str, str]:
    """What the way back needs of a change that was brought in."""
    bound = ("before", "after", "kept", "ca_file", "open")
    return {**brought, **{name: plan.inputs[name] for name in bound if name in plan.inputs}}
