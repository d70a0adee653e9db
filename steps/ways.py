"""Which way in a project has, chosen by its facts: its code source, and which tokens are set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from steps.clients.git_host import GitHost
from steps.clients.git_objects import Author
from steps.clients.platformsh_models import Integration, Project, ProjectSettings
from steps.clients.repository import is_external
from steps.errors import Denied, NotFound
from steps.following import Following
from steps.step import Site
from steps.way_in import WayIn
from steps.way_native import Native, Repository
from steps.way_patch import ByHand
from steps.way_request import ByRequest


class Projects(Protocol):
    """The calls of the Platform.sh client that tell where the code is."""

    def code_source(self, project: str) -> Integration | None: ...
    def project(self, project: str) -> Project: ...
    def project_settings(self, project: str) -> ProjectSettings: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """A git host that a token is set for."""

    host: GitHost
    api: str
    """Its API's address, by which an integration is known to be this one."""

    def covers(self, base_url: str) -> bool:
        """Whether an integration's own address is of this host; an empty one is the public one."""
        theirs = urlsplit(base_url).hostname or _PUBLIC[self.host.vendor.lower()]
        ours = urlsplit(self.api).hostname or ""
        return ours in (theirs, f"api.{theirs}")


_PUBLIC = {"github": "github.com", "gitlab": "gitlab.com"}


@dataclass(frozen=True, slots=True)
class Ways:
    """Every way in that the settings allow."""

    projects: Projects
    repository: Repository
    author: Author
    following: Following
    reach: Mapping[str, Reach] = field(default_factory=dict)
    """By the type of the integration: ``github``, ``gitlab``."""

    def of(self, site: Site) -> WayIn:
        """The way in of the project, by its integration and its repository's address."""
        return self.named(self.name_of(site.project))

    def name_of(self, project: str) -> str:
        """How the plans name it: ``native``, ``github:owner/name``, ``patch:where``."""
        try:
            source = self.projects.code_source(project)
        except Denied:
            source = None  # a right that not every machine user has: the address tells as well
        if source is None:
            elsewhere = is_external(self.projects.project(project).repository.url)
            return f"patch:{elsewhere}" if elsewhere else "native"
        where = str(source.repository or source.project or source.type)
        reach = self.reach.get(source.type)
        if reach is not None and reach.covers(source.base_url) and "/" in where:
            return f"{source.type}:{where}"
        return f"patch:{where} ({_VENDORS.get(source.type, source.type)})"

    def named(self, name: str) -> WayIn:
        """The one that a plan is bound to. Raises NotFound when its token is no longer set."""
        kind, _, where = name.partition(":")
        if kind == "native":
            return Native(self.repository, self.following)
        if kind == "patch":
            return ByHand(where, self.repository, self.author, self.following)
        if kind not in self.reach:
            raise NotFound(
                f"No token is set for {_VENDORS.get(kind, kind)}.", service="the settings",
                doing="bring the change in", hint=f"Set MTLS_{kind.upper()}_TOKEN, then Retry.",
            )  # fmt: skip
        host = self.reach[kind].host
        return ByRequest(host, where, self._config_dir, self.author, self.following)

    def _config_dir(self, site: Site) -> str:
        return self.projects.project_settings(site.project).project_config_dir.strip("/")


_VENDORS = {
    "github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket",
    "bitbucket_server": "Bitbucket Server",
}  # fmt: skip
