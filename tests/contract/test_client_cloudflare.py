"""Our Cloudflare client and the vendor's own SDK at the same stand-in: they must read the same."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cloudflare import Cloudflare
from pydantic import SecretStr

from sandbox.cloudflare.state import HostPull, Token
from sandbox.faults import Fault
from steps.certificates import new_request, parse_certificate, public_key_digest
from steps.clients.cloudflare import CloudflareClient, cloudflare
from steps.clients.cloudflare_overrides import CouldNotLook, SslOverride, ssl_page_rules, ssl_rules
from steps.clients.cloudflare_rights import rights
from steps.errors import Denied, NotFound, UnexpectedReply, Unreachable
from tests.contract.cloudflare_stand import HOST, Stand, authorities, standing

SETTINGS = ("development_mode", "ssl", "tls_client_auth", "always_use_https", "min_tls_version")


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing() as running:
        yield running


@pytest.fixture
def ours(stand: Stand) -> Iterator[CloudflareClient]:
    client = _client(stand, stand.cloudflare.token)
    with closing(client.service):
        yield client
    stand.faults.clear()


@pytest.fixture
def theirs(stand: Stand) -> Iterator[Cloudflare]:
    """The SDK with its strict validation, and without its retries."""
    with _sdk(stand, strict=True) as sdk:
        yield sdk


def _sdk(stand: Stand, *, strict: bool) -> Cloudflare:
    return Cloudflare(
        api_token=stand.cloudflare.token, base_url=stand.cloudflare.api_url, max_retries=0,
        _strict_response_validation=strict,
    )  # fmt: skip


def _client(stand: Stand, token: str) -> CloudflareClient:
    return cloudflare(SecretStr(token), base=stand.cloudflare.api_url)


def _with(stand: Stand, token: Token) -> CloudflareClient:
    stand.cloudflare.tokens[token.value] = token
    return _client(stand, token.value)


def test_both_read_the_same_zone(stand: Stand, ours: CloudflareClient, theirs: Cloudflare) -> None:
    """By its name, by its id, and by a host deep inside it."""
    zone = ours.zone("a.b.example.com")
    listed = next(iter(theirs.zones.list(name="example.com")))
    one = theirs.zones.get(zone_id=zone.id)
    assert one is not None
    assert ours.zone_by_id(zone.id) == zone == ours.zones()[0]
    for read in (listed, one):
        assert (zone.id, zone.name, zone.status, zone.paused, zone.account.id) == (
            read.id, read.name, read.status, read.paused, read.account.id,
        )  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_both_read_the_same_setting(
    stand: Stand, ours: CloudflareClient, theirs: Cloudflare, name: str
) -> None:
    """Value, and whether the plan lets anybody change it."""
    mine = ours.setting(stand.zone.id, name)
    read = theirs.zones.settings.get(name, zone_id=stand.zone.id)
    assert read is not None
    assert (mine.id, mine.value, mine.editable) == (
        read.id, getattr(read, "value", None), getattr(read, "editable", None),
    )  # fmt: skip


def test_what_one_writes_the_other_reads(
    stand: Stand, ours: CloudflareClient, theirs: Cloudflare
) -> None:
    """A switch by us is seen by the SDK; the odd id of Automatic SSL/TLS is read by its path."""
    assert ours.set_setting(stand.zone.id, "tls_client_auth", "on").value == "on"
    read = theirs.zones.settings.get("tls_client_auth", zone_id=stand.zone.id)
    assert getattr(read, "value", None) == "on"
    assert ours.set_setting(stand.zone.id, "ssl_automatic_mode", "custom").value == "custom"
    automatic = ours.setting(stand.zone.id, "ssl_automatic_mode")
    assert (automatic.id, automatic.value) == ("ssl_tls_configuration_mode", "custom")


def test_development_mode_tells_how_long_it_lasts(stand: Stand, ours: CloudflareClient) -> None:
    """Three hours at most; nothing when it is off."""
    ours.set_setting(stand.zone.id, "development_mode", "on")
    assert 10_000 < ours.setting(stand.zone.id, "development_mode").seconds_left <= 10_800
    ours.set_setting(stand.zone.id, "development_mode", "off")
    assert ours.setting(stand.zone.id, "development_mode").seconds_left == 0


def test_a_setting_that_is_not_there_is_an_error(stand: Stand, ours: CloudflareClient) -> None:
    """Neither a default nor a denial; and a value that is none is refused."""
    with pytest.raises(UnexpectedReply):
        ours.setting(stand.zone.id, "never-there")
    with pytest.raises(NotFound):
        ours.setting("0" * 32, "ssl")
    with pytest.raises(UnexpectedReply):
        ours.set_setting(stand.zone.id, "ssl", "very strict")
    assert ours.setting(stand.zone.id, "ssl").value == stand.zone.settings["ssl"]


def test_both_read_the_same_certificate_and_a_revoked_one_is_gone(
    stand: Stand, ours: CloudflareClient
) -> None:
    """Issued for our key, found again by it, and no longer listed once it is revoked.

    The SDK is not strict here: it requires the CSR and the validity, which no GET returns.
    """
    request = new_request(["example.com", "*.example.com"])
    made = ours.create_origin_certificate(request.csr_pem, request.names, validity_days=90)
    assert public_key_digest(made.certificate) == request.public_key_digest
    listed = next(c for c in ours.origin_certificates(stand.zone.id) if c.id == made.id)
    with _sdk(stand, strict=False) as theirs:
        all_of_them = list(theirs.origin_ca_certificates.list(zone_id=stand.zone.id))
    read = next(c for c in all_of_them if c.id == made.id)
    assert listed.certificate == read.certificate == made.certificate
    assert listed.hostnames == tuple(read.hostnames)
    facts = parse_certificate(listed.certificate)
    assert (facts.not_after - datetime.now(UTC)).days in (89, 90)
    ours.revoke_origin_certificate(made.id)
    assert made.id not in [c.id for c in ours.origin_certificates(stand.zone.id)]


def test_a_certificate_whose_answer_was_cut_is_found_by_its_key(
    stand: Stand, ours: CloudflareClient
) -> None:
    """The effect happened, the answer did not come: nothing was asked twice, and the list tells."""
    request = new_request(["example.com"])
    stand.faults.add(Fault("cloudflare", "POST", "/certificates$", "cut-after"))
    before = len(stand.journal.writes("cloudflare"))
    with pytest.raises(Unreachable) as caught:
        ours.create_origin_certificate(request.csr_pem, request.names, validity_days=365)
    assert "looked at" in caught.value.hint
    assert len(stand.journal.writes("cloudflare")) == before + 1
    digests = [public_key_digest(c.certificate) for c in ours.origin_certificates(stand.zone.id)]
    assert digests.count(request.public_key_digest) == 1


def test_both_read_the_same_records(
    stand: Stand, ours: CloudflareClient, theirs: Cloudflare
) -> None:
    """Name, type, content and whether Cloudflare stands before it; more than one page of them."""
    for number in range(120):
        stand.zone.point(f"h{number}.example.com", "origin.example.net")
    read = list(theirs.dns.records.list(zone_id=stand.zone.id, per_page=100))
    mine = ours.dns_records(stand.zone.id)
    assert len(mine) >= 120
    assert [(r.name, r.type, r.content, r.proxied) for r in mine] == [
        (r.name, r.type, r.content, r.proxied) for r in read
    ]


def test_both_read_the_same_origin_pulls(
    stand: Stand, ours: CloudflareClient, theirs: Cloudflare
) -> None:
    """All three kinds: the zone's switch and certificates, and a host's association."""
    pulls = theirs.origin_tls_client_auth
    leaf = authorities().client_ca.issue(["pull"], days=30, client=True)
    pulls.zone_certificates.create(
        zone_id=stand.zone.id, certificate=leaf.certificate_pem, private_key=leaf.key_pem
    )
    pulls.settings.update(zone_id=stand.zone.id, enabled=True)
    assert ours.zone_pulls_enabled(stand.zone.id) is True
    read = list(pulls.zone_certificates.list(zone_id=stand.zone.id))
    mine = ours.zone_pull_certificates(stand.zone.id)
    assert [(c.id, c.status) for c in mine] == [(c.id, c.status) for c in read]
    assert [c.active for c in mine] == [True]
    assert ours.host_pull_certificates(stand.zone.id) == ()
    assert ours.host_pull(stand.zone.id, HOST) is None
    stand.zone.host_pulls[HOST] = HostPull(
        HOST, mine[0].id, enabled=False, updated_at=datetime.now(UTC)
    )
    association = ours.host_pull(stand.zone.id, HOST)
    told = pulls.hostnames.get(HOST, zone_id=stand.zone.id)
    assert association is not None
    assert told is not None
    assert (association.hostname, association.cert_id, association.enabled) == (
        told.hostname, told.cert_id, told.enabled,
    )  # fmt: skip


def test_rules_that_override_the_mode_are_seen_where_the_token_may(
    stand: Stand, ours: CloudflareClient
) -> None:
    """And where it may not, that is said: neither yes nor no."""
    stand.zone.config_rules = [
        {"enabled": True, "expression": "true", "action_parameters": {"ssl": "off"}}
    ]
    stand.zone.override_ssl("www.example.com", "flexible", by="page rule")
    assert ssl_rules(ours, stand.zone.id) == (SslOverride("configuration rule", "off", "true"),)
    pattern = "*www.example.com/*"
    found = ssl_page_rules(ours, stand.zone.id)
    assert found == (SslOverride("page rule", "flexible", pattern),)
    stand.zone.config_rules, stand.zone.page_rules = [], []
    assert ssl_rules(ours, stand.zone.id) == ssl_page_rules(ours, stand.zone.id) == ()
    blind = Token("cfut_token-that-may-not-look", permissions=frozenset({"zone:read"}))
    with closing(_with(stand, blind).service) as service:
        client = replace(ours, service=service)
        assert isinstance(ssl_rules(client, stand.zone.id), CouldNotLook)
        assert isinstance(ssl_page_rules(client, stand.zone.id), CouldNotLook)
        held = {right.permission: right.held for right in rights(client, stand.zone.id)}
    assert held == {
        "Zone Read": "yes", "Zone Settings Read": "no", "SSL and Certificates Read": "no",
        "DNS Read": "no",
    }  # fmt: skip


def test_a_token_is_verified_by_its_kind(stand: Stand, ours: CloudflareClient) -> None:
    """A user's at the user's place, an account's at its account; an unknown one is denied."""
    assert ours.verify_token().status == "active"
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    owned = _with(stand, Token("cfat_account-owned-token", expires_on=ends))
    with closing(owned.service):
        assert owned.verify_token().expires_on == ends
    unknown = _client(stand, "cfut_nobody-knows-this-one")
    with closing(unknown.service), pytest.raises(Denied):
        unknown.verify_token()


def test_a_failure_carries_the_id_of_its_request(stand: Stand, ours: CloudflareClient) -> None:
    """`cf-ray`, which the vendor's support asks for."""
    ray = ("cf-ray", "8f1a2b3c4d5e6f70-AMS")
    stand.faults.add(Fault("cloudflare", "GET", "/settings/ssl", "status", 403, headers=(ray,)))
    with pytest.raises(Denied) as caught:
        ours.setting(stand.zone.id, "ssl")
    assert caught.value.request_id == ray[1]
