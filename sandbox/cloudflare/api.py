"""Cloudflare's API: which path is answered by whom, and for which permission."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.authorities import Authorities
from sandbox.cloudflare.certificates_api import CertificatesApi
from sandbox.cloudflare.envelope import NOT_FOUND, Gate, refusal
from sandbox.cloudflare.pulls_api import PullsApi
from sandbox.cloudflare.state import Token, Zone
from sandbox.cloudflare.zones_api import ZonesApi

BASE = "/client/v4"


def application(
    zone: Zone, tokens: dict[str, Token], authorities: Authorities, *, seconds_to_active: float
) -> Starlette:
    """The whole API over one zone."""
    gate = Gate(tokens)
    zones = ZonesApi(zone)
    certificates = CertificatesApi(zone, authorities)
    pulls = PullsApi(zone, seconds_to_active=seconds_to_active)
    below = "/zones/{zone}"
    aop = f"{below}/origin_tls_client_auth"
    phase = f"{below}/rulesets/phases/http_config_settings/entrypoint"
    one = "/{certificate}"
    table = [
        ("GET", "/user/tokens/verify", zones.verify, None),
        ("GET", "/accounts/{account}/tokens/verify", zones.verify, None),
        ("GET", "/ips", zones.addresses, None),
        ("GET", "/zones", zones.zones, "zone:read"),
        ("GET", below, zones.zone, "zone:read"),
        ("GET", f"{below}/settings/{{name}}", zones.setting, "zone_settings:read"),
        ("PATCH", f"{below}/settings/{{name}}", zones.set_setting, "zone_settings:edit"),
        ("GET", f"{below}/dns_records", zones.records, "dns:read"),
        ("GET", phase, zones.config_rules, "config_rules:read"),
        ("GET", f"{below}/pagerules", zones.page_rules, "page_rules:read"),
        ("GET", f"{below}/load_balancers", zones.load_balancers, "load_balancers:read"),
        ("GET", f"{below}/workers/routes", zones.worker_routes, "workers_routes:read"),
        ("POST", f"{below}/purge_cache", zones.purge, "cache_purge:edit"),
        ("GET", f"{below}/ssl/verification", zones.verification, "ssl:read"),
        ("POST", "/certificates", certificates.create, "ssl:edit"),
        ("GET", "/certificates", certificates.list, "ssl:read"),
        ("GET", f"/certificates{one}", certificates.get, "ssl:read"),
        ("DELETE", f"/certificates{one}", certificates.revoke, "ssl:edit"),
        ("GET", f"{aop}/settings", pulls.get_switch, "ssl:read"),
        ("PUT", f"{aop}/settings", pulls.set_switch, "ssl:edit"),
        ("PUT", f"{aop}/hostnames", pulls.associate, "ssl:edit"),
        ("POST", f"{aop}/hostnames/certificates", pulls.upload_for_hosts, "ssl:edit"),
        ("GET", f"{aop}/hostnames/certificates", pulls.list_hosts, "ssl:read"),
        ("GET", f"{aop}/hostnames/certificates{one}", pulls.get_host, "ssl:read"),
        ("DELETE", f"{aop}/hostnames/certificates{one}", pulls.delete_host, "ssl:edit"),
        ("GET", f"{aop}/hostnames/{{host}}", pulls.association, "ssl:read"),
        ("POST", aop, pulls.upload_for_zone, "ssl:edit"),
        ("GET", aop, pulls.list_zone, "ssl:read"),
        ("GET", f"{aop}{one}", pulls.get_zone, "ssl:read"),
        ("DELETE", f"{aop}{one}", pulls.delete_zone, "ssl:edit"),
    ]
    routes = [
        Route(f"{BASE}{path}", gate.guarded(handler, permission), methods=[method])
        for method, path, handler, permission in table
    ]
    return Starlette(routes=routes, exception_handlers={404: _missing, 405: _missing})


async def _missing(_request: Request, _error: Exception) -> JSONResponse:
    """Also what is gone: the batch of settings ended on 2026-09-15."""
    return refusal(NOT_FOUND)
