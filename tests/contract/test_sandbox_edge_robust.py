"""The stand-in's edge against rude visitors and origins: no thread fails, nobody waits long."""

import fcntl
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from sandbox.cloudflare.pull import Puller, PullError, Where
from sandbox.cloudflare.traffic import Traffic
from sandbox.exchange import Line
from tests.contract.cloudflare_stand import HOST, Shop, Stand, authorities, https, standing
from tests.contract.origins import answer, origin, says


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Stand:
    running.reset()
    return running


def sent(stand: Stand, head: bytes) -> bytes:
    """The first line of what a plain visitor gets for these bytes."""
    edge = stand.cloudflare
    with socket.create_connection((edge.edge_addresses[0], edge.edge_http_port), 5) as visitor:
        visitor.sendall(head + f"Host: {HOST}\r\nConnection: close\r\n\r\n".encode())
        return visitor.recv(65536).partition(b"\r\n")[0]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n", b"200"),
        (b"GET / HTTP/1.1\r\nX-Name: caf\xc3\xa9\r\n", b"200"),
        (b"GET / HTTP/1.1\r\n: nameless\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX-Split: a\nb\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX-N\xe9: a\r\n", b"400"),
        (b"G\xc9T / HTTP/1.1\r\n", b"400"),
        (b"GET /\x01 HTTP/1.1\r\n", b"400"),
    ],
)
def test_what_may_not_be_sent_on_is_refused(stand: Stand, head: bytes, status: bytes) -> None:
    """400 from the edge; the origin hears nothing of it."""
    shop = Shop()
    stand.lead(None, shop)
    assert sent(stand, head).split(b" ")[1] == status
    assert len(shop.seen) == (1 if status == b"200" else 0)


def test_a_server_name_in_capitals_is_the_same_host(stand: Stand) -> None:
    """Host names have no case, in TLS and in HTTP; a name that is not served is still refused."""
    stand.lead(https(Shop()))
    assert stand.visit(host=HOST.upper()).status_code == 200
    with pytest.raises(httpx.ConnectError, match="handshake failure"):
        stand.visit(host="NOBODY.EXAMPLE.COM")


def test_pulls_are_counted_and_what_the_cache_answers_is_none(stand: Stand) -> None:
    """Two pages and one of two static requests; an origin that is down answers nothing."""
    stand.lead(https(Shop()))
    before = stand.cloudflare.edge.pulls
    for path in ("/", "/", "/app.css", "/app.css"):
        stand.visit(path)
    assert stand.cloudflare.edge.pulls - before == 3
    stand.lead(None)
    assert stand.visit().status_code == 521
    assert stand.cloudflare.edge.pulls - before == 3


def test_a_kept_connection_with_a_high_descriptor_is_judged_too() -> None:
    """More than 1023 files may be open: still there, then dropped."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        high = socket.socket(fileno=fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD_CLOEXEC, 1024))
        line = Line(high)
        before = line.dropped
        theirs.close()
        assert (before, line.dropped) == (False, True)
        line.close()


def asked(puller: Puller, port: int) -> int:
    """The status in place of an answer."""
    with pytest.raises(PullError) as failed:
        puller.ask(Where("127.0.0.1", port, HOST, secure=False), "GET", "/", (), b"")
    return failed.value.status


def test_an_origin_that_lets_nobody_in_is_522_and_one_that_says_nothing_is_524() -> None:
    """A full queue drops what comes (522); a connection without an answer ends too (524)."""
    puller = Puller(authorities(), Traffic(), connect_seconds=0.2, answer_seconds=0.2)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            assert asked(puller, full.getsockname()[1]) == 522
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert asked(puller, silent.getsockname()[1]) == 524
    with origin(says(answer(200))) as there:
        where = Where("127.0.0.1", there.port, HOST, secure=False)
        assert puller.ask(where, "GET", "/", (), b"").status == 200
    puller.retire()


def test_closing_does_not_wait_for_an_origin() -> None:
    """A request that hangs is broken off; no thread of the edge is left."""
    arrived, gate = threading.Event(), threading.Event()

    def hangs(connection: socket.socket) -> None:
        connection.recv(65536)
        arrived.set()
        gate.wait(30)

    with standing() as stand:
        stand.lead(https(hangs))
        visitor = threading.Thread(target=_tolerant, args=(stand,))
        visitor.start()
        assert arrived.wait(10)
        stand.cloudflare.edge.close()
        left = [t for t in threading.enumerate() if t.name == "edge-connection" and t.is_alive()]
        gate.set()
        visitor.join(10)
    assert left == []


def _tolerant(stand: Stand) -> None:
    with suppress(httpx.HTTPError):
        stand.visit()
