"""The whole Cloudflare of the sandbox: API, certificate authority and edge around one zone."""

import secrets
from collections.abc import Callable
from datetime import datetime

from sandbox.authorities import Authorities
from sandbox.cloudflare.api import BASE, application
from sandbox.cloudflare.edge import Edge
from sandbox.cloudflare.state import PullCertificate, Record, Token, Zone, utc_now
from sandbox.cloudflare.zone_view import ZoneView
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.serving import Serving, Watched
from sandbox.timings import Timings

SERVICE = "cloudflare"
Origins = tuple[tuple[str, int, int], ...]
"""Address, https port and http port of each origin that a record's content leads to."""


class CloudflareStandIn:
    """Everything runs once constructed; `close` ends it."""

    def __init__(
        self, *, authorities: Authorities, journal: Journal, faults: Faults, timings: Timings,
        seed: int, resolve: Callable[[str], Origins], clock: Callable[[], datetime] = utc_now,
    ) -> None:  # fmt: skip
        self.zone = Zone(clock)
        self.tokens = {t.value: t for t in (Token(f"cfut_{secrets.token_hex(20)}"),)}
        self.edge = Edge(
            authorities=authorities, timings=timings, seed=seed, view=self.view, resolve=resolve
        )
        self.zone.on_change = self.edge.changed
        app = application(
            self.zone, self.tokens, authorities, seconds_to_active=timings.certificate_seconds
        )
        self._serving = Serving(Watched(app, SERVICE, journal, faults), name=SERVICE)

    @property
    def api_url(self) -> str:
        return f"{self._serving.url}{BASE}"

    @property
    def token(self) -> str:
        return next(iter(self.tokens))

    def add_record(self, name: str, content: str, *, proxied: bool = True, kind: str = "") -> None:
        """A DNS record; the edge serves proxied ones."""
        type_ = kind or ("A" if content.replace(".", "").isdigit() else "CNAME")
        with self.zone.lock:
            self.zone.records.append(Record(name, type_, content, proxied))
        self.zone.touched()

    def view(self) -> ZoneView:
        """What the edge's nodes adopt, each in its own time."""
        zone, now = self.zone, self.zone.clock()
        with zone.lock:
            own = [c for c in zone.zone_pull_certificates if c.status(now) == "active"]
            hosts: dict[str, bool | tuple[str, str]] = {}
            for host, pull in zone.host_pulls.items():
                found = next((c for c in zone.host_certificates if c.id == pull.cert_id), None)
                hosts[host] = _pair(found) if pull.enabled and found else False
            return ZoneView(
                ssl=zone.settings["ssl"], aop_global=zone.settings["tls_client_auth"] == "on",
                aop_zone=_pair(own[-1]) if zone.zone_pulls and own else None, aop_hosts=hosts,
                always_use_https=zone.settings["always_use_https"] == "on",
                development_mode=zone.setting("development_mode") == "on",
                records={r.name: r.content for r in zone.records if r.proxied},
                paused=zone.paused, pretend_aop=zone.pretend_aop, maintenance=zone.maintenance,
                generation=zone.generation,
            )  # fmt: skip

    def close(self) -> None:
        self.edge.close()
        self._serving.close()


def _pair(certificate: PullCertificate) -> tuple[str, str]:
    return certificate.certificate_pem, certificate.key_pem
