"""What GitHub's API shows, in its own fields."""

from datetime import UTC, datetime
from typing import Any

from sandbox.hosting.asking import JSON
from sandbox.hosting.hosted import Hosted, Request

_DOCS = "https://docs.github.com/rest"


def refusal(status: int, message: str) -> JSON:
    """A validation (422) has its words in `errors`, but for references."""
    if status == 422 and message != "Reference already exists":
        error = {"resource": "PullRequest", "code": "custom", "message": message}
        return {"message": "Validation Failed", "errors": [error], "documentation_url": _DOCS}
    return {"message": message, "documentation_url": _DOCS, "status": str(status)}


def stamp(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def repo(hosted: Hosted, base: str, *, may_write: bool) -> JSON:
    owner, name = hosted.name.split("/")
    return {
        "id": 1, "name": name, "full_name": hosted.name, "private": True,
        "owner": {"login": owner, "id": 1, "type": "Organization"},
        "url": f"{base}/repos/{hosted.name}", "html_url": f"{base}/{hosted.name}",
        "default_branch": "main",
        "permissions": {"admin": False, "push": may_write, "pull": True},
    }  # fmt: skip


def commit(hosted: Hosted, base: str, sha: str) -> JSON:
    raw = hosted.git.read(sha, "commit").decode(errors="replace")
    head, _, message = raw.partition("\n\n")
    fields = [line.partition(" ") for line in head.split("\n")]
    values = {name: value for name, _, value in fields}
    parents = [value for name, _, value in fields if name == "parent"]
    return {
        "sha": sha, "url": git_url(hosted, base, "commits", sha), "message": message,
        "tree": {"sha": values["tree"], "url": git_url(hosted, base, "trees", values["tree"])},
        "parents": [{"sha": p, "url": git_url(hosted, base, "commits", p)} for p in parents],
        "author": _person(values["author"]), "committer": _person(values["committer"]),
        "verification": {"verified": False, "reason": "unsigned"},
    }  # fmt: skip


def _person(line: str) -> JSON:
    name, _, rest = line.partition(" <")
    email, _, when = rest.partition("> ")
    at = datetime.fromtimestamp(int(when.split()[0]), UTC)
    return {"name": name, "email": email, "date": stamp(at)}


def git_url(hosted: Hosted, base: str, kind: str, sha: str) -> str:
    return f"{base}/repos/{hosted.name}/git/{kind}/{sha}"


def pull(hosted: Hosted, base: str, request: Request) -> JSON:
    """`merge_commit_sha` is a trial merge while it is open, and on no branch then."""
    merged = request.state == "merged"
    url = f"{base}/repos/{hosted.name}/pulls/{request.number}"
    sha: Any = request.merged_as if merged else request.trial if request.state == "open" else None
    return {
        "id": request.number, "number": request.number, "url": url,
        "html_url": f"{base}/{hosted.name}/pull/{request.number}",
        "state": "open" if request.state == "open" else "closed", "title": request.title,
        "body": request.text, "draft": False, "merged": merged, "mergeable": True,
        "created_at": stamp(request.created_at), "merged_at": stamp(request.merged_at),
        "merge_commit_sha": sha,
        "head": _side(hosted, request.branch), "base": _side(hosted, request.into),
        "user": {"login": "mtls-bot", "id": 2, "type": "Bot"},
    }  # fmt: skip


def _side(hosted: Hosted, branch: str) -> JSON:
    owner = hosted.name.partition("/")[0]
    return {"label": f"{owner}:{branch}", "ref": branch, "sha": hosted.tip(branch)}
