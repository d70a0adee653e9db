"""Traps of the vendors' answers that are no call's alone: shapes, statuses, silences."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from steps.certificates import names_needed, stand_in
from steps.clients.cloudflare_models import PullCertificate
from steps.clients.platformsh_models import Environment, HttpAccess, Project
from steps.errors import ClientError, Denied, PreconditionFailed
from steps.http_access import AccessState
from steps.step import Past
from steps.zone_settings import SettingFacts
from tests.doubles.world import SITE
from tests.unit.steps.bench import Bench
from tests.unit.test_client_cloudflare import WRITES, Api, Z, ok
from tests.unit.test_client_platformsh import Vendor


@pytest.mark.parametrize(
    "messages",
    [[], ["plain text"], [{"code": 10000, "message": "fine", "type": None}], None],
    ids=["none", "strings", "objects", "null"],
)
def test_messages_of_the_envelope_may_be_strings_or_objects(messages: Any) -> None:
    """Older code of Cloudflare's sends strings; the result is read all the same."""
    answer = {**ok({"id": "ssl", "value": "full"}), "messages": messages, "errors": None}
    client = Api({f"GET /zones/{Z}/settings/ssl": answer}).client()
    assert client.setting(Z, "ssl").value == "full"


def test_a_name_that_the_origin_ca_will_not_sign_is_told_with_its_reason() -> None:
    """The code of that error is not documented, so its words are looked for."""
    said = (
        "Failed to validate requested hostname b.example: This zone is either not part of your"
        " account, or you do not have access to it."
    )
    body = {"success": False, "errors": [{"code": 4321, "message": said}]}
    with pytest.raises(ClientError, match=r"b\.example") as caught:
        WRITES["create_origin_certificate"](Api({"*": body}, status=400).client())
    assert "API access" in caught.value.hint


@pytest.mark.parametrize("setting", ["ssl", "tls_client_auth", "development_mode"])
def test_a_setting_that_is_not_editable_is_not_tried(setting: str) -> None:
    """The zone's plan forbids it: said before anything is written."""
    key = {"ssl": "ssl-full", "tls_client_auth": "origin-pulls",
           "development_mode": "development-mode"}[setting]  # fmt: skip
    values = {"ssl": "full", "ssl_automatic_mode": "custom", "tls_client_auth": "off",
              "development_mode": "off"} | ({"ssl": "off"} if setting == "ssl" else {})  # fmt: skip
    step = Bench().steps()[key]
    for locked in (frozenset(), frozenset({setting})):
        facts = SettingFacts(values, locked, missing=("SSL mode Full",))
        if locked:
            with pytest.raises(PreconditionFailed, match="plan does not allow"):
                step.plan(SITE, facts, Past())
        else:
            assert step.plan(SITE, facts, Past()).changes


@pytest.mark.parametrize(
    ("status", "gone"),
    [("active", False), ("pending_deployment", False), ("pending_deletion", False),
     ("deployment_timed_out", False), ("something-new", False), ("", False), ("deleted", True)],
)  # fmt: skip
def test_a_client_certificate_may_be_presented_until_it_is_deleted(
    status: str, *, gone: bool
) -> None:
    """An end changes nothing, a deletion takes its time, and an unknown state is no clearance."""
    assert PullCertificate(id="1", status=status).gone == gone


@pytest.mark.parametrize("kind", ["application/json", "application/hal+json; charset=utf-8"])
def test_both_media_types_of_the_platform_are_read(kind: str) -> None:
    """Which of the two an answer carries differs from end point to end point."""
    vendor = Vendor({"GET /projects/abc": lambda _: httpx.Response(
        200, content=b'{"id": "abc"}', headers={"content-type": kind})})  # fmt: skip
    assert vendor.client().project("abc").id == "abc"


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_good_status_of_a_write_is_a_success(status: int) -> None:
    """Clients and mocks of the vendor show all three."""
    answer = {"status": "ok", "code": status, "_embedded": {"activities": [{"id": "a1"}]}}
    vendor = Vendor({"*": answer}, status=status)
    started = vendor.client().redeploy("abc", "main")
    assert started is not None
    assert started.id == "a1"


@pytest.mark.parametrize(
    ("project", "suspended"),
    [
        ({"subscription": {"suspended": True}}, True),
        ({"status": "suspended"}, True),
        ({"status": {"code": "suspended", "message": "paid late"}}, True),
        ({"status": {"code": "provisioned", "message": "ok"}}, False),
        ({"status": None, "subscription": None}, False),
    ],
)
def test_a_suspended_project_is_recognised_in_each_form(
    project: dict[str, Any], *, suspended: bool
) -> None:
    """By its subscription, by a word, by an object with a code."""
    assert Project.model_validate({"id": "abc", **project}).suspended == suspended


@pytest.mark.parametrize(
    ("links", "offers"),
    [
        ({"self": {}, "#redeploy": {}}, True),
        ({"self": {}, "#edit": {}}, False),
        ({}, True),
    ],
)
def test_an_operation_is_offered_to_whoever_may_carry_it_out(
    links: dict[str, Any], *, offers: bool
) -> None:
    """Linked, it may be asked for; where no link is told at all, nothing is concluded."""
    assert Environment.model_validate({"id": "main", "_links": links}).offers("#redeploy") == offers


@pytest.mark.parametrize(
    ("rules", "restricted"),
    [
        ([], ()),
        ([{"permission": "allow", "address": "0.0.0.0/0"}], ()),
        ([{"permission": "allow", "address": "::/0"}], ()),
        ([{"permission": "allow", "address": "192.0.2.7/32"},
          {"permission": "deny", "address": "0.0.0.0/0"}], ("192.0.2.7/32", "0.0.0.0/0")),
    ],
)  # fmt: skip
def test_access_control_that_lets_everybody_in_protects_nothing(
    rules: list[dict[str, str]], restricted: tuple[str, ...]
) -> None:
    """Enabled with empty lists, or with an allow for any address."""
    access = HttpAccess.model_validate({"is_enabled": True, "addresses": rules})
    assert access.restricted == restricted
    state = AccessState("staging", production=False, active=True, enabled=True, users=(),
                        addresses=access.restricted, url="https://staging.example/")  # fmt: skip
    assert state.effective == bool(restricted)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"production": True}, "only for active development environments"),
        ({"active": False}, "only for active development environments"),
        ({}, "No user and password are set"),
    ],
)
def test_access_control_is_for_active_development_environments(
    change: dict[str, bool], words: str
) -> None:
    """And with a password from the settings only; an effective one is left alone."""
    step: Any = Bench().steps()["http-access"]
    step.user, step.password = "", SecretStr("")
    bare = {"production": False, "active": True, "enabled": False, **change}
    state = AccessState("staging", users=(), addresses=(), url="https://x.example/", **bare)
    with pytest.raises(PreconditionFailed, match=words):
        step.plan(SITE, (state,), Past())
    left = AccessState("staging", production=False, active=True, enabled=True, users=("somebody",),
                       addresses=(), url="https://x.example/")  # fmt: skip
    assert step.plan(SITE, (left,), Past()).nothing_to_do


def test_a_wildcard_is_looked_at_under_a_name_in_its_place_and_certified_as_itself() -> None:
    """`*.` can be asked for by nobody; the certificate still names it, by one label only."""
    hosts = [stand_in(name) for name in ("*.example.com", "*.shop.example.com", "a.example.com")]
    assert hosts == ["mtls-bot-look.example.com", "mtls-bot-look.shop.example.com",
                     "a.example.com"]  # fmt: skip
    assert names_needed("example.com", hosts) == (
        "example.com", "*.example.com", "*.shop.example.com",
    )  # fmt: skip


def test_a_user_token_that_is_refused_is_not_taken_for_one_without_an_end() -> None:
    """Denied is denied; which endpoint an account's token may ask is not documented."""
    with pytest.raises(Denied):
        Api({"*": {"success": False}}, status=403).client().verify_token()
