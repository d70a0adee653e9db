"""The Origin CA: signs requests, lists and revokes, with the quirks of the real one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.authorities import Authorities
from sandbox.cloudflare.envelope import NOT_FOUND, ApiError, answer, paged
from sandbox.cloudflare.state import OriginCertificate, Zone, rfc3339

VALIDITIES = (7, 30, 90, 365, 730, 1095, 5475)
SUBJECT = x509.Name([
    x509.NameAttribute(NameOID.ORGANIZATION_NAME, "CloudFlare, Inc."),
    x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "CloudFlare Origin CA"),
    x509.NameAttribute(NameOID.COMMON_NAME, "CloudFlare Origin Certificate"),
])  # fmt: skip
_MOST_NAMES = 200


class CertificatesApi:
    """`/certificates` and below."""

    def __init__(self, zone: Zone, authorities: Authorities) -> None:
        self._zone = zone
        self._authorities = authorities

    def create(self, request: Request) -> JSONResponse:
        body = request.state.body
        names = tuple(str(n) for n in body.get("hostnames") or ())
        kind, validity = body.get("request_type"), body.get("requested_validity", 5475)
        self._check_names(names)
        if validity not in VALIDITIES:
            raise ApiError(400, 1010, f"Invalid requested_validity {validity}")
        csr = str(body.get("csr") or "")
        authority = self._authority(kind, csr)
        pem = authority.sign_csr(csr, names, int(validity), subject=SUBJECT)
        serial = x509.load_pem_x509_certificate(pem.encode()).serial_number
        issued = OriginCertificate(
            id=str(serial), certificate_pem=pem, hostnames=names, request_type=str(kind),
            requested_validity=int(validity),
            expires_on=datetime.now(UTC) + timedelta(days=int(validity)), csr=csr,
        )  # fmt: skip
        with self._zone.lock:
            self._zone.certificates.append(issued)
        # The real one answers a create in the form of Go's time.String().
        shown = {**_shown(issued), "csr": csr, "requested_validity": issued.requested_validity}
        shown["expires_on"] = issued.expires_on.strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
        return answer(shown)

    def list(self, request: Request) -> JSONResponse:
        if request.query_params.get("zone_id") != self._zone.id:
            raise ApiError(400, 1001, "zone_id is required")
        with self._zone.lock:
            found = [_shown(c) for c in self._zone.certificates if not c.revoked_at]
        return paged(found, request, most=50)

    def get(self, request: Request) -> JSONResponse:
        return answer(_shown(self._find(request)))

    def revoke(self, request: Request) -> JSONResponse:
        found = self._find(request)
        with self._zone.lock:
            found.revoked_at = datetime.now(UTC)
        return answer({"id": found.id, "revoked_at": rfc3339(found.revoked_at)})

    def _find(self, request: Request) -> OriginCertificate:
        wanted = request.path_params["certificate"]
        with self._zone.lock:
            found = [c for c in self._zone.certificates if c.id == wanted and not c.revoked_at]
        if not found:
            raise NOT_FOUND
        return found[0]

    def _check_names(self, names: tuple[str, ...]) -> None:
        if not names or len(names) > _MOST_NAMES:
            raise ApiError(400, 1002, "hostnames must hold 1 to 200 names")
        for name in names:
            plain = name.removeprefix("*.")
            if "*" in plain or not self._zone.owns(name):
                raise ApiError(
                    400, 1014, f"Failed to validate requested hostname {name}: This zone is either"
                    " not part of your account, or you do not have access to it",
                )  # fmt: skip

    def _authority(self, kind: object, csr: str) -> Any:
        try:
            key = x509.load_pem_x509_csr(csr.encode()).public_key()
        except ValueError:
            raise ApiError(400, 1003, "The CSR could not be parsed") from None
        if kind == "origin-rsa" and isinstance(key, rsa.RSAPublicKey):
            return self._authorities.origin_ca_rsa
        if kind == "origin-ecc" and isinstance(key, ec.EllipticCurvePublicKey):
            return self._authorities.origin_ca_ecc
        raise ApiError(400, 1004, "request_type does not fit the key of the CSR")


def _shown(certificate: OriginCertificate) -> dict[str, Any]:
    """As list and get show it: without the request and without its validity."""
    return {
        "id": certificate.id, "certificate": certificate.certificate_pem,
        "hostnames": list(certificate.hostnames), "request_type": certificate.request_type,
        "expires_on": rfc3339(certificate.expires_on),
    }  # fmt: skip
