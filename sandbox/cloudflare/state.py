"""What the stand-in's zone is at this moment. No HTTP here; `Zone.lock` guards changes."""

import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

ACCOUNT = "0f3c1a9e5b7d4c2e8a6f1b3d5e7c9a0b"
ZONE = "5c8f2e1b7a9d4c3e6f0a1b2c3d4e5f60"
NAME = "example.com"
EDITABLE = (
    "development_mode", "ssl", "ssl_automatic_mode", "tls_client_auth", "always_use_https",
    "min_tls_version", "tls_1_3",
)  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    "development_mode": ("on", "off"),
    "ssl": ("off", "flexible", "full", "strict", "origin_pull"),
    "ssl_automatic_mode": ("auto", "custom"),
    "tls_client_auth": ("on", "off"),
    "always_use_https": ("on", "off"),
    "min_tls_version": ("1.0", "1.1", "1.2", "1.3"),
    "tls_1_3": ("on", "off", "zrt"),
}
PERMISSIONS = frozenset({
    "zone:read", "zone_settings:read", "zone_settings:edit", "ssl:read", "ssl:edit", "dns:read",
    "config_rules:read", "page_rules:read", "cache_purge:edit", "load_balancers:read",
    "workers_routes:read",
})  # fmt: skip


def utc_now() -> datetime:
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True)
class Token:
    """An API token: what it may do, and until when."""

    value: str = field(repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    status: Literal["active", "disabled", "expired"] = "active"
    expires_on: datetime | None = None
    permissions: frozenset[str] = PERMISSIONS


@dataclass(frozen=True, slots=True)
class Record:
    """One DNS record."""

    name: str
    type: str
    content: str
    proxied: bool
    id: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(slots=True)
class OriginCertificate:
    """One certificate of the Origin CA."""

    id: str
    certificate_pem: str
    hostnames: tuple[str, ...]
    request_type: str
    requested_validity: int
    expires_on: datetime
    csr: str
    revoked_at: datetime | None = None


@dataclass(slots=True)
class PullCertificate:
    """A client certificate that somebody uploaded for origin pulls."""

    certificate_pem: str
    key_pem: str = field(repr=False)
    uploaded_on: datetime
    active_on: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deleted_on: datetime | None = None
    """When a deletion that was asked for is done; it takes its time too."""

    def status(self, now: datetime) -> str:
        if self.deleted_on is not None:
            return "pending_deletion" if now < self.deleted_on else "deleted"
        return "active" if now >= self.active_on else "pending_deployment"


@dataclass(slots=True)
class HostPull:
    """Whether and which own certificate one host's pulls carry."""

    hostname: str
    cert_id: str
    enabled: bool
    updated_at: datetime


@dataclass
class Zone:
    """Everything of the one zone; whoever changes it calls `touched` afterwards."""

    clock: Callable[[], datetime] = utc_now
    on_change: Callable[[], None] = lambda: None
    id: str = ZONE
    name: str = NAME
    account_id: str = ACCOUNT
    status: str = "active"
    paused: bool = False
    settings: dict[str, str] = field(
        default_factory=lambda: {
            "development_mode": "off",
            "ssl": "full",
            "ssl_automatic_mode": "auto",
            "tls_client_auth": "off",
            "always_use_https": "on",
            "min_tls_version": "1.2",
            "tls_1_3": "on",
        }
    )
    locked: set[str] = field(default_factory=set)
    """Settings that the plan does not let anybody change."""
    development_until: datetime | None = None
    modified: dict[str, datetime] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    certificates: list[OriginCertificate] = field(default_factory=list)
    zone_pulls: bool = False
    zone_pull_certificates: list[PullCertificate] = field(default_factory=list)
    host_certificates: list[PullCertificate] = field(default_factory=list)
    host_pulls: dict[str, HostPull] = field(default_factory=dict)
    config_rules: list[dict[str, Any]] = field(default_factory=list)
    page_rules: list[dict[str, Any]] = field(default_factory=list)
    balanced: dict[str, str] = field(default_factory=dict)
    """Host to where its load balancer's pool leads; it stands before any record of that name."""
    worker_routes: dict[str, str] = field(default_factory=dict)
    """URL pattern to the script that runs there."""
    pretend_aop: bool = False
    """The API says that origin pulls are on, and the edge presents nothing."""
    maintenance: tuple[str, str] | None = None
    """A maintenance page for whoever does not send this header with this value."""
    purges: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def set(self, name: str, value: str) -> None:
        """Change a setting, as its API does; or behind somebody's back, for a test."""
        with self.lock:
            self.settings[name] = value
            self.modified[name] = self.clock()
            if name == "development_mode":
                until = self.clock() + timedelta(hours=3)
                self.development_until = until if value == "on" else self.clock()
            self.touched()

    def setting(self, name: str) -> str:
        with self.lock:
            until = self.development_until
            ended = until is not None and until <= self.clock()
            if name == "development_mode" and self.settings[name] == "on" and ended:
                self.settings[name] = "off"
                self.touched()
            return self.settings[name]

    def development_seconds(self) -> int | None:
        """Until development mode ends; negative since it ended, None if it never was on."""
        with self.lock:
            until = self.development_until
        return None if until is None else round((until - self.clock()).total_seconds())

    def point(self, name: str, content: str, *, proxied: bool = True, kind: str = "CNAME") -> None:
        """The record of a name, put in place of those that it had."""
        with self.lock:
            self.records = [r for r in self.records if r.name != name]
            self.records.append(Record(name, kind, content, proxied))
            self.touched()

    def override_ssl(self, host: str, mode: str, *, by: Literal["rule", "page rule"]) -> None:
        """Somebody lets a Configuration Rule or a Page Rule set the SSL mode of one host."""
        with self.lock:
            if by == "rule":
                self.config_rules.append(_config_rule(host, mode))
            else:
                self.page_rules.append(_page_rule(host, mode))
            self.touched()

    def change(self, **fields: Any) -> None:
        """Set fields of the zone behind somebody's back: ``change(pretend_aop=True)``."""
        with self.lock:
            for name, value in fields.items():
                if name not in self.__dataclass_fields__:
                    raise AttributeError(name)
                setattr(self, name, value)
            self.touched()

    def touched(self) -> None:
        """Tell the edge that something may have changed."""
        self.on_change()

    def owns(self, hostname: str) -> bool:
        plain = hostname.removeprefix("*.")
        return plain == self.name or plain.endswith(f".{self.name}")


_LONG_AGO = "2024-01-01T05:20:00.123450Z"


def _config_rule(host: str, mode: str) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(16), "ref": secrets.token_hex(16), "version": "1",
        "action": "set_config", "expression": f'(http.host eq "{host}")', "enabled": True,
        "description": f"SSL of {host}", "action_parameters": {"ssl": mode},
        "last_updated": _LONG_AGO,
    }  # fmt: skip


def _page_rule(host: str, mode: str) -> dict[str, Any]:
    matches = {"operator": "matches", "value": f"*{host}/*"}
    return {
        "id": secrets.token_hex(16), "priority": 1, "status": "active",
        "targets": [{"target": "url", "constraint": matches}],
        "actions": [{"id": "ssl", "value": mode}],
        "created_on": _LONG_AGO, "modified_on": _LONG_AGO,
    }  # fmt: skip
