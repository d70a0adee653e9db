"""What Cloudflare answers, decoded loosely: the vendor adds fields, and leaves some out."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from steps.clients.host_names import ascii_name
from steps.clients.reply import Reply

T = TypeVar("T")


class Page(Reply):
    page: int = 1
    total_pages: int | None = None
    total_count: int | None = None
    per_page: int | None = None


class Envelope(BaseModel, Generic[T]):
    """`messages` may be strings or objects and are not read; `result` may be null for some `T`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    result: T
    result_info: Page | None = None


class Account(Reply):
    id: str = ""
    name: str = ""


class Zone(Reply):
    """`name` in punycode, however it was told: records and routes are compared with it."""

    id: str
    name: Annotated[str, AfterValidator(ascii_name)]
    status: str = ""
    paused: bool = False
    account: Account = Account()


class Setting(Reply):
    """One zone setting.

    `id` is not always the name that it was asked for by: ``ssl_automatic_mode`` answers as
    ``ssl_tls_configuration_mode``. Not `editable`: the zone's plan does not allow a change.
    """

    id: str = ""
    value: str
    editable: bool = True
    time_remaining: float | bool = False
    """Development mode only: seconds left, negative since its end, ``false`` when never used."""

    @property
    def seconds_left(self) -> float:
        """How long development mode still lasts; 0 when it is not on."""
        return max(0.0, float(self.time_remaining))


class TokenStatus(Reply):
    """`status` is ``active``, ``disabled`` or ``expired``."""

    status: str = ""
    expires_on: datetime | None = None


class OriginCertificate(Reply):
    """`certificate` PEM; trust its own dates, not `expires_on` (two formats are in the wild)."""

    id: str
    certificate: str = ""
    hostnames: tuple[str, ...] = ()
    revoked_at: str | None = None


class Switch(Reply):
    enabled: bool | None = None


class PullCertificate(Reply):
    """A zone's own client certificate. An unknown `status` counts as pending, never as active."""

    id: str = ""
    status: str = ""
    expires_on: str | None = None

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def gone(self) -> bool:
        """Not presented any more: neither its end nor a deletion under way stops that."""
        return self.status == "deleted"


class HostPull(Reply):
    """`enabled` false: no certificate is presented to this host at all; null: no association."""

    hostname: str = ""
    cert_id: str | None = None
    enabled: bool | None = None


class DnsRecord(Reply):
    name: Annotated[str, AfterValidator(ascii_name)]
    type: str
    content: str = ""
    proxied: bool = False


class Rule(Reply):
    """One rule of a ruleset; `action_parameters` holds what it sets."""

    description: str | None = None
    expression: str = ""
    enabled: bool = True
    action_parameters: dict[str, Any] = Field(default_factory=dict)


class Ruleset(Reply):
    rules: tuple[Rule, ...] = ()


class PageAction(Reply):
    id: str = ""
    value: Any = None


class PageRule(Reply):
    status: str = ""
    targets: tuple[dict[str, Any], ...] = ()
    actions: tuple[PageAction, ...] = ()


class LoadBalancer(Reply):
    """`name` is the host that it takes, in front of any record of that name."""

    name: Annotated[str, AfterValidator(ascii_name)]
    enabled: bool = True


class WorkerRoute(Reply):
    """`pattern` like ``www.example.com/*``; without a `script` the route runs none."""

    pattern: str
    script: str | None = None
