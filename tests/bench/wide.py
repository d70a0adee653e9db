"""The edit and its push into a repository with 50,000 files in one tree: time and memory.

Ours runs in a process of its own. The peaks are those that the kernel keeps for each process
(VmHWM): what getrusage tells begins with the peak of whoever started the process.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
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
            git = _peak_of_git(vendor, Path(directory))
            theirs = time.perf_counter() - began
        finally:
            vendor.close()
    name = f"edit and push, {FILES:,} files in one tree"
    yield Measured(name, seconds, "s", theirs, 1)
    # git reads the tree as bytes, we as the JSON of the API: bounded, and several times as much.
    yield Measured(f"{name}, memory", megabytes, "MB", git, 5)


def _peak_of_git(vendor: PlatformshStandIn, directory: Path) -> float:
    """Megabytes of the largest of git's processes while it clones, commits and pushes."""
    largest = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal largest
        while not over.wait(0.01):
            for status in Path("/proc").glob("[0-9]*/status"):
                with suppress(OSError):
                    largest = max(largest, _of_git(status.read_text()))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        clone_and_push(vendor, directory)
    finally:
        over.set()
        watching.join()
    return largest / 1024


def _of_git(status: str) -> int:
    """Kilobytes of a process of git at its highest; nothing of any other."""
    if not status.startswith("Name:\tgit"):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def _highest() -> int:
    """Kilobytes of this process at its highest, whatever its parent was."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


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
    before = _highest()
    began = time.perf_counter()
    head = repository.head(PROJECT, BRANCH)
    text = repository.read(head, _ROUTES)
    assert text is not None
    edited = routes.require(text.decode(), mode="require", ca_path=_CA)
    files = {_ROUTES: edited.text.encode(), f".platform/{_CA}": b"PEM\n"}
    made = repository.commit(head, files, message="Require it", at=datetime.now(UTC))
    repository.push(PROJECT, BRANCH, made, expected=head.commit)
    seconds = time.perf_counter() - began
    grown = (_highest() - before) / 1024
    sys.stdout.write(f"{json.dumps([seconds, grown])}\n")


if __name__ == "__main__":
    _child()
