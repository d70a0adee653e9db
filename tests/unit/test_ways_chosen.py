"""Which way in a project has, by its integration, its address and the tokens that are set."""

from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from steps.clients.github import GithubClient, github
from steps.clients.gitlab import GitlabClient
from steps.clients.platformsh_models import (
    Integration,
    Project,
    ProjectSettings,
    RepositoryUrl,
    Titled,
)
from steps.deployments import Rhythm
from steps.errors import Denied, NotFound
from steps.following import Following
from steps.rights import code_rights
from steps.way_native import Native
from steps.way_patch import ByHand
from steps.way_request import ByRequest
from steps.ways import Reach, Ways
from tests.doubles.git_host import AUTHOR
from tests.doubles.world import SITE

OWN = "q7x2m5kd3vw4t@git.eu-5.platform.sh:q7x2m5kd3vw4t.git"
NOTHING: Any = None


@dataclass
class Projects:
    """A project with one integration, or whose integrations may not be read."""

    source: Integration | None = None
    url: str = OWN
    hidden: bool = False

    def code_source(self, project: str) -> Integration | None:
        if self.hidden:
            raise Denied("No.", service="Platform.sh", doing="list the integrations")
        return self.source

    def project(self, project: str) -> Project:
        return Project(id=project, repository=RepositoryUrl(url=self.url))

    def project_settings(self, project: str) -> ProjectSettings:
        return ProjectSettings(project_config_dir=".platform/")


def ways(projects: Projects, github: str = "", gitlab: str = "") -> Ways:
    """With tokens for the hosts whose API address is given."""
    reach = {}
    if github:
        reach["github"] = Reach(GithubClient(NOTHING), github)
    if gitlab:
        reach["gitlab"] = Reach(GitlabClient(NOTHING), gitlab)
    following = Following(NOTHING, Rhythm())
    return Ways(projects, NOTHING, AUTHOR, following, reach)


GITHUB = Integration(type="github", repository="example/shop")
GITLAB = Integration(type="gitlab", project="group/sub/shop", base_url="https://git.example.com")
BITBUCKET = Integration(type="bitbucket", repository="example/shop")


@pytest.mark.parametrize(
    ("projects", "github", "gitlab", "name"),
    [
        (Projects(), "", "", "native"),
        (Projects(GITHUB), "https://api.github.com", "", "github:example/shop"),
        (Projects(GITHUB), "", "", "patch:example/shop (GitHub)"),
        (Projects(GITHUB), "https://git.example.com/api/v3", "", "patch:example/shop (GitHub)"),
        (Projects(GITLAB), "", "https://git.example.com/api/v4", "gitlab:group/sub/shop"),
        (Projects(GITLAB), "", "https://gitlab.com/api/v4", "patch:group/sub/shop (GitLab)"),
        (Projects(BITBUCKET), "https://api.github.com", "", "patch:example/shop (Bitbucket)"),
        (Projects(hidden=True), "", "", "native"),
        (Projects(hidden=True, url="git@github.com:example/shop.git"), "", "", "patch:github.com"),
    ],
)
def test_the_way_in_is_a_fact(projects: Projects, github: str, gitlab: str, name: str) -> None:
    """A token goes only to the very host that the integration names; else it is a patch."""
    chosen = ways(projects, github, gitlab)
    assert chosen.name_of("q7x2m5kd3vw4t") == name
    assert chosen.of(SITE).name == name


def test_a_plan_finds_its_way_in_again() -> None:
    """By its name alone, whatever the project says meanwhile."""
    made = ways(Projects(), github="https://api.github.com")
    assert isinstance(made.named("native"), Native)
    assert isinstance(made.named("patch:example/shop (Bitbucket)"), ByHand)
    by_request = made.named("github:example/shop")
    assert isinstance(by_request, ByRequest)
    assert (by_request.repository, by_request.config_dir(SITE)) == ("example/shop", ".platform")


def test_a_token_that_is_no_longer_set_is_told() -> None:
    """A plan that was approved for GitHub, and a bot that lost its token."""
    with pytest.raises(NotFound, match="No token is set for GitHub") as told:
        ways(Projects()).named("github:example/shop")
    assert "MTLS_GITHUB_TOKEN" in told.value.hint


@pytest.mark.parametrize(
    ("answer", "state", "todo"),
    [
        (httpx.Response(200, json={"permissions": {"push": True}}), "fine", ""),
        (httpx.Response(200, json={"permissions": {"push": False}}), "missing", "pull request"),
        (httpx.Response(200, json={"full_name": "example/shop"}), "unknown", "pull request"),
        (httpx.Response(401, json={"message": "Bad credentials"}), "missing", "MTLS_GITHUB_TOKEN"),
        (httpx.Response(404, json={"message": "Not Found"}), "unknown", "not visible"),
    ],
)
def test_check_tells_whether_a_request_can_be_opened(
    answer: httpx.Response, state: str, todo: str
) -> None:
    """Where the code is, and the right of the token there; a denial is missing."""
    transport = httpx.MockTransport(lambda _request: answer)
    client = github(SecretStr("secret"), transport=transport)
    made = ways(Projects(GITHUB))
    reach = {"github": Reach(client, "https://api.github.com")}
    rows = list(code_rights(replace(made, reach=reach), lambda: (Titled(id="q7x2m5kd3vw4t"),)))
    assert [(row.state, todo in row.todo) for row in rows] == [(state, True)]


def test_check_tells_of_code_that_comes_in_otherwise() -> None:
    """Platform.sh's own git needs no token, and a patch none either."""
    for projects, words in ((Projects(), "own git"), (Projects(BITBUCKET), "by a patch")):
        rows = list(code_rights(ways(projects), lambda: (Titled(id="q7x2m5kd3vw4t"),)))
        assert [(row.state, words in row.what) for row in rows] == [("fine", True)]
