"""The immutable configuration of one router address: hosts, routes and fresh TLS contexts."""

import ssl
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sandbox.platformsh.state import Certificate, Deployment, HttpAccess

Asks = Literal["request", "require"] | None
Refusal = Literal["alert", "http400"]
_VERSIONS = {
    "TLSv1.0": ssl.TLSVersion.TLSv1_2,  # the vendor refuses what is older anyway
    "TLSv1.1": ssl.TLSVersion.TLSv1_2,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_STRENGTH: tuple[Asks, ...] = (None, "request", "require")


@dataclass(frozen=True, slots=True)
class Policy:
    """What tests may set: versions, and how a missing client certificate is refused.

    Which refusal the real edge has is not known, hence both: a TLS alert, or nginx's HTTP 400
    after a complete handshake.
    """

    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    refusal: Refusal = "alert"
    shown: Certificate | None = None
    """Shown for every name instead of its own: what a certificate that ran out looks like."""


@dataclass(frozen=True, slots=True)
class Host:
    """One name on one port."""

    environment: str
    cluster: str
    asks: Asks
    http_access: HttpAccess
    routes: tuple[tuple[str, Mapping[str, Any]], ...]
    """Path prefix and route, the longest first."""
    context: ssl.SSLContext | None = None

    def route(self, path: str) -> Mapping[str, Any] | None:
        return next((r for prefix, r in self.routes if path.startswith(prefix)), None)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that one address knows, replaced as a whole."""

    secure: Mapping[str, Host]
    plain: Mapping[str, Host]
    fallback: ssl.SSLContext
    """For names that nobody serves."""

    def find(self, name: str, *, secure: bool) -> Host | None:
        hosts = self.secure if secure else self.plain
        return hosts.get(name) or hosts.get("*." + name.partition(".")[2])

    def context(self, name: str) -> ssl.SSLContext:
        host = self.find(name, secure=True)
        return host.context if host and host.context else self.fallback


def build(
    deployments: Iterable[Deployment], policy: Policy, *, fallback: Certificate, public_roots: str
) -> Config:
    """A new configuration with new contexts: an old context's tickets would let resume past
    a client certificate that is required now.
    """
    contexts = _Contexts(policy, public_roots)
    secure: dict[str, Host] = {}
    plain: dict[str, Host] = {}
    for deployment in deployments:
        for (scheme, name), routes in _by_host(deployment).items():
            asks, roots = _client_authentication(routes) if scheme == "https" else (None, "")
            context = None
            if scheme == "https":
                context = contexts.get(deployment.served[name], asks, roots, _minimum(routes))
            host = Host(
                deployment.environment, deployment.cluster, asks, deployment.http_access, routes,
                context,
            )  # fmt: skip
            (secure if scheme == "https" else plain)[name] = host
    return Config(secure, plain, contexts.get(fallback, None, "", policy.minimum))


class _Contexts:
    """The contexts of one configuration; hosts that differ in nothing share one."""

    def __init__(self, policy: Policy, public_roots: str) -> None:
        self._policy = policy
        self._public = public_roots
        self._made: dict[tuple[str, Asks, str, ssl.TLSVersion], ssl.SSLContext] = {}

    def get(
        self, certificate: Certificate, asks: Asks, roots: str, minimum: ssl.TLSVersion
    ) -> ssl.SSLContext:
        certificate = self._policy.shown or certificate
        key = (certificate.id, asks, roots, minimum)
        if key not in self._made:
            context = _context(certificate, self._policy, minimum)
            _ask(context, asks, roots or self._public, self._policy.refusal)
            self._made[key] = context
        return self._made[key]


def _by_host(
    deployment: Deployment,
) -> dict[tuple[str, str], tuple[tuple[str, Mapping[str, Any]], ...]]:
    found: defaultdict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for url, route in deployment.routes.items():
        scheme, _, rest = url.partition("://")
        name, _, path = rest.partition("/")
        found[scheme, name].append(("/" + path, route))
    return {
        key: tuple(sorted(routes, key=lambda r: len(r[0]), reverse=True))
        for key, routes in found.items()
    }


def _client_authentication(routes: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Asks, str]:
    """What a host asks for: the weakest of its routes, with all their authorities.

    How the vendor merges different routes of one host is not documented; the weakest does not
    flatter an edit that forgot one.
    """
    blocks = [route["tls"] for _, route in routes]
    asks = min((b["client_authentication"] for b in blocks), key=_STRENGTH.index)
    return asks, "\n".join(pem for b in blocks for pem in b["client_certificate_authorities"] or ())


def _minimum(routes: Iterable[tuple[str, Mapping[str, Any]]]) -> ssl.TLSVersion:
    """The highest of the host's routes counts."""
    named = [route["tls"]["min_version"] for _, route in routes]
    return max((_VERSIONS[n] for n in named if n), default=ssl.TLSVersion.TLSv1_2)


def _context(certificate: Certificate, policy: Policy, minimum: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = min(max(policy.minimum, minimum), policy.maximum)
    context.maximum_version = policy.maximum
    # The ssl module reads keys from files only; this one lives for these three lines.
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "served.pem"
        path.touch(mode=0o600)
        path.write_text(
            "\n".join((certificate.key_pem, certificate.certificate_pem, *certificate.chain))
        )
        context.load_cert_chain(path)
    return context


def _ask(context: ssl.SSLContext, asks: Asks, roots: str, refusal: Refusal) -> None:
    if asks is None:
        return
    # A certificate of an unknown authority is refused by an alert in either mode: the ssl module
    # has no "let it through and say so".
    required = asks == "require" and refusal == "alert"
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=roots)
