"""The stand-in's activities: order, pages, logs, queues, failures, staging, deployments."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.platformsh import Trouble
from tests.contract.platformsh_stand import Stand, requiring, routes, standing


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    """As it is at the start; put back after the test."""
    yield running
    running.reset()


def pushes(stand: Stand, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stand.get(f"{stand.main}/activities", **query)
    return found


def test_activities_are_newest_first_and_filtered(stand: Stand) -> None:
    """By type, also in the form of the published client, by state and by result."""
    commit = stand.deploy({"a": b"1"})
    stand.redeploy()
    newest = pushes(stand)
    assert [a["type"] for a in newest[:2]] == ["environment.redeploy", "environment.push"]
    for name in ("type", "type[type]", "type[]"):
        found = pushes(stand, **{name: "environment.push"})
        assert {a["type"] for a in found} == {"environment.push"}
        assert found[0]["parameters"]["new_commit"] == commit
    assert {a["result"] for a in pushes(stand, result="success")} == {"success"}
    assert {a["result"] for a in pushes(stand, result="failure")} <= {"failure"}
    assert pushes(stand, state="pending") == []
    assert len(pushes(stand, count="1")) == 1
    others = stand.get(f"{stand.path}/environments/staging/activities")
    assert {tuple(a["environments"]) for a in others} == {("staging",)}


def test_activities_are_paged_by_time_without_a_loss(stand: Stand) -> None:
    """`starts_at` includes its own instant; dropping ids already seen gives each one once."""
    for at in range(4):
        stand.platformsh.commit("feature-cart", {"n": str(at).encode()})
    assert stand.platformsh.settle()
    path = f"{stand.path}/activities"
    whole = [a["id"] for a in stand.get(path, count="100")]
    seen: list[str] = []
    starts_at: dict[str, str] = {}
    while True:
        page = stand.get(path, count="3", **starts_at)
        fresh = [a for a in page if a["id"] not in seen]
        if not fresh:
            break
        seen += [a["id"] for a in fresh]
        starts_at = {"starts_at": page[-1]["created_at"]}
    assert seen == whole


def test_the_log_is_lines_of_json_with_a_seal(stand: Stand) -> None:
    """And a query that belongs to the list is refused, as the vendor does."""
    stand.deploy({"a": b"2"})
    activity = pushes(stand, count="1")[0]
    href = activity["_links"]["log"]["href"]
    lines = [json.loads(line) for line in stand.api.get(href).text.splitlines()]
    assert lines[-1] == {"seal": True}
    assert "Redeploying environment main" in [x["data"]["message"] for x in lines[:-1]]
    assert stand.api.get(href, params={"count": "10"}).status_code == 400


def test_an_environment_is_dirty_while_something_runs_and_does_one_thing_at_a_time(
    stand: Stand,
) -> None:
    """The second activity waits for the first and can be cancelled until it begins."""
    stand.platformsh.trouble(Trouble("slow", "redeploy", seconds=0.4))
    first, second = (
        stand.api.post(f"{stand.main}/redeploy").json()["_embedded"]["activities"][0]
        for _ in range(2)
    )
    assert stand.get(stand.main)["status"] == "dirty"
    waiting = f"{stand.path}/activities/{second['id']}"
    assert stand.get(waiting)["state"] == "pending"
    assert stand.get(f"{stand.path}/environments/staging")["status"] == "active"
    assert stand.api.post(f"{waiting}/cancel").is_success
    assert stand.platformsh.settle()
    assert stand.get(f"{stand.path}/activities/{first['id']}")["state"] == "complete"
    assert stand.get(waiting)["state"] == "cancelled"
    assert stand.get(stand.main)["status"] == "active"


def deployed(stand: Stand) -> dict[str, Any]:
    found: dict[str, Any] = stand.get(f"{stand.main}/deployments/current")
    return found


@pytest.mark.parametrize(
    "files",
    [
        {".platform/routes.yaml": b'"https://{default}/": [\n'},
        {".platform/routes.yaml": routes("require")},
        {".platform/routes.yaml": routes("require").replace(b"require", b"required")},
        {".platform/routes.yaml": routes(None).replace(b"app:http", b"nothing:http")},
        requiring() | {".platform/cloudflare-ca.crt": b"no certificate"},
    ],
    ids=["no yaml", "missing include", "unknown word", "unknown app", "no pem"],
)
def test_a_configuration_that_cannot_be_deployed_fails_and_changes_nothing(
    stand: Stand, files: dict[str, bytes | None]
) -> None:
    """The push has been taken, its activity fails, the old deployment goes on."""
    before = deployed(stand)
    commit = stand.deploy(files)
    activity = pushes(stand, count="1")[0]
    assert (activity["state"], activity["result"]) == ("complete", "failure")
    assert activity["failure_reason"] == "error"
    assert deployed(stand) == before
    environment = stand.get(stand.main)
    assert environment["head_commit"] == commit
    assert environment["deployment_state"]["last_deployment_successful"] is False


def test_a_failing_build_leaves_the_deployment(stand: Stand) -> None:
    """Ordered as trouble: the next push fails, the one after it does not."""
    before = deployed(stand)
    stand.platformsh.trouble(Trouble("failure", "push"))
    stand.deploy(requiring())
    assert pushes(stand, count="1")[0]["result"] == "failure"
    assert deployed(stand) == before
    stand.deploy({"again": b""})
    assert pushes(stand, count="1")[0]["result"] == "success"
    assert deployed(stand) != before


def test_a_merge_deploys_and_names_no_commit(stand: Stand) -> None:
    """Only a push names the commit that it brought."""
    before = deployed(stand)
    commit = stand.platformsh.merge("main", {"merged.txt": b"so\n"})
    assert stand.platformsh.settle()
    (merge,) = stand.get(f"{stand.main}/activities", type="environment.merge")
    assert (merge["state"], merge["result"]) == ("complete", "success")
    assert commit not in str(merge)
    assert stand.get(stand.main)["head_commit"] == commit
    assert deployed(stand)["fingerprint"] != before["fingerprint"]
    stand.deploy({"merged.txt": None})


def test_whoever_may_not_change_the_project_is_offered_nothing(stand: Stand) -> None:
    """No operation is linked, and asking all the same is refused."""
    assert "#redeploy" in stand.get(stand.main)["_links"]
    stand.platformsh.project.may_change = False
    links = stand.get(stand.main)["_links"]
    refused = stand.api.post(f"{stand.main}/redeploy").status_code
    added = stand.add_certificate("example.com").status_code
    stand.platformsh.project.may_change = True
    assert not [name for name in links if name.startswith("#")]
    assert (refused, added) == (403, 403)


def test_staged_work_waits_for_a_deploy_and_a_redeploy_does_not_release_it(stand: Stand) -> None:
    """With manual deployments a push is built and staged: 100 percent, success, not live."""
    settings = f"{stand.main}/settings"
    assert stand.api.patch(settings, json={"enable_manual_deployments": True}).is_success
    before = deployed(stand)["routes"]
    stand.deploy(requiring())
    activity = pushes(stand, count="1")[0]
    shown = [activity[k] for k in ("state", "result", "completion_percent")]
    assert shown == ["staged", "success", 100]
    stand.redeploy()
    assert deployed(stand)["routes"] == before
    environment = stand.get(stand.main)
    assert environment["has_staged_activities"] is True
    assert "#deploy" in environment["_links"]
    assert stand.api.post(f"{stand.main}/deploy", json={"strategy": "stopstart"}).is_success
    assert stand.platformsh.settle()
    assert deployed(stand)["routes"] != before
    assert stand.get(f"{stand.path}/activities/{activity['id']}")["state"] == "complete"
    assert stand.get(stand.main)["has_staged_activities"] is False


def test_http_access_starts_an_activity_that_deploys(stand: Stand) -> None:
    """Kept at once, live with the deployment; null clears; weak words are refused."""
    path = f"{stand.path}/environments/staging"
    access = {"is_enabled": True, "basic_auth": {"preview": "long enough"}}
    answer = stand.api.patch(path, json={"http_access": access}).json()["_embedded"]
    assert [a["type"] for a in answer["activities"]] == ["environment.update.http_access"]
    assert answer["entity"]["http_access"]["basic_auth"] == access["basic_auth"]
    assert stand.platformsh.settle()
    current = stand.get(f"{path}/deployments/current")
    assert current["http_access"]["basic_auth"] == access["basic_auth"]
    stand.api.patch(path, json={"http_access": {"basic_auth": None}})
    assert stand.get(path)["http_access"]["basic_auth"] == {}
    weak = {"http_access": {"basic_auth": {"p": "short"}}}
    assert stand.api.patch(path, json=weak).status_code == 400


def test_a_child_inherits_access_only_once_it_is_redeployed(stand: Stand) -> None:
    """The setting of production shows at the child, its deployment has it after a redeploy."""
    access = {"is_enabled": True, "basic_auth": {"preview": "long enough"}}
    stand.api.patch(stand.main, json={"http_access": access})
    assert stand.platformsh.settle()
    path = f"{stand.path}/environments/staging"
    assert stand.get(f"{path}/deployments/current")["http_access"]["basic_auth"] == {}
    stand.api.post(f"{path}/redeploy")
    assert stand.platformsh.settle()
    inherited = stand.get(f"{path}/deployments/current")["http_access"]["basic_auth"]
    assert inherited == access["basic_auth"]


def test_an_inactive_environment_can_be_activated(stand: Stand) -> None:
    """Then it is deployed and its link to activate is gone."""
    path = f"{stand.path}/environments/feature-cart"
    assert "#activate" in stand.get(path)["_links"]
    assert stand.api.post(f"{path}/activate").is_success
    assert stand.platformsh.settle()
    try:
        found = stand.get(path)
        assert (found["status"], found["has_deployment"]) == ("active", True)
        assert "#activate" not in found["_links"]
    finally:
        cart = stand.platformsh.project.environments["feature-cart"]
        cart.is_active, cart.deployment = False, None
