"""Trees and commits rebuilt from what the git data API tells, and a commit made of them.

dulwich makes the objects; nothing here asks the network, and nothing here is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from steps.clients.platformsh_models import GitTree, TreeEntry
from steps.errors import UnexpectedReply

if TYPE_CHECKING:
    from dulwich.objects import Blob, ShaFile, Tree

SERVICE = "Platform.sh"
APP_FILE = ".platform.app.yaml"
"""At the root; tells the application's name where no routes are written out."""
FILE, DIRECTORY = 0o100644, 0o040000
LINK, SUBMODULE = 0o120000, 0o160000
_SHA = re.compile(r"[0-9a-f]{40}")
_MODE = re.compile(r"[0-7]{5,6}")
_NOT_IN_A_NAME = re.compile(r"[<>\0\r\n]")


@dataclass(frozen=True, slots=True)
class Author:
    """Who the commit says made it."""

    name: str
    email: str

    @property
    def line(self) -> bytes:
        """As a commit spells it."""
        name, email = (_NOT_IN_A_NAME.sub("", part).strip() for part in (self.name, self.email))
        return f"{name} <{email}>".encode()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The head of a branch, its two trees proven against the ids that the server gave."""

    project: str
    commit: str
    config_dir: str
    config_tree: str
    root: Tree = field(repr=False)
    config: Tree = field(repr=False)

    def name_of(self, path: str) -> bytes:
        """The name of a file directly in the configuration directory. Raises ValueError."""
        directory, _, name = path.rpartition("/")
        if directory != self.config_dir or not name:
            raise ValueError(f"{path} is not directly in {self.config_dir}")
        return name.encode()

    def entry(self, path: str) -> tuple[int, str] | None:
        """Mode and SHA of a file in the configuration directory, or the application's."""
        at_root = path == APP_FILE
        tree, name = (self.root, path.encode()) if at_root else (self.config, self.name_of(path))
        if name not in tree:
            return None
        mode, sha = tree[name]
        return mode, sha.decode()

    def listing(self) -> dict[str, int]:
        """Path to mode: the configuration directory, and the application's file at the root."""
        found = {
            f"{self.config_dir}/{name.decode(errors='replace')}": mode
            for name, mode, _ in self.config.iteritems()
        }
        app = self.entry(APP_FILE)
        return found | ({APP_FILE: app[0]} if app else {})


@dataclass(frozen=True, slots=True)
class MadeCommit:
    """A commit that exists nowhere yet, with the objects that a server lacks."""

    sha: str
    parent: str
    objects: Sequence[ShaFile] = field(repr=False)


def rebuilt(told: GitTree, sha: str) -> Tree:
    """The tree object, proven: its id is the one that was asked for. Raises UnexpectedReply."""
    made = added(told.tree, SERVICE)
    if made.id.decode() != sha:
        raise _unlike(sha, SERVICE)
    return made


def added(entries: Sequence[TreeEntry], service: str) -> Tree:
    """A tree object of these entries. Raises UnexpectedReply for what no tree can hold."""
    from dulwich.objects import Tree  # noqa: PLC0415 - slow to import, and needed by few calls

    made = Tree()
    for entry in entries:
        name = _name(entry)
        if name is None or entry.sha is None:
            raise _unlike(entry.path[:40], service)
        made.add(name, int(entry.mode, 8), entry.sha.encode())  # type: ignore[arg-type]
    return made


def _name(entry: TreeEntry) -> bytes | None:
    """The entry's name, or None when a tree cannot hold the entry."""
    sound = _SHA.fullmatch(entry.sha or "") and _MODE.fullmatch(entry.mode)
    if not sound or not entry.path or "/" in entry.path or "\0" in entry.path:
        return None
    try:
        return entry.path.encode()
    except UnicodeEncodeError:
        return None


def _unlike(what: str, service: str) -> UnexpectedReply:
    return UnexpectedReply(
        f"The tree cannot be rebuilt from what the API tells of it ({what}).",
        service=service, doing="rebuild a tree",
    )  # fmt: skip


def proven(content: bytes, sha: str, service: str = SERVICE) -> bytes:
    """`content`, which must be the very blob that was asked for. Raises UnexpectedReply."""
    from dulwich.objects import Blob  # noqa: PLC0415 - see rebuilt

    if Blob.from_string(content).id.decode() != sha:
        raise UnexpectedReply(
            f"The file {sha[:8]} came back with other content than its id says.",
            service=service, doing="read a file",
        )  # fmt: skip
    return content


def commit(
    snapshot: Snapshot, files: Mapping[str, bytes | None], *, message: str, author: Author,
    at: datetime,
) -> MadeCommit:  # fmt: skip
    """A commit on the snapshot in which `files` are as given; None takes one out.

    Paths are directly in the configuration directory. Same inputs, same SHA; `at` is aware.
    """
    from dulwich.objects import Commit  # noqa: PLC0415 - see rebuilt

    config, blobs = _changed(snapshot, files)
    root = _copy(snapshot.root)
    name = snapshot.config_dir.encode()
    if len(config):
        root.add(name, DIRECTORY, config.id)
    else:
        del root[name]  # git knows no empty directories
    made = Commit()
    made.tree, made.parents = root.id, [snapshot.commit.encode()]  # type: ignore[list-item]
    made.author = made.committer = author.line
    made.author_time = made.commit_time = int(at.timestamp())
    made.author_timezone = made.commit_timezone = 0
    made.message = f"{message.rstrip()}\n".encode()
    new = [made, root, *blobs] if not len(config) else [made, root, config, *blobs]
    return MadeCommit(made.id.decode(), snapshot.commit, tuple(new))


def _changed(
    snapshot: Snapshot, files: Mapping[str, bytes | None]
) -> tuple[Tree, tuple[Blob, ...]]:
    """The configuration tree with the changes, and the blobs that it newly holds."""
    from dulwich.objects import Blob  # noqa: PLC0415 - see rebuilt

    tree, blobs = _copy(snapshot.config), []
    for path, content in sorted(files.items()):
        name = snapshot.name_of(path)
        if content is None:
            if name in tree:
                del tree[name]
            continue
        blob = Blob.from_string(content)
        mode = tree[name][0] if name in tree else FILE
        tree.add(name, mode, blob.id)
        blobs.append(blob)
    return tree, tuple(blobs)


def _copy(tree: Tree) -> Tree:
    from dulwich.objects import Tree as New  # noqa: PLC0415 - see rebuilt

    return New.from_string(tree.as_raw_string())
