"""Authenticated origin pulls of a zone's own and of single hosts, with their slow states."""

from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.cloudflare.envelope import NOT_FOUND, ApiError, answer
from sandbox.cloudflare.state import HostPull, PullCertificate, Zone, rfc3339


class PullsApi:
    """`/zones/{zone}/origin_tls_client_auth` and below."""

    def __init__(self, zone: Zone, *, seconds_to_active: float) -> None:
        self._zone = zone
        self._seconds = seconds_to_active

    def get_switch(self, request: Request) -> JSONResponse:
        return answer({"enabled": self._zone.zone_pulls})

    def set_switch(self, request: Request) -> JSONResponse:
        with self._zone.lock:
            self._zone.zone_pulls = bool(request.state.body.get("enabled"))
        self._zone.touched()
        return answer({"enabled": self._zone.zone_pulls})

    def upload_for_zone(self, request: Request) -> JSONResponse:
        return answer(self._upload(request, self._zone.zone_pull_certificates))

    def upload_for_hosts(self, request: Request) -> JSONResponse:
        return answer(self._upload(request, self._zone.host_certificates))

    def list_zone(self, request: Request) -> JSONResponse:
        return self._listed(self._zone.zone_pull_certificates)

    def list_hosts(self, request: Request) -> JSONResponse:
        return self._listed(self._zone.host_certificates)

    def get_zone(self, request: Request) -> JSONResponse:
        return answer(self._shown(self._one(request, self._zone.zone_pull_certificates)))

    def get_host(self, request: Request) -> JSONResponse:
        return answer(self._shown(self._one(request, self._zone.host_certificates)))

    def delete_zone(self, request: Request) -> JSONResponse:
        return self._delete(request, self._zone.zone_pull_certificates)

    def delete_host(self, request: Request) -> JSONResponse:
        return self._delete(request, self._zone.host_certificates)

    def associate(self, request: Request) -> JSONResponse:
        entries = request.state.body.get("config") or []
        for entry in entries:
            if not self._zone.owns(str(entry.get("hostname"))):
                raise ApiError(400, 1404, "The hostname is not in this zone")
        found = [self._associated(entry) for entry in entries]
        self._zone.touched()
        return answer([self._association(pull) for pull in found if pull])

    def _associated(self, entry: dict[str, Any]) -> HostPull | None:
        """`enabled: null` drops the association; the host falls back to the zone's pulls."""
        host, enabled, now = str(entry["hostname"]), entry.get("enabled"), self._zone.clock()
        with self._zone.lock:
            if enabled is None:
                self._zone.host_pulls.pop(host, None)
                return None
            known = self._zone.host_pulls.get(host)
            wanted = str(entry.get("cert_id") or (known.cert_id if known else ""))
            _found(wanted, self._zone.host_certificates, now)
            self._zone.host_pulls[host] = HostPull(host, wanted, bool(enabled), now)
            return self._zone.host_pulls[host]

    def association(self, request: Request) -> JSONResponse:
        found = self._zone.host_pulls.get(request.path_params["host"])
        if found is None:
            raise NOT_FOUND
        return answer(self._association(found))

    def _upload(self, request: Request, into: list[PullCertificate]) -> dict[str, Any]:
        body = request.state.body
        certificate, key = str(body.get("certificate", "")), str(body.get("private_key", ""))
        _check(certificate, key)
        now = self._zone.clock()
        made = PullCertificate(certificate, key, now, now + timedelta(seconds=self._seconds))
        with self._zone.lock:
            into.append(made)
        self._zone.touched()
        return self._shown(made)

    def _listed(self, certificates: list[PullCertificate]) -> JSONResponse:
        now = self._zone.clock()
        return answer([self._shown(c) for c in certificates if c.status(now) != "deleted"])

    def _one(self, request: Request, certificates: list[PullCertificate]) -> PullCertificate:
        return _found(request.path_params["certificate"], certificates, self._zone.clock())

    def _delete(self, request: Request, from_: list[PullCertificate]) -> JSONResponse:
        found = self._one(request, from_)
        with self._zone.lock:
            found.deleted_on = self._zone.clock() + timedelta(seconds=self._seconds)
        self._zone.touched()
        return answer(self._shown(found))

    def _shown(self, one: PullCertificate) -> dict[str, Any]:
        parsed = x509.load_pem_x509_certificate(one.certificate_pem.encode())
        return {
            "id": one.id, "certificate": one.certificate_pem,
            "issuer": parsed.issuer.rfc4514_string(), "signature": "SHA256WithRSA",
            "serial_number": str(parsed.serial_number),
            "expires_on": rfc3339(parsed.not_valid_after_utc),
            "status": one.status(self._zone.clock()), "uploaded_on": rfc3339(one.uploaded_on),
        }  # fmt: skip

    def _association(self, pull: HostPull) -> dict[str, Any]:
        certificates = self._zone.host_certificates
        certificate = next((c for c in certificates if c.id == pull.cert_id), None)
        shown = self._shown(certificate) if certificate else {}
        return {
            "hostname": pull.hostname, "cert_id": pull.cert_id, "enabled": pull.enabled,
            "status": "active", "cert_status": shown.get("status", "deleted"),
            "updated_at": rfc3339(pull.updated_at), "created_at": rfc3339(pull.updated_at),
            "cert_uploaded_on": shown.get("uploaded_on"),
            "cert_updated_at": shown.get("uploaded_on"),
            **{name: shown.get(name) for name in
               ("certificate", "issuer", "serial_number", "signature", "expires_on")},
        }  # fmt: skip


def _found(wanted: str, certificates: list[PullCertificate], now: datetime) -> PullCertificate:
    found = next((c for c in certificates if c.id == wanted), None)
    if found is None or found.status(now) == "deleted":
        raise NOT_FOUND
    return found


def _check(certificate: str, key: str) -> None:
    try:
        parsed = x509.load_pem_x509_certificate(certificate.encode())
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        raise ApiError(400, 1002, "The certificate or its key could not be parsed") from None
    constraints = [e.value for e in parsed.extensions
                   if isinstance(e.value, x509.BasicConstraints)]  # fmt: skip
    if constraints and constraints[0].ca:
        raise ApiError(400, 2101, "missing leaf certificate")
    public = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if parsed.public_key().public_bytes(*public) != private.public_key().public_bytes(*public):
        raise ApiError(400, 2106, "The private key does not fit the certificate")
