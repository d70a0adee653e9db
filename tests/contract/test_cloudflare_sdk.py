"""Cloudflare's official SDK, checking strictly, understands the stand-in: a witness from outside.

Where the real API answers otherwise than its own SDK says (as the reference tells), the stand-in
follows the API; each such place has a test of its own here.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from cloudflare import (
    APIResponseValidationError,
    AuthenticationError,
    BadRequestError,
    Cloudflare,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)
from cloudflare.types.dns import CNAMERecord
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from sandbox.faults import Fault
from tests.contract.cloudflare_stand import HOST, Stand, authorities, standing

TOO_MANY = "More than 1200 requests per 300 seconds reached."


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing() as running:
        yield running


@pytest.fixture(scope="module")
def sdk(stand: Stand) -> Iterator[Cloudflare]:
    with client(stand) as strict:
        yield strict


def client(stand: Stand, token: str = "", *, strict: bool = True) -> Cloudflare:
    return Cloudflare(
        api_token=token or stand.cloudflare.token, base_url=stand.cloudflare.api_url,
        max_retries=0, _strict_response_validation=strict,
    )  # fmt: skip


def csr() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = request.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def create(sdk: Cloudflare) -> Any:
    names = ["example.com", "*.example.com", "img.cdn.example.com"]
    return sdk.origin_ca_certificates.create(
        csr=csr(), hostnames=names, request_type="origin-ecc", requested_validity=90
    )


def test_the_token_is_verified(sdk: Cloudflare) -> None:
    """It is active; the success carries the code that elsewhere means an error."""
    verified = sdk.user.tokens.verify()
    assert verified is not None
    assert verified.status == "active"


def test_the_zone_is_found_by_name_and_by_id(stand: Stand, sdk: Cloudflare) -> None:
    """Another name finds nothing."""
    (zone,) = sdk.zones.list(name="example.com", status="active")
    found = sdk.zones.get(zone_id=zone.id)
    assert found is not None
    assert (found.name, found.status, found.account.id) == (
        "example.com", "active", stand.zone.account_id
    )  # fmt: skip
    assert list(sdk.zones.list(name="www.example.com")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("development_mode", "on"), ("ssl", "strict"), ("tls_client_auth", "on"),
     ("always_use_https", "on"), ("min_tls_version", "1.3"), ("tls_1_3", "zrt")],
)  # fmt: skip
def test_each_setting_is_read_and_written(
    stand: Stand, sdk: Cloudflare, name: str, value: str
) -> None:
    """In the model that the SDK has for this very setting."""
    before: Any = sdk.zones.settings.get(name, zone_id=stand.zone.id)
    after: Any = sdk.zones.settings.edit(name, zone_id=stand.zone.id, value=value)
    assert before.value != value
    assert (after.id, after.value, after.editable) == (name, value, True)
    assert after.modified_on is not None


def test_automatic_ssl_is_none_of_the_sdks_settings(stand: Stand, sdk: Cloudflare) -> None:
    """The real API answers another id than the path's, which the SDK's types do not know."""
    with pytest.raises(APIResponseValidationError):
        sdk.zones.settings.get("ssl_automatic_mode", zone_id=stand.zone.id)
    with client(stand, strict=False) as lenient:
        found: Any = lenient.zones.settings.get("ssl_automatic_mode", zone_id=stand.zone.id)
    assert (found.id, found.value) == ("ssl_tls_configuration_mode", "auto")


def test_a_certificate_is_created_listed_and_revoked(stand: Stand, sdk: Cloudflare) -> None:
    """Revoked it is gone from the list."""
    created = create(sdk)
    assert created.requested_validity == 90
    with client(stand, strict=False) as lenient:
        listed = {c.id: c for c in lenient.origin_ca_certificates.list(zone_id=stand.zone.id)}
        assert listed[created.id].certificate == created.certificate
        deleted = sdk.origin_ca_certificates.delete(created.id)
        assert deleted is not None
        assert (deleted.id, deleted.revoked_at is not None) == (created.id, True)
        left = lenient.origin_ca_certificates.list(zone_id=stand.zone.id)
        assert created.id not in {c.id for c in left}
    with pytest.raises(NotFoundError):
        sdk.origin_ca_certificates.get(created.id)


def test_what_get_leaves_out_is_all_that_the_sdk_misses(stand: Stand, sdk: Cloudflare) -> None:
    """GET returns neither the request nor its validity, though the SDK says that they are there."""
    created = create(sdk)
    with pytest.raises(APIResponseValidationError) as refused:
        sdk.origin_ca_certificates.get(created.id)
    cause = refused.value.__cause__
    assert isinstance(cause, ValidationError)
    missing = {(error["type"], error["loc"][-1]) for error in cause.errors()}
    assert missing == {("missing", "csr"), ("missing", "requested_validity")}


def test_zone_level_pulls(stand: Stand, sdk: Cloudflare) -> None:
    """Switch, upload, list, read, delete; the key never comes back."""
    zone, pulls = stand.zone.id, sdk.origin_tls_client_auth
    assert pulls.settings.get(zone_id=zone).enabled is False
    assert pulls.settings.update(zone_id=zone, enabled=True).enabled
    leaf = authorities().client_ca.issue([], client=True, key="ecc", days=30)
    uploaded = pulls.zone_certificates.create(
        zone_id=zone, certificate=leaf.certificate_pem, private_key=leaf.key_pem
    )
    assert uploaded is not None
    assert uploaded.id is not None
    assert uploaded.status in ("pending_deployment", "active")
    (listed,) = pulls.zone_certificates.list(zone_id=zone)
    read = pulls.zone_certificates.get(uploaded.id, zone_id=zone)
    assert read is not None
    assert (listed.id, read.certificate, read.private_key) == (
        uploaded.id, leaf.certificate_pem, None
    )  # fmt: skip
    gone = pulls.zone_certificates.delete(uploaded.id, zone_id=zone)
    assert gone is not None
    assert list(pulls.zone_certificates.list(zone_id=zone)) == []


def test_pulls_of_a_host(stand: Stand, sdk: Cloudflare) -> None:
    """Upload, associate, read, drop the association by null, delete."""
    zone, pulls = stand.zone.id, sdk.origin_tls_client_auth
    leaf = authorities().client_ca.issue([], client=True, key="ecc", days=30)
    uploaded = pulls.hostname_certificates.create(
        zone_id=zone, certificate=leaf.certificate_pem, private_key=leaf.key_pem
    )
    assert uploaded is not None
    assert uploaded.id is not None
    on: Any = {"hostname": HOST, "cert_id": uploaded.id, "enabled": True}
    (associated,) = pulls.hostnames.update(zone_id=zone, config=[on])
    read = pulls.hostnames.get(HOST, zone_id=zone)
    assert read is not None
    assert (associated.enabled, read.enabled, read.cert_id) == (True, True, uploaded.id)
    off: Any = {**on, "enabled": None}
    assert list(pulls.hostnames.update(zone_id=zone, config=[off])) == []
    with pytest.raises(NotFoundError):
        pulls.hostnames.get(HOST, zone_id=zone)
    assert [c.id for c in pulls.hostname_certificates.list(zone_id=zone)] == [uploaded.id]
    pulls.hostname_certificates.delete(uploaded.id, zone_id=zone)


def test_dns_records_are_filtered_and_paged(stand: Stand, sdk: Cloudflare) -> None:
    """By exact name, type and proxied; several pages make one list."""
    zone = stand.zone.id
    for number in range(7):
        stand.zone.point(f"h{number}.example.com", "origin.example.net")
    stand.zone.point("mail.example.com", "192.0.2.25", proxied=False, kind="A")
    records = sdk.dns.records
    (one,) = records.list(zone_id=zone, name={"exact": "h3.example.com"}, type="CNAME")
    assert isinstance(one, CNAMERecord)
    assert (one.content, one.proxied) == ("origin.example.net", True)
    assert [r.name for r in records.list(zone_id=zone, proxied=False)] == ["mail.example.com"]
    everything = records.list(zone_id=zone, per_page=5)
    assert len({r.name for r in everything}) == 8


def test_rules_that_override_the_mode(stand: Stand, sdk: Cloudflare) -> None:
    """No entry point is a 404; afterwards both kinds of rules are there."""
    zone = stand.zone.id
    with pytest.raises(NotFoundError):
        sdk.rulesets.phases.get("http_config_settings", zone_id=zone)
    stand.zone.override_ssl(HOST, "full", by="rule")
    stand.zone.override_ssl(HOST, "full", by="page rule")
    ruleset: Any = sdk.rulesets.phases.get("http_config_settings", zone_id=zone)
    assert ruleset.rules[0].action_parameters.ssl == "full"
    rules: Any = sdk.page_rules.list(zone_id=zone)
    assert rules[0].actions[0].value == "full"


def test_the_rest_that_is_asked(stand: Stand, sdk: Cloudflare) -> None:
    """Purge, the edge's own certificate, the addresses."""
    purged = sdk.cache.purge(zone_id=stand.zone.id, purge_everything=True)
    assert purged is not None
    verification: Any = sdk.ssl.verification.get(zone_id=stand.zone.id)
    assert verification[0].certificate_status == "active"
    addresses: Any = sdk.ips.list()
    assert addresses.ipv4_cidrs


def test_what_stands_before_a_host(stand: Stand, sdk: Cloudflare) -> None:
    """Load balancers and the routes of Workers, as the SDK understands them."""
    stand.change(balanced={"www.example.com": "pool.example.net"},
                 worker_routes={"shop.example.com/*": "shop"})  # fmt: skip
    (balancer,) = sdk.load_balancers.list(zone_id=stand.zone.id)
    assert (balancer.name, balancer.enabled) == ("www.example.com", True)
    (route,) = sdk.workers.routes.list(zone_id=stand.zone.id)
    assert (route.pattern, route.script) == ("shop.example.com/*", "shop")
    stand.change(balanced={}, worker_routes={})


def test_errors_are_the_sdks_errors(stand: Stand, sdk: Cloudflare) -> None:
    """A foreign token, a missing right, a wrong value, a zone that is not there, too many."""
    with client(stand, "cfut_" + "0" * 40) as foreign, pytest.raises(AuthenticationError):
        foreign.zones.list()
    token = stand.cloudflare.tokens[stand.cloudflare.token]
    allowed, token.permissions = token.permissions, frozenset({"zone:read"})
    try:
        with pytest.raises(PermissionDeniedError):
            sdk.zones.settings.get("ssl", zone_id=stand.zone.id)
    finally:
        token.permissions = allowed
    with pytest.raises(BadRequestError):
        sdk.zones.settings.edit("ssl", zone_id=stand.zone.id, value="best")
    with pytest.raises(NotFoundError):
        sdk.zones.get(zone_id="0" * 32)
    stand.faults.add(
        Fault("cloudflare", "GET", r"/zones$", "status", 429, body=TOO_MANY,
              headers=(("retry-after", "7"),))
    )  # fmt: skip
    with pytest.raises(RateLimitError) as limited:
        sdk.zones.list()
    assert limited.value.response.headers["retry-after"] == "7"
