"""The project's edge: several addresses that adopt each deployment at their own time."""

import errno
import heapq
import random
import socket
import threading
import time
from dataclasses import dataclass, field

from sandbox.authorities import Authorities
from sandbox.platformsh.listener import Listener
from sandbox.platformsh.router_config import Config, Policy, build
from sandbox.platformsh.state import Certificate, Deployment
from sandbox.timings import Timings

ADDRESSES = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
_ATTEMPTS = 50


@dataclass(slots=True)
class _Node:
    """One address: what it has adopted so far, and the configuration made of it."""

    address: str
    config: Config
    adopted: dict[str, tuple[int, Deployment]] = field(default_factory=dict)
    listeners: tuple[Listener, ...] = ()

    def current(self) -> Config:
        return self.config


def _bound(address: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
        found.listen(256)
    except OSError:
        found.close()
        raise
    return found


def bind_all(addresses: tuple[str, ...]) -> tuple[socket.socket, ...]:
    """Listening sockets on one port that the system chose, the same on every address."""
    for _ in range(_ATTEMPTS):
        sockets = [_bound(addresses[0], 0)]
        try:
            sockets += [_bound(a, sockets[0].getsockname()[1]) for a in addresses[1:]]
        except OSError as error:
            for opened in sockets:
                opened.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return tuple(sockets)
    raise OSError(errno.EADDRINUSE, "no port is free on all addresses")


class Router:
    """Real TLS on each address; `publish` hands over a deployment, each address takes its time."""

    def __init__(
        self, fallback: Certificate, *, authorities: Authorities, timings: Timings, seed: int
    ) -> None:
        self.addresses = ADDRESSES
        self._fallback = fallback
        self._roots = authorities.public.certificate_pem
        self._timings = timings
        self._dice = random.Random(seed)
        self._policy = Policy()
        self._change = threading.Condition()
        self._due: list[tuple[float, int, int, Deployment]] = []
        self._number = 0
        self._closing = False
        self._nodes = [_Node(address, self._build({})) for address in ADDRESSES]
        secure, plain = bind_all(ADDRESSES), bind_all(ADDRESSES)
        self.https_port: int = secure[0].getsockname()[1]
        self.http_port: int = plain[0].getsockname()[1]
        for node, tls, http in zip(self._nodes, secure, plain, strict=True):
            node.listeners = (
                Listener(tls, node.current, secure=True),
                Listener(http, node.current, secure=False),
            )
        self._thread = threading.Thread(target=self._adopt_when_due, name="router", daemon=True)
        self._thread.start()

    @property
    def policy(self) -> Policy:
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        """Takes effect on every address at once."""
        with self._change:
            self._policy = policy
            for node in self._nodes:
                self._swap(node)

    def publish(self, deployment: Deployment, *, at_once: bool = False) -> None:
        """Every address adopts this after a delay of its own, unless a newer one came first."""
        with self._change:
            self._number += 1
            for at, node in enumerate(self._nodes):
                if at_once:
                    node.adopted[deployment.environment] = (self._number, deployment)
                    self._swap(node)
                    continue
                delay = self._dice.uniform(0, self._timings.router_delay)
                heapq.heappush(
                    self._due, (time.monotonic() + delay, self._number * 8 + at, at, deployment)
                )
            self._change.notify_all()

    def wait_adopted(self, timeout: float) -> bool:
        """Wait until no address has anything left to adopt; False when the time is up first."""
        with self._change:
            return self._change.wait_for(lambda: not self._due, timeout)

    def close(self) -> None:
        with self._change:
            self._closing = True
            self._change.notify_all()
        self._thread.join(timeout=5)
        for node in self._nodes:
            for listener in node.listeners:
                listener.close()

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
                _, order, at, deployment = heapq.heappop(self._due)
                self._adopt(self._nodes[at], order // 8, deployment)
                self._change.notify_all()

    def _adopt(self, node: _Node, number: int, deployment: Deployment) -> None:
        newest, _ = node.adopted.get(deployment.environment, (0, deployment))
        if number > newest:
            node.adopted[deployment.environment] = (number, deployment)
            self._swap(node)

    def _swap(self, node: _Node) -> None:
        node.config = self._build(node.adopted)
        for listener in node.listeners:
            listener.close_idle()

    def _build(self, adopted: dict[str, tuple[int, Deployment]]) -> Config:
        deployments = [deployment for _, deployment in adopted.values()]
        return build(deployments, self._policy, fallback=self._fallback, public_roots=self._roots)
