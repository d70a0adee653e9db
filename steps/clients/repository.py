"""The repository without a clone: read through the git data API, pushed as a pack of few objects.

Its cost does not depend on the repository's size.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from steps.clients import git_objects, git_wire, ssh
from steps.clients.git_objects import Snapshot
from steps.clients.platformsh import PlatformshClient
from steps.errors import NotFound, PreconditionFailed, PushRefused, UnexpectedReply

if TYPE_CHECKING:
    from dulwich.objects import Tree

_INSIDE = (".platform.sh",)
_FILES = (0o100644, 0o100755)


def is_external(url: str) -> str:
    """The host of a repository that is not Platform.sh's own; empty for its own.

    The vendor's command line decides alike, by the host of `repository.url`.
    """
    try:
        host = ssh.remote(url).host
    except PushRefused:
        return urlsplit(url).hostname or "another host"  # never the rest: it can hold a password
    loopback = host in ("127.0.0.1", "localhost", "::1")
    return "" if loopback or host.endswith(_INSIDE) else host


@dataclass(frozen=True, slots=True)
class Repository:
    """Reads and pushes one project's repository. See `steps.route_change.Repository`."""

    platformsh: PlatformshClient
    certify: Callable[[str], str]
    """A public key (OpenSSH) to its short-lived certificate, by Platform.sh's certifier."""
    known_hosts: str
    author: git_objects.Author

    def head(self, project: str, environment: str) -> Snapshot:
        """The branch's newest commit with its trees, proven. Raises ClientError.

        Where the API does not tell a tree whole, the commit is fetched instead (depth 1).
        """
        head = self.platformsh.environment(project, environment).head_commit
        if not head:
            raise PreconditionFailed(f"The environment {environment} has no code yet.")
        config_dir = self.platformsh.project_settings(project).project_config_dir.strip("/")
        root, config = self._trees(project, head, config_dir)
        if config is None:
            raise NotFound(
                f"There is no directory {config_dir} in the repository.", service="Platform.sh",
                doing="read the configuration",
            )  # fmt: skip
        return Snapshot(project, head, config_dir, config.id.decode(), root, config)

    def listing(self, snapshot: Snapshot) -> Mapping[str, int]:
        """The paths of the configuration (and of the application's file) with their modes."""
        return snapshot.listing()

    def read(self, snapshot: Snapshot, path: str) -> bytes | None:
        """A file directly in the configuration directory, or the application's; None for none.

        Raises PreconditionFailed for a link, a submodule or a directory in its place.
        """
        entry = snapshot.entry(path)
        if entry is None:
            return None
        mode, sha = entry
        if mode not in _FILES:
            raise PreconditionFailed(
                f"{path} is a link, a directory or a submodule, and is not edited.",
                hint="Put a plain file in its place.",
            )
        blob = self.platformsh.git_blob(snapshot.project, sha)
        try:
            plain = base64.b64decode(blob.content) if blob.encoding == "base64" else None
        except binascii.Error:
            plain = b""
        return git_objects.proven(blob.content.encode() if plain is None else plain, sha)

    def commit(
        self, snapshot: Snapshot, changes: Mapping[str, bytes | None], *, message: str,
        at: datetime,
    ) -> git_objects.MadeCommit:  # fmt: skip
        """A commit on the snapshot, made and not sent; see `git_objects.commit`."""
        return git_objects.commit(snapshot, changes, message=message, author=self.author, at=at)

    def push(
        self, project: str, environment: str, commit: git_objects.MadeCommit, *, expected: str
    ) -> None:
        """Push to the environment's branch, never forced; see `git_wire.push`.

        Returns at once: the deployment that follows is told by its activity.
        """
        where = self._remote(project)
        with ssh.session(where, self.known_hosts, self.certify) as transport:
            git_wire.push(transport, where, commit, branch=environment, expected=expected)

    def _remote(self, project: str) -> ssh.Remote:
        return ssh.remote(self.platformsh.project(project).repository.url)

    def _trees(self, project: str, head: str, config_dir: str) -> tuple[Tree, Tree | None]:
        """Root and configuration tree, rebuilt and proven, or fetched."""
        tree = self.platformsh.git_commit(project, head).tree
        try:
            root = self._tree(project, tree)
            name = config_dir.encode()
            if name not in root or root[name][0] != git_objects.DIRECTORY:
                return root, None
            return root, self._tree(project, root[name][1].decode())
        except UnexpectedReply:
            where = self._remote(project)
            with ssh.session(where, self.known_hosts, self.certify) as transport:
                return git_wire.fetch(transport, where, head, config_dir)

    def _tree(self, project: str, sha: str) -> Tree:
        return git_objects.rebuilt(self.platformsh.git_tree(project, sha), sha)
