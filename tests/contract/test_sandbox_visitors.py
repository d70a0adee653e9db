"""The sandbox's measures: what counts as a failed visitor, and who gets in around the edge."""

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from sandbox.direct_access import DirectAccess
from sandbox.visitors import Summary, Visitors
from tests.contract.cloudflare_stand import (
    HOST,
    TLS,
    Shop,
    Stand,
    authorities,
    https,
    standing,
)
from tests.contract.origins import (
    NGINX_400,
    Behaviour,
    Origin,
    answer,
    origin,
    says,
    wants_certificate,
)

PATHS = ("/", "/about", "/app.css", "/app.js")


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Stand:
    running.reset()
    return running


def visitors(stand: Stand, *, rate: float = 60) -> Visitors:
    edge = stand.cloudflare
    return Visitors(
        addresses=edge.edge_addresses, https_port=edge.edge_https_port, hosts={HOST: PATHS},
        roots_pem=authorities().public.certificate_pem, rate=rate,
    )  # fmt: skip


def until(load: Visitors, *, sent: int) -> None:
    """Wait until so many more have been sent."""
    wanted = load.summary().sent + sent
    while load.summary().sent < wanted:
        threading.Event().wait(0.01)


def run(stand: Stand, *, sent: int = 40) -> Summary:
    load = visitors(stand)
    load.start()
    until(load, sent=sent)
    return load.stop()


def test_on_a_site_that_works_nobody_fails_and_half_is_cached(stand: Stand) -> None:
    """Both connections, fresh and kept, through both nodes; the cache answers its half."""
    shop = Shop()
    stand.lead(https(shop))
    summary = run(stand, sent=80)
    assert summary.failures == ()
    assert summary.sent >= 80
    assert summary.sent // 4 < summary.from_cache <= summary.sent // 2
    reached = summary.sent - summary.from_cache
    assert len(shop.seen) == reached + len(PATHS)  # the baseline's visits came first
    assert summary.rate == reached / summary.seconds
    assert sum(sent for _, sent, _ in summary.by_second) == summary.sent


def test_without_a_cache_every_visitor_reaches_the_origin(stand: Stand) -> None:
    """Development mode: nothing is from the cache."""
    stand.lead(https(Shop()))
    stand.set(development_mode="on")
    assert run(stand).from_cache == 0


def test_an_origin_that_breaks_is_noticed(stand: Stand) -> None:
    """The negative control: uncached pages fail from then on, what is cached does not."""
    stand.lead(https(Shop()))
    load = visitors(stand)
    load.start()
    until(load, sent=40)
    assert load.summary().failed == 0
    stand.lead(None)
    until(load, sent=40)
    stand.lead(https(Shop()))
    summary = load.stop()
    assert summary.reasons.keys() == {"status 521"}
    assert {failure.page.path for failure in summary.failures} == {"/", "/about"}
    assert summary.outage_seconds >= 1
    assert load.stop() == summary


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (Shop(b"another shop"), "wrong body"),
        (says(answer(403)), "status 403"),
        (says(answer(302, headers="Location: /\r\n")), "status 302"),
    ],
)
def test_a_page_that_is_not_what_it_was_is_a_failure(
    stand: Stand, then: Behaviour, reason: str
) -> None:
    """Another body, a refusal, a redirect where there was a page."""
    stand.lead(https(Shop()))
    load = visitors(stand)
    load.start()
    stand.lead(https(then))
    until(load, sent=40)
    assert reason in load.stop().reasons


def test_what_was_a_404_or_a_redirect_at_first_may_stay_one(stand: Stand) -> None:
    """The baseline decides; and a page that begins to work is not held against it."""
    stand.lead(https(says(answer(404))))
    load = visitors(stand)
    load.start()
    until(load, sent=20)
    stand.lead(https(Shop()))
    until(load, sent=20)
    assert load.stop().failures == ()


def moved(to: str) -> Behaviour:
    return https(says(answer(301, b"", headers=f"Location: https://{HOST}{to}\r\n")))


def test_a_redirect_keeps_its_target(stand: Stand) -> None:
    """Every page led to /home; then each leads somewhere else."""
    stand.lead(moved("/home"))
    load = visitors(stand)
    load.start()
    until(load, sent=20)
    assert load.summary().failures == ()
    stand.lead(moved("/elsewhere"))
    until(load, sent=20)
    assert load.stop().reasons.keys() == {"leads elsewhere"}


def test_a_page_that_led_to_itself_may_be_mended_and_go_back(stand: Stand) -> None:
    """What ran in a circle at first may lead elsewhere, and be as before after a way back."""
    stand.lead(moved("/about"))
    load = visitors(stand)
    load.start()
    stand.lead(moved("/home"))
    until(load, sent=20)
    stand.lead(moved("/about"))
    until(load, sent=20)
    others = {"/", "/app.css", "/app.js"}  # these led to /about, which is no circle
    assert {f.page.path for f in load.stop().failures} == others


def test_a_visitor_that_does_not_trust_the_edge_fails(stand: Stand) -> None:
    """Errors of TLS count: here the certificate of the edge is not trusted."""
    stand.lead(https(Shop()))
    load = visitors(stand)
    load.start()
    load._context = ssl.create_default_context(cadata=authorities().client_ca.certificate_pem)
    until(load, sent=20)
    reasons = load.stop().reasons
    assert any("CERTIFICATE_VERIFY_FAILED" in reason for reason in reasons)


def test_before_its_start_nothing_was_sent(stand: Stand) -> None:
    """And stopping what never ran does no harm."""
    load = visitors(stand)
    assert (load.summary().sent, load.stop().seconds) == (0, 0)


def measured(*running: Origin) -> dict[str, str]:
    port = running[0].port
    access = DirectAccess([one.address for one in running], port, (HOST,))
    return {"all": access.measure(), "last": access.last, **access.by_address()}


@pytest.mark.parametrize("version", [TLS.TLSv1_2, TLS.TLSv1_3])
def test_an_origin_of_one_version_is_not_known_by_the_other(version: ssl.TLSVersion) -> None:
    """Closed to one version of TLS and silent in the other is unknown; open in one is open."""
    with origin(https(Shop(), asks="required", version=version)) as closed:
        assert measured(closed)["all"] == "unknown"
    with origin(https(Shop(), version=version)) as opened:
        assert measured(opened)["all"] == "open"


def both(*, asks: bool) -> Behaviour:
    """A server of both versions."""
    ways = {
        v: https(Shop(), asks="required" if asks else "nothing", version=v)
        for v in (TLS.TLSv1_2, TLS.TLSv1_3)
    }

    def behave(connection: socket.socket) -> None:
        hello = connection.recv(4096, socket.MSG_PEEK)
        offers_new = b"\x00\x2b" in hello and b"\x03\x04" in hello[hello.index(b"\x00\x2b") :]
        ways[TLS.TLSv1_3 if offers_new else TLS.TLSv1_2](connection)

    return behave


def test_one_open_address_is_enough_to_be_open() -> None:
    """Closed needs every address to refuse."""
    with origin(both(asks=True)) as closed:
        assert measured(closed)["all"] == "closed"
        with origin(both(asks=False), "127.0.0.2", closed.port) as opened:
            seen = measured(closed, opened)
    assert seen == {"all": "open", "last": "open", "127.0.0.1": "closed", "127.0.0.2": "open"}


@pytest.mark.parametrize(
    ("status", "body", "access"),
    [(495, b"SSL Certificate Error", "closed"), (496, b"certificate required", "closed"),
     (496, b"busy", "open"), (400, b"bad certificate of yours", "open"), (403, NGINX_400, "open")],
)  # fmt: skip
def test_only_a_refusal_that_names_the_certificate_is_one(
    status: int, body: bytes, access: str
) -> None:
    """Another 400, or another status with the same words, is content for a stranger."""
    with origin(https(says(answer(status, body)))) as refusing:
        assert measured(refusing)["all"] in (access, "unknown")
        assert DirectAccess(["127.0.0.1"], refusing.port, (HOST,))._try(
            "127.0.0.1", HOST, TLS.TLSv1_3
        ) == access  # fmt: skip


def test_a_refusal_told_in_http_is_closed_and_silence_is_unknown() -> None:
    """As nginx refuses; nobody at home is not a refusal."""
    with origin(https(wants_certificate, asks="requested")) as refusing:
        assert DirectAccess(["127.0.0.1"], refusing.port, (HOST,))._try(
            "127.0.0.1", HOST, TLS.TLSv1_3
        ) == "closed"  # fmt: skip
    assert measured(refusing)["all"] == "unknown"
