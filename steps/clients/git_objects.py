"""Trees and commits rebuilt from what the git data API tells; a pack of the few that are new.

dulwich makes the objects; nothing here asks the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from steps.clients.platformsh_models import GitTree
from steps.errors import UnexpectedReply

if TYPE_CHECKING:
    from dulwich.objects import ShaFile, Tree

_FILE, _TREE = 0o100644, 0o040000


@dataclass(frozen=True, slots=True)
class Author:
    """Who the commit says made it."""

    name: str
    email: str

    @property
    def line(self) -> bytes:
        return f"{self.name} <{self.email}>".encode()


@dataclass(frozen=True, slots=True)
class MadeCommit:
    """A commit that exists nowhere yet, with the objects that a server lacks."""

    sha: str
    parent: str
    objects: Sequence[ShaFile] = field(repr=False)


def rebuilt(tree: GitTree) -> Tree:
    """The tree object, proven: its id is the one that the server gave. Raises UnexpectedReply."""
    from dulwich.objects import Tree  # noqa: PLC0415 - slow to import, and needed at a push only

    made = Tree()
    for entry in tree.tree:
        if entry.sha is None:
            raise _unlike(tree.sha)
        made.add(entry.path.encode(), int(entry.mode, 8), entry.sha.encode())  # type: ignore[arg-type]
    if made.id.decode() != tree.sha:
        raise _unlike(tree.sha)
    return made


def _unlike(sha: str) -> UnexpectedReply:
    return UnexpectedReply(
        f"The tree {sha[:8]} cannot be rebuilt from what the API tells of it.",
        service="Platform.sh", doing="rebuild a tree",
    )  # fmt: skip


def commit(
    root: Tree, config: Tree, config_dir: str, parent: str, files: Mapping[str, bytes | None], *,
    message: str, author: Author, at: datetime,
) -> MadeCommit:  # fmt: skip
    """A commit on `parent` in which `files` of the configuration directory are as given.

    Same inputs, same id. `files` by name within the directory; None takes a file out.
    """
    from dulwich.objects import Blob, Commit, Tree  # noqa: PLC0415 - see rebuilt

    new_config, new_root = (Tree.from_string(tree.as_raw_string()) for tree in (config, root))
    blobs = []
    for name, content in files.items():
        if content is None:
            if name.encode() in new_config:
                del new_config[name.encode()]
            continue
        blob = Blob.from_string(content)
        mode = new_config[name.encode()][0] if name.encode() in new_config else _FILE
        new_config.add(name.encode(), mode, blob.id)
        blobs.append(blob)
    new_root.add(config_dir.encode(), _TREE, new_config.id)
    made = Commit()
    made.tree, made.parents = new_root.id, [parent.encode()]  # type: ignore[list-item]
    made.author = made.committer = author.line
    made.author_time = made.commit_time = int(at.timestamp())
    made.author_timezone = made.commit_timezone = 0
    made.encoding, made.message = b"UTF-8", f"{message.rstrip()}\n".encode()
    return MadeCommit(made.id.decode(), parent, (made, new_root, new_config, *blobs))
