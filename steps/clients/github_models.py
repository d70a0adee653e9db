"""What GitHub answers, as far as it is used."""

from typing import Any

from steps.clients.platformsh_models import TreeEntry
from steps.clients.reply import Reply


class Rights(Reply):
    push: bool = False


class Repo(Reply):
    full_name: str = ""
    permissions: Rights | None = None


class Sha(Reply):
    sha: str


class Ref(Reply):
    ref: str
    object: Sha


class Commit(Reply):
    sha: str
    tree: Sha
    parents: tuple[Sha, ...] = ()


class Tree(Reply):
    sha: str
    tree: tuple[TreeEntry, ...] = ()
    truncated: bool = False


class Blob(Reply):
    sha: str
    encoding: str = "base64"
    content: str = ""


class Head(Reply):
    ref: str = ""


class Pull(Reply):
    """`merged` is told only by the request itself, `merged_at` by lists as well."""

    number: int
    html_url: str = ""
    state: str = ""
    head: Head = Head()
    merged_at: Any = None
    merge_commit_sha: str | None = None
