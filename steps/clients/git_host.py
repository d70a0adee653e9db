"""What a git host that takes requests is asked, whichever vendor runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from steps.clients.git_objects import APP_FILE, Author, added, proven
from steps.errors import NotFound, PreconditionFailed

if TYPE_CHECKING:
    from steps.clients.platformsh_models import TreeEntry

__all__ = ["APP_FILE", "GitHost", "HostSnapshot", "NewCommit", "Request"]
_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class HostSnapshot:
    """A commit at a git host with the entries of its configuration directory, proven."""

    commit: str
    root_tree: str
    """Empty where the vendor's commits need none."""
    config_dir: str
    config_tree: str
    entries: Mapping[str, tuple[str, str]] = field(repr=False)
    """Name to mode and blob id."""
    beside: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """The same of files at the root, as far as they matter: the application's."""

    def listing(self) -> dict[str, int]:
        """Path to mode."""
        inside = {f"{self.config_dir}/{n}": int(m, 8) for n, (m, _) in self.entries.items()}
        return inside | {name: int(mode, 8) for name, (mode, _) in self.beside.items()}

    def blob(self, path: str) -> str | None:
        """The blob id of a file directly in the configuration directory; None for none.

        Raises PreconditionFailed for a link, a submodule or a directory in its place.
        """
        directory, _, name = path.rpartition("/")
        there = {self.config_dir: self.entries, "": self.beside}.get(directory, {})
        if name not in there:
            return None
        mode, sha = there[name]
        if mode not in _FILES:
            raise PreconditionFailed(
                f"{path} is a link, a directory or a submodule, and is not edited.",
                hint="Put a plain file in its place.",
            )
        return sha


@dataclass(frozen=True, slots=True)
class Request:
    """A pull or merge request."""

    number: str
    url: str
    """Where people look at it."""
    branch: str
    state: Literal["open", "merged", "closed"]
    merged_as: str = ""
    """The commit that the target branch got by the merge, whatever its method was."""


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit that is to begin a branch."""

    parent: HostSnapshot
    files: Mapping[str, bytes | None]
    message: str
    author: Author
    at: datetime


class GitHost(Protocol):
    """The calls of a git host that the rollout needs. Every method raises ClientError."""

    @property
    def vendor(self) -> str:
        """``GitHub``, ``GitLab``."""
        ...

    @property
    def noun(self) -> str:
        """``pull request``, ``merge request``."""
        ...

    def may_push(self, repository: str) -> bool | None:
        """Whether the token may make branches there; None when the vendor does not say."""
        ...

    def tip(self, repository: str, branch: str) -> str | None:
        """The newest commit of a branch; None when there is no such branch."""
        ...

    def snapshot(self, repository: str, commit: str, config_dir: str) -> HostSnapshot:
        """One commit's configuration. Raises NotFound without the directory."""
        ...

    def read(self, repository: str, sha: str) -> bytes:
        """One blob, proven by its id."""
        ...

    def begin_branch(self, repository: str, branch: str, commit: NewCommit) -> str:
        """Make the branch with this one commit; its id. One there already raises AlreadyExists."""
        ...

    def requests(self, repository: str, branch: str) -> tuple[Request, ...]:
        """Every request from a branch in any state, the newest first."""
        ...

    def open_requests(self, repository: str) -> tuple[Request, ...]:
        """The newest hundred that are open."""
        ...

    def request(self, repository: str, number: str) -> Request:
        """One request."""
        ...

    def open_request(
        self, repository: str, branch: str, *, into: str, title: str, text: str
    ) -> Request:
        """Ask for a branch to be merged. One that is open raises AlreadyExists."""
        ...

    def close_request(self, repository: str, number: str) -> Request:
        """Close it; as it is then, which may be merged."""
        ...


def config_entries(entries: tuple[TreeEntry, ...]) -> dict[str, tuple[str, str]]:
    """The entries of a directory as a snapshot holds them."""
    return {e.path: (e.mode.zfill(6), e.sha or "") for e in entries}


def tree_id(entries: tuple[TreeEntry, ...], service: str) -> str:
    """The id that git gives to a tree of these entries."""
    return added(entries, service).id.decode()


def no_directory(config_dir: str, service: str) -> NotFound:
    """What is raised where the configuration is not."""
    return NotFound(
        f"There is no directory {config_dir} in the repository.", service=service,
        doing="read the configuration",
    )  # fmt: skip


def proven_blob(content: bytes, sha: str, service: str) -> bytes:
    """`content`, which must be the blob that was asked for."""
    return proven(content, sha, service)
