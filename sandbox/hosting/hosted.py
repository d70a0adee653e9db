"""A repository at a git host, on disk: branches, commits made by the API, requests and merges."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from sandbox.platformsh.repository import ZEROS, Repository

Method = Literal["merge", "squash", "rebase"]
Moved = Callable[[str, str, str], None]
"""Branch, old and new commit: what an integration is told of."""


class RefusedError(Exception):
    """What the host does not do, in its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Person:
    """Who a commit is by, and when (aware)."""

    name: str
    email: str
    at: datetime

    @property
    def line(self) -> str:
        return f"{self.name} <{self.email}> {int(self.at.timestamp())} +0000"


@dataclass(slots=True)
class Request:
    """A pull or merge request."""

    number: int
    branch: str
    into: str
    title: str
    text: str
    created_at: datetime
    state: Literal["open", "merged", "closed"] = "open"
    trial: str = ""
    """The trial merge that a host makes of an open request; on no branch, ever."""
    merged_at: datetime | None = None
    method: Method = "merge"
    merged_as: str = ""
    """What the target branch was updated to."""


def nobody(_branch: str, _old: str, _new: str) -> None:
    """Where there is no integration."""


@dataclass(slots=True)
class Hosted:
    """One repository; whoever changes it holds the lock."""

    git: Repository
    name: str
    clock: Callable[[], datetime]
    moved: Moved = nobody
    requests: list[Request] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def copy_of(
        cls, source: Path, place: Path, name: str, clock: Callable[[], datetime]
    ) -> "Hosted":
        """The same branches as another repository has."""
        git = Repository(place)
        git.git("fetch", "--quiet", str(source), "+refs/heads/*:refs/heads/*")
        return cls(git, name, clock)

    def tip(self, branch: str) -> str | None:
        return self.git.head(branch)

    def is_commit(self, sha: str) -> bool:
        answer = self.git.git("cat-file", "--batch-check", stdin=sha.encode() + b"\n")
        return b" commit " in answer

    def blob(self, content: bytes) -> str:
        return self.git.git("hash-object", "-w", "--stdin", stdin=content).decode().strip()

    def tree(self, start: str, entries: Sequence[tuple[str, str, str | None]]) -> str:
        """A tree on another one, with (mode, path, blob) put in; no blob takes the path out."""
        lines = [f"0 {ZEROS}\t{path}" if sha is None else f"{mode} {sha}\t{path}"
                 for mode, path, sha in entries]  # fmt: skip
        with self.lock:  # there is one index
            self.git.git("read-tree", start)
            self.git.git(
                "update-index", "--index-info", stdin="".join(f"{n}\n" for n in lines).encode()
            )
            return self.git.git("write-tree").decode().strip()

    def commit(
        self, tree: str, parents: Sequence[str], message: str, author: Person, committer: Person
    ) -> str:
        """A commit on no branch."""
        lines = [f"tree {tree}", *(f"parent {p}" for p in parents), f"author {author.line}",
                 f"committer {committer.line}", "", message]  # fmt: skip
        raw = "\n".join(lines).encode()
        return (
            self.git.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw).decode().strip()
        )

    def begin(self, branch: str, sha: str) -> None:
        """A new branch. Raises RefusedError when there is one of that name."""
        with self.lock:
            if self.tip(branch) is not None:
                raise RefusedError(422, "Reference already exists")
            self.git.git("update-ref", f"refs/heads/{branch}", sha, ZEROS)
        self.moved(branch, ZEROS, sha)

    def open(self, branch: str, into: str, title: str, text: str) -> Request:
        """A request; one open request a branch."""
        with self.lock:
            head, base = self.tip(branch), self.tip(into)
            if head is None or base is None:
                raise RefusedError(422, "Head or base is no branch")
            if any(r.branch == branch and r.state == "open" for r in self.requests):
                raise RefusedError(409, f"A request already exists for {branch}")
            if head == base:
                raise RefusedError(422, f"No commits between {into} and {branch}")
            made = Request(len(self.requests) + 1, branch, into, title, text, self.clock())
            made.trial = self._merged(made, "merge")[0]
            self.requests.append(made)
            return made

    def find(self, number: int) -> Request | None:
        return next((r for r in self.requests if r.number == number), None)

    def close(self, number: int) -> Request:
        """Without a merge."""
        request = self.find(number)
        assert request is not None
        if request.state == "open":
            request.state = "closed"
        return request

    def merge(self, number: int, method: Method = "merge") -> str:
        """What the target branch is then; its integration hears of it."""
        request = self.find(number)
        assert request is not None
        with self.lock:
            if request.state != "open":
                raise RefusedError(405, "The request is not open")
            old = self.tip(request.into)
            assert old is not None
            new, _ = self._merged(request, method)
            self.git.git("update-ref", f"refs/heads/{request.into}", new, old)
            request.state, request.method, request.merged_as = "merged", method, new
            request.merged_at = self.clock()
        self.moved(request.into, old, new)
        return new

    def _merged(self, request: Request, method: Method) -> tuple[str, str]:
        """The commit that a merge makes, and its tree."""
        head, base = self.tip(request.branch), self.tip(request.into)
        assert head is not None
        assert base is not None
        told = self.git.git("merge-tree", "--write-tree", base, head).decode().split("\n")
        tree = told[0]
        people = Person("Reviewer", "reviewer@example.com", self.clock())
        if method == "merge":
            words = f"Merge {request.branch}\n\n{request.title}\n"
            return self.commit(tree, [base, head], words, people, people), tree
        message = self.git.git("log", "-1", "--format=%B", head).decode()
        if method == "squash":
            message = f"{request.title} (#{request.number})\n\n{message}"
        return self.commit(tree, [base], message, people, people), tree

    def somebody_commits(self, branch: str, files: Mapping[str, bytes | None]) -> str:
        """Somebody else pushes to a branch."""
        with self.lock:
            old = self.tip(branch) or ZEROS
            new = self.git.commit(branch, files, message="Somebody else's work\n")
        self.moved(branch, old, new)
        return new
