"""The stand-in's edge as several nodes: each with a cache and a pace of its own."""

import socket
import time
from collections.abc import Iterator

import pytest

from sandbox.timings import Timings
from tests.contract.cloudflare_stand import Shop, Stand, https, standing
from tests.contract.origins import Behaviour, answer


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Stand:
    """As a zone begins, nothing cached."""
    running.reset()
    return running


def test_static_files_are_cached_and_development_mode_goes_past_the_cache(stand: Stand) -> None:
    """MISS, HIT with an age, BYPASS in development mode, HIT afterwards: it purges nothing."""
    shop = Shop()
    stand.lead(https(shop))
    first, second = stand.visit("/app.css"), stand.visit("/app.css")
    assert [r.headers["cf-cache-status"] for r in (first, second)] == ["MISS", "HIT"]
    assert second.headers["age"] == "0"
    stand.set(development_mode="on")
    assert stand.visit("/app.css").headers["cf-cache-status"] == "BYPASS"
    stand.set(development_mode="off")
    assert stand.visit("/app.css").headers["cf-cache-status"] == "HIT"
    assert len(shop.seen) == 2


def test_the_cache_keeps_to_the_rules(stand: Stand) -> None:
    """Pages are dynamic, private is not kept, a query makes another URL, each node has its own."""
    stand.lead(https(Shop()))
    statuses = [
        stand.visit(path, node=node).headers["cf-cache-status"]
        for path, node in (
            ("/", 0), ("/", 0), ("/private.css", 0), ("/private.css", 0), ("/app.css", 0),
            ("/app.css?x=1", 0), ("/app.css", 1), ("/default.css", 0), ("/default.css", 0),
        )
    ]  # fmt: skip
    assert statuses == ["DYNAMIC", "DYNAMIC", "BYPASS", "BYPASS", "MISS", "MISS", "MISS", "MISS",
                        "HIT"]  # fmt: skip


def test_a_purge_empties_the_cache(stand: Stand) -> None:
    """The next request is a MISS; other changes keep what is cached."""
    stand.lead(https(Shop()))
    stand.visit("/app.css")
    stand.set(ssl="strict")
    assert stand.visit("/app.css").headers["cf-cache-status"] == "HIT"
    asked = stand.api.post(f"{stand.path}/purge_cache", json={"purge_everything": True})
    assert asked.is_success
    assert stand.cloudflare.settle()
    assert stand.visit("/app.css").headers["cf-cache-status"] == "MISS"


def test_a_failure_is_not_cached(stand: Stand) -> None:
    """A static file that failed is asked for again."""
    stand.lead(None)
    assert stand.visit("/app.css").status_code == 521
    stand.lead(https(Shop()))
    assert stand.visit("/app.css").headers["cf-cache-status"] == "MISS"


def test_each_node_adopts_a_change_at_its_own_time() -> None:
    """With this seed the first does at once and the second much later; the API says on already."""
    with standing(Timings(30, 0, 0, 0, 0), seed=906) as stand:
        deadline = time.monotonic() + 10
        first, second = stand.cloudflare.edge.nodes
        stand.zone.set("tls_client_auth", "on")
        while not first.config.shared_pulls and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (first.config.shared_pulls, second.config.shared_pulls) == (True, False)
        assert not stand.cloudflare.settle(0)
        stand.cloudflare.begin()
        assert second.config.shared_pulls


def test_the_last_change_wins_on_every_node() -> None:
    """Delays overtake each other; an older change never comes back."""
    with standing(Timings(0.1, 0, 0, 0, 0), seed=3) as stand:
        for value in ("off", "flexible", "strict", "full", "strict"):
            stand.zone.set("ssl", value)
        assert stand.cloudflare.settle()
        assert [node.config.ssl for node in stand.cloudflare.edge.nodes] == ["strict", "strict"]


def once_a_connection(shop: Shop) -> Behaviour:
    """Answer one request, promise to stay, and go away when the second has come."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        shop.seen.append({})
        connection.sendall(answer(200, shop.body))
        connection.recv(65536)

    return behave


def test_a_read_on_a_connection_that_died_is_asked_once_more(stand: Stand) -> None:
    """GET is retried on a new connection and counted; POST is not and fails."""
    shop = Shop()
    stand.lead(https(once_a_connection(shop)))
    before = stand.cloudflare.retries
    assert [stand.visit().status_code for _ in range(3)] == [200, 200, 200]
    assert stand.cloudflare.retries - before == 2
    assert stand.visit(method="POST", content=b"order").status_code == 520
    assert stand.cloudflare.retries - before == 2
