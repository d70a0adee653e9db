"""Tokens, zones, their settings, DNS records and rules."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.cloudflare.envelope import NO_RIGHT, NOT_FOUND, ApiError, answer, paged
from sandbox.cloudflare.state import CHOICES, Record, Token, Zone, rfc3339

_LONG_AGO = "2024-01-01T05:20:00.123450Z"


class ZonesApi:
    """`/user/tokens/verify`, `/zones` and what is below but certificates."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def verify(self, request: Request) -> JSONResponse:
        token: Token = request.state.token
        wants_account = token.value.startswith("cfat_")
        if wants_account != ("account" in request.path_params):
            raise ApiError(401, 1000, "Invalid API Token")
        shown: dict[str, Any] = {"id": token.id, "status": token.status}
        if token.expires_on:
            shown["expires_on"] = rfc3339(token.expires_on)
        return answer(shown, message=(10000, "This API Token is valid and active"))

    def zones(self, request: Request) -> JSONResponse:
        asked = request.query_params
        fits = asked.get("name") in (None, self._zone.name) and asked.get("status") in (
            None, self._zone.status)  # fmt: skip
        return paged([self._shown()] if fits else [], request, most=50)

    def zone(self, request: Request) -> JSONResponse:
        self.own(request)
        return answer(self._shown())

    def _shown(self) -> dict[str, Any]:
        return {
            "id": self._zone.id, "name": self._zone.name, "status": self._zone.status,
            "paused": self._zone.paused, "type": "full",
            "development_mode": self._zone.development_seconds() or 0,
            "account": {"id": self._zone.account_id, "name": "Sandbox"},
            "name_servers": ["ada.ns.example.net", "bob.ns.example.net"],
            "original_name_servers": [], "original_registrar": None, "original_dnshost": None,
            "created_on": "2024-01-01T05:20:00.123450Z",
            "modified_on": "2024-01-01T05:20:00.123450Z",
            "activated_on": "2024-01-02T00:01:00.123450Z",
            "meta": {"step": 2, "page_rule_quota": 3, "phishing_detected": False},
            "owner": {"id": self._zone.account_id, "name": "Sandbox", "type": "organization"},
            "plan": {"id": "free", "name": "Free Website", "price": 0, "currency": "USD"},
            "permissions": ["#zone:read", "#zone_settings:edit"],
        }  # fmt: skip

    def own(self, request: Request) -> None:
        """Only this zone is there."""
        if request.path_params["zone"] != self._zone.id:
            raise NOT_FOUND

    def setting(self, request: Request) -> JSONResponse:
        self.own(request)
        return answer(self._setting(request.path_params["name"]))

    def set_setting(self, request: Request) -> JSONResponse:
        self.own(request)
        if "zone_settings:edit" not in request.state.token.permissions:
            raise NO_RIGHT
        name, value = request.path_params["name"], request.state.body.get("value")
        if name in CHOICES and value not in CHOICES[name]:
            raise ApiError(400, 1007, f"Invalid value for zone setting {name}")
        if name in self._zone.locked:
            raise ApiError(403, 1006, "Not allowed to edit this setting on this plan")
        self._setting(name)
        self._zone.set(name, str(value))
        return answer(self._setting(name))

    def _setting(self, name: str) -> dict[str, Any]:
        if name not in CHOICES:
            raise ApiError(400, 1003, "Undefined zone setting")
        modified = self._zone.modified.get(name)
        shown: dict[str, Any] = {
            # The real one answers this setting under another name than its path's.
            "id": "ssl_tls_configuration_mode" if name == "ssl_automatic_mode" else name,
            "value": self._zone.setting(name),
            "editable": name not in self._zone.locked,
            "modified_on": rfc3339(modified) if modified else None,
        }
        if name == "development_mode":
            left = self._zone.development_seconds()
            shown["time_remaining"] = False if left is None else left
        return shown

    def records(self, request: Request) -> JSONResponse:
        self.own(request)
        asked = request.query_params
        name = asked.get("name.exact", asked.get("name"))
        found = [
            r for r in self._zone.records
            if name in (None, r.name)
            and asked.get("type") in (None, r.type)
            and asked.get("proxied") in (None, str(r.proxied).lower())
        ]  # fmt: skip
        return paged([_record(r) for r in found], request)

    def config_rules(self, request: Request) -> JSONResponse:
        self.own(request)
        if not self._zone.config_rules:
            raise ApiError(404, 10003, "could not find entrypoint ruleset")
        return answer({
            "id": "r" * 32, "name": "default", "kind": "zone", "version": "1",
            "phase": "http_config_settings", "last_updated": "2024-01-01T05:20:00.123450Z",
            "rules": self._zone.config_rules,
        })  # fmt: skip

    def page_rules(self, request: Request) -> JSONResponse:
        self.own(request)
        return answer(self._zone.page_rules)

    def load_balancers(self, request: Request) -> JSONResponse:
        self.own(request)
        return answer([
            {
                "id": f"{n:032x}", "name": host, "enabled": True, "proxied": True, "ttl": 30,
                "fallback_pool": "f" * 32, "default_pools": ["f" * 32], "steering_policy": "off",
                "created_on": _LONG_AGO, "modified_on": _LONG_AGO, "description": "",
            }
            for n, host in enumerate(self._zone.balanced, 1)
        ])  # fmt: skip

    def worker_routes(self, request: Request) -> JSONResponse:
        self.own(request)
        return answer(
            [
                {"id": f"{n:032x}", "pattern": pattern, "script": script}
                for n, (pattern, script) in enumerate(self._zone.worker_routes.items(), 1)
            ]
        )

    def purge(self, request: Request) -> JSONResponse:
        """Whatever is asked for, everything goes."""
        self.own(request)
        if len(request.state.body) != 1:
            raise ApiError(400, 1012, "Request must contain one of purge_everything, files, hosts")
        self._zone.change(purges=self._zone.purges + 1)
        return answer({"id": self._zone.id})

    def verification(self, request: Request) -> JSONResponse:
        self.own(request)
        return answer([{"certificate_status": "active", "brand_check": False}])

    def addresses(self, request: Request) -> JSONResponse:
        return answer({"ipv4_cidrs": ["127.0.0.0/8"], "ipv6_cidrs": [], "etag": "sandbox"})


def _record(record: Record) -> dict[str, Any]:
    return {
        "id": record.id, "name": record.name, "type": record.type, "content": record.content,
        "proxied": record.proxied, "proxiable": True, "ttl": 1, "settings": {}, "meta": {},
        "comment": None, "tags": [], "created_on": "2024-01-01T05:20:00.123450Z",
        "modified_on": "2024-01-01T05:20:00.123450Z",
    }  # fmt: skip
