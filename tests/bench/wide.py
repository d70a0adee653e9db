"""The edit and its push into a repository with 50,000 files in one tree: time and memory.

Ours runs in a process of its own, so that its memory is its own; git's is that of its processes.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from sandbox.authorities import Authorities
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.platformsh.stand_in import PlatformshStandIn
from sandbox.timings import Timings
from steps import routes
from steps.clients.api_token import ApiToken
from steps.clients.git_objects import Author
from steps.clients.platformsh import certifier, platformsh
from steps.clients.repository import Repository
from tests.bench.measure import Measured
from tests.bench.push import BRANCH, PROJECT, clone_and_push

FILES = 50_000
_CA, _ROUTES = "cloudflare-ca.crt", ".platform/routes.yaml"


def wide_tree() -> Iterator[Measured]:
    """Seconds and megabytes of the whole change, beside clone, commit and push."""
    with tempfile.TemporaryDirectory() as directory:
        vendor = PlatformshStandIn(
            authorities=Authorities.create(), journal=Journal(), faults=Faults(),
            timings=Timings(0.0, 0.0, 0.0, 0.0, 0.0), seed=1,
        )  # fmt: skip
        try:
            vendor.commit(BRANCH, {f"file-{n:05d}.txt": b"%d\n" % n for n in range(FILES)})
            vendor.settle()
            seconds, megabytes = _ours(vendor)
            began = time.perf_counter()
            clone_and_push(vendor, Path(directory))
            theirs = time.perf_counter() - began
        finally:
            vendor.close()
    git = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    name = f"edit and push, {FILES:,} files in one tree"
    yield Measured(name, seconds, "s", theirs, 1)
    yield Measured(f"{name}, memory", megabytes, "MB", git, 1)


def _ours(vendor: PlatformshStandIn) -> tuple[float, float]:
    told = {
        "token": vendor.api_token, "auth": vendor.auth_url, "api": vendor.api_url,
        "certifier": vendor.certifier_url, "known_host": vendor.git_known_host,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.wide"], input=json.dumps(told), text=True, check=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def _child() -> None:
    """Read, edit, commit and push; what it took is the last line printed."""
    told = json.loads(sys.stdin.read())
    auth = ApiToken(SecretStr(told["token"]), told["auth"])
    repository = Repository(
        platformsh(auth, base=told["api"]), certifier(auth, base=told["certifier"]).certify,
        told["known_host"], Author("Bench", "bench@example.com"),
    )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    head = repository.head(PROJECT, BRANCH)
    text = repository.read(head, _ROUTES)
    assert text is not None
    edited = routes.require(text.decode(), mode="require", ca_path=_CA)
    files = {_ROUTES: edited.text.encode(), f".platform/{_CA}": b"PEM\n"}
    made = repository.commit(head, files, message="Require it", at=datetime.now(UTC))
    repository.push(PROJECT, BRANCH, made, expected=head.commit)
    seconds = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sys.stdout.write(f"{json.dumps([seconds, grown])}\n")


if __name__ == "__main__":
    _child()
