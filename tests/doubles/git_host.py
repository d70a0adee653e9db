"""A git host with one repository: branches, requests that people merge after a while or close."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from steps.clients.git_host import HostSnapshot, NewCommit, Request
from steps.clients.git_objects import Author
from steps.errors import AlreadyExists, NotFound
from steps.following import Following
from steps.way_in import WayIn
from steps.way_native import Native
from steps.way_patch import ByHand
from steps.way_request import ByRequest
from tests.doubles.repository import Made, Repository
from tests.doubles.world import NOON, World

SHOP = "example/shop"
AUTHOR = Author("mtls-bot", "bot@example.com")
WHERE = f"{SHOP} at GitHub"


@dataclass
class Host:
    """GitHub, whose people merge a request when it is looked at for the third time."""

    way: str
    world: World
    repository: Repository
    branches: dict[str, Made] = field(default_factory=dict)
    made: list[Request] = field(default_factory=list)
    """The newest first."""
    people: Literal["merge", "close", "wait"] = "merge"
    looks: int = 2
    merges: str = ""
    """Put in place of the routes by whoever merges; empty merges what was offered."""
    rights: bool = True
    vendor: str = "GitHub"
    noun: str = "pull request"

    def may_push(self, repository: str) -> bool | None:
        return self.rights

    def tip(self, repository: str, branch: str) -> str | None:
        if branch == "main":
            return self.repository.commits[-1].sha
        return self.branches[branch].sha if branch in self.branches else None

    def _at(self, sha: str) -> Made:
        there = [*self.repository.commits, *self.branches.values()]
        found = next((c for c in there if c.sha == sha), None)
        if found is None:
            raise NotFound("There is no such commit.", service="GitHub", doing="read")
        return found

    def snapshot(self, repository: str, commit: str, config_dir: str) -> HostSnapshot:
        files = self._at(commit).files
        entries = {
            path.removeprefix(".platform/"): ("100644", f"{commit}:{path}")
            for path in files if path.startswith(".platform/")
        }  # fmt: skip
        return HostSnapshot(commit, "", config_dir, self.repository.tree_of(files), entries)

    def read(self, repository: str, sha: str) -> bytes:
        commit, _, path = sha.partition(":")
        return self._at(commit).files[path]

    def begin_branch(self, repository: str, branch: str, commit: NewCommit) -> str:
        if branch in self.branches:
            raise AlreadyExists("Reference already exists", service="GitHub", doing="make")
        parent = replace(self.repository.head("", "main"), commit=commit.parent.commit)
        made = self.repository.commit(parent, commit.files, message=commit.message, at=commit.at)
        self.branches[branch] = made
        self.world.write(*(f"branch main of {WHERE} · {path}" for path in made.changed))
        return made.sha

    def requests(self, repository: str, branch: str) -> tuple[Request, ...]:
        return tuple(r for r in self.made if r.branch == branch)

    def open_requests(self, repository: str) -> tuple[Request, ...]:
        return tuple(r for r in self.made if r.state == "open")

    def open_request(
        self, repository: str, branch: str, *, into: str, title: str, text: str
    ) -> Request:
        if any(r.branch == branch and r.state == "open" for r in self.made):
            raise AlreadyExists("A pull request already exists", service="GitHub", doing="open")
        number = str(len(self.made) + 1)
        made = Request(number, f"https://github.com/{SHOP}/pull/{number}", branch, "open")
        self.made.insert(0, made)
        self.looks = 2
        # What follows by itself once people have merged it is counted here.
        self.world.write(f"pull request in {WHERE}", "environment main · deployment of the commit")
        return made

    def close_request(self, repository: str, number: str) -> Request:
        request = self._request(number)
        if request.state == "open":
            request = self._now(request, "closed")
            self.world.write(f"request {number} · {request.url}")
        return request

    def request(self, repository: str, number: str) -> Request:
        request = self._request(number)
        if request.state == "open" and self.people != "wait":
            self.looks -= 1
            if self.looks < 0:
                return self._now(request, "merged" if self.people == "merge" else "closed")
        return request

    def _request(self, number: str) -> Request:
        return next(r for r in self.made if r.number == number)

    def _now(self, request: Request, state: Literal["merged", "closed"]) -> Request:
        sha = self._merged(request) if state == "merged" else ""
        changed = replace(request, state=state, merged_as=sha)
        self.made[self.made.index(request)] = changed
        return changed

    def _merged(self, request: Request) -> str:
        """A squash: the changes of the branch on the head of today, as a commit of its own."""
        offered = self.branches[request.branch]
        changes = {path: offered.files.get(path) for path in offered.changed}
        if self.merges:
            changes[".platform/routes.yaml"] = self.merges.encode()
        made = self.repository.commit(
            self.repository.head("", "main"), changes, message=f"Merge {request.number}", at=NOON
        )
        self.repository.arrive(made)
        return made.sha


@dataclass(frozen=True)
class WaysOf:
    """The way in that a test wants, over the doubles."""

    repository: Repository
    following: Following
    host: Host

    def of(self, site: Any) -> WayIn:
        return self.named(self.host.way)

    def named(self, name: str) -> WayIn:
        kind = name.partition(":")[0]
        if kind == "native":
            return Native(self.repository, self.following)
        if kind == "patch":
            return ByHand("Bitbucket", self.repository, AUTHOR, self.following)
        return ByRequest(self.host, SHOP, lambda _site: ".platform", AUTHOR, self.following)
