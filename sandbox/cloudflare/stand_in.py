"""The whole Cloudflare of the sandbox: API, Origin CA and edge around one zone."""

import secrets
from collections.abc import Callable

from sandbox.authorities import Authorities
from sandbox.cloudflare.api import BASE, application
from sandbox.cloudflare.edge import Edge
from sandbox.cloudflare.pull import OriginAddress
from sandbox.cloudflare.state import Token, Zone
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.serving import Serving, Watched
from sandbox.timings import Timings

SERVICE = "cloudflare"


class CloudflareStandIn:
    """Everything runs once constructed; `close` ends it.

    `resolve` says where the content of a proxied record leads: address, https port, http port of
    each origin, or nothing. `zone` may be changed behind everybody's back, `tokens` likewise.
    """

    def __init__(
        self, *, authorities: Authorities, journal: Journal, faults: Faults, timings: Timings,
        seed: int, resolve: Callable[[str], tuple[OriginAddress, ...]], zone: Zone | None = None,
    ) -> None:  # fmt: skip
        self.zone = zone or Zone()
        first = Token(f"cfut_{secrets.token_hex(20)}")
        self.token = first.value
        self.tokens = {first.value: first}
        self.edge = Edge(
            self.zone, authorities=authorities, timings=timings, seed=seed, resolve=resolve
        )
        self.zone.on_change = self.edge.changed
        app = application(
            self.zone, self.tokens, authorities, seconds_to_active=timings.certificate_seconds
        )
        self._serving = Serving(Watched(app, SERVICE, journal, faults), name=SERVICE)

    @property
    def api_url(self) -> str:
        return self._serving.url + BASE

    @property
    def edge_addresses(self) -> tuple[str, ...]:
        return self.edge.addresses

    @property
    def edge_https_port(self) -> int:
        return self.edge.https_port

    @property
    def edge_http_port(self) -> int:
        return self.edge.http_port

    @property
    def retries(self) -> int:
        return self.edge.retries

    def settle(self, timeout: float = 30.0) -> bool:
        """Wait until every node has adopted all; False when too slow."""
        return self.edge.wait_adopted(timeout)

    def begin(self) -> None:
        """What was set until now has been so for a long time: every node knows it."""
        self.edge.adopt_at_once()

    def close(self) -> None:
        self._serving.close()
        self.edge.close()
