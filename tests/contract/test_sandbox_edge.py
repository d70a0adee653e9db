"""The stand-in's edge over real TLS: what it pulls, how, and what it shows when that fails."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import httpx
import pytest

from sandbox.authorities import Issued
from sandbox.cloudflare.state import HostPull, PullCertificate, utc_now
from tests.contract.cloudflare_stand import (
    HOST,
    TLS,
    Shop,
    Stand,
    authorities,
    https,
    shown,
    standing,
)
from tests.contract.origins import answer, closes, resets, says, wants_certificate


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Stand:
    """As a zone begins: full, no origin pulls, nothing cached."""
    running.reset()
    return running


KINDS = ("public", "origin-rsa", "origin-ecc", "expired", "other-name", "unknown")


def certificates() -> dict[str, Issued]:
    made = authorities()
    return {
        "public": shown(),
        "origin-rsa": made.origin_ca_rsa.issue([HOST], key="ecc"),
        "origin-ecc": made.origin_ca_ecc.issue([HOST, "*.example.com"], key="ecc"),
        "expired": made.public.issue([HOST], days=-1, key="ecc"),
        "other-name": made.public.issue(["other.example.net"], key="ecc"),
        "unknown": made.client_ca.issue([HOST], key="ecc"),
    }


@pytest.mark.parametrize("mode", ["off", "flexible"])
def test_the_low_modes_pull_in_plain_text(stand: Stand, mode: str) -> None:
    """A visitor's https request reaches the origin's http port."""
    secure, plain = Shop(), Shop(b"in plain text")
    stand.lead(https(secure), plain)
    stand.set(ssl=mode)
    assert stand.visit().content == b"in plain text"
    assert plain.seen[0]["x-forwarded-proto"] == "https"
    assert not secure.seen


@pytest.mark.parametrize("kind", KINDS)
def test_full_accepts_every_certificate(stand: Stand, kind: str) -> None:
    """The handshake is made and nothing is validated."""
    stand.lead(https(Shop(), shows=certificates()[kind]))
    stand.set(ssl="full")
    assert stand.visit().content == b"the shop"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("public", 200), ("origin-rsa", 200), ("origin-ecc", 200), ("expired", 526),
     ("other-name", 526), ("unknown", 526)],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["strict", "origin_pull"])
def test_strict_accepts_what_it_can_validate(
    stand: Stand, kind: str, status: int, mode: str
) -> None:
    """Public roots and both Origin CA roots, the right name, not expired."""
    stand.lead(https(Shop(), shows=certificates()[kind]))
    stand.set(ssl=mode)
    assert stand.visit().status_code == status


@pytest.mark.parametrize("by", ["rule", "page rule"])
def test_a_rule_overrides_the_mode_of_one_host(
    stand: Stand, by: Literal["rule", "page rule"]
) -> None:
    """It comes before the zone's mode; a rule of another host means nothing."""
    stand.lead(https(Shop(), shows=certificates()["expired"]))
    stand.zone.override_ssl("other.example.com", "strict", by=by)
    assert stand.cloudflare.settle()
    assert stand.visit().status_code == 200
    stand.zone.override_ssl(HOST, "strict", by=by)
    assert stand.cloudflare.settle()
    assert stand.visit().status_code == 526


def test_plain_visitors_are_pulled_in_plain_text_unless_sent_to_https(stand: Stand) -> None:
    """Full and strict follow the visitor's scheme, which origin pulls do not protect."""
    plain = Shop(b"in plain text")
    stand.lead(https(Shop()), plain)
    assert stand.visit(secure=False).content == b"in plain text"
    stand.set(always_use_https="on")
    moved = stand.visit("/about?a=1", secure=False)
    assert moved.status_code == 301
    assert moved.headers["location"] == f"https://{HOST}/about?a=1"


@pytest.mark.parametrize(("version", "status"), [(TLS.TLSv1_2, 525), (TLS.TLSv1_3, 520)])
def test_an_origin_that_requires_sees_the_shared_certificate_only_when_pulls_are_on(
    stand: Stand, version: ssl.TLSVersion, status: int
) -> None:
    """Off: the handshake (1.2) or the answer (1.3) fails. On: served. Off again: refused."""
    shop = Shop()
    stand.lead(https(shop, asks="required", version=version))
    assert stand.visit().status_code == status
    stand.set(tls_client_auth="on")
    assert stand.visit().status_code == 200
    assert shop.seen[-1]["certificate"]
    stand.set(tls_client_auth="off")
    assert stand.visit().status_code == status
    assert len(shop.seen) == 1


def test_a_kept_connection_does_not_hide_a_changed_switch(stand: Stand) -> None:
    """After the change the next pull is a new connection with the certificate."""
    shop = Shop()
    origin = stand.lead(https(shop, asks="requested"))
    stand.visit()
    stand.visit()
    assert origin.connections == 1
    stand.set(tls_client_auth="on")
    stand.visit()
    assert [bool(seen["certificate"]) for seen in shop.seen] == [False, False, True]
    assert origin.connections == 2


def test_an_origin_that_does_not_ask_is_sent_nothing(stand: Stand) -> None:
    """Origin pulls on before the origin asks: no effect."""
    shop = Shop()
    stand.lead(https(shop))
    stand.set(tls_client_auth="on")
    assert stand.visit().status_code == 200
    assert shop.seen[0]["certificate"] == ""


def test_the_edge_can_pretend(stand: Stand) -> None:
    """The API says on, the edge presents nothing."""
    stand.lead(https(Shop(), asks="required"))
    stand.set(tls_client_auth="on")
    stand.change(pretend_aop=True)
    says_on = stand.api.get(f"{stand.path}/settings/tls_client_auth").json()["result"]["value"]
    assert (says_on, stand.visit().status_code) == ("on", 520)


def own(*, active: bool = True) -> tuple[PullCertificate, str]:
    """An uploaded certificate and the PEM of its authority."""
    made = authorities().origin_ca_ecc.issue([], days=9, client=True, key="ecc")
    now = utc_now()
    starts = now if active else now + timedelta(hours=1)
    issued = PullCertificate(made.certificate_pem, made.key_pem, now, starts)
    return issued, authorities().origin_ca_ecc.certificate_pem


def test_the_zones_own_certificate_comes_before_the_shared_one(stand: Stand) -> None:
    """Once it is active and the zone's switch is on."""
    mine, authority = own()
    stand.lead(https(Shop(), asks="required", trusts=authority))
    stand.set(tls_client_auth="on")
    stand.change(zone_pull_certificates=[mine])
    assert stand.visit().status_code == 520
    stand.change(zone_pulls=True)
    assert stand.visit().status_code == 200
    stand.change(zone_pull_certificates=[own(active=False)[0]])
    assert stand.visit().status_code == 520


def test_a_host_can_be_exempted_or_have_its_own(stand: Stand) -> None:
    """`enabled: false` sends nothing even with the global switch on; its own comes first."""
    shop = Shop()
    stand.lead(https(shop, asks="required"))
    stand.set(tls_client_auth="on")
    mine, authority = own()
    stand.change(
        host_certificates=[mine],
        host_pulls={HOST: HostPull(HOST, mine.id, enabled=False, updated_at=utc_now())},
    )
    assert stand.visit().status_code == 520
    stand.lead(https(shop, asks="required", trusts=authority))
    stand.change(host_pulls={HOST: HostPull(HOST, mine.id, enabled=True, updated_at=utc_now())})
    assert stand.visit().status_code == 200


def test_a_refusal_in_http_passes_through(stand: Stand) -> None:
    """The origin's own 400 is what the visitor sees."""
    stand.lead(https(wants_certificate, asks="requested"))
    seen = stand.visit()
    assert seen.status_code == 400
    assert "No required SSL certificate" in seen.text
    assert seen.headers["server"] == "cloudflare"


def test_what_goes_wrong_has_cloudflares_numbers(stand: Stand) -> None:
    """Refused 521, no answer or a reset 520, no HTTP 520, no TLS 525, no address 530."""
    found = {}
    for name, behaviour in (
        ("refused", None), ("closed", https(closes)), ("reset", https(resets)),
        ("no http", https(says(b"hello\r\n\r\n"))), ("no tls", says(answer(200))),
    ):  # fmt: skip
        stand.lead(behaviour)
        found[name] = stand.visit().status_code
    stand.origins.clear()
    unresolved = stand.visit()
    assert found == {"refused": 521, "closed": 520, "reset": 520, "no http": 520, "no tls": 525}
    assert (unresolved.status_code, "1016" in unresolved.text) == (530, True)
    assert unresolved.headers["cf-ray"]


def test_flexible_with_an_origin_that_sends_to_https_is_a_loop(stand: Stand) -> None:
    """The redirect passes through and leads to the URL that was asked for."""
    to = f"Location: https://{HOST}/about\r\n"
    stand.lead(https(Shop()), says(answer(301, b"", headers=to)))
    stand.set(ssl="flexible")
    for _ in range(3):
        moved = stand.visit("/about")
        assert (moved.status_code, moved.headers["location"]) == (301, f"https://{HOST}/about")
    stand.set(ssl="full")
    assert stand.visit("/about").status_code == 200


def test_the_origin_is_told_who_asks(stand: Stand) -> None:
    """Forwarding headers are added, the visitor's own stays first in the list."""
    shop = Shop()
    stand.lead(https(shop))
    seen = stand.visit(headers={"X-Forwarded-For": "192.0.2.1", "CF-Connecting-IP": "192.0.2.9"})
    asked = shop.seen[0]
    assert asked["x-forwarded-for"].startswith("192.0.2.1, 127.")
    assert asked["cf-connecting-ip"].startswith("127.")
    assert (asked["host"], asked["x-forwarded-proto"]) == (HOST, "https")
    assert (seen.headers["server"], "cf-ray" in seen.headers) == ("cloudflare", True)


def test_every_address_of_an_origin_gets_its_share(stand: Stand) -> None:
    """Pulls go to each in turn."""
    one, other = Shop(), Shop()
    first, second = stand.lead(https(one)), stand.lead(https(other))
    stand.origins["origin.example.net"] = (
        ("127.0.0.1", first.port, 1), ("127.0.0.1", second.port, 1),
    )  # fmt: skip
    for _ in range(4):
        stand.visit()
    assert (len(one.seen), len(other.seen)) == (2, 2)


def test_a_host_that_is_not_proxied_has_no_edge(stand: Stand) -> None:
    """No certificate is shown for it, and in plain http there is no site; a wildcard covers."""
    stand.lead(https(Shop()))
    stand.zone.point("mail.example.com", "origin.example.net", proxied=False)
    assert stand.cloudflare.settle()
    with pytest.raises(httpx.ConnectError, match="handshake failure"):
        stand.visit(host="mail.example.com")
    assert stand.visit(host="mail.example.com", secure=False).status_code == 409
    stand.zone.point("*.example.com", "origin.example.net")
    assert stand.cloudflare.settle()
    assert stand.visit(host="shop.example.com").status_code == 200
    assert stand.visit(host="mail.example.com", secure=False).status_code == 409


def test_a_load_balancer_stands_before_the_record(stand: Stand) -> None:
    """Its pool is pulled from, whatever the record of that name says."""
    first = stand.lead(https(Shop(b"the record")))
    there = stand.origins["origin.example.net"]
    stand.lead(https(Shop(b"the pool")))
    stand.origins |= {"pool.example.net": stand.origins["origin.example.net"],
                      "origin.example.net": there}  # fmt: skip
    assert stand.visit().content == b"the record"
    stand.change(balanced={HOST: "pool.example.net"})
    assert stand.visit().content == b"the pool"
    stand.change(balanced={})
    first.close()


def test_visitors_of_old_tls_are_refused_when_the_zone_says_so(stand: Stand) -> None:
    """min_tls_version is the visitor's side."""
    stand.lead(https(Shop()))
    old = ssl.create_default_context(cadata=authorities().public.certificate_pem)
    old.maximum_version = TLS.TLSv1_2
    with httpx.Client(verify=old) as visitor:
        assert stand.visit(by=visitor).status_code == 200
    stand.set(min_tls_version="1.3")
    with httpx.Client(verify=old) as visitor, pytest.raises(httpx.ConnectError, match="version"):
        stand.visit(by=visitor)


def test_a_maintenance_page_lets_the_right_header_pass(stand: Stand) -> None:
    """503 for everybody else."""
    stand.lead(https(Shop()))
    stand.change(maintenance=("X-Look", "let-me-in"))
    assert stand.visit().status_code == 503
    assert stand.visit(headers={"X-Look": "let-me-in"}).status_code == 200
