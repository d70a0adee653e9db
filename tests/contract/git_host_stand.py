"""A git host of the sandbox with the demo repository, and our client of it."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from sandbox.faults import Faults
from sandbox.github import GithubStandIn
from sandbox.gitlab import GitlabStandIn
from sandbox.journal import Journal
from sandbox.platformsh import demo_repository
from sandbox.platformsh.repository import Repository, git_environment
from steps.clients.git_host import GitHost, NewCommit
from steps.clients.git_objects import Author
from steps.clients.github import github
from steps.clients.gitlab import gitlab

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHOP, CONFIG = "example/shop", ".platform"
ROUTES, CA = ".platform/routes.yaml", ".platform/cloudflare-ca.crt"
AUTHOR = Author("mTLS bot", "bot@example.com")
Kind = Literal["github", "gitlab"]


@dataclass
class World:
    """One host, and what it told its integration."""

    vendor: GithubStandIn | GitlabStandIn
    client: GitHost
    reader: GitHost
    journal: Journal
    faults: Faults
    moves: list[tuple[str, str, str]] = field(default_factory=list)

    def git(self, *arguments: str) -> str:
        """Git itself in the host's repository."""
        place = self.vendor.hosted.git.path
        done = subprocess.run(["git", *arguments], cwd=place, env=git_environment(), check=True,
                              capture_output=True, text=True)  # fmt: skip
        return done.stdout

    def commit(self, files: dict[str, bytes | None], *, message: str = "Change it\n") -> NewCommit:
        tip = self.client.tip(SHOP, "main")
        assert tip is not None
        parent = self.client.snapshot(SHOP, tip, CONFIG)
        return NewCommit(parent, files, message, AUTHOR, AT)

    def offered(self, branch: str, files: dict[str, bytes | None]) -> str:
        """A request of a branch with these files."""
        self.client.begin_branch(SHOP, branch, self.commit(files))
        made = self.client.open_request(SHOP, branch, into="main", title="Change it", text="Why")
        return made.number


@contextmanager
def hosting(kind: Kind, place: Path) -> Iterator[World]:
    journal, faults = Journal(), Faults()
    moves: list[tuple[str, str, str]] = []
    source = Repository(place / "source.git")
    demo_repository.fill(source)
    with ExitStack() as closing:
        make = GithubStandIn if kind == "github" else GitlabStandIn
        vendor = make(
            source.path, place, journal=journal, faults=faults,
            moved=lambda branch, old, new: moves.append((branch, old, new)),
        )  # fmt: skip
        connect = github if kind == "github" else gitlab
        clients = [
            connect(SecretStr(token), base=vendor.url) for token in (vendor.token, vendor.reader)
        ]
        closing.callback(vendor.close)
        for client in clients:
            closing.callback(client.service.close)
        yield World(vendor, clients[0], clients[1], journal, faults, moves)
