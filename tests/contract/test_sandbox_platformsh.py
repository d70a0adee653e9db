"""The stand-in's API: tokens, certificates, activities, deployments, as the reference has them."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from sandbox.faults import Fault
from tests.contract.platformsh_stand import (
    SITE,
    Stand,
    authorities,
    pkcs1,
    requiring,
    standing,
)


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    """As it is at the start; put back after the test."""
    yield running
    running.reset()


def token(stand: Stand, *, client: str = "platform-api-user", **form: str) -> httpx.Response:
    given = {"grant_type": "api_token", "api_token": stand.platformsh.api_token} | form
    return httpx.post(f"{stand.platformsh.auth_url}/oauth2/token", data=given, auth=(client, ""))


def test_an_api_token_is_exchanged_for_an_access_token(running: Stand) -> None:
    """Three parts like a JWT, fifteen minutes, bearer; and the API takes it."""
    answer = token(running).json()
    assert (answer["expires_in"], answer["token_type"]) == (900, "bearer")
    assert answer["access_token"].count(".") == 2
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert httpx.get(f"{running.platformsh.api_url}/users/me", headers=headers).is_success


def test_a_wrong_api_token_is_an_invalid_grant(running: Stand) -> None:
    """With the words of OAuth; an unknown client is refused before that."""
    refused = token(running, api_token="something else")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert token(running, client="stranger").status_code == 401
    assert token(running, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_an_access_token_that_has_ended_is_refused(running: Stand) -> None:
    """The life of a token can be set, so that renewal can be tried."""
    auth = running.platformsh.auth
    auth.expires_in = 0
    try:
        ended = auth.access_token()
    finally:
        auth.expires_in = 900
    answer = httpx.get(
        f"{running.platformsh.api_url}/users/me", headers={"Authorization": f"Bearer {ended}"}
    )
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]


def test_both_prefixes_answer_alike(running: Stand) -> None:
    """`/projects/…` of the documentation and `/api/projects/…` of the links."""
    assert running.get(running.main) == running.get("/api" + running.main)


def test_projects_of_a_token_are_found_by_grants_and_references(running: Stand) -> None:
    """The way that public clients go: the user, the grants, the titles."""
    user = running.get("/users/me")["id"]
    path = f"/users/{user}/extended-access"
    found = running.get(path, **{"filter[resource_type]": "project"})
    ids = [item["resource_id"] for item in found["items"]]
    assert ids == [running.platformsh.project.id]
    named = running.get(found["_links"]["ref:projects:0"]["href"])
    assert named[ids[0]]["title"] == running.platformsh.project.title


def test_what_is_unknown_is_a_404_with_the_vendors_shape(running: Stand) -> None:
    """Project, environment, certificate, activity, commit, and a deployment that is not there."""
    for path in (
        "/projects/other", f"{running.path}/environments/other", f"{running.path}/certificates/no",
        f"{running.path}/activities/no", f"{running.path}/git/commits/{'0' * 40}",
        f"{running.path}/environments/feature-cart/deployments/current",
    ):  # fmt: skip
        answer = running.api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, 404)


def test_a_branch_with_a_slash_is_one_encoded_segment(stand: Stand) -> None:
    """`feature/x` is asked for as `feature%2Fx`."""
    stand.deploy({"x": b"1"}, branch="feature/x")
    found = stand.get(f"{stand.path}/environments/feature%2Fx")
    assert (found["id"], found["status"]) == ("feature/x", "inactive")
    assert found["_links"]["self"]["href"].endswith("/feature%2Fx")
    assert stand.get(f"{stand.path}/git/refs/heads%2Ffeature%2Fx")["sha"] == found["head_commit"]


def test_an_environment_tells_what_preflight_needs(running: Stand) -> None:
    """Type, status, edge host name, head and the state of the last deployment."""
    found = running.get(running.main)
    assert (found["type"], found["status"]) == ("production", "active")
    assert found["edge_hostname"] == running.platformsh.edge_hostname
    assert found["head_commit"] == running.platformsh.head("main")
    assert found["deployment_state"]["last_deployment_successful"] is True
    assert {"#edit", "#redeploy", "self"} <= found["_links"].keys()
    assert "#deploy" not in found["_links"]
    assert running.get(f"{running.path}/integrations") == []
    assert running.get(f"{running.path}/settings")["project_config_dir"] == ".platform"
    assert running.get(f"{running.path}/capabilities")["custom_domains"]["enabled"] is True
    names = [d["name"] for d in running.get(f"{running.path}/domains")]
    assert names == ["example.com", "www.example.com", "img.cdn.example.com"]


def test_the_deployment_shows_resolved_routes_and_the_authorities_as_pem(stand: Stand) -> None:
    """Placeholders filled in, generated redirects added, the include read."""
    stand.deploy(requiring())
    found = stand.get(f"{stand.main}/deployments/current")["routes"]
    block = found[f"https://{SITE}/"]["tls"]
    assert block["client_authentication"] == "require"
    assert block["client_certificate_authorities"] == [authorities().client_ca.certificate_pem]
    assert found["https://www.example.com/"]["to"] == f"https://{SITE}/"
    assert found["https://www.example.com/"]["original_url"] == "https://www.{default}/"
    redirect = found[f"http://{SITE}/"]
    assert (redirect["type"], redirect["to"]) == ("redirect", f"https://{SITE}/")
    assert redirect["tls"]["client_authentication"] is None


def test_a_preview_has_the_same_routes_under_its_own_names(running: Stand) -> None:
    """A literal host gets the generated host behind it; production's name stands beside it."""
    path = f"{running.path}/environments/staging/deployments/current"
    found = running.get(path)["routes"]
    host = running.staging_host
    assert found[f"https://{host}/"]["production_url"] == f"https://{SITE}/"
    assert found[f"https://www.{host}/"]["production_url"] == "https://www.example.com/"
    literal = found[f"https://img.cdn.example.com.{host}/"]
    assert literal["production_url"] == "https://img.cdn.example.com/"


def test_all_stands_for_every_domain_and_default_wins(stand: Stand) -> None:
    """`{all}` is spread over the attached domains; the same URL of `{default}` is kept."""
    text = (
        '"https://{all}/": {type: redirect, to: "https://{default}/"}\n'
        '"https://{default}": {type: upstream, upstream: "app:http"}\n'
    )
    stand.deploy({".platform/routes.yaml": text.encode()})
    found = stand.get(f"{stand.main}/deployments/current")["routes"]
    secure = {url: r["type"] for url, r in found.items() if url.startswith("https")}
    assert secure == {
        "https://example.com/": "upstream",
        "https://www.example.com/": "redirect",
        "https://img.cdn.example.com/": "redirect",
    }


def test_a_certificate_is_listed_without_its_key(stand: Stand) -> None:
    """The list shows names, issuer and end; no answer holds a private key."""
    answer = stand.add_certificate(SITE, f"*.{SITE}")
    entity = answer.json()["_embedded"]["entity"]
    assert (entity["domains"], entity["is_provisioned"]) == ([SITE, f"*.{SITE}"], False)
    listed = stand.api.get(f"{stand.path}/certificates")
    assert [c["is_provisioned"] for c in listed.json()] == [True, False]
    assert {"key", "key_pem"} & (listed.json()[1].keys() | entity.keys()) == set()
    assert "PRIVATE KEY" not in answer.text + listed.text


def pkcs8(made: dict[str, str]) -> dict[str, str]:
    return made | {"key": made["pkcs8"]}


def other_key(made: dict[str, str]) -> dict[str, str]:
    return made | {"key": pkcs1(authorities().origin_ca_rsa.issue(["a"], days=9).key_pem)}


def no_key(made: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in made.items() if k != "key"}


def no_certificate(made: dict[str, str]) -> dict[str, str]:
    return made | {"certificate": "something"}


@pytest.mark.parametrize(
    ("spoil", "field"),
    [(pkcs8, "key"), (other_key, "key"), (no_key, "key"), (no_certificate, "certificate")],
)
def test_a_certificate_that_cannot_be_served_is_refused(
    stand: Stand, spoil: Callable[[dict[str, str]], dict[str, str]], field: str
) -> None:
    """The key must be PKCS#1 and belong to the certificate; nothing is kept of a refusal."""
    issued = authorities().origin_ca_rsa.issue([SITE], days=90)
    made = {
        "certificate": issued.certificate_pem, "key": pkcs1(issued.key_pem),
        "pkcs8": issued.key_pem,
    }  # fmt: skip
    path = f"{stand.path}/certificates"
    refused = stand.api.post(path, json=spoil(made))
    assert refused.status_code == 400
    assert list(refused.json()["detail"]) == [field]
    assert len(stand.get(path)) == 1
    assert stand.api.post(path, json=made).status_code == 201  # the control: unspoilt it is taken


def test_the_provisioned_certificate_cannot_be_deleted(stand: Stand) -> None:
    """403 for that one; a custom one goes."""
    provisioned = stand.get(f"{stand.path}/certificates")[0]["id"]
    assert stand.api.delete(f"{stand.path}/certificates/{provisioned}").status_code == 403
    added = stand.add_certificate(SITE).json()["_embedded"]["entity"]["id"]
    replaced = stand.api.patch(f"{stand.path}/certificates/{added}", json={"key": "x"})
    assert replaced.status_code == 400
    assert stand.api.delete(f"{stand.path}/certificates/{added}").is_success
    assert len(stand.get(f"{stand.path}/certificates")) == 1


def test_a_self_link_may_name_another_host(stand: Stand) -> None:
    """As the vendor's region hosts do; no client may take its token there."""
    stand.platformsh.project.self_host = "https://eu-5.platform.sh"
    try:
        href = stand.get(stand.path)["_links"]["self"]["href"]
    finally:
        stand.platformsh.project.self_host = ""
    assert href == f"https://eu-5.platform.sh/api{stand.path}"


def test_a_fault_has_its_turn_and_every_request_is_recorded(stand: Stand) -> None:
    """A queued status comes once and has no effect; the token exchange is a service of its own."""
    stand.faults.add(Fault("platformsh", "POST", "/redeploy", "status", status=503))
    before = len(stand.platformsh.activities.listed())
    assert stand.api.post(f"{stand.main}/redeploy").status_code == 503
    assert len(stand.platformsh.activities.listed()) == before
    assert stand.api.post(f"{stand.main}/redeploy").is_success
    token(stand)
    stand.platformsh.settle()
    stand.get(stand.path)  # a request is recorded once its answer is out: here, for sure, by now
    recorded = [r.status for r in stand.journal.writes("platformsh") if "/redeploy" in r.path]
    assert recorded[-2:] == [503, 200]
    exchanges = [r for r in stand.journal.all() if r.path == "/oauth2/token"]
    assert {r.service for r in exchanges} == {"platformsh-auth"}
