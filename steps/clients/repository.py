"""The repository without a clone: read through the git data API, pushed as a pack of few objects.

Its cost does not depend on the repository's size.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from steps.clients import git_objects, ssh
from steps.clients.platformsh import PlatformshClient
from steps.clients.platformsh_models import GitTree, TreeEntry
from steps.errors import NotFound, PreconditionFailed, PushRefused, UnexpectedReply

if TYPE_CHECKING:
    from dulwich.objects import Tree

_INSIDE = (".platform.sh",)
_LINK, _SUBMODULE = "120000", "160000"


def is_external(url: str) -> str:
    """The host of a repository that is not Platform.sh's own; empty for its own.

    The vendor's command line decides alike, by the host of `repository.url`.
    """
    try:
        host = ssh.remote(url).host
    except PushRefused:
        return url.split("/")[2] if "://" in url else url
    loopback = host in ("127.0.0.1", "localhost", "::1")
    return "" if loopback or host.endswith(_INSIDE) else host


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The head of a branch: its trees as the server gave them, the configuration's apart."""

    project: str
    commit: str
    config_dir: str
    config_tree: str
    root: GitTree = field(repr=False)
    config: GitTree = field(repr=False)

    def entry(self, path: str) -> TreeEntry | None:
        """The entry of a file in the configuration directory."""
        name = path.removeprefix(f"{self.config_dir}/")
        return next((e for e in self.config.tree if e.path == name), None)


@dataclass(frozen=True, slots=True)
class Repository:
    """Reads and pushes one project's repository. See `steps.route_change.Repository`."""

    platformsh: PlatformshClient
    certify: Callable[[str], str]
    """A public key (OpenSSH) to its short-lived certificate, by Platform.sh's certifier."""
    known_hosts: str
    author: git_objects.Author

    def head(self, project: str, environment: str) -> Snapshot:
        """The branch's newest commit, as Platform.sh tells it."""
        head = self.platformsh.environment(project, environment).head_commit
        if not head:
            raise PreconditionFailed(f"The environment {environment} has no code yet.")
        config_dir = self.platformsh.project_settings(project).project_config_dir.strip("/")
        commit = self.platformsh.git_commit(project, head)
        root = self.platformsh.git_tree(project, commit.tree)
        entry = next((e for e in root.tree if e.path == config_dir), None)
        if entry is None or entry.sha is None or entry.mode not in ("040000", "40000"):
            raise NotFound(
                f"There is no directory {config_dir} in the repository.", service="Platform.sh",
                doing="read the configuration",
            )  # fmt: skip
        config = self.platformsh.git_tree(project, entry.sha)
        return Snapshot(project, head, config_dir, entry.sha, root, config)

    def read(self, snapshot: Snapshot, path: str) -> bytes | None:
        """A file of the configuration directory; None when there is none.

        Raises PreconditionFailed for a symlink or a submodule in its place.
        """
        entry = snapshot.entry(path)
        if entry is None:
            return None
        if entry.mode in (_LINK, _SUBMODULE) or entry.sha is None:
            raise PreconditionFailed(
                f"{path} is a link or a submodule, and is not edited.",
                hint="Put a plain file in its place.",
            )
        blob = self.platformsh.git_blob(snapshot.project, entry.sha)
        if blob.encoding == "base64":
            return base64.b64decode(blob.content)
        return blob.content.encode()

    def commit(
        self, snapshot: Snapshot, changes: Mapping[str, bytes | None], *, message: str,
        at: datetime,
    ) -> git_objects.MadeCommit:  # fmt: skip
        """A commit on the snapshot; `changes` by path in the configuration directory."""
        root, config = self._trees(snapshot)
        prefix = f"{snapshot.config_dir}/"
        return git_objects.commit(
            root, config, snapshot.config_dir, snapshot.commit,
            {path.removeprefix(prefix): content for path, content in changes.items()},
            message=message, author=self.author, at=at,
        )  # fmt: skip

    def push(
        self, project: str, environment: str, commit: git_objects.MadeCommit, *, expected: str
    ) -> None:
        """Push to the environment's branch, never forced.

        Raises PushRefused when the branch is not at `expected` or the server refuses.
        """
        from dulwich.client import SSHGitClient  # noqa: PLC0415 - slow to import
        from dulwich.errors import GitProtocolError, HangupException  # noqa: PLC0415
        from dulwich.pack import pack_objects_to_data  # noqa: PLC0415

        ref = f"refs/heads/{environment}".encode()

        def only_from_expected(refs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
            # dulwich sends as "old" whatever the server advertised: this check is ours.
            there = refs.get(ref, b"").decode()
            if there not in (expected, commit.sha):
                raise _refused(f"The branch {environment} has moved to {there[:8]} meanwhile.")
            return {ref: commit.sha.encode()}

        def pack(_have: object, _want: object, **_more: Any) -> Any:
            return pack_objects_to_data([(o, None) for o in commit.objects])

        where = ssh.remote(self.platformsh.project(project).repository.url)
        with ssh.session(where, self.known_hosts, self.certify) as transport:
            client = SSHGitClient(
                where.host, port=where.port, username=where.user,
                vendor=ssh.Vendor(transport),  # type: ignore[arg-type]
            )  # fmt: skip
            try:
                result = client.send_pack(where.path.encode(), only_from_expected, pack)  # type: ignore[arg-type]
            except (GitProtocolError, HangupException) as error:
                raise _refused(f"The server did not take the commit: {error}") from error
        # A refusal is no exception there; an empty status means that it was there already.
        for told in (result.ref_status or {}).values():
            if told:
                raise _refused(f"The server did not take the commit: {told}")

    def _trees(self, snapshot: Snapshot) -> tuple[Tree, Tree]:
        """Both trees, proven against the server's ids; fetched if they cannot be rebuilt."""
        try:
            return git_objects.rebuilt(snapshot.root), git_objects.rebuilt(snapshot.config)
        except UnexpectedReply:
            return self._fetched(snapshot)

    def _fetched(self, snapshot: Snapshot) -> tuple[Tree, Tree]:
        """The trees of the snapshot's commit by a fetch of depth 1, never guessed."""
        from dulwich.client import SSHGitClient  # noqa: PLC0415 - slow to import
        from dulwich.objects import Commit, Tree  # noqa: PLC0415
        from dulwich.repo import MemoryRepo  # noqa: PLC0415

        where = ssh.remote(self.platformsh.project(snapshot.project).repository.url)
        with ssh.session(where, self.known_hosts, self.certify) as transport:
            client = SSHGitClient(
                where.host, port=where.port, username=where.user,
                vendor=ssh.Vendor(transport),  # type: ignore[arg-type]
            )  # fmt: skip
            memory = MemoryRepo()
            wanted = snapshot.commit.encode()
            client.fetch(
                where.path.encode(), memory, depth=1,
                determine_wants=lambda _refs, **_more: [wanted],  # type: ignore[arg-type]
            )  # fmt: skip
        head = memory[wanted]
        assert isinstance(head, Commit)
        root = memory[head.tree]
        assert isinstance(root, Tree)
        config = memory[root[snapshot.config_dir.encode()][1]]
        assert isinstance(config, Tree)
        return root, config


def _refused(words: str) -> PushRefused:
    return PushRefused(
        words, service="Platform.sh git", doing="push",
        hint="The branch is as it was. Press Retry: the change is planned anew on its head.",
    )  # fmt: skip
