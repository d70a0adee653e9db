"""The stand-in's Cloudflare API over HTTP: the quirks that the SDK does not show."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.authorities import Authority
from sandbox.cloudflare.state import Token
from sandbox.faults import Fault
from sandbox.timings import Timings
from tests.contract.cloudflare_stand import HOST, Stand, authorities, standing

KEYS: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
    "origin-rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "origin-ecc": ec.generate_private_key(ec.SECP256R1()),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Stand:
    running.reset()
    return running


def refused(response: httpx.Response) -> tuple[int, int]:
    """HTTP status and the code of the one error, in the envelope of an error."""
    body = response.json()
    assert (body["success"], body["result"]) == (False, None)
    assert response.headers["cf-ray"]
    (error,) = body["errors"]
    return response.status_code, error["code"]


def csr(kind: str) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "something of our own")])
    signed = (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(KEYS[kind], hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def wish(kind: str = "origin-rsa", **changes: Any) -> dict[str, Any]:
    return {
        "csr": csr(kind), "hostnames": ["example.com", "*.example.com"], "request_type": kind,
        "requested_validity": 90, **changes,
    }  # fmt: skip


def test_the_success_of_verify_has_the_code_of_an_error(stand: Stand) -> None:
    """Nobody may decide by the code 10000 alone."""
    body = stand.api.get("/user/tokens/verify").json()
    assert body["success"] is True
    assert body["messages"] == [
        {"code": 10000, "message": "This API Token is valid and active", "type": None}
    ]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer cut", "Basic " + "a" * 40])
def test_a_malformed_token_is_told_apart(stand: Stand, header: str) -> None:
    """6003 with a chain, not the refusal of a well-formed one."""
    answer = stand.api.get("/user/tokens/verify", headers={"Authorization": header})
    assert refused(answer) == (400, 6003)
    assert answer.json()["errors"][0]["error_chain"][0]["code"] == 6103


def test_tokens_of_an_account_are_verified_elsewhere(stand: Stand) -> None:
    """Each kind has its own address."""
    account = Token("cfat_" + "b" * 40, expires_on=datetime(2030, 1, 1, tzinfo=UTC))
    stand.cloudflare.tokens[account.value] = account
    bearer = {"Authorization": f"Bearer {account.value}"}
    path = f"/accounts/{stand.zone.account_id}/tokens/verify"
    assert refused(stand.api.get("/user/tokens/verify", headers=bearer))[0] == 401
    assert stand.api.get(path, headers=bearer).json()["result"]["expires_on"].startswith("2030")
    assert refused(stand.api.get(path))[0] == 401


@pytest.mark.parametrize(
    ("right", "method", "path"),
    [
        ("zone:read", "GET", ""), ("zone_settings:read", "GET", "/settings/ssl"),
        ("zone_settings:edit", "PATCH", "/settings/ssl"), ("dns:read", "GET", "/dns_records"),
        ("ssl:read", "GET", "/origin_tls_client_auth/settings"),
        ("ssl:edit", "PUT", "/origin_tls_client_auth/settings"),
        ("config_rules:read", "GET", "/rulesets/phases/http_config_settings/entrypoint"),
        ("page_rules:read", "GET", "/pagerules"), ("cache_purge:edit", "POST", "/purge_cache"),
    ],
)  # fmt: skip
def test_a_right_that_is_missing_is_an_authentication_error(
    stand: Stand, right: str, method: str, path: str
) -> None:
    """403 and 10000, whatever verify says; with the right it is something else."""
    token = stand.cloudflare.tokens[stand.cloudflare.token]
    url = f"{stand.path}{path}"
    with_right = stand.api.request(method, url, json={"value": "full"})
    token.permissions -= {right}
    assert with_right.status_code != 403
    assert refused(stand.api.request(method, url, json={"value": "full"})) == (403, 10000)
    assert stand.api.get("/user/tokens/verify").is_success


def test_the_batch_of_settings_is_gone(stand: Stand) -> None:
    """One call for each setting; and what never was is not there either."""
    assert refused(stand.api.get(f"{stand.path}/settings"))[0] == 404
    assert refused(stand.api.patch(f"{stand.path}/settings", json={"items": []}))[0] == 404
    assert refused(stand.api.get("/zones/ffff"))[0] == 404
    assert refused(stand.api.get("/nothing"))[0] == 404


def test_development_mode_counts_down_and_ends_by_itself(stand: Stand) -> None:
    """`time_remaining` is false, then seconds, then negative; and it purges nothing."""
    path, now = f"{stand.path}/settings/development_mode", datetime.now(UTC)
    stand.zone.clock = lambda: now
    assert stand.api.get(path).json()["result"]["time_remaining"] is False
    on = stand.api.patch(path, json={"value": "on"}).json()["result"]
    assert (on["value"], on["time_remaining"]) == ("on", 3 * 3600)
    now += timedelta(hours=3, seconds=7)
    ended = stand.api.get(path).json()["result"]
    assert (ended["value"], ended["time_remaining"]) == ("off", -7)
    assert stand.api.get(stand.path).json()["result"]["development_mode"] == -7


def test_a_setting_that_the_plan_forbids_says_so(stand: Stand) -> None:
    """`editable` is false, and writing is refused and changes nothing."""
    stand.zone.locked.add("tls_client_auth")
    path = f"{stand.path}/settings/tls_client_auth"
    assert stand.api.get(path).json()["result"]["editable"] is False
    assert stand.api.patch(path, json={"value": "on"}).status_code == 403
    assert stand.zone.setting("tls_client_auth") == "off"


def test_wrong_values_and_bodies_are_refused(stand: Stand) -> None:
    """Unknown value, unknown setting, no JSON, another shape."""
    path = f"{stand.path}/settings/ssl"
    assert stand.api.patch(path, json={"value": "best"}).status_code == 400
    assert stand.api.patch(f"{stand.path}/settings/x", json={"value": "on"}).status_code == 400
    assert refused(stand.api.patch(path, content=b"value=full")) == (400, 6007)
    assert refused(stand.api.patch(path, json=["full"])) == (400, 6007)
    assert stand.zone.setting("ssl") == "full"


@pytest.mark.parametrize("kind", list(KEYS))
def test_an_origin_certificate_is_like_the_real_ones(stand: Stand, kind: str) -> None:
    """Fixed subject, both usages, the names asked for, the key of the request, the right root."""
    result = stand.api.post("/certificates", json=wish(kind)).json()["result"]
    leaf = x509.load_pem_x509_certificate(result["certificate"].encode())
    made = authorities()
    root: Authority = made.origin_ca_rsa if kind == "origin-rsa" else made.origin_ca_ecc
    leaf.verify_directly_issued_by(root.certificate)
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "CN=CloudFlare Origin Certificate" in leaf.subject.rfc4514_string()
    assert set(usages) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    assert names.get_values_for_type(x509.DNSName) == ["example.com", "*.example.com"]
    assert leaf.public_key() == KEYS[kind].public_key()
    assert (leaf.not_valid_after_utc - datetime.now(UTC)).days in (89, 90)


def test_dates_come_in_two_forms_and_get_leaves_the_request_out(stand: Stand) -> None:
    """Go's form on create, RFC 3339 afterwards; ids are long decimal strings."""
    created = stand.api.post("/certificates", json=wish()).json()["result"]
    path = f"/certificates/{created['id']}"
    got = stand.api.get(path).json()["result"]
    listed = stand.api.get("/certificates", params={"zone_id": stand.zone.id}).json()
    assert re.fullmatch(r"\d{40,49}", created["id"])
    assert re.fullmatch(r"[\d-]{10} [\d:]{8} \+0000 UTC", created["expires_on"])
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d+Z", got["expires_on"])
    assert created.keys() - got.keys() == {"csr", "requested_validity"}
    assert listed["result"] == [got]
    assert listed["result_info"]["total_count"] == 1


def test_a_list_of_certificates_needs_its_zone(stand: Stand) -> None:
    """Without the zone there is no list."""
    assert stand.api.get("/certificates").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"hostnames": ["example.org"]}, {"hostnames": ["*.*.example.com"]}, {"hostnames": []},
        {"hostnames": ["notexample.com"]}, {"requested_validity": 91}, {"csr": "nothing"},
        {"request_type": "origin-ecc"}, {"request_type": "keyless-certificate"},
        {"hostnames": [f"h{n}.example.com" for n in range(201)]},
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_granted_is_refused(stand: Stand, change: dict[str, Any]) -> None:
    """Nothing is issued; the same wish without the change is granted."""
    assert stand.api.post("/certificates", json=wish(**change)).status_code == 400
    assert stand.zone.certificates == []
    assert stand.api.post("/certificates", json=wish()).status_code == 200


def test_a_revoked_certificate_cannot_be_revoked_again(stand: Stand) -> None:
    """The second time it is not there."""
    created = stand.api.post("/certificates", json=wish()).json()["result"]
    first = stand.api.delete(f"/certificates/{created['id']}").json()["result"]
    assert first.keys() == {"id", "revoked_at"}
    assert stand.api.delete(f"/certificates/{created['id']}").status_code == 404


def test_an_answer_that_is_cut_off_leaves_its_effect(stand: Stand) -> None:
    """The certificate was issued though nobody was told: to be found by its public key."""
    stand.faults.add(Fault("cloudflare", "POST", "/certificates$", "cut-after"))
    with pytest.raises(httpx.TransportError):
        stand.api.post("/certificates", json=wish())
    assert len(stand.zone.certificates) == 1


def leaf() -> dict[str, str]:
    made = authorities().client_ca.issue([], client=True, key="ecc")
    return {"certificate": made.certificate_pem, "private_key": made.key_pem}


def test_an_uploaded_certificate_becomes_active_and_goes_away_slowly() -> None:
    """pending_deployment, active; pending_deletion, gone."""
    with standing(Timings(0, 0, 0, 0, 60)) as stand:
        now = datetime.now(UTC)
        stand.zone.clock = lambda: now
        path = f"{stand.path}/origin_tls_client_auth"
        uploaded = stand.api.post(path, json=leaf()).json()["result"]
        one = f"{path}/{uploaded['id']}"
        assert "private_key" not in uploaded
        seen = [uploaded["status"]]
        now += timedelta(seconds=61)
        seen.append(stand.api.get(one).json()["result"]["status"])
        seen.append(stand.api.delete(one).json()["result"]["status"])
        seen.append(stand.api.get(path).json()["result"][0]["status"])
        now += timedelta(seconds=61)
        assert seen == ["pending_deployment", "active", "pending_deletion", "pending_deletion"]
        assert stand.api.get(path).json()["result"] == []
        assert stand.api.get(one).status_code == 404


def test_only_a_leaf_with_its_own_key_is_taken(stand: Stand) -> None:
    """An authority, another key, no PEM: refused."""
    path = f"{stand.path}/origin_tls_client_auth/hostnames/certificates"
    authority = authorities().client_ca.certificate_pem
    assert refused(stand.api.post(path, json={**leaf(), "certificate": authority}))[1] == 2101
    other = leaf()["private_key"]
    assert refused(stand.api.post(path, json={**leaf(), "private_key": other}))[1] == 2106
    assert refused(stand.api.post(path, json={**leaf(), "private_key": "x"}))[1] == 1002
    assert stand.api.post(path, json=leaf()).is_success


def test_an_association_needs_a_certificate_and_a_host_of_the_zone(stand: Stand) -> None:
    """Unknown ones are refused and nothing is associated."""
    path = f"{stand.path}/origin_tls_client_auth/hostnames"
    one = {"hostname": HOST, "cert_id": "unknown", "enabled": True}
    assert stand.api.put(path, json={"config": [one]}).status_code == 404
    foreign = {**one, "hostname": "www.example.org"}
    assert stand.api.put(path, json={"config": [foreign]}).status_code == 400
    assert stand.api.get(f"{path}/{HOST}").status_code == 404


def test_what_was_asked_is_in_the_journal(stand: Stand) -> None:
    """Whole, in order, once it was answered; writes apart."""
    stand.api.get(f"{stand.path}/settings/ssl")
    stand.api.patch(f"{stand.path}/settings/ssl", json={"value": "origin_pull"})
    expected = [("GET", b""), ("PATCH", b'{"value":"origin_pull"}')]
    deadline = time.monotonic() + 5
    while last_two(stand) != expected and time.monotonic() < deadline:
        time.sleep(0.005)  # a request is noted just after its answer
    assert last_two(stand) == expected
    assert stand.journal.writes("cloudflare")[-1].body == expected[1][1]


def last_two(stand: Stand) -> list[tuple[str, bytes]]:
    return [(r.method, r.body) for r in stand.journal.all("cloudflare")[-2:]]


def test_the_token_is_not_shown_by_accident(stand: Stand) -> None:
    """Not in the repr of what holds it."""
    assert stand.cloudflare.token not in repr(stand.cloudflare.tokens.values())
    assert stand.cloudflare.token.startswith("cfut_")
