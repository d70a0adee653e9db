"""Everything that the preflight judges, read from both vendors and the repository. Reads only."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steps.certificates import ORIGIN_CA_ROOTS, covers, fingerprints, stand_in
from steps.clients.cloudflare_models import TokenStatus
from steps.clients.cloudflare_overrides import CouldNotLook, load_balanced, looked, worker_patterns
from steps.clients.platformsh_models import Deployment, Environment
from steps.configuration import Configuration
from steps.errors import Denied, NotFound, UnexpectedReply
from steps.preflight import SETTINGS
from steps.preflight_checks import PreflightFacts, ProjectFacts, ZoneFacts
from steps.reading import Reading
from steps.step import Site
from steps.way_in import WayIn
from steps.zone_settings import there_or_not

OTHER_FILE = "other-ca-file"


@dataclass(frozen=True, slots=True)
class PreflightReading:
    """`facts` is what the preflight asks; the rest are its parts."""

    reading: Reading
    client_ca: str
    """PEM of the CA that the origin is to require."""

    def facts(self, site: Site) -> PreflightFacts:
        """What there is now, everything read once."""
        return replace(self, reading=self.reading.once()).read(site)

    def read(self, site: Site) -> PreflightFacts:
        """The same, asked anew for each part."""
        reading = self.reading
        way = reading.ways.of(site)
        head = way.head(site)
        beside = fingerprints((head.content(head.ca_path) or b"").decode(errors="replace"))
        same = set(beside) == set(fingerprints(self.client_ca))
        ca = (head.content(head.ca_path) if same else None) or self.client_ca.encode()
        deployed = {f for route in reading.deployed(site) for f in route.authorities}
        wrong = {*beside, *_written(head), *deployed} & set(ORIGIN_CA_ROOTS)
        # An Origin CA root in the place of our CA has a block with better words.
        findings = tuple(
            f for f in head.asking("require", ca).findings if not (wrong and f.code == OTHER_FILE)
        )
        hosts, token = reading.hosts(site), self.token()
        return PreflightFacts(
            zone=self._zone(site, token),
            project=self._project(site, way, head, [h.name for h in hosts]),
            hosts=hosts, findings=findings, wrong_ca=bool(wrong),
            neighbours=reading.neighbours(site), inheriting=reading.inheriting(site),
            notes=(*self._unseen(site, token), *self._wildcards(site)),
        )  # fmt: skip

    def _wildcards(self, site: Site) -> tuple[str, ...]:
        """Proxied wildcards that are no route of ours: nobody knows the hosts below them."""
        ours = set(self.reading.host_names(site))
        return tuple(
            f"Hosts below {record.name} are not known by name, so nobody looks at them; the zone's"
            " settings act on them too."
            for record in self.reading.cloudflare.dns_records(site.zone_id)
            if record.proxied and record.name.startswith("*.") and stand_in(record.name) not in ours
        )

    def _zone(self, site: Site, token: TokenStatus | None) -> ZoneFacts:
        client = self.reading.cloudflare
        zone = client.zone_by_id(site.zone_id)
        asked = {name: there_or_not(client, site.zone_id, name) for name in SETTINGS}
        settings = {name: setting.value for name, setting in asked.items() if setting is not None}
        overrides, unseen = self.reading.ssl_overrides(site)
        ends = token.expires_on if token else None
        return ZoneFacts(
            zone.name, zone.status, zone.paused, settings, self.reading.overrides(site), overrides,
            looked(load_balanced(client, site.zone_id)),
            looked(worker_patterns(client, site.zone_id)), unseen,
            (token.status if token else "") or "active", ends,
            _left(ends, self.reading.clock()),
        )  # fmt: skip

    def _unseen(self, site: Site, token: TokenStatus | None) -> tuple[str, ...]:
        """What could not be looked at, and stops no run."""
        client = self.reading.cloudflare
        before = (load_balanced(client, site.zone_id), worker_patterns(client, site.zone_id))
        said = [
            f"Whether {found.what} stand before a host could not be looked at."
            for found in before if isinstance(found, CouldNotLook)
        ]  # fmt: skip
        if token is None:
            said.append("When the Cloudflare token ends could not be looked at.")
        return tuple(said)

    def token(self) -> TokenStatus | None:
        """None where the token does not tell of itself: which tokens may ask is not documented."""
        try:
            return self.reading.cloudflare.verify_token()
        except (Denied, NotFound, UnexpectedReply):
            return None

    def _project(
        self, site: Site, way: WayIn, head: Configuration, hosts: list[str]
    ) -> ProjectFacts:
        vendor = self.reading.platformsh
        project = vendor.project(site.project)
        environment = vendor.environment(site.project, site.environment)
        state = environment.deployment_state
        return ProjectFacts(
            project=site.project, environment=site.environment, suspended=project.suspended,
            type=environment.type, status=environment.status, dirty=environment.is_dirty,
            staged=environment.has_staged_activities,
            manual=vendor.manual_deployments(site.project, site.environment),
            head=head.commit, deployed=self.deployed_commit(site, head.commit),
            last_deployment_good=state is None or state.last_deployment_successful is not False,
            way=way.told(site), way_problems=way.unfit(site), config_dir=head.directory,
            routes_have_tls=_tells_tls(vendor.current_deployment(site.project, site.environment)),
            edge_hostname=environment.edge_hostname, may_change=_may_redeploy(environment),
            hook_failed=state is not None and state.last_deployment_failure_reason == "shell",
            other_custom=self._other_custom(site, hosts),
        )  # fmt: skip

    def deployed_commit(self, site: Site, head: str) -> str:
        """The commit of the newest successful push; empty when the activities do not say.

        A head that no push has brought came by a merge or an older push: they do not say then.
        """
        pushes = self.reading.platformsh.activities(
            site.project, environment=site.environment, type="environment.push"
        )
        if all(activity.pushed != head for activity in pushes):
            return ""
        return next((a.pushed for a in pushes if a.outcome == "success" and a.pushed), "")

    def _other_custom(self, site: Site, hosts: list[str]) -> tuple[str, ...]:
        """Custom certificates of the project that cover a host of the site."""
        return tuple(
            f"{c.id} for {', '.join(c.domains)}"
            for c in self.reading.platformsh.certificates(site.project)
            if not c.is_provisioned and any(covers(c.domains, host) for host in hosts)
        )  # fmt: skip


def _written(head: Configuration) -> set[str]:
    """The authorities that are written into the routes themselves."""
    listed = (one for route in head.routes() for one in route.authorities)
    return {digest for one in listed for digest in fingerprints(one.pem)}


def _left(ends: datetime | None, now: datetime) -> timedelta | None:
    return ends - now if ends is not None else None


def _tells_tls(deployment: Deployment | None) -> bool:
    return deployment is not None and any(route.tls for route in deployment.routes.values())


def _may_redeploy(environment: Environment) -> bool:
    """What is busy offers less; that is a block of its own."""
    busy = environment.is_dirty or environment.status == "dirty"
    return busy or environment.offers("#redeploy")
