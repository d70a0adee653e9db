"""How the stand-in's router changes: sessions, kept connections, traffic, delays, certificates."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from sandbox.platformsh.router_config import Policy
from sandbox.timings import Timings
from tests.contract.platformsh_stand import (
    PICTURES,
    SITE,
    Stand,
    issuer_shown,
    requiring,
    standing,
    trusting,
    visit,
)

TLS = ssl.TLSVersion


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    """As it is at the start; put back after the test."""
    yield running
    running.reset()


def connected(stand: Stand, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> (
    ssl.SSLSocket
):  # fmt: skip
    platformsh = stand.platformsh
    plain = socket.create_connection((platformsh.addresses[0], platformsh.https_port), timeout=5)
    return context.wrap_socket(plain, server_hostname=SITE, session=session)


def ask(tls: ssl.SSLSocket) -> bytes:
    tls.sendall(f"GET /verify HTTP/1.1\r\nHost: {SITE}\r\n\r\n".encode())
    return tls.recv(65536)


@pytest.mark.parametrize("version", [TLS.TLSv1_2, TLS.TLSv1_3])
def test_a_session_from_before_does_not_resume_past_the_requirement(
    stand: Stand, version: ssl.TLSVersion
) -> None:
    """Tickets of the open configuration are worth nothing under the closed one."""
    context = trusting(version=version)
    with connected(stand, context) as tls:
        assert ask(tls).startswith(b"HTTP/1.1 200")
        session = tls.session
    with connected(stand, context, session) as tls:
        assert tls.session_reused
    stand.deploy(requiring())
    with pytest.raises((ssl.SSLError, ConnectionError)):
        resume(stand, context, session)


def resume(stand: Stand, context: ssl.SSLContext, session: ssl.SSLSession | None) -> bytes:
    with connected(stand, context, session) as tls:
        return ask(tls)


def test_kept_connections_end_when_the_configuration_changes(stand: Stand) -> None:
    """An idle connection from before is closed, not served once more."""
    with connected(stand, trusting()) as tls:
        assert b"Connection: keep-alive" in ask(tls)
        stand.deploy(requiring())
        assert tls.recv(1) == b""


@dataclass
class Visitor:
    """Asks for the front page again and again, with one retry as the edge has."""

    url: str
    kept: bool
    over: threading.Event
    seen: list[int | str] = field(default_factory=list)

    def once(self, client: httpx.Client) -> int | str:
        host, name = {"Host": SITE}, {"sni_hostname": SITE}
        for last in (False, True):
            try:
                return client.get(self.url, headers=host, extensions=name).status_code
            except httpx.TransportError as error:
                if last:
                    return repr(error)
        raise AssertionError

    def run(self) -> None:
        context = trusting()
        while not self.over.is_set():
            with httpx.Client(verify=context) as client:
                for _ in range(10 if self.kept else 1):
                    self.seen.append(self.once(client))
                    time.sleep(0.005)


def test_swaps_under_traffic_lose_nothing_after_one_retry(stand: Stand) -> None:
    """Visitors on fresh and on kept connections while the configuration changes many times."""
    platformsh, over = stand.platformsh, threading.Event()
    url = f"https://{platformsh.addresses[0]}:{platformsh.https_port}/"
    visitors = [Visitor(url, kept, over) for kept in (True, False)]
    threads = [threading.Thread(target=visitor.run) for visitor in visitors]
    for thread in threads:
        thread.start()
    for _ in range(15):
        platformsh.router.policy = Policy()
        time.sleep(0.03)
    over.set()
    for thread in threads:
        thread.join()
    for visitor in visitors:
        assert set(visitor.seen) == {200}


def test_each_address_adopts_a_deployment_at_its_own_time() -> None:
    """A complete activity does not mean that every address serves it already."""
    with standing(Timings(0, 60, 0.02, 0.02, 0.02)) as stand:
        stand.platformsh.commit("main", requiring())
        assert stand.platformsh.activities.wait_idle(5)
        assert not stand.platformsh.router.wait_adopted(0)
        deployed = stand.get(f"{stand.main}/deployments/current")["routes"][f"https://{SITE}/"]
        assert deployed["tls"]["client_authentication"] == "require"
        assert 200 in {visit(stand, SITE, address=a).status_code for a in range(3)}


def test_a_custom_certificate_is_served_only_after_a_redeploy(stand: Stand) -> None:
    """Adding and deleting change nothing on the wire until the environment is deployed again."""
    before = issuer_shown(stand, SITE)
    added = stand.add_certificate(SITE, f"*.{SITE}").json()["_embedded"]["entity"]["id"]
    assert stand.platformsh.settle()
    assert before == issuer_shown(stand, SITE)
    stand.redeploy()
    custom = [issuer_shown(stand, SITE, address=a) for a in range(3)]
    assert before not in custom
    assert before == issuer_shown(stand, PICTURES)  # a wildcard covers one label
    assert stand.api.delete(f"{stand.path}/certificates/{added}").is_success
    assert custom[0] == issuer_shown(stand, SITE)
    stand.redeploy()
    assert before == issuer_shown(stand, SITE)
