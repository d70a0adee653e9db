"""GitHub's REST API, as far as a change is brought in by a pull request.

Facts with their sources stand in docs/vendors-git-hosts.md.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr, TypeAdapter

from steps.clients import github_models as m
from steps.clients.git_host import (
    APP_FILE,
    HostSnapshot,
    NewCommit,
    Request,
    config_entries,
    no_directory,
    proven_blob,
    tree_id,
)
from steps.clients.http import AGENT, TIMEOUT, Complaint, Service
from steps.errors import AlreadyExists, NotFound, RateLimited, UnexpectedReply

T = TypeVar("T")
BASE = "https://api.github.com"
VERSION = "2022-11-28"
SERVICE = "GitHub"
_DIRECTORY = "040000"
_HINTS: Mapping[int, str] = {
    301: "The repository has another name now: correct the integration at Platform.sh.",
    401: "Is MTLS_GITHUB_TOKEN right, and not expired?",
    403: "The token needs Contents and Pull requests, both read and write, on this repository.",
    404: "Unknown, or not visible to the token.",
}


def github(
    token: SecretStr, *, base: str = BASE, transport: httpx.BaseTransport | None = None
) -> "GithubClient":
    """A client of one GitHub; its redirects are not followed, so the token stays there."""
    http = httpx.Client(
        base_url=base, timeout=TIMEOUT, transport=transport, follow_redirects=False,
        headers={
            "user-agent": AGENT, "accept": "application/vnd.github+json",
            "x-github-api-version": VERSION,
            "authorization": f"Bearer {token.get_secret_value()}",
        },
    )  # fmt: skip
    return GithubClient(Service(SERVICE, http, _complaint, "x-github-request-id"))


@dataclass(frozen=True)
class GithubClient:
    """See `steps.clients.git_host.GitHost`; `repository` is ``owner/name``."""

    service: Service
    vendor: str = SERVICE
    noun: str = "pull request"

    def may_push(self, repository: str) -> bool | None:
        """By the repository's `permissions`, which an app's token may lack."""
        found = self._get(_path(repository), m.Repo, "read the repository")
        return found.permissions.push if found.permissions else None

    def tip(self, repository: str, branch: str) -> str | None:
        """By the reference itself."""
        path = _path(repository, "git", "ref", "heads") + f"/{quote(branch)}"
        try:
            return self._get(path, m.Ref, "read the branch").object.sha
        except NotFound:
            # Also an unknown repository: which of both is told by the repository itself.
            self.may_push(repository)
            return None

    def snapshot(self, repository: str, commit: str, config_dir: str) -> HostSnapshot:
        """Commit, root tree and configuration tree; three requests."""
        doing = "read the configuration"
        root = self._get(_path(repository, "git", "commits", commit), m.Commit, doing).tree.sha
        listed = self._tree(repository, root)
        found = next((e for e in listed.tree if e.path == config_dir), None)
        if found is None or found.sha is None or found.mode != _DIRECTORY:
            if listed.truncated:
                raise UnexpectedReply(
                    "GitHub does not tell the repository's root whole.", service=SERVICE,
                    doing=doing,
                )  # fmt: skip
            raise no_directory(config_dir, SERVICE)
        config = self._tree(repository, found.sha)
        if tree_id(config.tree, SERVICE) != found.sha:
            raise UnexpectedReply(
                "GitHub does not tell the configuration whole.", service=SERVICE, doing=doing
            )
        beside = config_entries(tuple(e for e in listed.tree if e.path == APP_FILE))
        return HostSnapshot(
            commit, root, config_dir, found.sha, config_entries(config.tree), beside
        )

    def read(self, repository: str, sha: str) -> bytes:
        """Base64 with line breaks in it, up to 100 MB."""
        found = self._get(_path(repository, "git", "blobs", sha), m.Blob, "read a file")
        try:
            content = base64.b64decode(found.content)
        except binascii.Error:
            content = b""
        return proven_blob(content, sha, SERVICE)

    def begin_branch(self, repository: str, branch: str, commit: NewCommit) -> str:
        """Blobs, a tree on the parent's, a commit, and then the branch: seen by nobody before."""
        doing = "make the commit"
        entries = [self._entry(repository, commit, path) for path in sorted(commit.files)]
        body: dict[str, Any] = {"base_tree": commit.parent.root_tree, "tree": entries}
        tree = self._post(_path(repository, "git", "trees"), m.Tree, doing, body).sha
        at = commit.at.astimezone(UTC).isoformat(timespec="seconds")
        who = {"name": commit.author.name, "email": commit.author.email, "date": at}
        body = {
            "message": commit.message, "tree": tree, "parents": [commit.parent.commit],
            "author": who, "committer": who,
        }  # fmt: skip
        made = self._post(_path(repository, "git", "commits"), m.Commit, doing, body).sha
        body = {"ref": f"refs/heads/{branch}", "sha": made}
        path = _path(repository, "git", "refs")
        return self._post(path, m.Ref, "make the branch", body).object.sha

    def _entry(self, repository: str, commit: NewCommit, path: str) -> dict[str, Any]:
        """One line of the new tree; a file is taken out by a null."""
        name = path.rpartition("/")[2]
        mode = commit.parent.entries.get(name, ("100644", ""))[0]
        content, sha = commit.files[path], None
        if content is not None:
            body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
            sha = self._post(_path(repository, "git", "blobs"), m.Sha, "store a file", body).sha
        return {"path": path, "mode": mode, "type": "blob", "sha": sha}

    def requests(self, repository: str, branch: str) -> tuple[Request, ...]:
        """`head` is ``owner:branch``, otherwise GitHub ignores it and lists everything."""
        owner = repository.partition("/")[0]
        found = self._listed(repository, {"head": f"{owner}:{branch}", "state": "all"})
        return tuple(r for r in found if r.branch == branch)

    def open_requests(self, repository: str) -> tuple[Request, ...]:
        """The newest hundred that are open."""
        return self._listed(repository, {"state": "open"})

    def _listed(self, repository: str, asked: Mapping[str, str]) -> tuple[Request, ...]:
        params = {**asked, "sort": "created", "direction": "desc", "per_page": "100"}
        doing = "list the pull requests"
        found = self._get(_path(repository, "pulls"), tuple[m.Pull, ...], doing, params)
        return tuple(map(_request, found))

    def request(self, repository: str, number: str) -> Request:
        """One pull request."""
        return _request(self._get(_path(repository, "pulls", number), m.Pull, "read the request"))

    def open_request(
        self, repository: str, branch: str, *, into: str, title: str, text: str
    ) -> Request:
        """Nobody but the bot's own branch is written to (`maintainer_can_modify` off)."""
        body = {
            "title": title, "body": text, "head": branch, "base": into,
            "maintainer_can_modify": False,
        }  # fmt: skip
        path = _path(repository, "pulls")
        return _request(self._post(path, m.Pull, "open the pull request", body))

    def close_request(self, repository: str, number: str) -> Request:
        """A merged one stays merged: GitHub refuses to change its state."""
        before = self.request(repository, number)
        if before.state != "open":
            return before
        path = _path(repository, "pulls", number)
        body, doing = {"state": "closed"}, "close the pull request"
        made = self.service.call("PATCH", path, TypeAdapter(m.Pull), doing=doing, json=body)
        return _request(made)

    def _tree(self, repository: str, sha: str) -> m.Tree:
        return self._get(_path(repository, "git", "trees", sha), m.Tree, "read a tree")

    def _get(
        self, path: str, model: type[T], doing: str, params: Mapping[str, Any] | None = None
    ) -> T:
        return self.service.call("GET", path, TypeAdapter(model), doing=doing, params=params)

    def _post(self, path: str, model: type[T], doing: str, body: Mapping[str, Any]) -> T:
        return self.service.call("POST", path, TypeAdapter(model), doing=doing, json=body)


def _path(repository: str, *segments: str) -> str:
    owner, _, name = repository.partition("/")
    return "/" + "/".join(quote(part, safe="") for part in ("repos", owner, name, *segments))


def _request(pull: m.Pull) -> Request:
    """Before the merge `merge_commit_sha` is only a trial: it counts once `merged_at` is told."""
    merged = bool(pull.merged_at)
    state: Literal["open", "merged", "closed"] = (
        "merged" if merged else "open" if pull.state == "open" else "closed"
    )
    sha = (pull.merge_commit_sha or "") if merged else ""
    return Request(str(pull.number), pull.html_url, pull.head.ref, state, sha)


def _complaint(response: httpx.Response) -> Complaint:
    """`message`, and the words of `errors` for what was not valid (422)."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    errors = body.get("errors")
    more = [e.get("message") or e.get("code") if isinstance(e, dict) else e
            for e in (errors if isinstance(errors, list) else [])]  # fmt: skip
    words = "; ".join(str(w) for w in (body.get("message"), *more) if w)
    hint = _HINTS.get(response.status_code, "")
    wait = _wait(response)
    if wait is not None:
        return Complaint(words, hint="It is asked again later.", kind=RateLimited, wait=wait)
    kind = AlreadyExists if "already exists" in words.lower() else None
    return Complaint(words, hint=hint, kind=kind)


def _wait(response: httpx.Response) -> float | None:
    """Seconds until GitHub may be asked again; None for what is no limit.

    A limit is a 403 or a 429: with `retry-after`, or with nothing remaining until `reset`.
    """
    if response.status_code not in (403, 429):
        return None
    headers = response.headers
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset"):
        try:
            now = parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
            return max(1.0, float(headers["x-ratelimit-reset"]) - now.timestamp())
        except ValueError:
            return 60.0
    return 60.0 if response.status_code == 429 else None  # noqa: PLR2004 - too many requests
