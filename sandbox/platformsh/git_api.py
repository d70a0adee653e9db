"""End points that read the repository: refs, commits, trees (not recursive) and blobs."""

import base64
import re
from contextlib import suppress
from datetime import UTC, datetime

from starlette.routing import Route

from sandbox.platformsh.asking import JSON, Answer, Call, RefusedError, link, route
from sandbox.platformsh.projects_api import known
from sandbox.platformsh.repository import NoSuchObjectError, Repository
from sandbox.platformsh.state import Project, stamp

_GIT = "/projects/{project}/git"
_SHA = re.compile(r"^[0-9a-f]{40}$")
_PERSON = re.compile(r"^(.*) <(.*)> (\d+) [+-]\d{4}$")


class GitApi:
    """Read only: what is pushed goes over SSH."""

    def __init__(self, project: Project, repository: Repository) -> None:
        self._project = project
        self._repository = repository

    def routes(self) -> list[Route]:
        return [
            route("GET", _GIT + "/refs", self.refs),
            route("GET", _GIT + "/refs/{ref}", self.ref),
            route("GET", _GIT + "/commits/{sha}", self.commit),
            route("GET", _GIT + "/trees/{sha}", self.tree),
            route("GET", _GIT + "/blobs/{sha}", self.blob),
        ]

    def refs(self, call: Call) -> Answer:
        known(self._project, call)
        return [self._ref(ref, sha) for ref, sha in self._repository.refs().items()]

    def ref(self, call: Call) -> Answer:
        known(self._project, call)
        full = f"refs/{call['ref']}"
        sha = self._repository.refs().get(full)
        if sha is None:
            raise RefusedError(404, "Ref not found")
        return self._ref(full, sha)

    def commit(self, call: Call) -> Answer:
        sha, raw = self._object(call, "commit")
        head, _, message = raw.decode(errors="replace").partition("\n\n")
        fields = [line.partition(" ") for line in head.split("\n")]
        values = {name: value for name, _, value in fields}
        return {
            "id": sha, "sha": sha, "message": message, "tree": values["tree"],
            "parents": [value for name, _, value in fields if name == "parent"],
            "author": _person(values["author"]), "committer": _person(values["committer"]),
            "_links": {"self": self._link("commits", sha)},
        }  # fmt: skip

    def tree(self, call: Call) -> Answer:
        sha, _ = self._object(call, "tree")
        entries = [
            {"path": e.path, "mode": e.mode, "type": e.type, "sha": e.sha}
            for e in self._repository.tree(sha)
        ]
        return {
            "id": sha,
            "sha": sha,
            "tree": entries,
            "_links": {"self": self._link("trees", sha)},
        }

    def blob(self, call: Call) -> Answer:
        sha, raw = self._object(call, "blob")
        encoding, content = "base64", base64.b64encode(raw).decode()
        if self._project.blob_encoding == "utf-8":
            with suppress(UnicodeDecodeError):
                encoding, content = "utf-8", raw.decode()
        links = {"self": self._link("blobs", sha)}
        return {
            "id": sha, "sha": sha, "size": len(raw), "encoding": encoding, "content": content,
            "_links": links,
        }  # fmt: skip

    def _object(self, call: Call, kind: str) -> tuple[str, bytes]:
        known(self._project, call)
        sha = call["sha"]
        if not _SHA.match(sha):
            raise RefusedError(404, f"{kind.title()} not found")
        try:
            return sha, self._repository.read(sha, kind)
        except NoSuchObjectError as error:
            raise RefusedError(404, f"{kind.title()} not found") from error

    def _ref(self, ref: str, sha: str) -> JSON:
        short = ref.removeprefix("refs/")
        return {
            "id": short, "ref": ref, "sha": sha, "object": {"type": "commit", "sha": sha},
            "_links": {"self": self._link("refs", short)},
        }  # fmt: skip

    def _link(self, *segments: str) -> JSON:
        return link("projects", self._project.id, "git", *segments)


def _person(line: str) -> JSON:
    found = _PERSON.match(line)
    assert found is not None
    at = datetime.fromtimestamp(int(found[3]), UTC)
    return {"name": found[1], "email": found[2], "date": stamp(at)}
