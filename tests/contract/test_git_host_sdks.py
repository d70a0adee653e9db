"""Witnesses that we did not write: PyGithub and python-gitlab against the stand-ins.

They make a change and read ours; the two readings are compared.
"""

import base64
from collections.abc import Iterator

import gitlab as gitlab_sdk
import pytest
from github import Auth, Github, GithubException, InputGitAuthor, InputGitTreeElement
from github.Repository import Repository as GithubRepository
from gitlab.v4.objects import Project as GitlabProject

from tests.contract.git_host_stand import CA, ROUTES, SHOP, World, hosting


@pytest.fixture(scope="module")
def at_github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, GithubRepository]]:
    with hosting("github", tmp_path_factory.mktemp("github")) as world:
        sdk = Github(auth=Auth.Token(world.vendor.token), base_url=world.vendor.url, retry=None)
        yield world, sdk.get_repo(SHOP)
        sdk.close()


@pytest.fixture(scope="module")
def at_gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, GitlabProject]]:
    with hosting("gitlab", tmp_path_factory.mktemp("gitlab")) as world:
        address = world.vendor.url.removesuffix("/api/v4")
        with gitlab_sdk.Gitlab(address, private_token=world.vendor.token) as sdk:
            yield world, sdk.projects.get(SHOP)


def test_pygithub_brings_a_change_in_by_the_same_calls(
    at_github: tuple[World, GithubRepository],
) -> None:
    """Blob, tree, commit, reference, pull request, squash; our client reads the merge."""
    world, repo = at_github
    head = repo.get_git_ref("heads/main").object.sha
    blob = repo.create_git_blob(base64.b64encode(b"theirs\n").decode(), "base64")
    line = InputGitTreeElement(CA, "100644", "blob", sha=blob.sha)
    parent = repo.get_git_commit(head)
    tree = repo.create_git_tree([line], parent.tree)
    who = InputGitAuthor("Them", "them@example.com", "2026-11-24T12:00:00Z")
    made = repo.create_git_commit("Theirs", tree, [parent], who, who)
    repo.create_git_ref("refs/heads/theirs", made.sha)
    pull = repo.create_pull(base="main", head="theirs", title="Theirs", body="Why")
    assert world.client.requests(SHOP, "theirs")[0].number == str(pull.number)
    merged = pull.merge(merge_method="squash")
    assert merged.merged
    assert world.client.request(SHOP, str(pull.number)).merged_as == merged.sha


def test_pygithub_reads_what_we_opened(at_github: tuple[World, GithubRepository]) -> None:
    """Title, branch, files and state; and it closes it, which we read."""
    world, repo = at_github
    number = world.offered("mtls-bot/ours", {ROUTES: b"ours\n"})
    pull = repo.get_pull(int(number))
    assert (pull.title, pull.head.ref, pull.base.ref, pull.merged) == (
        "Change it", "mtls-bot/ours", "main", False,
    )  # fmt: skip
    tree = repo.get_git_tree(repo.get_git_commit(pull.head.sha).tree.sha)
    assert ".platform" in [entry.path for entry in tree.tree]
    assert [p.number for p in repo.get_pulls(state="open", head="example:mtls-bot/ours")] == [
        pull.number
    ]
    pull.edit(state="closed")
    assert world.client.request(SHOP, number).state == "closed"


def test_pygithub_is_refused_by_name(at_github: tuple[World, GithubRepository]) -> None:
    """A second branch of a name and an unknown pull request are its own exceptions."""
    _, repo = at_github
    head = repo.get_git_ref("heads/main").object.sha
    with pytest.raises(GithubException) as refused:
        repo.create_git_ref("refs/heads/main", head)
    assert refused.value.status == 422
    with pytest.raises(GithubException) as absent:
        repo.get_pull(999)
    assert absent.value.status == 404


def test_python_gitlab_brings_a_change_in_by_the_same_calls(
    at_gitlab: tuple[World, GitlabProject],
) -> None:
    """One commit of two files with its branch, a merge request, merged; our client reads it."""
    world, project = at_gitlab
    head = project.branches.get("main").commit["id"]
    project.commits.create({
        "branch": "theirs", "start_sha": head, "commit_message": "Theirs",
        "actions": [
            {"action": "create", "file_path": CA, "content": "theirs\n"},
            {"action": "update", "file_path": ROUTES, "encoding": "base64",
             "content": base64.b64encode(b"{}\n").decode()},
        ],
    })  # fmt: skip
    request = project.mergerequests.create({
        "source_branch": "theirs", "target_branch": "main", "title": "Theirs", "description": "Why",
    })  # fmt: skip
    assert world.client.requests(SHOP, "theirs")[0].number == str(request.iid)
    request.merge()
    merged = project.mergerequests.get(request.iid)
    ours = world.client.request(SHOP, str(request.iid))
    assert (merged.state, merged.merge_commit_sha) == ("merged", ours.merged_as)


def test_python_gitlab_reads_what_we_opened(at_gitlab: tuple[World, GitlabProject]) -> None:
    """Title, branch, files and state; and it closes it, which we read."""
    world, project = at_gitlab
    number = world.offered("mtls-bot/ours", {ROUTES: b"ours\n"})
    request = project.mergerequests.get(int(number))
    assert (request.title, request.source_branch, request.state) == (
        "Change it", "mtls-bot/ours", "opened",
    )  # fmt: skip
    assert project.files.get(ROUTES, ref="mtls-bot/ours").decode() == b"ours\n"
    names = [e["name"] for e in project.repository_tree(".platform", ref="main", get_all=True)]
    assert "routes.yaml" in names
    request.state_event = "close"
    request.save()
    assert world.client.request(SHOP, number).state == "closed"


def test_python_gitlab_is_refused_by_name(at_gitlab: tuple[World, GitlabProject]) -> None:
    """A branch that is there already is its own exception."""
    _, project = at_gitlab
    head = project.branches.get("main").commit["id"]
    action = {"action": "update", "file_path": ROUTES, "content": "x"}
    with pytest.raises(gitlab_sdk.GitlabCreateError, match="already exists"):
        project.commits.create({
            "branch": "main", "start_sha": head, "commit_message": "x", "actions": [action],
        })  # fmt: skip
