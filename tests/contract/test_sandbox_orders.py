"""Both stand-ins and visitors: the right order costs nobody anything, a wrong one does."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sandbox.cloudflare import CloudflareStandIn
from sandbox.direct_access import DirectAccess
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.timings import Timings
from sandbox.visitors import Visitors
from tests.contract.platformsh_stand import PICTURES, SITE, Stand, authorities, requiring, standing

TIMINGS = Timings(0.3, 0.2, 0.02, 0.02, 0.02)
PATHS = ("/", "/about", "/static/app.css", "/static/app.js")


@dataclass(frozen=True)
class Site:
    """A site in production behind Cloudflare, with its visitors."""

    cloudflare: CloudflareStandIn
    origin: Stand
    visitors: Visitors
    direct: DirectAccess

    def pulls(self, value: str) -> None:
        self.cloudflare.zone.set("tls_client_auth", value)
        assert self.cloudflare.settle()

    def require(self) -> None:
        self.origin.deploy(requiring())

    def open(self) -> None:
        self.origin.reset()

    def visited(self) -> int:
        """Let some more visitors come; how many have failed so far."""
        wanted = self.visitors.summary().sent + 24
        while self.visitors.summary().sent < wanted:
            threading.Event().wait(0.01)
        return self.visitors.summary().failed


@contextmanager
def site() -> Iterator[Site]:
    """In development mode and with SSL mode full, as when the order begins to matter."""
    with ExitStack() as closing:
        origin = closing.enter_context(standing(TIMINGS))
        shop = origin.platformsh
        cloudflare = CloudflareStandIn(
            authorities=authorities(), journal=Journal(), faults=Faults(), timings=TIMINGS, seed=1,
            resolve=lambda _: tuple((a, shop.https_port, shop.http_port) for a in shop.addresses),
        )  # fmt: skip
        closing.callback(cloudflare.close)
        cloudflare.zone.point(SITE, shop.edge_hostname)
        cloudflare.zone.point(PICTURES, shop.edge_hostname)
        cloudflare.zone.set("development_mode", "on")
        assert cloudflare.settle()
        visitors = Visitors(
            addresses=cloudflare.edge_addresses, https_port=cloudflare.edge_https_port,
            hosts={SITE: PATHS, PICTURES: PATHS}, rate=40,
            roots_pem=authorities().public.certificate_pem,
        )  # fmt: skip
        visitors.start()
        closing.callback(visitors.stop)
        direct = DirectAccess(shop.addresses, shop.https_port, (SITE, PICTURES))
        yield Site(cloudflare, origin, visitors, direct)


def test_present_then_require_and_back_loses_nobody() -> None:
    """Every prefix of the way there and of the way back serves every visitor."""
    with site() as there:
        access = [there.direct.measure()]
        there.pulls("on")
        assert there.visited() == 0
        there.require()
        assert there.visited() == 0
        access.append(there.direct.measure())
        there.open()
        assert there.visited() == 0
        there.pulls("off")
        assert there.visited() == 0
        access.append(there.direct.measure())
    assert access == ["open", "closed", "open"]


def test_require_before_present_refuses_visitors_until_it_is_presented() -> None:
    """The negative control, and what a gate is for: pretending is as bad as being too late."""
    with site() as there:
        there.require()
        lost = there.visited()
        assert lost > 0
        there.cloudflare.zone.change(pretend_aop=True)
        there.pulls("on")
        pretending = there.visited()
        assert pretending > lost
        there.cloudflare.zone.change(pretend_aop=False)
        assert there.cloudflare.settle()
        under_way = there.visited()
        assert there.visited() == under_way
        assert set(there.visitors.summary().reasons) == {"status 520"}
