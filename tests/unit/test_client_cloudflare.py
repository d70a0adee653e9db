"""The Cloudflare client's calls: what each asks, how loosely it reads, how it could not look."""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
import stamina
from pydantic import SecretStr
from structlog.testing import capture_logs

from steps.clients.cloudflare import CloudflareClient, cloudflare, kind_of
from steps.clients.cloudflare_models import DnsRecord, Setting
from steps.clients.cloudflare_rights import rights
from steps.clients.host_names import ascii_name
from steps.errors import ClientError, Denied, NotFound, RateLimited, UnexpectedReply, Unreachable

TOKEN = "cfut_0123456789abcdef0123456789abcdef01234567"
Z = "023e105f4ecef8ad9ca31a8372d0c353"
READS: Mapping[str, Callable[[CloudflareClient], object]] = {
    "verify_token": lambda c: c.verify_token(),
    "zones": lambda c: c.zones(),
    "zone": lambda c: c.zone("www.example.com"),
    "zone_by_id": lambda c: c.zone_by_id(Z),
    "setting": lambda c: c.setting(Z, "ssl"),
    "origin_certificates": lambda c: c.origin_certificates(Z),
    "zone_pulls_enabled": lambda c: c.zone_pulls_enabled(Z),
    "zone_pull_certificates": lambda c: c.zone_pull_certificates(Z),
    "host_pull_certificates": lambda c: c.host_pull_certificates(Z),
    "host_pull": lambda c: c.host_pull(Z, "www.example.com"),
    "dns_records": lambda c: c.dns_records(Z),
}
WRITES: Mapping[str, Callable[[CloudflareClient], object]] = {
    "set_setting": lambda c: c.set_setting(Z, "ssl", "full"),
    "create_origin_certificate": lambda c: c.create_origin_certificate(
        "CSR", ["example.com"], validity_days=365
    ),
    "revoke_origin_certificate": lambda c: c.revoke_origin_certificate("1"),
}


@pytest.fixture(autouse=True)
def _without_pauses() -> Iterator[None]:
    """Retries happen at once."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


class Api:
    """Answers by method and path; whatever is not there is 404. Keeps the requests."""

    def __init__(self, answers: Mapping[str, Any], *, status: int = 200) -> None:
        self.answers = answers
        self.status = status
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/client/v4")
        found = self.answers.get(f"{request.method} {path}", self.answers.get("*"))
        if found is None:
            return httpx.Response(404, json={"success": False, "errors": [{"code": 7003}]})
        if isinstance(found, Exception):
            raise found
        return found(request) if callable(found) else httpx.Response(self.status, json=found)

    def client(self, token: str = TOKEN) -> CloudflareClient:
        return cloudflare(
            SecretStr(token), base="http://127.0.0.1/client/v4",
            transport=httpx.MockTransport(self),
        )  # fmt: skip

    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/client/v4") for request in self.requests]


def ok(result: Any, **info: int) -> dict[str, Any]:
    return {
        "success": True, "errors": [], "messages": ["as older ones do"], "result": result,
        "result_info": info or None,
    }  # fmt: skip


FAILURES: tuple[tuple[int, type[ClientError]], ...] = (
    (401, Denied), (403, Denied), (429, RateLimited), (500, Unreachable), (400, UnexpectedReply),
)  # fmt: skip


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_each_failure_of_each_call_is_the_right_error_and_no_write_is_sent_twice(name: str) -> None:
    """Every method, every kind of failure: its class, the number of requests, and no token."""
    do = {**READS, **WRITES}[name]
    for status, kind in FAILURES:
        api = Api({"*": {"success": False, "errors": [{"message": f"no, {TOKEN}"}]}}, status=status)
        with capture_logs() as logs, pytest.raises(kind) as caught:
            do(api.client())
        repeated = name in READS and kind in (RateLimited, Unreachable)
        assert len(api.requests) == (3 if repeated else 1)
        told = "".join(traceback.format_exception(caught.value)) + repr(logs) + caught.value.hint
        assert TOKEN not in told
        assert {entry["status"] for entry in logs if entry["event"] == "request"} == {status}


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_broken_connection_is_unreachable_whatever_was_asked(name: str) -> None:
    """For a write that means: whether it took effect is unknown. It is not repeated."""
    api = Api({"*": httpx.ReadError("cut")})
    with pytest.raises(Unreachable):
        {**READS, **WRITES}[name](api.client())
    assert len(api.requests) == (3 if name in READS else 1)


@pytest.mark.parametrize("name", [n for n in [*READS, *WRITES] if n != "revoke_origin_certificate"])
def test_an_answer_without_its_result_is_unexpected(name: str) -> None:
    """`result: null` is not an empty list and not a default."""
    with pytest.raises(UnexpectedReply):
        {**READS, **WRITES}[name](Api({"*": ok(None)}).client())


def test_the_zone_is_that_of_the_longest_suffix() -> None:
    """Zones of subdomains exist: the registrable domain is asked for last."""

    def zones(request: httpx.Request) -> httpx.Response:
        name = request.url.params["name"]
        zone = {"id": f"id-of-{name}", "name": name, "status": "active", "account": {"id": "a"}}
        found = [zone] if name in ("shop.example.co.uk", "example.co.uk") else []
        return httpx.Response(200, json=ok(found))

    api = Api({"GET /zones": zones})
    assert api.client().zone("www.shop.example.co.uk").id == "id-of-shop.example.co.uk"
    assert [r.url.params["name"] for r in api.requests] == [
        "www.shop.example.co.uk",
        "shop.example.co.uk",
    ]
    with pytest.raises(NotFound, match="No zone"):
        api.client().zone("www.example.org")


def test_a_zone_in_two_accounts_is_nobodys_guess() -> None:
    """Which one is meant must be said; nothing is taken by chance."""
    two = [{"id": i, "name": "example.com", "account": {"id": i}} for i in ("1", "2")]
    with pytest.raises(UnexpectedReply, match="More than one account"):
        Api({"GET /zones": ok(two)}).client().zone("example.com")


def test_of_a_zone_that_moved_and_came_back_the_active_one_is_taken() -> None:
    """One account may hold a dead entry beside the living one."""
    two = [{"id": i, "name": "example.com", "status": s, "account": {"id": "a"}}
           for i, s in (("1", "moved"), ("2", "active"))]  # fmt: skip
    assert Api({"GET /zones": ok(two)}).client().zone("example.com").id == "2"


def test_a_denied_zone_list_is_not_a_missing_zone() -> None:
    """Could not ask is not no; the hint names the permission."""
    message = "requires permission com.cloudflare.api.account.zone.list"
    body = {"success": False, "errors": [{"code": 0, "message": message}]}
    with pytest.raises(Denied) as caught:
        Api({"GET /zones": body}, status=403).client().zone("www.example.com")
    assert "Zone Read" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "code", "kind", "word"),
    [
        (400, 10000, Denied, "permission"),
        (400, 1016, Denied, "zone"),
        (403, 9103, Denied, "global key"),
        (400, 9109, Denied, "copied whole"),
        (400, 1002, UnexpectedReply, ""),
        (404, 10000, NotFound, "permission"),
    ],
)
def test_the_code_tells_a_missing_right_from_a_wrong_request(
    status: int, code: int, kind: type[ClientError], word: str
) -> None:
    """POST /certificates answers 400 for a missing right; the hint says what to do."""
    body = {"success": False, "errors": [{"code": code, "message": "no"}]}
    with pytest.raises(kind) as caught:
        WRITES["create_origin_certificate"](Api({"*": body}, status=status).client())
    assert (type(caught.value), caught.value.vendor_code) == (kind, str(code))
    assert word in caught.value.hint


def test_a_malformed_token_is_told_by_the_chain_of_its_error() -> None:
    """6003 with 6103 in its chain: a token copied short."""
    chain = [{"code": 6103, "message": "Invalid format for X-Auth-Key header"}]
    error = {"code": 6003, "message": "Invalid request headers", "error_chain": chain}
    body = {"success": False, "errors": [error]}
    with pytest.raises(Denied) as caught:
        Api({"*": body}, status=400).client().verify_token()
    assert "malformed" in caught.value.hint


@pytest.mark.parametrize(
    "body", [b"<html>502</html>", b"[]", b'"no"', b'{"errors": ["plain words"]}', b'{"errors": 1}']
)
def test_a_failure_without_an_envelope_is_still_a_failure(body: bytes) -> None:
    """A proxy's page, or an older form of the errors, does not break the client."""
    api = Api({"*": lambda _: httpx.Response(403, content=body)})
    with pytest.raises(Denied):
        api.client().setting(Z, "ssl")


@pytest.mark.parametrize(
    ("token", "kind"),
    [("cfut_x", "user"), ("cfat_x", "account"), ("cfk_x", "unusable"), ("v1.0-x", "unusable"),
     ("a" * 40, "old"), ("with a\nline end", "unusable"), ("quote\u2019", "unusable")],
)  # fmt: skip
def test_the_kind_of_a_token_is_seen_by_its_prefix(token: str, kind: str) -> None:
    """Keys are no tokens; what no header can hold is none either."""
    assert kind_of(SecretStr(token)) == kind


@pytest.mark.parametrize("token", ["cfk_x", "v1.0-x", "quote\u2019"])
def test_a_key_is_refused_with_a_hint_and_sent_nowhere(token: str) -> None:
    """Origin CA keys ended on 2026-09-30; nobody is asked about them."""
    api = Api({"*": ok({"status": "active"})})
    with pytest.raises(Denied, match="not an API token") as caught:
        api.client(token).verify_token()
    assert ("API token" in caught.value.hint, api.requests) == (True, [])


def test_an_account_owned_token_is_verified_at_its_account() -> None:
    """And one without a prefix, which looks alike, at its account when the user's place says no."""
    answers = {
        "GET /zones": ok([{"id": Z, "name": "example.com", "account": {"id": "acc"}}]),
        "GET /accounts/acc/tokens/verify": ok({"id": "t", "status": "active"}),
        "GET /user/tokens/verify": lambda _: httpx.Response(401, json={"success": False}),
    }
    owned, old = Api(answers), Api(answers)
    assert owned.client("cfat_x").verify_token().status == "active"
    assert owned.paths() == ["/zones", "/accounts/acc/tokens/verify"]
    assert old.client("a" * 40).verify_token().status == "active"
    assert old.paths() == ["/user/tokens/verify", "/zones", "/accounts/acc/tokens/verify"]
    with pytest.raises(Denied):
        Api(answers).client("cfut_x").verify_token()
    with pytest.raises(Denied, match="sees no zone"):
        Api({"GET /zones": ok([])}).client("cfat_x").verify_token()


@pytest.mark.parametrize(
    "info",
    [
        {"page": 1, "per_page": 2, "total_pages": 3, "total_count": 5, "count": 2},
        {"per_page": 2, "total_count": 5},
        {"per_page": 2},
    ],
)
def test_every_page_of_a_list_is_read(info: dict[str, int]) -> None:
    """`total_pages` is left out at times; half a list of records would judge hosts wrongly."""
    names = [f"{i}.example.com" for i in range(5)]

    def page(request: httpx.Request) -> httpx.Response:
        start = 2 * (int(request.url.params["page"]) - 1)
        records = [{"name": n, "type": "CNAME", "proxied": None} for n in names[start : start + 2]]
        return httpx.Response(200, json=ok(records, **info))

    api = Api({f"GET /zones/{Z}/dns_records": page})
    assert [record.name for record in api.client().dns_records(Z)] == names
    assert len(api.requests) == 3


def test_a_list_without_page_information_is_one_page() -> None:
    """The list of a zone's client certificates is such a one."""
    api = Api({f"GET /zones/{Z}/dns_records": ok([{"name": "a", "type": "A"}])})
    assert api.client().dns_records(Z) == (DnsRecord(name="a", type="A"),)
    assert len(api.requests) == 1


def test_a_setting_is_read_by_its_path_and_not_by_the_id_it_answers_with() -> None:
    """`ssl_automatic_mode` answers as `ssl_tls_configuration_mode`; unknown fields are ignored."""
    answer = {"id": "ssl_tls_configuration_mode", "value": "custom", "editable": False,
              "modified_on": None, "next_scheduled_scan": "2024-01-01T05:20:00.12345Z"}  # fmt: skip
    found = Api({f"GET /zones/{Z}/settings/ssl_automatic_mode": ok(answer)}).client()
    setting = found.setting(Z, "ssl_automatic_mode")
    assert (setting.value, setting.editable) == ("custom", False)


@pytest.mark.parametrize(
    ("remaining", "left"), [(10800, 10800.0), (0.5, 0.5), (-60, 0.0), (False, 0.0), (None, 0.0)]
)
def test_the_time_left_of_development_mode_may_be_a_number_or_a_boolean(
    remaining: float | bool | None, left: float
) -> None:
    """`false` means never used, negative since it expired."""
    raw = {"id": "development_mode", "value": "on", "time_remaining": remaining}
    assert Setting.model_validate(raw).seconds_left == left


def test_a_write_sends_the_value_and_nothing_else() -> None:
    """One setting by its own path: the batch ended on 2026-09-15."""
    api = Api({f"PATCH /zones/{Z}/settings/ssl": ok({"id": "ssl", "value": "full"})})
    assert api.client().set_setting(Z, "ssl", "full").value == "full"
    assert json.loads(api.requests[0].content) == {"value": "full"}


def test_a_certificate_is_asked_for_with_its_validity_and_read_without_its_request() -> None:
    """The default validity is 15 years; a GET returns neither CSR nor validity; ids are text."""
    listed = {"id": "500979251828830395622087162554414441733214309554", "certificate": "PEM",
              "hostnames": None, "expires_on": "2027-11-23 10:11:00 +0000 UTC"}  # fmt: skip
    gone = {"id": "2", "certificate": "PEM", "revoked_at": "2026-01-01T00:00:00Z"}
    api = Api({"POST /certificates": ok(listed), "GET /certificates": ok([listed, gone])})
    client = api.client()
    made = client.create_origin_certificate("CSR", ("a.example.com",), validity_days=90)
    assert client.origin_certificates(Z) == (made,)
    assert json.loads(api.requests[0].content) == {
        "csr": "CSR", "hostnames": ["a.example.com"], "request_type": "origin-rsa",
        "requested_validity": 90,
    }  # fmt: skip
    assert api.requests[1].url.params["zone_id"] == Z


@pytest.mark.parametrize("result", [{"id": "1"}, None, {"id": "1", "revoked_at": "now"}])
def test_a_revocation_is_done_whatever_the_answer_holds(result: object) -> None:
    """`revoked_at` is optional, and so is the rest."""
    Api({"DELETE /certificates/1": ok(result)}).client().revoke_origin_certificate("1")


def test_only_the_status_active_is_active() -> None:
    """An unknown status counts as pending."""
    found = [{"id": s, "status": s} for s in ("active", "initializing", "brand-new", None)]
    api = Api({f"GET /zones/{Z}/origin_tls_client_auth": ok(found[:3])})
    assert [c.active for c in api.client().zone_pull_certificates(Z)] == [True, False, False]


def test_a_host_without_an_association_is_none_and_a_denied_look_is_not() -> None:
    """404 says that there is none; 403 says nothing."""
    assert Api({}).client().host_pull(Z, "www.example.com") is None
    with pytest.raises(Denied):
        Api({"*": {}}, status=403).client().host_pull(Z, "www.example.com")


def test_each_right_is_tried_by_itself() -> None:
    """An active token may lack a permission; unreachable is neither yes nor no."""
    api = Api({
        f"GET /zones/{Z}": ok({"id": Z, "name": "example.com"}),
        f"GET /zones/{Z}/settings/ssl": lambda _: httpx.Response(403, json={}),
        "GET /certificates": ok([]),
        f"GET /zones/{Z}/origin_tls_client_auth/settings": lambda _: httpx.Response(500),
        f"GET /zones/{Z}/dns_records": ok([]),
    })  # fmt: skip
    held = [(right.permission, right.held) for right in rights(api.client(), Z)]
    assert held == [
        ("Zone Read", "yes"), ("Zone Settings Read", "no"), ("SSL and Certificates Read", "yes"),
        ("SSL and Certificates Read", "unknown"), ("DNS Read", "yes"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asked"),
    [("WWW.Example.com.", "www.example.com"), ("b\u00fccher.example", "xn--bcher-kva.example"),
     ("_x.example.com", "_x.example.com"), ("a" * 64 + ".example", "a" * 64 + ".example")],
)  # fmt: skip
def test_a_host_is_asked_for_as_dns_spells_it(name: str, asked: str) -> None:
    """Records hold punycode; what cannot be converted is left as it is and not found."""
    assert ascii_name(name) == asked
