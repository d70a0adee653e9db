"""A branch: commits whose name is a digest of their inputs, and pushes that deploy."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from steps import routes
from steps.certificates import fingerprints
from steps.errors import PushRefused
from steps.route_step import DeployedRoute
from steps.step import Site
from tests.doubles.platformsh import Project, make_live
from tests.doubles.world import NOON, PROJECT, SITE, World

ROUTES = """\
# The shop.
"https://{default}/":
  type: upstream
  upstream: "app:http"   # see .platform.app.yaml

"https://www.{default}/":
  type: redirect
  to: "https://{default}/"

"https://img.cdn.example.com/":
  type: upstream
  upstream: "app:http"
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    commit: str
    config_dir: str
    config_tree: str


@dataclass(frozen=True, slots=True)
class Made:
    sha: str
    parent: str
    files: Mapping[str, bytes]
    changed: tuple[str, ...]


@dataclass
class Repository:
    """A branch: commits whose name is a digest of their inputs, and pushes that deploy."""

    world: World
    project: Project
    commits: list[Made] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.commits:
            files = {".platform/routes.yaml": ROUTES.encode(), "app.py": b"print()\n"}
            self.commits = [Made("c0ffee" + "0" * 34, "", files, ())]
            self.world.deployed_commit = self.commits[0].sha

    @property
    def files(self) -> Mapping[str, bytes]:
        return self.commits[-1].files

    def head(self, project: str, environment: str) -> Snapshot:
        return Snapshot(self.commits[-1].sha, ".platform", self.tree_of(self.files))

    def tree_of(self, files: Mapping[str, bytes]) -> str:
        """What stands for the id of the configuration tree."""
        config = sorted((p, c) for p, c in files.items() if p.startswith(".platform/"))
        return hashlib.sha1(repr(config).encode()).hexdigest()

    def listing(self, snapshot: Snapshot) -> Mapping[str, int]:
        found = self._at(snapshot.commit).files
        return {path: 0o100644 for path in found if path.startswith(".platform")}

    def read(self, snapshot: Snapshot, path: str) -> bytes | None:
        return self._at(snapshot.commit).files.get(path)

    def _at(self, sha: str) -> Made:
        return next(c for c in self.commits if c.sha == sha)

    def commit(
        self, snapshot: Snapshot, changes: Mapping[str, bytes | None], *, message: str,
        at: datetime,
    ) -> Made:  # fmt: skip
        merged = {**self._at(snapshot.commit).files, **changes}
        files = {path: content for path, content in merged.items() if content is not None}
        inputs = repr((snapshot.commit, sorted(files.items()), message, at.isoformat()))
        sha = hashlib.sha1(inputs.encode()).hexdigest()
        return Made(sha, snapshot.commit, files, tuple(changes))

    def push(self, project: str, environment: str, commit: Made, *, expected: str) -> None:
        if self.commits[-1].sha not in (expected, commit.sha):
            raise PushRefused("The branch has moved.", service="git", doing="push")
        if self.commits[-1].sha == commit.sha:
            return

        self.arrive(commit)
        files = [f"branch {environment} · {path}" for path in commit.changed]
        self.world.write(*files, f"environment {environment} · deployment of the commit")

    def somebody_pushes(self, path: str, content: bytes) -> None:
        """Another person's commit, deployed at once."""
        head = self.head(PROJECT, "main")
        made = self.commit(head, {path: content}, message="Other work", at=NOON)
        self.commits.append(made)
        self.world.deployed_commit = made.sha

    def deployed(self, site: Site) -> tuple[DeployedRoute, ...]:
        """The https routes of what is deployed, with the fingerprints of their CA lists."""
        files = self._at(self.world.deployed_commit).files
        text = files[".platform/routes.yaml"].decode()
        return tuple(
            DeployedRoute(
                entry.url, entry.client_authentication,
                tuple(f for a in entry.authorities
                      for f in fingerprints(files[f".platform/{a.path}"].decode())),
            )
            for entry in routes.routes(text) if entry.scheme == "https"
        )  # fmt: skip

    def brought(self, site: Site, commit: str) -> bool:
        """Whether the deployment of that commit has ended well."""
        return any(r.pushed == commit and r.outcome == "success" for r in self.project.runs)

    def arrive(self, made: Made) -> None:
        """A commit comes to the branch and is deployed, whoever brought it."""

        def deployed(project: Project) -> None:
            project.world.deployed_commit = made.sha
            make_live(project)

        self.commits.append(made)
        self.project.start("environment.push", "main", deployed, pushed=made.sha)

    def mode(self) -> str:
        """What every https route of the deployment asks; the weakest of them."""
        modes = {route.client_authentication for route in self.deployed(SITE)}
        return next((m for m in ("", "request", "require") if m in modes), "")
