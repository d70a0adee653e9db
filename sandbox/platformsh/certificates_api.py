"""End points about certificates: add, list, mark invalid, delete. A redeploy makes them live."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from starlette.routing import Route

from sandbox.platformsh.activities import Activities
from sandbox.platformsh.asking import Answer, Call, RefusedError, accepted, route
from sandbox.platformsh.projects_api import known
from sandbox.platformsh.state import Certificate, Clock, Project, new_id
from sandbox.platformsh.views import activity_view, certificate_view

_PKCS1 = "-----BEGIN RSA PRIVATE KEY-----"
_LIST = "/projects/{project}/certificates"
_ONE = _LIST + "/{certificate}"


class CertificatesApi:
    """Custom certificates beside the one that the vendor provisions itself."""

    def __init__(self, project: Project, activities: Activities, clock: Clock) -> None:
        self._project = project
        self._activities = activities
        self._now = clock

    def routes(self) -> list[Route]:
        return [
            route("GET", _LIST, self.all),
            route("POST", _LIST, self.add),
            route("GET", _ONE, self.get),
            route("PATCH", _ONE, self.change),
            route("DELETE", _ONE, self.delete),
        ]

    def all(self, call: Call) -> Answer:
        project = known(self._project, call)
        with project.lock:
            return [certificate_view(project, c) for c in project.certificates.values()]

    def get(self, call: Call) -> Answer:
        return certificate_view(self._project, self._one(call))

    def add(self, call: Call) -> Answer:
        project = known(self._project, call)
        if not project.may_change:
            raise RefusedError(403, "Forbidden")
        certificate = self._checked(call)
        with project.lock:
            project.certificates[certificate.id] = certificate
        started = []
        if project.certificate_post_activity:
            text = "Somebody added a certificate"
            activity = self._activities.record(
                project.certificate_post_activity, project.production.name, text
            )
            started = [activity_view(project, activity)]
        return accepted(certificate_view(project, certificate), started, code=201)

    def change(self, call: Call) -> Answer:
        certificate = self._one(call)
        if call.body.keys() - {"chain", "is_invalid"}:
            raise _wrong("error", "a certificate and its key cannot be replaced")
        certificate.chain = tuple(call.body.get("chain", certificate.chain))
        certificate.is_invalid = bool(call.body.get("is_invalid", certificate.is_invalid))
        certificate.updated_at = self._now()
        return accepted(certificate_view(self._project, certificate))

    def delete(self, call: Call) -> Answer:
        certificate = self._one(call)
        if certificate.is_provisioned:
            raise RefusedError(403, "An automatically provisioned certificate cannot be deleted.")
        with self._project.lock:
            self._project.certificates.pop(certificate.id, None)
        return accepted()

    def _one(self, call: Call) -> Certificate:
        found = known(self._project, call).certificates.get(call["certificate"])
        if found is None:
            raise RefusedError(404, "Certificate not found")
        return found

    def _checked(self, call: Call) -> Certificate:
        certificate, key = str(call.body.get("certificate", "")), str(call.body.get("key", ""))
        chain = call.body.get("chain") or []
        if not isinstance(chain, list):
            raise _wrong("chain", "must be a list of certificates")
        try:
            parsed = x509.load_pem_x509_certificate(certificate.encode())
            for link in chain:
                x509.load_pem_x509_certificate(str(link).encode())
        except ValueError as error:
            raise _wrong("certificate", "cannot be read") from error
        _check_key(parsed, key)
        return Certificate(
            new_id(), certificate, key, tuple(chain), is_provisioned=False,
            created_at=self._now(), is_invalid=bool(call.body.get("is_invalid")),
        )  # fmt: skip


def _check_key(certificate: x509.Certificate, key: str) -> None:
    if not key.lstrip().startswith(_PKCS1):
        # What the vendor itself does with PKCS#8 is not known; its documentation forbids it.
        raise _wrong("key", "must be an RSA private key in PKCS#1 form")
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _wrong("key", "cannot be read") from error
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise _wrong("key", "does not belong to the certificate")


def _wrong(field: str, words: str) -> RefusedError:
    return RefusedError(400, "Unable to process request.", {field: words})
