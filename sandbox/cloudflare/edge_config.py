"""What one node of the edge knows of the zone: an unchanging picture that is swapped as a whole."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.authorities import Issued
from sandbox.cloudflare.state import PullCertificate, Record, Zone


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """An uploaded client certificate; presented from `active_on`."""

    identity: Issued
    active_on: datetime


@dataclass(frozen=True)
class EdgeConfig:
    """A picture of the zone at one moment."""

    ssl: str
    ssl_overrides: tuple[tuple[str, str], ...]
    always_https: bool
    minimum_tls: str
    development_until: datetime | None
    records: tuple[Record, ...]
    balanced: tuple[tuple[str, str], ...]
    served: bool
    shared_pulls: bool
    zone_identities: tuple[OwnIdentity, ...]
    host_identities: tuple[tuple[str, OwnIdentity | None], ...]
    """None: this host's pulls carry nothing."""
    presents: bool
    maintenance: tuple[str, str] | None
    purges: int

    def record(self, host: str) -> Record | None:
        """The proxied record that covers a host: its own, or the wildcard beside it.

        A load balancer of that name comes before both.
        """
        if not self.served:
            return None
        if host in dict(self.balanced):
            return Record(host, "CNAME", dict(self.balanced)[host], proxied=True)
        _, _, parent = host.partition(".")
        for name in (host, f"*.{parent}"):
            found = [r for r in self.records if r.name == name and r.type in ("A", "CNAME")]
            if found:
                return next((r for r in found if r.proxied), None)
        return None

    def mode(self, host: str) -> str:
        """The SSL mode of a host: a configuration rule's before the zone's."""
        return next((mode for name, mode in self.ssl_overrides if name in (host, "")), self.ssl)

    def develops(self, now: datetime) -> bool:
        return self.development_until is not None and now < self.development_until

    def identity(self, host: str, now: datetime, *, shared: Issued) -> Issued | None:
        """The client certificate for pulls of a host: the host's, the zone's, everybody's, none."""
        if not self.presents:
            return None
        for name, own in self.host_identities:
            if name == host:
                return own.identity if own and own.active_on <= now else None
        active = [own for own in self.zone_identities if own.active_on <= now]
        if active:
            return max(active, key=lambda own: own.active_on).identity
        return shared if self.shared_pulls else None


def picture(zone: Zone) -> EdgeConfig:
    """The zone as it is now."""
    with zone.lock:
        development = zone.setting("development_mode") == "on"
        return EdgeConfig(
            ssl=zone.setting("ssl"),
            ssl_overrides=_overrides(zone),
            always_https=zone.setting("always_use_https") == "on",
            minimum_tls=zone.setting("min_tls_version"),
            development_until=zone.development_until if development else None,
            records=tuple(zone.records),
            balanced=tuple(zone.balanced.items()),
            served=zone.status == "active" and not zone.paused,
            shared_pulls=zone.setting("tls_client_auth") == "on",
            zone_identities=_own(zone.zone_pull_certificates) if zone.zone_pulls else (),
            host_identities=_hosts(zone),
            presents=not zone.pretend_aop,
            maintenance=zone.maintenance,
            purges=zone.purges,
        )


def _own(certificates: list[PullCertificate]) -> tuple[OwnIdentity, ...]:
    return tuple(
        OwnIdentity(Issued(c.certificate_pem, c.key_pem), c.active_on)
        for c in certificates
        if c.deleted_on is None
    )


def _hosts(zone: Zone) -> tuple[tuple[str, OwnIdentity | None], ...]:
    own = {c.id: identity for c in zone.host_certificates for identity in _own([c])}
    return tuple(
        (pull.hostname, own.get(pull.cert_id) if pull.enabled else None)
        for pull in zone.host_pulls.values()
    )


def _overrides(zone: Zone) -> tuple[tuple[str, str], ...]:
    """Hosts ("" for all) whose SSL mode a rule sets; Configuration Rules before Page Rules."""
    found = []
    for rule in zone.page_rules:
        address = rule["targets"][0]["constraint"]["value"]
        host = address.rpartition("://")[2].lstrip("*").partition("/")[0]
        modes = [action["value"] for action in rule["actions"] if action["id"] == "ssl"]
        found += [(host, mode) for mode in modes if rule["status"] == "active"]
    for rule in zone.config_rules:
        mode = rule.get("action_parameters", {}).get("ssl")
        if mode and rule.get("enabled", True):
            _, _, named = str(rule.get("expression", "")).partition('http.host eq "')
            found.append((named.partition('"')[0], str(mode)))
    return tuple(reversed(found))
