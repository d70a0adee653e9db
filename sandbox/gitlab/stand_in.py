"""GitLab's REST API over one project on disk: branches, trees, commits, merge requests."""

import base64
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response

from sandbox.faults import Faults
from sandbox.hosting.asking import JSON, Answer, Call, Door, route
from sandbox.hosting.hosted import Hosted, Moved, Person, RefusedError, Request
from sandbox.journal import Journal
from sandbox.platformsh.repository import NoSuchObjectError
from sandbox.serving import Serving, Watched

SERVICE = "gitlab"
PROJECT = "example/shop"
_P = "/api/v4/projects/{project}"
_R = _P + "/repository"


class GitlabStandIn:
    """Runs once constructed; people's part are `hosted.merge`, `close` and `somebody_commits`."""

    def __init__(
        self, source: Path, place: Path, *, journal: Journal, faults: Faults, moved: Moved,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._closing = ExitStack()
        self.hosted = Hosted.copy_of(source, place / "gitlab.git", PROJECT, clock)
        self.hosted.moved = moved
        self.token = f"glpat-{secrets.token_hex(20)}"
        self.reader = f"glpat-{secrets.token_hex(20)}"
        """A token of a user who may only read."""
        tokens = {self.token: True, self.reader: False}
        door = Door(self._app(), tokens, refusal, "401 Unauthorized")
        self._serving = Serving(Watched(door, SERVICE, journal, faults), name=SERVICE)
        self._closing.callback(self._serving.close)

    @property
    def url(self) -> str:
        return f"{self._serving.url}/api/v4"

    @property
    def integration(self) -> JSON:
        """How Platform.sh shows its integration with this project."""
        return {
            "id": "int1", "type": "gitlab", "project": PROJECT, "base_url": self._serving.url,
            "fetch_branches": True, "prune_branches": True, "build_merge_requests": False,
        }  # fmt: skip

    def close(self) -> None:
        self._closing.close()

    def _app(self) -> Starlette:
        table: list[tuple[str, str, Callable[[Call], Answer]]] = [
            ("GET", "/api/v4/user", lambda _call: {"id": 2, "username": "mtls-bot"}),
            ("GET", _P, self._project),
            ("GET", _R + "/branches/{branch}", self._branch),
            ("GET", _R + "/tree", self._tree),
            ("GET", _R + "/blobs/{sha}/raw", self._raw),
            ("GET", _R + "/files/{path}", self._file),
            ("POST", _R + "/commits", self._commit),
            ("GET", _P + "/merge_requests", self._requests),
            ("POST", _P + "/merge_requests", self._open),
            ("GET", _P + "/merge_requests/{number}", self._request),
            ("PUT", _P + "/merge_requests/{number}", self._edit),
            ("PUT", _P + "/merge_requests/{number}/merge", self._merge),
        ]
        return Starlette(routes=[route(m, path, handler, refusal) for m, path, handler in table])

    def _known(self, call: Call) -> Hosted:
        """By id or by path; unknown and invisible look the same."""
        if call["project"] not in (self.hosted.name, "1"):
            raise RefusedError(404, "404 Project Not Found")
        return self.hosted

    def _project(self, call: Call) -> Answer:
        hosted, level = self._known(call), 30 if call.may_write else 20
        return {
            "id": 1, "path_with_namespace": hosted.name, "default_branch": "main",
            "merge_method": "merge", "permissions": {"project_access": {"access_level": level},
                                                     "group_access": None},
        }  # fmt: skip

    def _branch(self, call: Call) -> Answer:
        sha = self._known(call).tip(call["branch"])
        if sha is None:
            raise RefusedError(404, "404 Branch Not Found")
        return {"name": call["branch"], "commit": {"id": sha}, "protected": False}

    def _tree(self, call: Call) -> Answer:
        """Page by page, a hundred at most."""
        hosted, path = self._known(call), call.query.get("path", "").strip("/")
        ref = call.query.get("ref", "main")
        sha = hosted.tip(ref) or ref
        try:
            entries = hosted.git.tree(f"{sha}:{path}")
        except NoSuchObjectError as error:
            raise RefusedError(404, "404 invalid revision or path Not Found") from error
        size = min(100, int(call.query.get("per_page", "20")))
        first = (int(call.query.get("page", "1")) - 1) * size
        before = f"{path}/" if path else ""
        return [{"id": e.sha, "name": e.path, "type": e.type, "path": f"{before}{e.path}",
                 "mode": e.mode} for e in entries[first : first + size]]  # fmt: skip

    def _raw(self, call: Call) -> Answer:
        try:
            content = self._known(call).git.read(call["sha"], "blob")
        except NoSuchObjectError as error:
            raise RefusedError(404, "404 Blob Not Found") from error
        return Response(content, media_type="text/plain")

    def _file(self, call: Call) -> Answer:
        hosted, ref = self._known(call), call.query.get("ref", "main")
        sha = hosted.tip(ref) or ref
        content = hosted.git.file(sha, call["path"])
        if content is None:
            raise RefusedError(404, "404 File Not Found")
        blob = hosted.git.git("rev-parse", f"{sha}:{call['path']}").decode().strip()
        name = call["path"].rpartition("/")[2]
        return {"blob_id": blob, "file_path": call["path"], "file_name": name,
                "encoding": "base64", "content": base64.b64encode(content).decode(),
                "size": len(content), "ref": ref, "commit_id": sha}  # fmt: skip

    def _commit(self, call: Call) -> Answer:
        """One commit with several files; a new branch with `start_sha` or `start_branch`."""
        hosted, branch = self._known(call), call.text("branch")
        start = call.text("start_sha") or hosted.tip(call.text("start_branch")) or ""
        parent = start or hosted.tip(branch)
        if start and hosted.tip(branch) is not None:
            raise RefusedError(
                400, f"A branch called '{branch}' already exists. Switch to that branch in order"
                " to make changes",
            )  # fmt: skip
        if parent is None or not hosted.is_commit(parent):
            raise RefusedError(400, "You can only create or edit files when you are on a branch")
        entries = [_entry(hosted, parent, action) for action in call.body.get("actions") or []]
        author = Person(
            call.text("author_name", "mtls-bot"), call.text("author_email", "bot@example.com"),
            hosted.clock(),
        )  # fmt: skip
        tree = hosted.tree(parent, entries)
        sha = hosted.commit(tree, [parent], call.text("commit_message"), author, author)
        if start:
            hosted.begin(branch, sha)
        else:
            hosted.git.git("update-ref", f"refs/heads/{branch}", sha, parent)
        return {"id": sha, "short_id": sha[:8], "title": call.text("commit_message").split("\n")[0],
                "message": call.text("commit_message"), "parent_ids": [parent],
                "author_name": author.name, "author_email": author.email}  # fmt: skip

    def _requests(self, call: Call) -> Answer:
        hosted, state = self._known(call), call.query.get("state", "all")
        branch = call.query.get("source_branch")
        found = [r for r in reversed(hosted.requests)
                 if state in ("all", _state(r)) and branch in (None, r.branch)]  # fmt: skip
        return [self._shown(call, r) for r in found[: int(call.query.get("per_page", "20"))]]

    def _open(self, call: Call) -> Answer:
        hosted, branch = self._known(call), call.text("source_branch")
        try:
            made = hosted.open(
                branch, call.text("target_branch"), call.text("title"), call.text("description")
            )
        except RefusedError as refused:
            if refused.status != 409:
                raise
            there = next(r for r in hosted.requests if r.branch == branch and r.state == "open")
            words = "Another open merge request already exists for this source branch:"
            raise RefusedError(409, f"{words} !{there.number}") from None
        return self._shown(call, made)

    def _one(self, call: Call) -> Request:
        found = self._known(call).find(int(call["number"])) if call["number"].isdigit() else None
        if found is None:
            raise RefusedError(404, "404 Not found")
        return found

    def _request(self, call: Call) -> Answer:
        return self._shown(call, self._one(call))

    def _edit(self, call: Call) -> Answer:
        request = self._one(call)
        if call.body.get("state_event") == "close":
            self.hosted.close(request.number)
        return self._shown(call, request)

    def _merge(self, call: Call) -> Answer:
        request = self._one(call)
        method: Any = "squash" if call.body.get("squash") else "merge"
        self.hosted.merge(request.number, method)
        return self._shown(call, request)

    def _shown(self, call: Call, request: Request) -> JSON:
        """A fast-forward has neither of the two ids; then `sha`, the branch's head, is it."""
        merged, method = request.state == "merged", request.method
        head = (
            request.merged_as if merged and method == "rebase" else self.hosted.tip(request.branch)
        )
        return {
            "id": 100 + request.number, "iid": request.number, "project_id": 1,
            "title": request.title, "description": request.text, "state": _state(request),
            "source_branch": request.branch, "target_branch": request.into,
            "web_url": f"{call.base}/{self.hosted.name}/-/merge_requests/{request.number}",
            "sha": head, "squash": method == "squash",
            "merge_commit_sha": request.merged_as if merged and method == "merge" else None,
            "squash_commit_sha": request.merged_as if merged and method == "squash" else None,
            "merged_at": request.merged_at.isoformat() if request.merged_at else None,
            "created_at": request.created_at.isoformat(),
        }  # fmt: skip


def refusal(status: int, message: str) -> JSON:
    """A conflict tells its words as a list."""
    return {"message": [message] if status == 409 else message}


def _state(request: Request) -> str:
    return "opened" if request.state == "open" else request.state


def _entry(hosted: Hosted, parent: str, action: JSON) -> tuple[str, str, str | None]:
    """One action as a line of a tree. Raises RefusedError where the file does not fit it."""
    path, kind = str(action["file_path"]), action["action"]
    there = hosted.git.file(parent, path) is not None
    if kind == "create" and there:
        raise RefusedError(400, "A file with this name already exists")
    if kind in ("update", "delete") and not there:
        raise RefusedError(400, "A file with this name doesn't exist")
    if kind == "delete":
        return "100644", path, None
    content = str(action.get("content", ""))
    plain = base64.b64decode(content) if action.get("encoding") == "base64" else content.encode()
    return "100644", path, hosted.blob(plain)
