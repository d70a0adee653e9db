"""What the stand-in's project is at this moment: environments, domains, certificates, deployments.

No HTTP and no git here; whoever reads or changes several things together holds `Project.lock`.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cryptography import x509

Clock = Callable[[], datetime]
PROJECT = "q7x2m5kd3vw4t"
REGION = "eu-5.platform.sh"
GENERATED_DOMAIN = "eu-5.platformsh.site"
# The vendor replaces a custom certificate with its own seven days before it ends.
REPLACED_BEFORE_END = timedelta(days=7)


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """The vendor's form of an instant: microseconds and an offset, always."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def new_id() -> str:
    """An id as the vendor makes them: thirteen lower-case letters and digits."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(secrets.choice(alphabet) for _ in range(13))


@dataclass(frozen=True, slots=True)
class HttpAccess:
    """Who may see an environment; enabled with nothing in it protects nothing."""

    is_enabled: bool = True
    addresses: tuple[tuple[str, str], ...] = ()
    """Permission (`allow` or `deny`) and address or CIDR, in order."""
    basic_auth: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Certificate:
    """A certificate of the project. The key goes to the router and nowhere else."""

    id: str
    certificate_pem: str
    key_pem: str = field(repr=False)
    chain: tuple[str, ...]
    is_provisioned: bool
    created_at: datetime
    is_invalid: bool = False
    updated_at: datetime | None = None

    @property
    def parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate_pem.encode())

    @property
    def names(self) -> tuple[str, ...]:
        names = self.parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return tuple(names.value.get_values_for_type(x509.DNSName))

    def covers(self, host: str) -> bool:
        """A wildcard stands for exactly one label."""
        _, _, parent = host.partition(".")
        return host in self.names or f"*.{parent}" in self.names

    def lasts(self, now: datetime) -> bool:
        spare = timedelta(0) if self.is_provisioned else REPLACED_BEFORE_END
        return self.parsed.not_valid_before_utc <= now < self.parsed.not_valid_after_utc - spare


@dataclass(frozen=True, slots=True)
class Domain:
    """A name attached to the production environment."""

    name: str
    is_default: bool
    created_at: datetime
    replacement_for: str = ""
    """The production domain that this one stands for, on another environment."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What one environment serves since `at`."""

    environment: str
    cluster: str
    commit: str
    routes: Mapping[str, Mapping[str, Any]]
    """By resolved URL, as the API shows them."""
    http_access: HttpAccess
    served: Mapping[str, Certificate]
    """By host: the certificate that was chosen when this was deployed."""
    at: datetime
    fingerprint: str


@dataclass(slots=True)
class Environment:
    """One branch and what became of it."""

    name: str
    machine_name: str
    type: Literal["production", "staging", "development"]
    parent: str | None
    created_at: datetime
    is_active: bool = True
    is_pr: bool = False
    title: str = ""
    http_access: HttpAccess | None = None
    """None: whatever the parent has, once this environment is deployed again."""
    manual_deployments: bool = False
    deployment: Deployment | None = None
    last_failure: str | None = None
    """The reason when the last build or deployment failed."""
    staged: list[str] = field(default_factory=list)
    """Ids of the activities that wait for `deploy`."""

    @property
    def is_production(self) -> bool:
        return self.type == "production"

    @property
    def edge_hostname(self) -> str:
        return f"{self.machine_name}-{PROJECT}.{GENERATED_DOMAIN}"


@dataclass(slots=True)
class Project:
    """Everything that belongs to the one project of this stand-in."""

    repository_url: str
    created_at: datetime
    id: str = PROJECT
    region: str = REGION
    title: str = "Example shop"
    is_suspended: bool = False
    may_change: bool = True
    """Whether the token's user is an admin; else nothing is offered, and a write is refused."""
    self_host: str = ""
    """Put before `_links.self` when set, as the vendor's region hosts are."""
    config_dir: str = ".platform"
    environments: dict[str, Environment] = field(default_factory=dict)
    domains: list[Domain] = field(default_factory=list)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    integrations: list[dict[str, Any]] = field(default_factory=list)
    capabilities: dict[str, Any] = field(
        default_factory=lambda: {
            "custom_domains": {"enabled": True, "environments_with_domains_limit": 5},
            "source_operations": {"enabled": True},
        }
    )
    certificate_post_activity: str | None = None
    """The activity that adding a certificate starts, if any; what the vendor does is unknown."""
    tells_authorities: bool = True
    """Whether a deployment returns the certificates of its authorities. Unverified as well."""
    blob_encoding: Literal["base64", "utf-8"] = "base64"
    """How the git data API writes what is text; the rest is always base64."""
    tie_break: Literal["newest", "oldest"] = "newest"
    """Which of two custom certificates serves a host. Unknown as well."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def production(self) -> Environment:
        return next(e for e in self.environments.values() if e.is_production)

    @property
    def default_domain(self) -> str | None:
        return next((d.name for d in self.domains if d.is_default), None)

    def http_access_of(self, environment: Environment) -> HttpAccess:
        """Its own, else the nearest parent's."""
        if environment.http_access is not None:
            return environment.http_access
        parent = self.environments.get(environment.parent or "")
        return self.http_access_of(parent) if parent else HttpAccess()

    def certificate_for(self, host: str, now: datetime) -> Certificate | None:
        """A custom certificate that covers the host and lasts; else the provisioned one."""
        fits = [c for c in self.certificates.values() if c.covers(host) and not c.is_invalid]
        custom = [c for c in fits if not c.is_provisioned and c.lasts(now)]
        custom.sort(key=lambda c: c.created_at, reverse=self.tie_break == "newest")
        return next(iter(custom), next((c for c in fits if c.is_provisioned), None))
