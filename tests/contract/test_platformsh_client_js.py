"""A witness that we did not write: the vendor's JavaScript client against the stand-in."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.contract.platformsh_stand import SITE, Stand, authorities, pkcs1, standing

HERE = Path(__file__).parent / "js" / "platformsh"
BUILD = Path(__file__).parents[2] / "build" / "platformsh-witness"
pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("node") and shutil.which("npm")),
        reason="node and npm are not here: the vendor's client did NOT bear witness",
    ),
    pytest.mark.timeout(180),
]


@cache
def modules() -> Path:
    """The directory that holds the client, installed once from the lock file."""
    wanted = (HERE / "package-lock.json").read_bytes()
    done = BUILD / "installed.json"
    if not done.exists() or done.read_bytes() != wanted:
        BUILD.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, BUILD / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=peer"]
        ended = subprocess.run(command, cwd=BUILD, capture_output=True, text=True, check=False)
        if ended.returncode:
            pytest.skip(f"npm ci failed, the vendor's client did NOT bear witness: {ended.stderr}")
        done.write_bytes(wanted)
    return BUILD / "node_modules"


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing() as running:
        yield running


@pytest.fixture(scope="module")
def seen(stand: Stand) -> dict[str, Any]:
    """What the client read and did, from one run of the script."""
    issued = authorities().origin_ca_rsa.issue([SITE, f"*.{SITE}"], days=90)
    platformsh = stand.platformsh
    given = {
        "url": platformsh.api_url, "token": platformsh.auth.access_token(),
        "project": platformsh.project.id, "certificate": issued.certificate_pem,
        "key": pkcs1(issued.key_pem),
    }  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(modules())}
    ended = subprocess.run(
        ["node", str(HERE / "witness.js"), json.dumps(given)],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_it_reads_project_environments_and_domains(stand: Stand, seen: dict[str, Any]) -> None:
    """The same facts as the stand-in was built from."""
    platformsh = stand.platformsh
    assert seen["project"]["id"] == platformsh.project.id
    assert seen["git_url"] == platformsh.project.repository_url
    assert seen["environments"][0] == ["main", "production", "active", platformsh.edge_hostname]
    assert [e[0] for e in seen["environments"]] == ["main", "staging", "feature-cart"]
    assert seen["domains"] == ["example.com", "www.example.com", "img.cdn.example.com"]


def test_it_reads_a_file_from_commit_to_blob(stand: Stand, seen: dict[str, Any]) -> None:
    """Head commit, tree, configuration directory, and the very bytes of routes.yaml."""
    assert seen["head"] == stand.platformsh.head("main")
    shown = ["git", "-C", str(stand.platformsh.repository), "show", "main:.platform/routes.yaml"]
    assert (
        seen["routes"] == subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    )


def test_it_adds_a_certificate(seen: dict[str, Any]) -> None:
    """One more in the list, with the names of the one that was added."""
    assert seen["certificates"] == [1, 2]
    assert seen["added"] == [SITE, f"*.{SITE}"]


def test_it_redeploys_and_waits_for_the_activity(seen: dict[str, Any]) -> None:
    """The activity of the answer, followed to its end, and found again by its type."""
    assert seen["redeploy"] == ["environment.redeploy", "complete", "success"]
    assert "environment.redeploy" in seen["activities"]
    assert "environment.redeploy" in seen["project_activities"]


def test_it_reads_the_deployment(seen: dict[str, Any]) -> None:
    """The resolved URLs of the routes, generated redirects included."""
    assert {f"https://{SITE}/", f"http://{SITE}/", "https://www.example.com/"} <= set(
        seen["route_urls"]
    )


def test_it_changes_the_access_of_an_environment(seen: dict[str, Any]) -> None:
    """One activity, and the setting reads back."""
    assert seen["changed"] == ["environment.update.http_access"]
    assert seen["http_access"]["basic_auth"] == {"preview": "a long password"}
