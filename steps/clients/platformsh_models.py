"""What Platform.sh answers. A real answer can lack newer fields: all but ids have a default."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from steps.clients.reply import Reply


class Me(Reply):
    id: str


class Grant(Reply):
    resource_id: str
    resource_type: str = ""


class Grants(Reply):
    items: tuple[Grant, ...] = ()
    links: dict[str, Any] = Field(default_factory=dict, alias="_links")

    @property
    def next(self) -> str:
        """The address of the next page; empty on the last one."""
        link = self.links.get("next")
        return str(link.get("href") or "") if isinstance(link, dict) else ""


class Titled(Reply):
    id: str
    title: str | None = None


class Subscription(Reply):
    suspended: bool = False


class RepositoryUrl(Reply):
    url: str = ""


class Project(Reply):
    id: str
    title: str | None = None
    default_branch: str | None = None
    repository: RepositoryUrl = RepositoryUrl()
    subscription: Subscription = Subscription()
    status: Any = None

    @property
    def suspended(self) -> bool:
        """The status is a word in some answers, and an object with a code in others."""
        code = self.status.get("code") if isinstance(self.status, Mapping) else self.status
        return self.subscription.suspended or code == "suspended"


class ProjectSettings(Reply):
    project_config_dir: str = ".platform"


class CustomDomains(Reply):
    """How many environments may have domains; production is one of them."""

    enabled: bool = False
    environments_with_domains_limit: int | None = None


class Capabilities(Reply):
    """What the project's plan allows; a part that is not told is unknown, not denied."""

    custom_domains: CustomDomains | None = None


class EnvironmentSettings(Reply):
    enable_manual_deployments: bool = False


class Address(Reply):
    permission: str = ""
    address: str = ""

    @property
    def lets_all(self) -> bool:
        """Whether the rule lets everybody in (the vendor's `any`), and so protects nothing."""
        return self.permission == "allow" and self.address in ("0.0.0.0/0", "::/0", "any")


class HttpAccess(Reply):
    """Names only: passwords that the vendor may read back are dropped here, at the boundary."""

    is_enabled: bool = False
    addresses: tuple[Address, ...] = ()
    users: tuple[str, ...] = Field(default=(), alias="basic_auth")

    @property
    def restricted(self) -> tuple[str, ...]:
        """The addresses of its rules, less those that let everybody in."""
        return tuple(rule.address for rule in self.addresses if not rule.lets_all)

    @property
    def is_effective(self) -> bool:
        """Enabled with empty lists protects nothing (the reference shows such a sample)."""
        return self.is_enabled and bool(self.users or self.restricted)

    @field_validator("users", mode="before")
    @classmethod
    def _names_only(cls, value: object) -> object:
        return tuple(value) if isinstance(value, Mapping) else ()


class DeploymentState(Reply):
    last_deployment_successful: bool | None = None
    last_deployment_at: datetime | None = None
    last_deployment_failure_reason: str | None = None
    """``shell``: a hook has failed, which the platform does not call a failed deployment."""


class Environment(Reply):
    """`id` is the branch; `status` is ``dirty`` while an activity runs."""

    id: str
    type: str = ""
    title: str | None = None
    status: str = ""
    is_dirty: bool = False
    is_pr: bool = False
    """A preview that an integration with a git host made of a pull request."""
    has_staged_activities: bool = False
    head_commit: str | None = None
    edge_hostname: str = ""
    http_access: HttpAccess = HttpAccess()
    deployment_state: DeploymentState | None = None
    links: dict[str, Any] = Field(default_factory=dict, alias="_links")

    def offers(self, operation: str) -> bool:
        """Whether ``#redeploy`` and the like may be asked for now; yes where nothing is told.

        An operation is linked only for whoever may carry it out (the vendor's client asks so).
        """
        return operation in self.links or "self" not in self.links

    @property
    def active(self) -> bool:
        return self.status in ("active", "dirty")

    @property
    def urls(self) -> tuple[str, ...]:
        """The resolved URLs of its routes."""
        routes = self.links.get("pf:routes") or ()
        return tuple(r["href"] for r in routes if isinstance(r, dict) and "href" in r)


class Domain(Reply):
    id: str = ""
    name: str
    replacement_for: str | None = None
    """The production domain that it stands for on another environment: no host of production."""


class Certificate(Reply):
    """The key is never returned."""

    id: str
    certificate: str = ""
    is_provisioned: bool = False
    domains: tuple[str, ...] = ()
    expires_at: datetime | None = None


class Parameters(Reply):
    """What an activity is about. Only the commit is kept: others can hold what nobody may see."""

    new_commit: str = ""


class Activity(Reply):
    """Whatever a write starts; `state` and `result` together say how it ended."""

    id: str
    type: str = ""
    state: str = ""
    result: str | None = None
    parameters: Parameters = Parameters()
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None until it has ended."""
        if self.started_at is None or self.completed_at is None:
            return None
        return (self.completed_at - self.started_at).total_seconds()

    @property
    def outcome(self) -> Literal["running", "success", "failure", "staged", "cancelled"]:
        """``staged`` is shown as 100 % and a success, and is none; an unknown state is a failure.

        Source: the vendor's command line, ActivityMonitor and its deploy test.
        """
        match self.state:
            case "pending" | "in_progress" | "scheduled":
                return "running"
            case "staged":
                return "staged"
            case "cancelled":
                return "cancelled"
            case "complete" if self.result == "success":
                return "success"
            case _:
                return "failure"

    @property
    def pushed(self) -> str:
        """The commit that a push brought; empty for other activities."""
        return self.parameters.new_commit


class Entity(Reply):
    """What was made or changed; the rest of it is read by its own request."""

    id: str


class Embedded(Reply):
    activities: tuple[Activity, ...] = ()
    entity: Entity | None = None


class Accepted(Reply):
    """The answer to a write: what was made, and which activities it started (0, 1 or many)."""

    embedded: Embedded = Field(default=Embedded(), alias="_embedded")


class Tls(Reply):
    client_authentication: str | None = None
    client_certificate_authorities: tuple[str, ...] = ()


class Route(Reply):
    type: str = ""
    tls: Tls | None = None
    original_url: str | None = None


class Deployment(Reply):
    routes: dict[str, Route] = Field(default_factory=dict)


class Integration(Reply):
    """Of any type; only those of code sources have a `repository` or a `project`."""

    id: str = ""
    type: str = ""
    repository: Any = None
    project: Any = None
    base_url: str = ""
    """The host's own address, where it is not the public one."""


class GitObject(Reply):
    sha: str


class GitCommit(Reply):
    sha: str
    tree: str
    parents: tuple[str, ...] = ()


class TreeEntry(Reply):
    """`sha` can be missing; then the tree cannot be rebuilt for certain."""

    path: str
    mode: str
    type: str = ""
    sha: str | None = None


class GitTree(Reply):
    sha: str
    tree: tuple[TreeEntry, ...] = ()


class GitBlob(Reply):
    sha: str
    encoding: str = "utf-8"
    content: str = ""


class SshCertificate(Reply):
    certificate: str
