"""The Platform.sh client's calls, and the sign-in that stands before each of them."""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import stamina
from pydantic import SecretStr
from structlog.testing import capture_logs

from steps.clients import platformsh_models as m
from steps.clients.api_token import ApiToken
from steps.clients.platformsh import Certifier, PlatformshClient, certifier, platformsh
from steps.errors import (
    AlreadyExists,
    ClientError,
    Denied,
    PreconditionFailed,
    RateLimited,
    UnexpectedReply,
    Unreachable,
)

API_TOKEN = "the-api-token-that-nobody-may-see"
PASSWORD = 'pass"w\u00f6rd-of-theirs'
KEY = SecretStr("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n")
ECHOES = {"add_certificate": KEY.get_secret_value(), "set_http_access": PASSWORD}
"""What a vendor might quote of a request that it refuses."""
P, E = "q7x2m5kd3vw4t", "feature/cart"
HERE = f"/projects/{P}"
THERE = f"{HERE}/environments/feature%2Fcart"
READS: Mapping[str, Callable[[PlatformshClient], object]] = {
    "projects": lambda c: c.projects(),
    "project": lambda c: c.project(P),
    "project_settings": lambda c: c.project_settings(P),
    "environments": lambda c: c.environments(P),
    "environment": lambda c: c.environment(P, E),
    "domains": lambda c: c.domains(P),
    "certificates": lambda c: c.certificates(P),
    "activities": lambda c: c.activities(P, environment=E, type="environment.push"),
    "activity": lambda c: c.activity(P, "a1"),
    "staged": lambda c: c.staged(P, E),
    "activity_log": lambda c: c.activity_log(P, "a1"),
    "current_deployment": lambda c: c.current_deployment(P, E),
    "code_source": lambda c: c.code_source(P),
    "git_commit": lambda c: c.git_commit(P, "a" * 40),
    "git_tree": lambda c: c.git_tree(P, "a" * 40),
    "git_blob": lambda c: c.git_blob(P, "a" * 40),
}
WRITES: Mapping[str, Callable[[PlatformshClient], object]] = {
    "add_certificate": lambda c: c.add_certificate(P, certificate="PEM", key=KEY, chain=["CA"]),
    "delete_certificate": lambda c: c.delete_certificate(P, "c1"),
    "redeploy": lambda c: c.redeploy(P, E),
    "deploy": lambda c: c.deploy(P, E),
    "set_http_access": lambda c: c.set_http_access(
        P, E, enabled=True, basic_auth={"visitor": SecretStr(PASSWORD)}
    ),
}
FAILURES: tuple[tuple[int, type[ClientError]], ...] = (
    (400, UnexpectedReply), (402, UnexpectedReply), (403, Denied), (409, AlreadyExists),
    (429, RateLimited), (500, Unreachable), (503, Unreachable),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _without_pauses() -> Iterator[None]:
    """Retries happen at once."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


class Vendor:
    """The token end point and the API in one; answers by method and path."""

    def __init__(self, answers: Mapping[str, Any], *, status: int = 200) -> None:
        self.answers = answers
        self.status = status
        self.now = 1000.0
        self.exchanged = 0
        self.seen: list[httpx.Request] = []
        self.tokens: list[str] = []
        self.sign_in: Callable[[httpx.Request], httpx.Response] = self.token

    def token(self, request: httpx.Request) -> httpx.Response:
        self.exchanged += 1
        return httpx.Response(
            200, json={"access_token": f"access-{self.exchanged}", "expires_in": 900}
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return self.sign_in(request)
        self.seen.append(request)
        self.tokens.append(request.headers["authorization"])
        found = self.answers.get(f"{request.method} {request.url.raw_path.decode()}")
        found = self.answers.get("*") if found is None else found
        if found is None:
            return httpx.Response(404, json={"message": "not there", "code": 404})
        if isinstance(found, Exception):
            raise found
        return found(request) if callable(found) else httpx.Response(self.status, json=found)

    def auth(self) -> ApiToken:
        return ApiToken(
            SecretStr(API_TOKEN), "http://127.0.0.1:1", clock=lambda: self.now,
            transport=httpx.MockTransport(self),
        )  # fmt: skip

    def client(self) -> PlatformshClient:
        return platformsh(
            self.auth(), base="http://127.0.0.1:2", transport=httpx.MockTransport(self)
        )

    def certifier(self) -> Certifier:
        return certifier(
            self.auth(), base="http://127.0.0.1:1", transport=httpx.MockTransport(self)
        )


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_each_failure_of_each_call_is_the_right_error_and_no_write_is_sent_twice(name: str) -> None:
    """Every method, every kind of failure: its class, the number of requests, and no secret."""
    for status, kind in FAILURES:
        said = f"because {ECHOES.get(name, '')}"
        vendor = Vendor({"*": {"message": "no", "detail": {"error": said}}}, status=status)
        with capture_logs() as logs, pytest.raises(kind) as caught:
            {**READS, **WRITES}[name](vendor.client())
        repeated = name in READS and kind in (RateLimited, Unreachable)
        assert len(vendor.seen) == (3 if repeated else 1)
        told = "".join(traceback.format_exception(caught.value)) + repr(logs)
        for secret in (API_TOKEN, "access-1", "MIIE", PASSWORD, json.dumps(PASSWORD)[1:-1]):
            assert secret not in told
        assert "because" in told


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_broken_connection_is_unreachable_whatever_was_asked(name: str) -> None:
    """A write is not repeated: whether it took effect is unknown."""
    vendor = Vendor({"*": httpx.RemoteProtocolError("cut")})
    with pytest.raises(Unreachable):
        {**READS, **WRITES}[name](vendor.client())
    assert len(vendor.seen) == (3 if name in READS else 1)


@pytest.mark.parametrize("name", sorted({*READS, *WRITES} - {"activity_log", "redeploy", "deploy",
                                         "delete_certificate", "set_http_access"}))  # fmt: skip
def test_an_answer_of_another_shape_is_unexpected(name: str) -> None:
    """Nothing is read out of an answer that is not understood."""
    with pytest.raises(UnexpectedReply):
        {**READS, **WRITES}[name](Vendor({"*": 7}).client())


def test_a_token_is_exchanged_once_for_many_requests_and_with_the_documented_client() -> None:
    """Form-encoded, the OAuth client by basic auth with an empty password."""
    asked: list[httpx.Request] = []
    vendor = Vendor({"*": {"id": P}})

    def sign_in(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return vendor.token(request)

    vendor.sign_in = sign_in
    client = vendor.client()
    for _ in range(3):
        client.project(P)
    assert vendor.tokens == ["Bearer access-1"] * 3
    assert len(asked) == 1
    assert parse_qs(asked[0].content.decode()) == {
        "grant_type": ["api_token"], "api_token": [API_TOKEN],
    }  # fmt: skip
    assert (
        asked[0].headers["authorization"] == httpx.BasicAuth("platform-api-user", "")._auth_header
    )


def test_a_token_is_renewed_a_minute_before_it_ends() -> None:
    """At 839 s of 900 it is still used, at 841 s it is not."""
    vendor = Vendor({"*": {"id": P}})
    client = vendor.client()
    client.project(P)
    vendor.now = 1000.0 + 839.0
    client.project(P)
    vendor.now = 1000.0 + 841.0
    client.project(P)
    assert vendor.tokens == ["Bearer access-1", "Bearer access-1", "Bearer access-2"]


def test_after_a_401_a_new_token_is_got_once() -> None:
    """A revoked token is replaced and the request goes out again."""

    def once(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == "Bearer access-2"
        return httpx.Response(200 if good else 401, json={"id": P})

    vendor = Vendor({"*": once})
    assert vendor.client().project(P).id == P
    assert vendor.tokens == ["Bearer access-1", "Bearer access-2"]


def test_a_401_that_stays_is_denied_and_not_a_loop() -> None:
    """Twice, then an error."""
    vendor = Vendor({"*": {}}, status=401)
    with pytest.raises(Denied):
        vendor.client().project(P)
    assert (len(vendor.seen), vendor.exchanged) == (2, 2)


def test_a_write_with_an_old_token_is_sent_again_only_because_it_was_refused() -> None:
    """A 401 had no effect: this is the one case in which a write goes out twice."""

    def once(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == "Bearer access-2"
        return httpx.Response(200 if good else 401, json={"_embedded": {"activities": []}})

    vendor = Vendor({f"POST {THERE}/redeploy": once})
    assert vendor.client().redeploy(P, E) is None
    assert len(vendor.seen) == 2


def test_a_step_up_is_reported_and_not_tried_again() -> None:
    """RFC 9470: an API token cannot give a stronger sign-in."""
    asks = 'Bearer error="insufficient_user_authentication", max_age=900'
    vendor = Vendor({"*": lambda _: httpx.Response(401, headers={"www-authenticate": asks})})
    with pytest.raises(Denied) as caught:
        vendor.client().project(P)
    assert (len(vendor.seen), vendor.exchanged) == (1, 1)
    assert caught.value.vendor_code == "insufficient_user_authentication"


@pytest.mark.parametrize(
    ("answer", "kind", "times"),
    [
        (httpx.Response(400, json={"error_description": f"{API_TOKEN} unknown"}), Denied, 1),
        (httpx.Response(401, json={"error": "invalid_client"}), Denied, 1),
        (httpx.Response(403, content=b"<html>"), Denied, 1),
        (httpx.Response(429), RateLimited, 3),
        (httpx.Response(500, json={"api_token": API_TOKEN}), Unreachable, 3),
        (httpx.Response(302, headers={"location": "http://elsewhere.example"}), UnexpectedReply, 1),
        (httpx.Response(200, json={"access_token": None}), UnexpectedReply, 1),
        (httpx.Response(200, content=b"access-1"), UnexpectedReply, 1),
    ],
)  # fmt: skip
def test_a_sign_in_that_fails_is_an_error_without_the_token(
    answer: httpx.Response, kind: type[ClientError], times: int
) -> None:
    """The API itself is not asked, and the sign-in is not multiplied by the request's own tries."""
    vendor = Vendor({"*": {"id": P}})
    count = []

    def sign_in(_request: httpx.Request) -> httpx.Response:
        count.append(1)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    vendor.sign_in = sign_in
    with capture_logs() as logs, pytest.raises(kind) as caught:
        vendor.client().project(P)
    assert (vendor.seen, len(count)) == ([], times)
    told = "".join(traceback.format_exception(caught.value)) + repr(logs)
    assert "access-1" not in told
    assert API_TOKEN not in told


def test_a_branch_with_a_slash_is_one_segment_of_the_path() -> None:
    """`feature/cart` is percent-encoded."""
    vendor = Vendor({f"GET {THERE}": {"id": E}})
    assert vendor.client().environment(P, E).id == E


@pytest.mark.parametrize(
    ("state", "result", "outcome"),
    [
        ("pending", None, "running"),
        ("in_progress", None, "running"),
        ("scheduled", None, "running"),
        ("complete", "success", "success"),
        ("complete", "failure", "failure"),
        ("complete", None, "failure"),
        ("cancelled", None, "cancelled"),
        ("staged", "success", "staged"),
        ("brand-new", "success", "failure"),
        (None, None, "failure"),
    ],
)
def test_only_complete_with_success_is_a_success(
    state: str | None, result: str | None, outcome: str
) -> None:
    """`staged` is shown as a success of 100 % and is none; an unknown state is a failure."""
    raw = {"id": "a", "state": state, "result": result, "completion_percent": 100}
    assert m.Activity.model_validate(raw).outcome == outcome


def test_a_real_environment_with_old_fields_only_is_read() -> None:
    """The shortened sample of the reference: fields may be missing, null, or new."""
    found = m.Environment.model_validate({
        "id": "master", "machine_name": "master-7rqtwti", "type": "production", "status": "active",
        "http_access": {"is_enabled": True, "addresses": [], "basic_auth": {}},
        "edge_hostname": "master-7rqtwti-ywxgbkce4rmdp.au.platformsh.site", "is_dirty": None,
        "deployment_state": {"last_deployment_successful": True, "crons": {"enabled": True}},
        "_embedded": {"deployments": [{"id": "local"}]}, "brand_new": 1,
    })  # fmt: skip
    assert (found.active, found.is_dirty, found.urls) == (True, False, ())
    assert found.deployment_state is not None
    assert found.deployment_state.last_deployment_successful is True


@pytest.mark.parametrize(
    ("told", "users"),
    [({"visitor": "s3cret-pw"}, ("visitor",)), (["visitor:s3cret-pw"], ()), (None, ())],
)  # fmt: skip
def test_passwords_that_are_read_back_are_dropped_at_the_boundary(
    told: object, users: tuple[str, ...]
) -> None:
    """The model keeps names only, whatever form the vendor answers in."""
    raw = {"id": "x", "http_access": {"is_enabled": True, "basic_auth": told}}
    environment = m.Environment.model_validate(raw)
    assert environment.http_access.users == users
    assert "s3cret" not in repr(environment) + environment.model_dump_json()
    activity = {"id": "a", "parameters": {"http_access": told}}
    written = m.Accepted.model_validate({"_embedded": {"entity": raw, "activities": [activity]}})
    assert "s3cret" not in repr(written) + written.model_dump_json()


def test_basic_auth_is_sent_in_words_and_an_empty_one_clears() -> None:
    """`basic_auth: null` takes it away."""
    vendor = Vendor({f"PATCH {THERE}": {"_embedded": {"activities": [{"id": "a1"}]}}})
    client = vendor.client()
    started = client.set_http_access(
        P, E, enabled=True, basic_auth={"u": SecretStr("pw-of-theirs")}
    )
    client.set_http_access(P, E, enabled=False, basic_auth={})
    assert [activity.id for activity in started] == ["a1"]
    assert [json.loads(request.content)["http_access"] for request in vendor.seen] == [
        {"is_enabled": True, "basic_auth": {"u": "pw-of-theirs"}},
        {"is_enabled": False, "basic_auth": None},
    ]


def test_a_certificate_goes_out_whole_and_its_id_comes_back() -> None:
    """Certificate, key and chain; the id is in the embedded entity."""
    vendor = Vendor({f"POST {HERE}/certificates": {"_embedded": {"entity": {"id": "c9"}}}})
    made = vendor.client().add_certificate(P, certificate="PEM", key=KEY, chain=("CA",))
    assert made.id == "c9"
    assert json.loads(vendor.seen[0].content) == {
        "certificate": "PEM", "key": KEY.get_secret_value(), "chain": ["CA"],
    }  # fmt: skip


@pytest.mark.parametrize("head", ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
def test_a_key_that_is_not_pkcs1_is_not_sent(head: str) -> None:
    """Platform.sh calls PKCS#8 not appropriate; the key is in no word of the refusal."""
    vendor = Vendor({"*": {}})
    key = SecretStr(f"-----BEGIN {head}-----\nMIIE\n-----END {head}-----\n")
    with pytest.raises(PreconditionFailed) as caught:
        vendor.client().add_certificate(P, certificate="PEM", key=key, chain=())
    assert vendor.seen == []
    assert "MIIE" not in str(caught.value)


@pytest.mark.parametrize(
    ("embedded", "started"),
    [({"activities": [{"id": "a1"}]}, "a1"), ({"activities": []}, ""), (None, "")],
)
def test_a_write_starts_none_or_many_activities(embedded: object, started: str) -> None:
    """Nothing embedded means that nothing deploys."""
    found = Vendor({"*": {"status": "OK", "code": 202, "_embedded": embedded}}).client()
    activity = found.redeploy(P, E)
    assert (activity.id if activity else "") == started


def test_only_activities_of_the_asked_kind_are_given() -> None:
    """The filter is asked of the vendor and looked after: it is not in the published spec."""
    both = [{"id": "1", "type": "environment.push", "parameters": {"new_commit": "abc"}},
            {"id": "2", "type": "environment.redeploy"}]  # fmt: skip
    vendor = Vendor({"*": both})
    found = vendor.client().activities(P, environment=E, type="environment.push")
    assert [(a.id, a.pushed) for a in found] == [("1", "abc")]
    assert dict(vendor.seen[0].url.params) == {"type": "environment.push", "count": "20"}


def test_a_log_is_the_messages_of_its_lines() -> None:
    """Its structure is not promised: what is not understood is told raw."""
    lines = b'{"_id":"1","data":{"message":"a\\n"}}\nplain\n{"seal":true}\n[]\n'
    vendor = Vendor({"*": lambda _: httpx.Response(200, content=lines)})
    assert vendor.client().activity_log(P, "a1") == "a\nplain\n[]\n"


def test_only_the_end_of_a_long_log_is_kept() -> None:
    """Bounded whatever its length; a log is not worth the memory of the bot."""
    lines = b"".join(b'{"data":{"message":"line %d\\n"}}\n' % n for n in range(100_000))
    vendor = Vendor({"*": lambda _: httpx.Response(200, content=lines)})
    log = vendor.client().activity_log(P, "a1")
    assert log.endswith("line 99998\nline 99999\n")
    assert len(log) < 64 * 1024


def test_an_environment_without_a_deployment_is_none_and_a_denied_look_is_not() -> None:
    """404 is an answer, 403 is none."""
    assert Vendor({}).client().current_deployment(P, E) is None
    with pytest.raises(Denied):
        Vendor({"*": {}}, status=403).client().current_deployment(P, E)


def test_the_code_source_is_the_integration_that_has_the_code() -> None:
    """Others, webhooks say, are passed over; hidden integrations are a denial, not an absence."""
    both = [{"id": "1", "type": "webhook", "project": {"odd": 1}},
            {"id": "2", "type": "gitlab", "project": "team/site"}]  # fmt: skip
    source = Vendor({"*": both}).client().code_source(P)
    assert source is not None
    assert (source.type, source.project) == ("gitlab", "team/site")
    assert Vendor({"*": both[:1]}).client().code_source(P) is None
    with pytest.raises(Denied):
        Vendor({"*": {}}, status=403).client().code_source(P)


def test_manual_deployments_are_off_where_the_setting_is_not_there() -> None:
    """The endpoint is internal; a staged activity is recognised either way."""
    on = Vendor({f"GET {THERE}/settings": {"enable_manual_deployments": True}}).client()
    assert on.manual_deployments(P, E) is True
    assert Vendor({}).client().manual_deployments(P, E) is False


def test_the_projects_of_a_token_come_with_titles_where_they_are_told() -> None:
    """Ids by the access list, titles in bulk; a project without a title is still there."""
    access = {"items": [{"resource_id": "p1", "resource_type": "project"},
                        {"resource_id": "p2", "resource_type": "project"},
                        {"resource_id": "o1", "resource_type": "organization"}]}  # fmt: skip
    vendor = Vendor({
        "GET /users/me": {"id": "u"},
        "GET /users/u/extended-access?filter%5Bresource_type%5D=project": access,
        "GET /ref/projects?in=p1%2Cp2": {"p1": {"id": "p1", "title": "Shop"}},
    })  # fmt: skip
    found = vendor.client().projects()
    assert [(p.id, p.title) for p in found] == [("p1", "Shop"), ("p2", None)]


@pytest.mark.parametrize("host", ["", "https://api.upsun.com", "https://eu-3.platform.sh"])
def test_every_page_of_the_projects_is_read_at_our_own_address(host: str) -> None:
    """A machine user of many projects: none is left out, and no token goes to another host."""
    path = "/users/u/extended-access"
    onward = f"{host}/api{path}?page%5Bafter%5D=x&page%5Bsize%5D=1"
    first = {"items": [{"resource_id": "p1", "resource_type": "project"}],
             "_links": {"next": {"href": onward}}}  # fmt: skip
    last = {"items": [{"resource_id": "p2", "resource_type": "project"}], "_links": {}}
    vendor = Vendor({
        "GET /users/me": {"id": "u"},
        f"GET {path}?filter%5Bresource_type%5D=project": first,
        f"GET {path}?page%5Bafter%5D=x&page%5Bsize%5D=1": last,
        "GET /ref/projects?in=p1%2Cp2": {},
    })  # fmt: skip
    assert [p.id for p in vendor.client().projects()] == ["p1", "p2"]


def test_a_list_of_projects_that_leads_to_itself_ends() -> None:
    """A next page that is the same one is no next page."""
    path = "/users/u/extended-access?filter%5Bresource_type%5D=project"
    loop = {"items": [{"resource_id": "p1", "resource_type": "project"}],
            "_links": {"next": {"href": path}}}  # fmt: skip
    vendor = Vendor({
        "GET /users/me": {"id": "u"}, f"GET {path}": loop, "GET /ref/projects?in=p1": {},
    })  # fmt: skip
    assert [p.id for p in vendor.client().projects()] == ["p1"]


def test_the_certifier_signs_a_key_once_and_is_not_asked_again() -> None:
    """A public key goes out, a certificate comes back; a failure is not repeated."""
    vendor = Vendor({"POST /ssh": {"certificate": "ssh-ed25519-cert-v01@openssh.com AAAA"}})
    assert vendor.certifier().certify("ssh-ed25519 AAAA").endswith("AAAA")
    failing = Vendor({"*": {}}, status=500)
    with pytest.raises(Unreachable):
        failing.certifier().certify("ssh-ed25519 AAAA")
    assert len(failing.seen) == 1
