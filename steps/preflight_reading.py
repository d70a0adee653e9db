"""Everything that the preflight judges, read from both vendors and the repository. Reads only."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steps import routes
from steps.certificates import ORIGIN_CA_ROOTS, covers, fingerprints, stand_in
from steps.clients.cloudflare_models import TokenStatus
from steps.clients.cloudflare_overrides import CouldNotLook, load_balanced, looked, worker_patterns
from steps.clients.platformsh_models import Activity, Deployment, Environment
from steps.clients.repository import is_external
from steps.errors import Denied
from steps.preflight import SETTINGS
from steps.preflight_checks import PreflightFacts, ProjectFacts, ZoneFacts
from steps.reading import Reading
from steps.route_change import CA_FILE
from steps.routes import Finding
from steps.step import Site

PLATFORM = ".platform"
_BRINGS_CODE = ("environment.push", "environment.merge", "environment.source-operation")
"""Activities that move a branch; only a push names the commit that it brought."""


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
        head = reading.repository.head(site.project, site.environment)
        text = reading.repository.read(head, f"{head.config_dir}/routes.yaml")
        findings, written = _routes(text, f"{head.config_dir}/routes.yaml")
        if head.config_dir != PLATFORM:
            findings = ()  # another product, which is a block of its own
        ca = reading.repository.read(head, f"{head.config_dir}/{CA_FILE}")
        beside = fingerprints((ca or b"").decode(errors="replace"))
        deployed = {f for route in reading.deployed(site) for f in route.authorities}
        wrong = {*beside, *written, *deployed} & set(ORIGIN_CA_ROOTS)
        if ca is not None and not wrong and set(beside) != set(fingerprints(self.client_ca)):
            findings = (*findings, _foreign_ca(f"{head.config_dir}/{CA_FILE}"))
        hosts = reading.hosts(site)
        return PreflightFacts(
            zone=self._zone(site),
            project=self._project(site, head.commit, head.config_dir, [h.name for h in hosts]),
            hosts=hosts, findings=findings, wrong_ca=bool(wrong),
            neighbours=reading.neighbours(site), inheriting=reading.inheriting(site),
            notes=self._wildcards(site),
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

    def _zone(self, site: Site) -> ZoneFacts:
        client = self.reading.cloudflare
        zone, token = client.zone_by_id(site.zone_id), self._token()
        settings = {name: client.setting(site.zone_id, name).value for name in SETTINGS}
        overrides, unseen = self.reading.ssl_overrides(site)
        balanced = load_balanced(client, site.zone_id)
        workers = worker_patterns(client, site.zone_id)
        ends = token.expires_on if token else None
        if token is None:
            unseen = (*unseen, "When the Cloudflare token ends could not be looked at.")
        return ZoneFacts(
            zone.name, zone.status, zone.paused, settings, self.reading.overrides(site), overrides,
            looked(balanced), looked(workers),
            (*unseen, *(
                f"Whether {found.what} stand before a host could not be looked at."
                for found in (balanced, workers) if isinstance(found, CouldNotLook)
            )),
            token.status if token else "active", ends, _left(ends, self.reading.clock()),
        )  # fmt: skip

    def _token(self) -> TokenStatus | None:
        """None where the token may not ask about itself: which tokens may is not documented."""
        try:
            return self.reading.cloudflare.verify_token()
        except Denied:
            return None

    def _project(self, site: Site, head: str, config_dir: str, hosts: list[str]) -> ProjectFacts:
        vendor = self.reading.platformsh
        project = vendor.project(site.project)
        environment = vendor.environment(site.project, site.environment)
        state = environment.deployment_state
        return ProjectFacts(
            project=site.project, environment=site.environment, suspended=project.suspended,
            type=environment.type, status=environment.status, dirty=environment.is_dirty,
            staged=environment.has_staged_activities,
            manual=vendor.manual_deployments(site.project, site.environment),
            head=head, deployed=self._deployed_commit(site),
            last_deployment_good=state is None or state.last_deployment_successful is not False,
            external=self._external(site, project.repository.url), config_dir=config_dir,
            routes_have_tls=_tells_tls(vendor.current_deployment(site.project, site.environment)),
            edge_hostname=environment.edge_hostname, may_change=_may_redeploy(environment),
            hook_failed=state is not None and state.last_deployment_failure_reason == "shell",
            other_custom=self._other_custom(site, hosts),
        )  # fmt: skip

    def _deployed_commit(self, site: Site) -> str:
        """The commit that the newest successful work brought; empty when it does not say."""
        brought: list[Activity] = []
        for kind in _BRINGS_CODE:
            found = self.reading.platformsh.activities(
                site.project, environment=site.environment, type=kind
            )
            brought += [activity for activity in found if activity.outcome == "success"][:1]
        dated = [activity for activity in brought if activity.created_at is not None]
        if len(brought) > 1 and len(dated) == len(brought):
            return max(dated, key=_created).pushed
        return brought[0].pushed if len(brought) == 1 else ""

    def _external(self, site: Site, url: str) -> str:
        """The code's host when it is not Platform.sh; by the URL where integrations are hidden."""
        try:
            source = self.reading.platformsh.code_source(site.project)
        except Denied:
            source = None
        if source is not None:
            return str(source.repository or source.project or source.type)
        return is_external(url)

    def _other_custom(self, site: Site, hosts: list[str]) -> tuple[str, ...]:
        """Custom certificates of the project that cover a host of the site."""
        return tuple(
            f"{c.id} for {', '.join(c.domains)}"
            for c in self.reading.platformsh.certificates(site.project)
            if not c.is_provisioned and any(covers(c.domains, host) for host in hosts)
        )  # fmt: skip


def _routes(text: bytes | None, path: str) -> tuple[tuple[Finding, ...], set[str]]:
    """What stands in the way in the routes file, and the authorities written into it."""
    if text is None:
        missing = Finding(
            "no-routes-file",
            f"There is no {path} in the repository: the one default route is deployed.",
            hint="Write the routes out in that file and deploy it.",
        )
        return (missing,), set()
    plain = text.decode(errors="replace")
    findings = routes.findings(plain, ca_path=CA_FILE)
    if any(finding.code == "unreadable" for finding in findings):
        return findings, set()
    listed = (one for route in routes.routes(plain) for one in route.authorities)
    return findings, {digest for one in listed for digest in fingerprints(one.pem)}


def _foreign_ca(path: str) -> Finding:
    return Finding(
        "foreign-ca-file", f"{path} is there already and holds another certificate than ours.",
        hint="Move it out of the way, or put Cloudflare's origin pull CA into it.",
    )  # fmt: skip


def _left(ends: datetime | None, now: datetime) -> timedelta | None:
    return ends - now if ends is not None else None


def _created(activity: Activity) -> datetime:
    assert activity.created_at is not None
    return activity.created_at


def _tells_tls(deployment: Deployment | None) -> bool:
    return deployment is not None and any(route.tls for route in deployment.routes.values())


def _may_redeploy(environment: Environment) -> bool:
    """What is busy offers less; that is a block of its own."""
    busy = environment.is_dirty or environment.status == "dirty"
    return busy or environment.offers("#redeploy")
