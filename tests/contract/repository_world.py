"""A project at the Platform.sh stand-in, and a repository client of it."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr

from sandbox.authorities import Authorities
from sandbox.faults import Faults
from sandbox.journal import Journal, Recorded
from sandbox.platformsh import PlatformshStandIn
from sandbox.timings import Timings
from steps.clients.api_token import ApiToken
from steps.clients.git_objects import Author, MadeCommit, Snapshot
from steps.clients.platformsh import certifier, platformsh
from steps.clients.repository import Repository

P = "q7x2m5kd3vw4t"
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROUTES, CA = ".platform/routes.yaml", ".platform/cloudflare-ca.crt"


class Telling(httpx.BaseTransport):
    """Passes requests on; a test may let trees arrive as a real answer can be: not whole."""

    def __init__(self) -> None:
        self.without_sha = ""
        self._real = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._real.handle_request(request)
        if not self.without_sha or "/git/trees/" not in request.url.path:
            return response
        body = json.loads(response.read())
        response.close()
        for entry in body["tree"]:
            if entry["path"] == self.without_sha:
                entry["sha"] = None
        return httpx.Response(200, json=body)

    def close(self) -> None:
        self._real.close()


@dataclass
class World:
    """A stand-in for Platform.sh and a repository client of its project."""

    vendor: PlatformshStandIn
    client: Repository
    journal: Journal
    faults: Faults
    telling: Telling

    def git(self, *arguments: str) -> str:
        program = shutil.which("git")
        assert program is not None
        return subprocess.run(
            [program, *arguments], cwd=self.vendor.repository, check=True, text=True,
            capture_output=True, env={"PATH": os.defpath, "LC_ALL": "C"},
        ).stdout  # fmt: skip

    def made(self, *, text: bytes = b"PEM\n", head: Snapshot | None = None) -> MadeCommit:
        head = head or self.client.head(P, "main")
        return self.client.commit(head, {CA: text}, message="Add the CA", at=AT)

    def arrivals(self, sha: str) -> list[Recorded]:
        """The pushes that brought a commit; noted a moment after their answer."""
        for _ in range(200):
            found = [r for r in self.journal.all("git") if sha.encode() in r.body]
            if found:
                return found
            time.sleep(0.01)
        return []

    def settle(self) -> None:
        """Without the trouble of a test."""
        self.faults.clear()
        self.telling.without_sha = ""
        self.vendor.auth.certificate_seconds = 3600
        self.vendor.auth.certificate_principals = (P,)
        (self.vendor.repository / "hooks" / "pre-receive").unlink(missing_ok=True)


@contextmanager
def running_world() -> Iterator[World]:
    journal, faults, telling = Journal(), Faults(), Telling()
    with ExitStack() as closing:
        vendor = PlatformshStandIn(
            authorities=Authorities.create(), journal=journal, faults=faults,
            timings=Timings.tests(), seed=7,
        )  # fmt: skip
        closing.callback(vendor.close)
        auth = ApiToken(SecretStr(vendor.api_token), vendor.auth_url)
        api = platformsh(auth, base=vendor.api_url, transport=telling)
        signer = certifier(auth, base=vendor.certifier_url)
        for part in (auth, api.service, signer.service):
            closing.callback(part.close)
        author = Author("mTLS bot", "bot@example.com")
        client = Repository(api, signer.certify, vendor.git_known_host, author)
        yield World(vendor, client, journal, faults, telling)
