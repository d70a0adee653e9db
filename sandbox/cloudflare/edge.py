"""Cloudflare's edge: several nodes that adopt each change of the zone at their own time."""

import heapq
import random
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial

from sandbox.authorities import Authorities
from sandbox.cloudflare.edge_certificates import EdgeCertificates
from sandbox.cloudflare.edge_config import EdgeConfig, picture
from sandbox.cloudflare.listener import Listener
from sandbox.cloudflare.node import Node, Visit
from sandbox.cloudflare.pull import OriginAddress
from sandbox.cloudflare.state import Zone
from sandbox.cloudflare.traffic import Traffic
from sandbox.platformsh.http11 import Request, Response
from sandbox.platformsh.router import bind_all
from sandbox.timings import Timings

ADDRESSES = ("127.0.0.21", "127.0.0.22")


class Edge:
    """Runs once constructed; whoever changes the zone calls `changed`."""

    def __init__(
        self, zone: Zone, *, authorities: Authorities, timings: Timings, seed: int,
        resolve: Callable[[str], tuple[OriginAddress, ...]],
    ) -> None:  # fmt: skip
        self.addresses = ADDRESSES
        self._traffic = Traffic()
        self._zone = zone
        self._delay = timings.edge_delay
        self._dice = random.Random(seed)
        self._change = threading.Condition()
        self._due: list[tuple[float, int, int, EdgeConfig]] = []
        self._number = 0
        self._adopted = [0] * len(ADDRESSES)
        self._closing = False
        begin = picture(zone)
        self.nodes = tuple(
            Node(address, begin, authorities=authorities, resolve=resolve, clock=zone.clock,
                 traffic=self._traffic)
            for address in ADDRESSES
        )  # fmt: skip
        self._certificates = EdgeCertificates(authorities.public, serves=self._serves)
        self._listeners = self._listening()
        self._thread = threading.Thread(target=self._adopt_when_due, name="edge", daemon=True)
        self._thread.start()

    def _listening(self) -> tuple[Listener, ...]:
        secure, plain = bind_all(ADDRESSES), bind_all(ADDRESSES)
        self.https_port: int = secure[0].getsockname()[1]
        self.http_port: int = plain[0].getsockname()[1]
        made = []
        for node, tls, http in zip(self.nodes, secure, plain, strict=True):
            context = partial(self._context, node)
            made.append(Listener(tls, partial(_answer, node, secure=True), context=context))
            made.append(Listener(http, partial(_answer, node, secure=False), context=None))
        return tuple(made)

    @property
    def pulls(self) -> int:
        """Requests that an origin has answered."""
        return self._traffic.pulls

    @property
    def retries(self) -> int:
        """Requests that were asked twice of an origin, as the first connection had died."""
        return self._traffic.retries

    def changed(self) -> None:
        """Each node adopts the zone as it is now after a delay of its own."""
        with self._zone.lock, self._change:  # always in this order
            now = picture(self._zone)
            self._number += 1
            for at in range(len(self.nodes)):
                due = time.monotonic() + self._dice.uniform(0, self._delay)
                heapq.heappush(self._due, (due, self._number * len(self.nodes) + at, at, now))
            self._change.notify_all()

    def adopt_at_once(self) -> None:
        """Every node adopts what it has not yet, as if enough time had gone by."""
        with self._change:
            self._due = [(0.0, order, at, config) for _, order, at, config in self._due]
            heapq.heapify(self._due)
            self._change.notify_all()
            self._change.wait_for(lambda: not self._due, timeout=5)

    def wait_adopted(self, timeout: float) -> bool:
        """Wait until no node has anything left to adopt; False when the time is up first."""
        with self._change:
            return self._change.wait_for(lambda: not self._due, timeout)

    def close(self) -> None:
        with self._change:
            self._closing = True
            self._change.notify_all()
        self._thread.join(timeout=5)
        self._traffic.end()
        for listener in self._listeners:
            listener.close()
        for node in self.nodes:
            node.close()

    def _adopt_when_due(self) -> None:
        with self._change:
            while not self._closing:
                if not self._due:
                    self._change.wait()
                    continue
                left = self._due[0][0] - time.monotonic()
                if left > 0:
                    self._change.wait(left)
                    continue
                _, order, at, config = heapq.heappop(self._due)
                if order > self._adopted[at]:  # else a newer change has come first
                    self._adopted[at] = order
                    self.nodes[at].adopt(config)
                self._change.notify_all()

    def _serves(self, name: str) -> bool:
        return any(node.config.record(name) for node in self.nodes)

    def _context(self, node: Node) -> ssl.SSLContext:
        return self._certificates.context(node.config.minimum_tls)


def _answer(node: Node, request: Request, peer: str, *, secure: bool) -> Response:
    return node.answer(request, Visit(secure, peer))
