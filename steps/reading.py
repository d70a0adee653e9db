"""What the steps read across both vendors, put together once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from steps.certificates import distrust, fingerprints, stand_in
from steps.clients.cloudflare import CloudflareClient
from steps.clients.cloudflare_overrides import (
    CouldNotLook,
    SslOverride,
    ssl_page_rules,
    ssl_rules,
)
from steps.clients.host_names import ascii_name
from steps.clients.platformsh import PlatformshClient
from steps.clients.platformsh_models import Environment
from steps.clients.repository import Repository
from steps.errors import Denied, NotFound, PreconditionFailed
from steps.inheriting import Inheriting, offers
from steps.origin.evidence import PeerCertificate
from steps.origin.reach import reached
from steps.origin.vantage import Vantage
from steps.route_step import DeployedRoute
from steps.site_hosts import Host, sort_hosts
from steps.step import Site
from steps.ways import Ways


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads of both vendors that more than one step needs. Nothing here writes."""

    cloudflare: CloudflareClient
    platformsh: PlatformshClient
    repository: Repository
    ways: Ways
    vantage: Vantage
    clock: Callable[[], datetime]

    def once(self) -> "Reading":
        """For one look at everything: one moment of each thing, and no request twice."""
        cloudflare = replace(self.cloudflare, service=self.cloudflare.service.once())
        platformsh = replace(self.platformsh, service=self.platformsh.service.once())
        repository = replace(self.repository, platformsh=platformsh)
        ways = replace(self.ways, projects=platformsh, repository=repository)
        return replace(
            self, cloudflare=cloudflare, platformsh=platformsh, repository=repository, ways=ways
        )

    def edge_hostname(self, site: Site) -> str:
        """The name of the origin. Raises NotFound for an environment without one."""
        found = self.platformsh.environment(site.project, site.environment).edge_hostname
        if not found:
            raise NotFound(
                f"{site.environment} has no edge hostname.", service="Platform.sh",
                doing="find the origin",
            )  # fmt: skip
        return found

    def deployed(self, site: Site) -> tuple[DeployedRoute, ...]:
        """Every https route of the current deployment with its client authentication."""
        return self._routes(site.project, site.environment)

    def shut(self, site: Site, environment: str) -> bool:
        """Whether another environment of the project requires a client certificate somewhere."""
        routes = self._routes(site.project, environment)
        return any(route.client_authentication == "require" for route in routes)

    def _routes(self, project: str, environment: str) -> tuple[DeployedRoute, ...]:
        deployment = self.platformsh.current_deployment(project, environment)
        if deployment is None:
            # Nothing deployed, or nothing that we may see? The latter raises here.
            self.platformsh.environment(project, environment)
            return ()
        return tuple(
            DeployedRoute(
                url, route.tls.client_authentication or "",
                tuple(f for pem in route.tls.client_certificate_authorities
                      for f in fingerprints(pem)),
            )
            for url, route in deployment.routes.items()
            if url.startswith("https://") and route.tls is not None
        )  # fmt: skip

    def asking(self, site: Site) -> tuple[str, ...]:
        """The URLs that still require a client certificate."""
        return tuple(r.url for r in self.deployed(site) if r.client_authentication == "require")

    def host_names(self, site: Site) -> tuple[str, ...]:
        """Every attached or routed host, sorted, in punycode; a name in place of each wildcard."""
        attached = {
            domain.name for domain in self.platformsh.domains(site.project)
            if not domain.replacement_for
        }  # fmt: skip
        routed = {r.url.removeprefix("https://").split("/")[0] for r in self.deployed(site)}
        names = {stand_in(ascii_name(name)) for name in attached | routed}
        return tuple(sorted(names - {self.edge_hostname(site)}))

    def hosts(self, site: Site) -> tuple[Host, ...]:
        """Those hosts, sorted by who serves them."""
        return sort_hosts(
            self.host_names(site), self.cloudflare.dns_records(site.zone_id), zone=site.zone,
            edge_hostname=self.edge_hostname(site), resolver=self.vantage.resolver,
        )  # fmt: skip

    def others_work(self, site: Site) -> tuple[str, ...]:
        """What a push or a redeploy would release of other people's, a sentence each."""
        environment = self.platformsh.environment(site.project, site.environment)
        state, found = environment.deployment_state, []
        if environment.has_staged_activities:
            found.append(f"Changes are staged on {site.environment}: ours would release them.")
        if state is not None and state.last_deployment_successful is False:
            found.append(f"The last deployment of {site.environment} has failed.")
        return tuple(found)

    def unserved(self, site: Site) -> tuple[str, ...]:
        """Why a host is not served once only Cloudflare is let in, or trusts; a sentence each."""
        return tuple(host.trouble for host in self.hosts(site) if not host.servable)

    def served_hosts(self, site: Site) -> tuple[str, ...]:
        """Every attached or routed host. Raises PreconditionFailed when one is not served so."""
        if found := self.unserved(site):
            raise PreconditionFailed(
                " ".join(found), hint="Put this right or take the host off, then press Retry."
            )
        return self.host_names(site)

    def neighbours(self, site: Site) -> tuple[str, ...]:
        """Other proxied hosts of the zone: its settings act on them too."""
        ours = set(self.host_names(site))
        records = self.cloudflare.dns_records(site.zone_id)
        return tuple(
            sorted({
                r.name for r in records
                if r.proxied and r.name not in ours and not r.name.startswith("*")
            })
        )  # fmt: skip

    def other_environments(self, site: Site) -> tuple[Environment, ...]:
        """Active non-production environments."""
        return tuple(
            e for e in self.platformsh.environments(site.project)
            if e.type != "production" and e.active and e.id != site.environment
        )  # fmt: skip

    def inheriting(self, site: Site) -> tuple[str, ...]:
        """Their names with what each may do about it, as the cards say them."""
        others = [
            Inheriting(e.id, pull_request=e.is_pr, protected=e.http_access.is_effective)
            for e in self.other_environments(site)
        ]
        return offers(others, self._own_domains(site)) if others else ()

    def _own_domains(self, site: Site) -> bool | None:
        """Whether other environments may have domains; None when the token may not see that."""
        try:
            domains = self.platformsh.capabilities(site.project).custom_domains
        except (Denied, NotFound):
            return None
        if domains is None or (domains.enabled and domains.environments_with_domains_limit is None):
            return None
        return domains.enabled and (domains.environments_with_domains_limit or 0) > 1

    def overrides(self, site: Site) -> tuple[str, ...]:
        """Own certificates that would be presented instead of the shared one, a sentence each."""
        found = []
        there = [c for c in self.cloudflare.zone_pull_certificates(site.zone_id) if not c.gone]
        if self.cloudflare.zone_pulls_enabled(site.zone_id) and there:
            states = ", ".join(sorted({c.status or "of an unknown state" for c in there}))
            found.append(
                f"Zone-level origin pulls are on with a certificate of the zone's own ({states}):"
                " Cloudflare presents that one, which the shared CA has not signed."
            )
        for host in self.host_names(site):
            pull = self.cloudflare.host_pull(site.zone_id, host)
            if pull is None or pull.enabled is None:
                continue
            what = "with a certificate of its own" if pull.enabled else "without any certificate"
            found.append(f"{host} is pulled {what}, whatever the global switch says.")
        return tuple(found)

    def ssl_mode(self, site: Site) -> str:
        """The zone's SSL mode, now."""
        return self.cloudflare.setting(site.zone_id, "ssl").value

    def ready(self, site: Site) -> tuple[str, ...]:
        """What is missing at Cloudflare before the origin may ask for certificates."""
        found = list(self.overrides(site))
        if self.cloudflare.setting(site.zone_id, "tls_client_auth").value != "on":
            found.append("Authenticated origin pulls are off: every visitor would be refused.")
        names = self.host_names(site)
        rules, _ = self.ssl_overrides(site)
        low = tuple(
            f"{rule.words} There Cloudflare would present nothing."
            for rule in rules if not rule.encrypts and any(map(rule.may_touch, names))
        )  # fmt: skip
        return (*found, *self.unencrypted(site), *low)

    def unencrypted(self, site: Site) -> tuple[str, ...]:
        """Why Cloudflare would present nothing: its mode now, which others and itself may move."""
        mode = self.ssl_mode(site)
        low = mode in ("off", "flexible")
        return (f"SSL mode is {mode}: Cloudflare would present nothing.",) if low else ()

    def ssl_overrides(self, site: Site) -> tuple[tuple[SslOverride, ...], tuple[str, ...]]:
        """The rules that set another SSL mode; and what could not be looked at, in words."""
        rules: list[SslOverride] = []
        unseen: list[str] = []
        for look in (ssl_rules, ssl_page_rules):
            found = look(self.cloudflare, site.zone_id)
            if isinstance(found, CouldNotLook):
                unseen.append(f"Whether {found.what} override the SSL mode could not be looked at.")
            else:
                rules += found
        return tuple(rules), tuple(unseen)

    def certificates_for(
        self, site: Site, *, strict: bool
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Problems at our hosts and concerns at the zone's others, before Full or strict."""
        edge = self.edge_hostname(site)
        names = self.host_names(site)
        problems = self._shown(names, edge, strict=strict)
        concerns: list[str] = []
        for record in self.cloudflare.dns_records(site.zone_id):
            name = stand_in(record.name)
            if record.proxied and name not in names and record.content != edge:
                told = self._shown((name,), record.content, strict=strict)
                concerns += [f"{name} would break: {words}" for words in told]
        return problems, tuple(sorted(set(concerns)))

    def _shown(self, names: tuple[str, ...], where: str, *, strict: bool) -> tuple[str, ...]:
        try:
            seen = self.vantage.certificates(names, where)
        except NotFound:
            return (f"{where} has no address.",)
        found = []
        for host, every in seen.items():
            for shown in reached(every):
                one = shown.agreed
                if one is None:
                    how = "could not be asked for its" if shown.trouble else "shows no"
                    found.append(f"{shown.address} {how} certificate for {host}.")
                elif strict and (why := self.distrusted(one, host, self.vantage.strict_roots)):
                    found.append(f"{shown.address} for {host}: {why}")
        return tuple(found)

    def distrusted(self, certificate: PeerCertificate, host: str, roots: str) -> str:
        """Why a certificate is not accepted for a host under `roots`; empty when it is."""
        from steps.certificates import covers  # noqa: PLC0415 - beside its only use

        if not covers(certificate.names, host):
            return "its names do not cover this host"
        return distrust(certificate.chain, roots, at=self.clock())

    def brought(self, site: Site, commit: str) -> bool:
        """Whether the push that brought this commit has been deployed well."""
        pushes = self.platformsh.activities(
            site.project, environment=site.environment, type="environment.push"
        )
        return any(a.pushed == commit and a.outcome == "success" for a in pushes)

    def manual(self, site: Site) -> bool:
        """Whether deployments of the environment wait for somebody."""
        return self.platformsh.manual_deployments(site.project, site.environment)
