"""What the steps around client authentication share: the routes file, the CA, the deployment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from steps import route_edit
from steps.certificates import ORIGIN_CA_ROOTS, fingerprints
from steps.errors import PreconditionFailed
from steps.following import releases
from steps.origin.evidence import Expect, ProbeReport
from steps.origin.vantage import Seen, Vantage
from steps.route_edit import CA_FILE, digest
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
    config_dir: str
    config_tree: str
    text: str
    ca: bytes | None
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

    @property
    def routes_path(self) -> str:
        return f"{self.config_dir}/routes.yaml"

    @property
    def ca_path(self) -> str:
        return f"{self.config_dir}/{CA_FILE}"


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
        head = into.head(site)
        text = into.read(head, f"{head.config_dir}/routes.yaml")
        if text is None:
            raise PreconditionFailed(
                f"There is no {head.config_dir}/routes.yaml in the repository.",
                hint="Write the routes out in that file and deploy it, then press Retry.",
            )
        ca = into.read(head, f"{head.config_dir}/{CA_FILE}")
        deployed = ground.deployed(site)
        return RouteFacts(
            into, head.config_dir, head.config_tree, text.decode(), ca, deployed,
            ground.inheriting(site), problems, ground.manual(site),
            _unsaid(deployed) and ground.brought(site, head.commit), into.offered(site),
        )  # fmt: skip

    def our_ca(self) -> str:
        """The fingerprint that the deployment must show."""
        return fingerprints(self.ca_pem)[0]

    def all_have(self, facts: RouteFacts, mode: route_edit.Mode) -> bool:
        """Every https route of the deployment has `mode` and exactly our CA.

        Where the deployment does not return the certificates, the files at the deployed commit
        and the success of its activity stand for them; the probe asks the wire.
        """
        if not facts.deployed or any(r.client_authentication != mode for r in facts.deployed):
            return False
        if _unsaid(facts.deployed):
            ours = fingerprints((facts.ca or b"").decode(errors="replace"))
            same = route_edit.asking(facts.text, mode) is None
            return same and ours == (self.our_ca(),) and facts.head_deployed
        return all(route.authorities == (self.our_ca(),) for route in facts.deployed)

    def changed_files(self, facts: RouteFacts, mode: route_edit.Mode) -> dict[str, bytes | None]:
        """The files of the commit: the routes, and the CA unless it is there already."""
        roots = set(fingerprints((facts.ca or b"").decode(errors="replace")))
        if roots & set(ORIGIN_CA_ROOTS):
            raise PreconditionFailed(
                f"{facts.ca_path} holds the Origin CA root. That is the classic mistake: every"
                " Cloudflare customer can get a certificate from it.",
                hint="Remove the file; the bot puts the right CA there.",
            )
        if facts.ca is not None and roots != {self.our_ca()}:
            raise PreconditionFailed(
                f"{facts.ca_path} is there already and holds another certificate.",
                hint="Move it out of the way, or put Cloudflare's origin pull CA into it.",
            )
        edited = route_edit.asking(facts.text, mode)
        if edited is None:
            raise PreconditionFailed(
                f"{facts.routes_path} has {mode} on every route already, and the deployment does"
                " not show it.",
                hint="Wait for a deployment that is under way, or redeploy, then press Retry.",
            )
        files: dict[str, bytes | None] = {facts.routes_path: edited.encode()}
        if facts.ca is None:
            files[facts.ca_path] = self.ca_pem.encode()
        return files

    def changes(self, site: Site, facts: RouteFacts, files: Mapping[str, bytes | None], mode: str,
                risk: Literal["brief", "outage-if-wrong"]) -> tuple[Change, ...]:  # fmt: skip
        """What the card lists: each file, what people do in between, and the deployment."""
        place = facts.way.place(site)
        found = [
            Change("update", f"{place} · {facts.routes_path}",
                   route_edit.modes(facts.text), mode, risk)
        ]  # fmt: skip
        if facts.ca_path in files:
            made = files[facts.ca_path] is not None
            verb: Literal["create", "delete"] = "create" if made else "delete"
            after = f"CA {self.our_ca()[:16]}…" if made else None
            found.append(
                Change(verb, f"{place} · {facts.ca_path}", None if made else "there", after)
            )
        found += facts.way.between(site)
        target = f"environment {site.environment} · deployment of the commit"
        found.append(Change("deploy", target, None, mode, risk))
        return (*found, releases(site)) if facts.manual else tuple(found)

    def inputs(self, facts: RouteFacts, files: Mapping[str, bytes | None]) -> dict[str, str]:
        """What the approval is bound to, and the diff that the card shows."""
        after = files[facts.routes_path]
        assert after is not None
        return {
            "way": facts.way.name,
            "manual": "yes" if facts.manual else "",
            "config_tree": facts.config_tree,
            "routes_before": digest(facts.text.encode()),
            "routes_after": digest(after),
            "routes_path": facts.routes_path,
            "ca_path": facts.ca_path,
            "ca_before": digest(facts.ca),
            "ca_after": digest(files.get(facts.ca_path, facts.ca)),
            "ca_file": facts.ca_path if facts.ca_path in files else "",
            "diff": route_edit.diff(facts.text, after.decode(), facts.routes_path),
        }

    def way(self, plan: Plan) -> WayIn:
        """The way in that the plan is bound to."""
        return self.ground.ways.named(plan.inputs["way"])

    def now(self, plan: Plan) -> RouteFacts:
        """What is there now, by the way in that the plan is bound to."""
        return self.look(plan.site, way=plan.inputs["way"])

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


def expected(plan: Plan, *, back: bool = False) -> dict[str, str]:
    """The digests of the approved files by path, or of those from before."""
    suffix = "before" if back else "after"
    return {
        plan.inputs["routes_path"]: plan.inputs[f"routes_{suffix}"],
        plan.inputs["ca_path"]: plan.inputs[f"ca_{suffix}"],
    }


def probe_rows(report: ProbeReport) -> tuple[Row, ...]:
    """The probe as a table: host and address, verdict, and how it is known."""
    return tuple(
        Row(f"{a.host} at {a.address}:{a.port}", f"{a.verdict} ({a.reason})", a.evidence)
        for a in report.attempts
    )


def receipt(plan: Plan, brought: Mapping[str, str]) -> dict[str, str]:
    """What the way back needs of a change that was brought in."""
    bound = ("routes_before", "routes_after", "ca_file")
    return {**brought, **{name: plan.inputs[name] for name in bound}}
