"""GitLab's REST API, as far as a change is brought in by a merge request.

Facts with their sources stand in docs/vendors-git-hosts.md.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr, TypeAdapter

from steps.clients import gitlab_models as m
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
from steps.clients.platformsh_models import TreeEntry
from steps.errors import AlreadyExists, NotFound, UnexpectedReply

T = TypeVar("T")
BASE = "https://gitlab.com/api/v4"
SERVICE = "GitLab"
_DEVELOPER = 30
_PAGE, _PAGES = 100, 20
_HINTS: Mapping[int, str] = {
    401: "Is MTLS_GITLAB_TOKEN right, and not expired?",
    403: "The token needs the scope api, and its user the role Developer on this project.",
    404: "Unknown, or not visible to the token.",
}


def gitlab(
    token: SecretStr, *, base: str = BASE, transport: httpx.BaseTransport | None = None
) -> "GitlabClient":
    """A client of one GitLab; its redirects are not followed, so the token stays there."""
    http = httpx.Client(
        base_url=base, timeout=TIMEOUT, transport=transport, follow_redirects=False,
        headers={"user-agent": AGENT, "authorization": f"Bearer {token.get_secret_value()}"},
    )  # fmt: skip
    return GitlabClient(Service(SERVICE, http, _complaint, "x-request-id"))


@dataclass(frozen=True)
class GitlabClient:
    """See `steps.clients.git_host.GitHost`; `repository` is ``namespace/name`` or an id."""

    service: Service
    vendor: str = SERVICE
    noun: str = "merge request"

    def may_push(self, repository: str) -> bool | None:
        """By the access level of the token's user: a developer may make branches."""
        found = self._get(_path(repository), m.Project, "read the project").permissions
        if found is None:
            return None
        levels = [a.access_level for a in (found.project_access, found.group_access) if a]
        return max(levels) >= _DEVELOPER if levels else None

    def tip(self, repository: str, branch: str) -> str | None:
        """By the branch itself."""
        path = _path(repository, "repository", "branches", branch)
        try:
            return self._get(path, m.Branch, "read the branch").commit.id
        except NotFound:
            # Also an unknown project: which of both is told by the project itself.
            self.may_push(repository)
            return None

    def snapshot(self, repository: str, commit: str, config_dir: str) -> HostSnapshot:
        """The configuration directory, page by page; its id is made of what is told."""
        doing, path = "read the configuration", _path(repository, "repository", "tree")
        found: list[TreeEntry] = []
        for page in range(1, _PAGES + 1):
            params = {"ref": commit, "path": config_dir, "per_page": _PAGE, "page": page}
            told = self._get(path, tuple[m.Entry, ...], doing, params)
            found += [TreeEntry(path=e.name, mode=e.mode, sha=e.id) for e in told]
            if len(told) < _PAGE:
                break
        else:
            raise UnexpectedReply(
                "The configuration directory is too large.", service=SERVICE, doing=doing
            )
        if not found:
            raise no_directory(config_dir, SERVICE)
        entries = tuple(found)
        made = config_entries(entries)
        beside = {} if "routes.yaml" in made else self._beside(repository, commit)
        return HostSnapshot(commit, "", config_dir, tree_id(entries, SERVICE), made, beside)

    def _beside(self, repository: str, commit: str) -> dict[str, tuple[str, str]]:
        """The application's file at the root, where it is asked for."""
        path = _path(repository, "repository", "files", APP_FILE)
        try:
            found = self._get(path, m.File, "read the application's file", {"ref": commit})
        except NotFound:
            return {}
        return {APP_FILE: ("100755" if found.execute_filemode else "100644", found.blob_id)}

    def read(self, repository: str, sha: str) -> bytes:
        """The blob's own bytes."""
        path = _path(repository, "repository", "blobs", sha, "raw")
        return proven_blob(self.service.response(path, doing="read a file").content, sha, SERVICE)

    def begin_branch(self, repository: str, branch: str, commit: NewCommit) -> str:
        """Commit and branch in one request (`start_sha`), every file in base64."""
        body = {
            "branch": branch, "start_sha": commit.parent.commit, "commit_message": commit.message,
            "author_name": commit.author.name, "author_email": commit.author.email,
            "actions": [_action(commit, path) for path in sorted(commit.files)],
        }  # fmt: skip
        path = _path(repository, "repository", "commits")
        return self._send("POST", path, m.Commit, "make the commit", body).id

    def requests(self, repository: str, branch: str) -> tuple[Request, ...]:
        """Every merge request from the branch in any state, the newest first."""
        return self._listed(repository, {"source_branch": branch, "state": "all"})

    def open_requests(self, repository: str) -> tuple[Request, ...]:
        """The newest hundred that are open."""
        return self._listed(repository, {"state": "opened"})

    def _listed(self, repository: str, asked: Mapping[str, str]) -> tuple[Request, ...]:
        params = {**asked, "order_by": "created_at", "sort": "desc", "per_page": "100"}
        path, doing = _path(repository, "merge_requests"), "list the merge requests"
        return tuple(map(_request, self._get(path, tuple[m.MergeRequest, ...], doing, params)))

    def request(self, repository: str, number: str) -> Request:
        """One merge request."""
        path = _path(repository, "merge_requests", number)
        return _request(self._get(path, m.MergeRequest, "read the request"))

    def open_request(
        self, repository: str, branch: str, *, into: str, title: str, text: str
    ) -> Request:
        """The bot's branch is removed by the merge."""
        body = {
            "source_branch": branch, "target_branch": into, "title": title, "description": text,
            "remove_source_branch": True,
        }  # fmt: skip
        path = _path(repository, "merge_requests")
        return _request(self._send("POST", path, m.MergeRequest, "open the merge request", body))

    def close_request(self, repository: str, number: str) -> Request:
        """A merged one stays merged."""
        before = self.request(repository, number)
        if before.state != "open":
            return before
        path = _path(repository, "merge_requests", number)
        body, doing = {"state_event": "close"}, "close the merge request"
        return _request(self._send("PUT", path, m.MergeRequest, doing, body))

    def _get(
        self, path: str, model: type[T], doing: str, params: Mapping[str, Any] | None = None
    ) -> T:
        return self.service.call("GET", path, TypeAdapter(model), doing=doing, params=params)

    def _send(
        self, method: str, path: str, model: type[T], doing: str, body: Mapping[str, Any]
    ) -> T:
        return self.service.call(method, path, TypeAdapter(model), doing=doing, json=body)


def _action(commit: NewCommit, path: str) -> dict[str, str]:
    content, there = commit.files[path], path.rpartition("/")[2] in commit.parent.entries
    if content is None:
        return {"action": "delete", "file_path": path}
    return {
        "action": "update" if there else "create", "file_path": path, "encoding": "base64",
        "content": base64.b64encode(content).decode(),
    }  # fmt: skip


def _path(repository: str, *segments: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in ("projects", repository, *segments))


def _request(made: m.MergeRequest) -> Request:
    """``locked`` is a merge that is under way."""
    states: Mapping[str, Literal["open", "merged", "closed"]] = {
        "opened": "open", "locked": "open", "merged": "merged",
    }  # fmt: skip
    state = states.get(made.state, "closed")
    sha = made.merged_as if state == "merged" else ""
    return Request(str(made.iid), made.web_url, made.source_branch, state, sha)


def _complaint(response: httpx.Response) -> Complaint:
    """`message` as a text, a list or a mapping; `error` for what is refused at the door."""
    try:
        body = response.json()
    except ValueError:
        return Complaint(hint=_HINTS.get(response.status_code, ""))
    body = body if isinstance(body, dict) else {}
    told = (body.get(name) for name in ("message", "error_description", "error"))
    words = next(filter(None, map(_words, told)), "")
    kind = AlreadyExists if "already exists" in words.lower() else None
    return Complaint(words, hint=_HINTS.get(response.status_code, ""), kind=kind)


def _words(told: object) -> str:
    if isinstance(told, Mapping):
        return "; ".join(f"{name} {_words(value)}" for name, value in told.items())
    if isinstance(told, list):
        return "; ".join(map(str, told))
    return str(told or "")
