"""Our clients of GitHub and GitLab against the stand-ins: the same promises of both."""

from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from pydantic import SecretStr

from sandbox.faults import Fault
from sandbox.platformsh.demo_repository import ROUTES as SHOP_ROUTES
from steps.clients.github import github
from steps.clients.gitlab import gitlab
from steps.errors import (
    AlreadyExists,
    ClientError,
    Denied,
    NotFound,
    RateLimited,
    UnexpectedReply,
    Unreachable,
)
from tests.contract.git_host_stand import CA, CONFIG, ROUTES, SHOP, Kind, World, hosting

NEW = SHOP_ROUTES.replace("\n", "\r\n", 2).encode() + "# Straße ✓".encode()
FILES: dict[str, bytes | None] = {ROUTES: NEW, CA: b"PEM\n"}


@pytest.fixture(scope="module", params=["github", "gitlab"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    kind: Kind = request.param
    with hosting(kind, tmp_path_factory.mktemp(kind)) as made:
        yield made


def test_a_commit_is_read_as_git_has_it(world: World) -> None:
    """Tip, configuration tree and files, each proven by its own id."""
    tip = world.client.tip(SHOP, "main")
    assert tip == world.git("rev-parse", "main").strip()
    snapshot = world.client.snapshot(SHOP, tip, CONFIG)
    assert snapshot.config_tree == world.git("rev-parse", f"{tip}:{CONFIG}").strip()
    sha = snapshot.blob(ROUTES)
    assert sha is not None
    assert world.client.read(SHOP, sha).decode() == world.git("show", f"{tip}:{ROUTES}")
    assert snapshot.blob(f"{CONFIG}/none.crt") is None


def test_what_is_not_there_is_none_and_a_foreign_repository_is_not_found(world: World) -> None:
    """Unknown branch, unknown directory, unknown repository: three answers."""
    tip = world.client.tip(SHOP, "main")
    assert world.client.tip(SHOP, "no/such") is None
    assert tip is not None
    with pytest.raises(NotFound):
        world.client.snapshot(SHOP, tip, ".upsun")
    with pytest.raises(NotFound, match="Not Found"):
        world.client.tip("example/other", "main")


def test_both_files_come_in_one_commit_with_every_byte(world: World) -> None:
    """CRLF, no last line end, not ASCII; author and message as given; the parent is the head."""
    head = world.client.tip(SHOP, "main")
    sha = world.client.begin_branch(
        SHOP, "mtls-bot/bytes", world.commit(FILES, message="Tu es ✓\n\nSo.\n")
    )
    assert world.client.tip(SHOP, "mtls-bot/bytes") == sha
    assert world.git("rev-parse", f"{sha}^").strip() == head
    assert world.vendor.hosted.git.file(sha, ROUTES) == NEW
    assert world.vendor.hosted.git.file(sha, CA) == b"PEM\n"
    assert world.git("diff", "--name-only", f"{sha}^", sha).split() == [CA, ROUTES]
    told = world.git("log", "-1", "--format=%an|%ae|%B", sha).strip()
    assert told == "mTLS bot|bot@example.com|Tu es ✓\n\nSo."


def test_a_file_is_taken_out(world: World) -> None:
    """The way back takes the CA out again, in the commit that restores the routes."""
    world.vendor.hosted.somebody_commits("main", {CA: b"PEM\n"})
    commit = world.commit({ROUTES: b"{}\n", CA: None})
    sha = world.client.begin_branch(SHOP, "mtls-bot/gone", commit)
    assert world.vendor.hosted.git.file(sha, CA) is None
    assert world.vendor.hosted.git.file(sha, ROUTES) == b"{}\n"
    world.vendor.hosted.somebody_commits("main", {CA: None})


def test_a_branch_is_made_once(world: World) -> None:
    """The second finds the first: told as such, and the branch is as it was."""
    first = world.client.begin_branch(SHOP, "mtls-bot/once", world.commit(FILES))
    with pytest.raises(AlreadyExists):
        world.client.begin_branch(SHOP, "mtls-bot/once", world.commit({CA: b"other\n"}))
    assert world.client.tip(SHOP, "mtls-bot/once") == first


def test_a_request_is_opened_once_and_found_by_its_branch(world: World) -> None:
    """Listed in any state; a second one of the branch is refused as one that exists."""
    number = world.offered("mtls-bot/asked", {CA: b"asked\n"})
    found = world.client.requests(SHOP, "mtls-bot/asked")
    assert [(r.number, r.state, r.merged_as) for r in found] == [(number, "open", "")]
    assert number in found[0].url
    with pytest.raises(AlreadyExists):
        world.client.open_request(SHOP, "mtls-bot/asked", into="main", title="x", text="x")
    assert number in [r.number for r in world.client.open_requests(SHOP)]
    closed = world.client.close_request(SHOP, number)
    assert closed.state == "closed"
    assert world.client.request(SHOP, number).state == "closed"
    assert [r.state for r in world.client.requests(SHOP, "mtls-bot/asked")] == ["closed"]
    assert number not in [r.number for r in world.client.open_requests(SHOP)]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_the_merge_is_known_by_its_own_commit(
    world: World, method: Literal["merge", "squash", "rebase"]
) -> None:
    """Whatever the method, it is what the target branch was updated to; before it, nothing."""
    branch, content = f"mtls-bot/{method}", f"{method}\n".encode()
    number = world.offered(branch, {CA: content})
    world.vendor.hosted.somebody_commits("main", {f"docs/{method}.md": b"meanwhile\n"})
    assert world.client.request(SHOP, number).merged_as == ""
    merged = world.vendor.hosted.merge(int(number), method)
    request = world.client.request(SHOP, number)
    assert (request.state, request.merged_as) == ("merged", merged)
    assert world.client.tip(SHOP, "main") == merged != world.client.tip(SHOP, branch)
    snapshot = world.client.snapshot(SHOP, request.merged_as, CONFIG)
    sha = snapshot.blob(CA)
    assert sha is not None
    assert world.client.read(SHOP, sha) == content
    assert world.client.close_request(SHOP, number).state == "merged"
    assert world.moves[-1][0] == "main"


def test_rights_are_told(world: World) -> None:
    """A token that may only read says so beforehand, and is denied when it writes."""
    assert world.client.may_push(SHOP) is True
    assert world.reader.may_push(SHOP) is False
    with pytest.raises(Denied, match="not accessible") as denied:
        world.reader.begin_branch(SHOP, "mtls-bot/no", world.commit(FILES))
    assert "needs" in denied.value.hint


def service(world: World) -> str:
    return "github" if world.client.vendor == "GitHub" else "gitlab"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Denied), (403, Denied), (404, NotFound), (409, AlreadyExists), (429, RateLimited),
     (422, UnexpectedReply), (301, UnexpectedReply)],
)  # fmt: skip
def test_each_refusal_has_its_class(world: World, status: int, kind: type[ClientError]) -> None:
    """One path maps all; a write is sent once."""
    world.faults.add(Fault(service(world), "POST", "(pulls|merge_requests)", "status", status,
                           body='{"message": "No."}'))  # fmt: skip
    before = len(world.journal.writes(service(world)))
    with pytest.raises(kind):
        world.client.open_request(SHOP, "mtls-bot/x", into="main", title="x", text="x")
    assert len(world.journal.writes(service(world))) == before + 1


def test_an_answer_that_is_cut_off_is_unreachable_and_not_repeated(world: World) -> None:
    """Whether the branch is there is found out by looking."""
    where = "git/refs" if service(world) == "github" else "repository/commits"
    world.faults.add(Fault(service(world), "POST", where, "cut-after"))
    with pytest.raises(Unreachable):
        world.client.begin_branch(SHOP, "mtls-bot/cut", world.commit(FILES))
    assert world.client.tip(SHOP, "mtls-bot/cut") is not None


def test_a_read_is_tried_again(world: World) -> None:
    """A server in trouble once; the answer comes with the second try."""
    world.faults.add(Fault(service(world), "GET", "(pulls|merge_requests)", "status", 502))
    assert world.client.open_requests(SHOP) is not None


@pytest.mark.parametrize("make", [github, gitlab])
def test_the_token_does_not_follow_a_redirect(make: object) -> None:
    """A renamed repository points elsewhere: told, and nothing is sent there."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(301, headers={"location": "https://elsewhere.example/x"})

    transport = httpx.MockTransport(answer)
    client = (github if make is github else gitlab)(SecretStr("secret"), transport=transport)
    with pytest.raises(UnexpectedReply) as told:
        client.may_push(SHOP)
    assert len(asked) == 1
    assert "secret" not in f"{told.value.for_people} {told.value.hint}"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry-after": "30"}, 30.0),
     ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1764072130",
       "date": "Tue, 25 Nov 2025 12:00:00 GMT"}, 130.0),
     ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1764072130", "date": "?"}, 60.0),
     ({"x-ratelimit-remaining": "12"}, None)],
)  # fmt: skip
def test_githubs_limits_are_not_denials(headers: dict[str, str], wait: float | None) -> None:
    """A 403 with a time to wait is a limit, by the server's own clock; without one it is a no."""
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(403, headers=headers, json={"message": "limit"})
    )
    client = github(SecretStr("secret"), transport=transport)
    with pytest.raises(ClientError) as told:
        client.close_request(SHOP, "1") if wait is None else client.open_request(
            SHOP, "b", into="main", title="x", text="x"
        )
    error = told.value
    assert (error.retry_after if isinstance(error, RateLimited) else None) == wait
