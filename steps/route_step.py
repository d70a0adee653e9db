"""What the steps around client authentication share: the routes file, the CA, the deployment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from steps import routes
from steps.certificates import ORIGIN_CA_ROOTS, fingerprints
from steps.errors import PreconditionFailed
from steps.origin.evidence import Expect, ProbeReport
from steps.origin.vantage import Seen, Vantage
from steps.route_change import CA_FILE, Pusher, digest
from steps.step import Change, Past, Plan, Row, Site
from steps.zone_settings import baselines

PAGE = "https://docs.upsun.com/domains/cdn.html#enable-mtls"
NO_ADDRESS = "The origin has no address that could be asked."


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

    config_dir: str
    config_tree: str
    text: str
    ca: bytes | None
    deployed: tuple[DeployedRoute, ...]
    inheriting: tuple[str, ...] = ()
    """Active non-production environments: they inherit the block with the next sync or merge."""
    problems: tuple[str, ...] = ()
    deploying: bool = False
    """A push is being deployed: what the deployment is now is not what it will be."""

    @property
    def routes_path(self) -> str:
        return f"{self.config_dir}/routes.yaml"

    @property
    def ca_path(self) -> str:
        return f"{self.config_dir}/{CA_FILE}"


@dataclass
class RouteStep:
    """What the three steps around client authentication have in common."""

    pusher: Pusher
    vantage: Vantage
    ca_pem: str
    deployed: Callable[[Site], tuple[DeployedRoute, ...]]
    inheriting: Callable[[Site], tuple[str, ...]]
    edge_hostname: Callable[[Site], str]

    kind: ClassVar[Literal["change", "look"]] = "change"

    def look(self, site: Site, problems: tuple[str, ...] = ()) -> RouteFacts:
        """Read the head of the branch and the deployment."""
        repository = self.pusher.repository
        head = repository.head(site.project, site.environment)
        text = repository.read(head, f"{head.config_dir}/routes.yaml")
        if text is None:
            raise PreconditionFailed(
                f"There is no {head.config_dir}/routes.yaml in the repository.",
                hint="Write the routes out in that file and deploy it, then press Retry.",
            )
        ca = repository.read(head, f"{head.config_dir}/{CA_FILE}")
        return RouteFacts(
            head.config_dir, head.config_tree, _decoded(text, head.config_dir), ca,
            self.deployed(site),
            self.inheriting(site), problems,
        )  # fmt: skip

    def our_ca(self) -> str:
        """The fingerprint that the deployment must show."""
        return fingerprints(self.ca_pem)[0]

    def all_have(self, facts: RouteFacts, mode: str) -> bool:
        """Every https route of the deployment has `mode` and exactly our CA."""
        return bool(facts.deployed) and all(
            route.client_authentication == mode and route.authorities == (self.our_ca(),)
            for route in facts.deployed
        )

    def changed_files(self, facts: RouteFacts, mode: routes.Mode) -> dict[str, bytes | None]:
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
        edited = routes.require(facts.text, mode=mode, ca_path=CA_FILE)
        if not edited.routes:
            raise PreconditionFailed(
                f"{facts.routes_path} has {mode} on every route already, and the deployment does"
                " not show it.",
                hint="Wait for a deployment that is under way, or redeploy, then press Retry.",
            )
        files: dict[str, bytes | None] = {facts.routes_path: edited.text.encode()}
        if facts.ca is None:
            files[facts.ca_path] = self.ca_pem.encode()
        return files

    def changes(self, site: Site, facts: RouteFacts, files: Mapping[str, bytes | None], mode: str,
                risk: Literal["brief", "outage-if-wrong"]) -> tuple[Change, ...]:  # fmt: skip
        """What the card lists: each file, and the deployment."""
        found = [
            Change("update", f"branch {site.environment} · {facts.routes_path}",
                   _mode_in(facts.text), mode, risk)
        ]  # fmt: skip
        if facts.ca_path in files:
            name = "created" if files[facts.ca_path] is not None else None
            before = None if files[facts.ca_path] is not None else "there"
            verb: Literal["create", "delete"] = "create" if name else "delete"
            target = f"branch {site.environment} · {facts.ca_path}"
            found.append(
                Change(verb, target, before, f"CA {self.our_ca()[:16]}…" if name else None)
            )
        target = f"environment {site.environment} · deployment of the commit"
        found.append(Change("deploy", target, None, mode, risk))
        return tuple(found)

    def inputs(self, facts: RouteFacts, files: Mapping[str, bytes | None]) -> dict[str, str]:
        """What the approval is bound to, and the diff that the card shows."""
        after = files[facts.routes_path]
        assert after is not None
        return {
            "config_tree": facts.config_tree,
            "routes_before": digest(facts.text.encode()),
            "routes_after": digest(after),
            "routes_path": facts.routes_path,
            "ca_file": facts.ca_path if facts.ca_path in files else "",
            "diff": routes.diff(facts.text, after.decode(), facts.routes_path),
        }

    def probe(self, site: Site, past: Past, control: Callable[[], bool]) -> ProbeReport:
        """The origin probe on every address, in fresh sessions."""
        hosts = past.receipts.get("preflight", {}).get("hosts", site.name).split()
        expect = Expect(control=control, our_ca=self.ca_pem)
        return self.vantage.probe(
            hosts, self.edge_hostname(site), expect=expect, sessions=self.vantage.sessions
        )

    def visitors(self, past: Past) -> Seen:
        """Every host that was looked at before the run, looked at again."""
        return self.vantage.visit(baselines(past))


def _decoded(text: bytes, config_dir: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise PreconditionFailed(
            f"{config_dir}/routes.yaml is not UTF-8, so it is not edited.",
            hint="Save it as UTF-8 and deploy it, then press Retry.",
        ) from None


def _mode_in(text: str) -> str:
    modes = sorted({route.client_authentication or "none" for route in routes.routes(text)})
    return f"client authentication {' and '.join(modes)}"


def probe_rows(report: ProbeReport) -> tuple[Row, ...]:
    """The probe as a table: host and address, verdict, and how it is known."""
    return tuple(
        Row(f"{a.host} at {a.address}:{a.port}", f"{a.verdict} ({a.reason})", a.evidence)
        for a in report.attempts
    )


def receipt(plan: Plan, commit: str) -> dict[str, str]:
    """What the way back needs of a pushed change."""
    bound = ("routes_before", "routes_after", "ca_file")
    return {"commit": commit, **{name: plan.inputs[name] for name in bound}}


def as_before(text: str, wanted: str) -> str | None:
    """The text from before a change, found by its digest and never guessed; None if it is lost."""
    return next((one for one in _earlier(text) if digest(one.encode()) == wanted), None)


def _earlier(text: str) -> Iterator[str]:
    yield text
    without = routes.undo(text, ca_path=CA_FILE).text
    yield without
    if without != text:
        yield routes.require(text, mode="request", ca_path=CA_FILE).text
