"""The few calls of Cloudflare's API that the rollout needs, in Cloudflare's words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr, TypeAdapter

from steps.clients.cloudflare_failures import HINTS, NO_ZONE_LIST, complaint, says_no
from steps.clients.cloudflare_models import (
    DnsRecord,
    Envelope,
    HostPull,
    OriginCertificate,
    Page,
    PullCertificate,
    Setting,
    Switch,
    TokenStatus,
    Zone,
)
from steps.clients.host_names import ascii_name, unicode_name
from steps.clients.http import AGENT, TIMEOUT, Service
from steps.clients.pace import Pace
from steps.errors import Denied, NotFound, UnexpectedReply

T = TypeVar("T")
BASE = "https://api.cloudflare.com/client/v4"
PER_SECOND = 4.0
"""1,200 in 5 minutes are allowed, all clients of the user together; then everything is blocked."""
_MOST_PAGES = 200


def cloudflare(
    token: SecretStr, *, base: str = BASE, pace: Callable[[], None] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> "CloudflareClient":  # fmt: skip
    """A client with the token in its headers and nowhere else.

    `pace` is called before each request; by default 4 a second, and no limit on this machine.
    """
    http = httpx.Client(
        base_url=base, timeout=TIMEOUT, transport=transport, follow_redirects=False,
        headers={"authorization": f"Bearer {_sendable(token)}", "user-agent": AGENT},
    )  # fmt: skip
    local = http.base_url.host in ("127.0.0.1", "localhost", "::1")
    pace = pace or Pace(10_000 if local else PER_SECOND)
    service = Service("Cloudflare", http, complaint, "cf-ray", says_no, pace)
    return CloudflareClient(service, kind_of(token))


def _sendable(token: SecretStr) -> str:
    """The token, or nothing when no header can hold it: httpx would show it in its error."""
    text = token.get_secret_value().strip()
    return text if text.isascii() and text.isprintable() else ""


def kind_of(token: SecretStr) -> str:
    """``user``, ``account``, ``old`` (no prefix), or ``unusable`` for keys that are no tokens."""
    text = token.get_secret_value()
    if text.startswith(("cfk_", "v1.0-")) or not _sendable(token):
        return "unusable"
    if text.startswith("cfat_"):
        return "account"
    return "user" if text.startswith("cfut_") else "old"


@dataclass(frozen=True, slots=True)
class CloudflareClient:
    """See the module. Every method raises ClientError when it could not ask."""

    service: Service
    credential: str = "old"

    def verify_token(self) -> TokenStatus:
        """The token's state and end; it says nothing of permissions (see `rights`).

        Account-owned tokens are asked for at their account, those without a prefix at either.
        """
        if self.credential == "unusable":
            raise Denied(
                "The Cloudflare credential is a global or Origin CA key, not an API token.",
                service="Cloudflare", doing="verify the token",
                hint="Make an API token; Origin CA keys ended on 2026-09-30.",
            )  # fmt: skip
        if self.credential != "account":
            try:
                return self.get("/user/tokens/verify", TokenStatus, "verify the token")
            except Denied:
                if self.credential == "user":
                    raise
        account = next((z.account.id for z in self._zones({"per_page": 5})), "")
        if not account:
            raise Denied(
                "The Cloudflare token sees no zone.", service="Cloudflare",
                doing="verify the token", hint=HINTS[NO_ZONE_LIST],
            )  # fmt: skip
        path = f"/accounts/{account}/tokens/verify"
        return self.get(path, TokenStatus, "verify the account's token")

    def zones(self) -> tuple[Zone, ...]:
        """The zones that the token sees, at most a few hundred."""
        return tuple(self._zones({"per_page": 50}))

    def zone(self, name: str) -> Zone:
        """The zone of a host name, by its longest suffix: zones of subdomains exist.

        Raises NotFound, and UnexpectedReply when more than one account holds it.
        """
        labels = ascii_name(name).split(".")
        for start in range(len(labels) - 1):
            suffix = ".".join(labels[start:])
            found = self._named(suffix)
            if len({zone.account.id for zone in found}) > 1:
                raise UnexpectedReply(
                    f"More than one account holds a zone {suffix}.", service="Cloudflare",
                    doing="find the zone", hint="Use a token of the account that is meant.",
                )  # fmt: skip
            if found:
                return next((zone for zone in found if zone.status == "active"), found[0])
        raise NotFound(
            f"No zone of this token covers {name}.", service="Cloudflare", doing="find the zone",
            hint="Check the spelling, and which zones the token was made for.",
        )  # fmt: skip

    def _named(self, suffix: str) -> list[Zone]:
        """The zones of that name, asked for in both spellings: which one it takes is not said."""
        for spelling in dict.fromkeys((suffix, unicode_name(suffix))):
            found = [z for z in self._zones({"name": spelling, "per_page": 50}) if z.id]
            if found:
                return found
        return []

    def zone_by_id(self, zone_id: str) -> Zone:
        """One zone."""
        return self.get(f"/zones/{zone_id}", Zone, "read the zone")

    def setting(self, zone_id: str, name: str) -> Setting:
        """One setting by its path's name (there is no batch since 2026-09-15)."""
        return self.get(f"/zones/{zone_id}/settings/{name}", Setting, f"read the setting {name}")

    def set_setting(self, zone_id: str, name: str, value: str) -> Setting:
        """Write one setting."""
        path = f"/zones/{zone_id}/settings/{name}"
        return self._send("PATCH", path, Setting, f"set {name}", {"value": value})

    def origin_certificates(self, zone_id: str) -> tuple[OriginCertificate, ...]:
        """The Origin CA certificates of the zone that are not revoked."""
        path, doing = "/certificates", "list the Origin CA certificates"
        found = self._pages(path, OriginCertificate, doing, {"zone_id": zone_id, "per_page": 50})
        return tuple(c for c in found if not c.revoked_at)

    def create_origin_certificate(
        self, csr: str, hostnames: Sequence[str], *, validity_days: int
    ) -> OriginCertificate:
        """Have a request signed. After a time-out look in the list: each success is a new one."""
        body = {
            "csr": csr, "hostnames": list(hostnames), "request_type": "origin-rsa",
            "requested_validity": validity_days,
        }  # fmt: skip
        doing = "issue the Origin CA certificate"
        return self._send("POST", "/certificates", OriginCertificate, doing, body)

    def revoke_origin_certificate(self, certificate_id: str) -> None:
        """Revoke; there is no way back."""
        path = f"/certificates/{certificate_id}"
        self._send("DELETE", path, object, "revoke the Origin CA certificate", None)

    def zone_pulls_enabled(self, zone_id: str) -> bool:
        """Zone-level origin pulls: the switch, whatever certificates there are."""
        path = f"/zones/{zone_id}/origin_tls_client_auth/settings"
        return bool(self.get(path, Switch, "read zone-level origin pulls").enabled)

    def zone_pull_certificates(self, zone_id: str) -> tuple[PullCertificate, ...]:
        """The zone's own client certificates (one page)."""
        path = f"/zones/{zone_id}/origin_tls_client_auth"
        doing = "list the zone's client certificates"
        return self.get(path, tuple[PullCertificate, ...], doing)

    def host_pull_certificates(self, zone_id: str) -> tuple[PullCertificate, ...]:
        """The client certificates that can be shown to single hosts (one page)."""
        path = f"/zones/{zone_id}/origin_tls_client_auth/hostnames/certificates"
        return self.get(path, tuple[PullCertificate, ...], "list the hosts' client certificates")

    def host_pull(self, zone_id: str, host: str) -> HostPull | None:
        """The association of one host; None when there is none (404)."""
        path = f"/zones/{zone_id}/origin_tls_client_auth/hostnames/{host}"
        try:
            return self.get(path, HostPull, f"read the origin pulls of {host}")
        except NotFound:
            return None

    def dns_records(self, zone_id: str) -> tuple[DnsRecord, ...]:
        """Every record of the zone."""
        path = f"/zones/{zone_id}/dns_records"
        return tuple(self._pages(path, DnsRecord, "list the DNS records", {"per_page": 100}))

    def _zones(self, params: Mapping[str, Any]) -> Iterator[Zone]:
        return self._pages("/zones", Zone, "list the zones", params)

    def _pages(
        self, path: str, model: type[T], doing: str, params: Mapping[str, Any]
    ) -> Iterator[T]:
        reply = TypeAdapter(Envelope[tuple[model, ...]])  # type: ignore[valid-type]
        for page in range(1, _MOST_PAGES):
            envelope = self.service.call(
                "GET", path, reply, doing=doing, params={**params, "page": page}
            )
            yield from envelope.result
            if page >= _last_page(envelope.result_info, len(envelope.result), page):
                return
        raise UnexpectedReply(
            f"Cloudflare's list has no end (more than {_MOST_PAGES} pages).",
            service="Cloudflare", doing=doing,
        )  # fmt: skip

    def get(self, path: str, model: type[T], doing: str) -> T:
        """One read below the base, unwrapped from its envelope."""
        return self._send("GET", path, model, doing, None)

    def _send(self, method: str, path: str, model: type[T], doing: str, body: Any) -> T:
        reply = TypeAdapter(Envelope[model])  # type: ignore[valid-type]
        result: T = self.service.call(method, path, reply, doing=doing, json=body).result
        return result


def _last_page(info: Page | None, got: int, page: int) -> int:
    """The number of the last page; `total_pages` is left out at times, the whole info as well."""
    if info is None or not got:
        return page
    if info.total_pages is not None:
        return info.total_pages
    if info.total_count is not None and info.per_page:
        return -(-info.total_count // info.per_page)
    return page + 1 if got == info.per_page else page
