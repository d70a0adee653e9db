"""GitHub's REST API over one repository on disk: git data, references, pull requests."""

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from sandbox.faults import Faults
from sandbox.github.views import commit, git_url, pull, refusal, repo
from sandbox.hosting.asking import JSON, Answer, Call, Door, route
from sandbox.hosting.hosted import Hosted, Moved, Person, RefusedError
from sandbox.journal import Journal
from sandbox.platformsh.repository import NoSuchObjectError
from sandbox.serving import Serving, Watched

SERVICE = "github"
REPOSITORY = "example/shop"
_SHA = re.compile(r"^[0-9a-f]{40}$")
_R = "/repos/{owner}/{name}"


class GithubStandIn:
    """Runs once constructed; people's part are `hosted.merge`, `close` and `somebody_commits`."""

    def __init__(
        self, source: Path, place: Path, *, journal: Journal, faults: Faults, moved: Moved,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._closing = ExitStack()
        self.hosted = Hosted.copy_of(source, place / "github.git", REPOSITORY, clock)
        self.hosted.moved = moved
        self.token = f"github_pat_{secrets.token_hex(20)}"
        self.reader = f"github_pat_{secrets.token_hex(20)}"
        """A token that may only read."""
        tokens = {self.token: True, self.reader: False}
        door = Door(self._app(), tokens, refusal, "Bad credentials")
        self._serving = Serving(Watched(door, SERVICE, journal, faults), name=SERVICE)
        self._closing.callback(self._serving.close)

    @property
    def url(self) -> str:
        return self._serving.url

    @property
    def integration(self) -> JSON:
        """How Platform.sh shows its integration with this repository."""
        return {
            "id": "int1", "type": "github", "repository": REPOSITORY, "base_url": self.url,
            "fetch_branches": True, "prune_branches": True, "build_pull_requests": False,
            "token_type": "github_app",
        }  # fmt: skip

    def close(self) -> None:
        self._closing.close()

    def _app(self) -> Starlette:
        table: list[tuple[str, str, Callable[[Call], Answer]]] = [
            ("GET", "/user", lambda _call: {"login": "mtls-bot", "id": 2}),
            ("GET", _R, self._repo),
            ("GET", _R + "/git/ref/{ref:path}", self._ref),
            ("GET", _R + "/git/refs/{ref:path}", self._ref),
            ("GET", _R + "/git/commits/{sha}", self._commit),
            ("GET", _R + "/git/trees/{sha}", self._tree),
            ("GET", _R + "/git/blobs/{sha}", self._blob),
            ("POST", _R + "/git/blobs", self._make_blob),
            ("POST", _R + "/git/trees", self._make_tree),
            ("POST", _R + "/git/commits", self._make_commit),
            ("POST", _R + "/git/refs", self._make_ref),
            ("GET", _R + "/pulls", self._pulls),
            ("POST", _R + "/pulls", self._open),
            ("GET", _R + "/pulls/{number}", self._pull),
            ("PATCH", _R + "/pulls/{number}", self._edit),
            ("PUT", _R + "/pulls/{number}/merge", self._merge),
        ]
        return Starlette(routes=[route(m, path, handler, refusal) for m, path, handler in table])

    def _known(self, call: Call) -> Hosted:
        """Unknown and invisible look the same."""
        if f"{call['owner']}/{call['name']}" != self.hosted.name:
            raise RefusedError(404, "Not Found")
        return self.hosted

    def _repo(self, call: Call) -> Answer:
        return repo(self._known(call), call.base, may_write=call.may_write)

    def _ref(self, call: Call) -> Answer:
        hosted, ref = self._known(call), call["ref"]
        sha = hosted.tip(ref.removeprefix("heads/"))
        if sha is None or not ref.startswith("heads/"):
            raise RefusedError(404, "Not Found")
        return self._shown_ref(call, f"refs/{ref}", sha)

    def _shown_ref(self, call: Call, ref: str, sha: str) -> JSON:
        base, name = call.base, self.hosted.name
        return {
            "ref": ref, "url": f"{base}/repos/{name}/git/{ref}",
            "object": {"type": "commit", "sha": sha,
                       "url": git_url(self.hosted, base, "commits", sha)},
        }  # fmt: skip

    def _commit(self, call: Call) -> Answer:
        return commit(self._known(call), call.base, self._sha(call, "commit"))

    def _sha(self, call: Call, kind: str) -> str:
        sha = call["sha"]
        try:
            if _SHA.match(sha):
                self.hosted.git.read(sha, kind)
                return sha
        except NoSuchObjectError:
            pass
        raise RefusedError(404, "Not Found")

    def _tree(self, call: Call) -> Answer:
        hosted, sha = self._known(call), self._sha(call, "tree")
        entries = [{"path": e.path, "mode": e.mode, "type": e.type, "sha": e.sha}
                   for e in hosted.git.tree(sha)]  # fmt: skip
        url = git_url(hosted, call.base, "trees", sha)
        return {"sha": sha, "url": url, "tree": entries, "truncated": False}

    def _blob(self, call: Call) -> Answer:
        hosted, sha = self._known(call), self._sha(call, "blob")
        raw = hosted.git.read(sha, "blob")
        content = base64.encodebytes(raw).decode()  # with line breaks, as GitHub's
        return {"sha": sha, "size": len(raw), "encoding": "base64", "content": content,
                "url": git_url(hosted, call.base, "blobs", sha)}  # fmt: skip

    def _make_blob(self, call: Call) -> Answer:
        hosted, text = self._known(call), call.text("content")
        try:
            plain = (
                base64.b64decode(text, validate=True)
                if call.body.get("encoding") == "base64"
                else text.encode()
            )
        except binascii.Error as error:
            raise RefusedError(422, "content is not valid Base64") from error
        sha = hosted.blob(plain)
        return {"sha": sha, "url": git_url(hosted, call.base, "blobs", sha)}

    def _make_tree(self, call: Call) -> Answer:
        hosted = self._known(call)
        entries: list[tuple[str, str, str | None]] = []
        for entry in call.body.get("tree") or []:
            sha = entry.get("sha")
            if "content" in entry:
                sha = hosted.blob(str(entry["content"]).encode())
            entries.append((str(entry["mode"]), str(entry["path"]), sha))
        start = call.text("base_tree")
        there = {e.path for e in hosted.git.tree(start)} if start else set()
        gone = [p for _, p, sha in entries if sha is None and p.partition("/")[0] not in there]
        if gone:
            raise RefusedError(422, f"{gone[0]} is not in the base tree")
        made = hosted.tree(start, entries)
        return {"sha": made, "url": git_url(hosted, call.base, "trees", made), "tree": []}

    def _make_commit(self, call: Call) -> Answer:
        hosted = self._known(call)
        author = _person(call.body.get("author") or {}, hosted.clock())
        committer = _person(call.body.get("committer") or call.body.get("author") or {}, author.at)
        parents = [str(p) for p in call.body.get("parents") or []]
        if not all(hosted.is_commit(p) for p in parents):
            raise RefusedError(422, "Parent SHA does not exist or is not a commit object")
        sha = hosted.commit(call.text("tree"), parents, call.text("message"), author, committer)
        return commit(hosted, call.base, sha)

    def _make_ref(self, call: Call) -> Answer:
        hosted, ref, sha = self._known(call), call.text("ref"), call.text("sha")
        if not ref.startswith("refs/heads/") or not hosted.is_commit(sha):
            raise RefusedError(422, "Object does not exist")
        hosted.begin(ref.removeprefix("refs/heads/"), sha)
        return self._shown_ref(call, ref, sha)

    def _pulls(self, call: Call) -> Answer:
        hosted, state = self._known(call), call.query.get("state", "open")
        head = call.query.get("head", "")
        owner = hosted.name.partition("/")[0]
        branch = head.removeprefix(f"{owner}:") if head.startswith(f"{owner}:") else None
        found = [r for r in reversed(hosted.requests)
                 if (state == "all" or (r.state == "open") == (state == "open"))
                 and branch in (None, r.branch)]  # fmt: skip
        return [pull(hosted, call.base, r) for r in found[: int(call.query.get("per_page", "30"))]]

    def _open(self, call: Call) -> Answer:
        hosted = self._known(call)
        branch = call.text("head").rpartition(":")[2]
        try:
            made = hosted.open(branch, call.text("base"), call.text("title"), call.text("body"))
        except RefusedError as refused:
            owner = hosted.name.partition("/")[0]
            words = f"A pull request already exists for {owner}:{branch}."
            raise RefusedError(422, words if refused.status == 409 else refused.message) from None
        return pull(hosted, call.base, made)

    def _one(self, call: Call) -> Any:
        found = self._known(call).find(int(call["number"])) if call["number"].isdigit() else None
        if found is None:
            raise RefusedError(404, "Not Found")
        return found

    def _pull(self, call: Call) -> Answer:
        return pull(self.hosted, call.base, self._one(call))

    def _edit(self, call: Call) -> Answer:
        request = self._one(call)
        if call.body.get("state") == "closed":
            if request.state == "merged":
                raise RefusedError(422, "state cannot be changed. The pull request was merged.")
            self.hosted.close(request.number)
        return pull(self.hosted, call.base, request)

    def _merge(self, call: Call) -> Answer:
        request = self._one(call)
        method: Any = call.body.get("merge_method", "merge")
        sha = self.hosted.merge(request.number, method)
        return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


def _person(told: JSON, at: datetime) -> Person:
    when = datetime.fromisoformat(told["date"]) if told.get("date") else at
    return Person(
        str(told.get("name", "mtls-bot")), str(told.get("email", "bot@example.com")), when
    )
