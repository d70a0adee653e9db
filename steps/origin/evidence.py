"""What an attempt at the origin may find, as values: attempts, reports, bounds. No I/O here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from steps.origin.reasons import Reason, Verdict

Network: TypeAlias = IPv4Network | IPv6Network
ClientKey: TypeAlias = (
    rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The certificate a server showed; `fingerprint` SHA-256 hex, `not_after` ISO 8601 (UTC)."""

    fingerprint: str
    names: tuple[str, ...]
    issuer: str
    not_after: str
    chain: tuple[str, ...] = field(repr=False, default=())
    """As sent, the leaf first, PEM each."""
    key_digest: str = ""
    """SHA-256 (hex) of the public key's SubjectPublicKeyInfo."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A client certificate with its key, held in memory; the key is in no repr."""

    certificate: x509.Certificate
    key: ClientKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = field(repr=False, default=())
    """Intermediate certificates, sent along."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One address asked for one host on one port, and everything that was seen."""

    host: str
    address: str
    port: int
    verdict: Verdict
    reason: Reason
    evidence: str
    """A sentence for people."""
    tls_version: str = ""
    """``TLSv1.2``, ``TLSv1.3``; empty when it did not come to that."""
    certificate: PeerCertificate | None = None
    certificate_requested: bool = False
    authorities: tuple[str, ...] = ()
    """Distinguished names that the server said it accepts; empty says nothing."""
    alert: str = ""
    """The alert the server sent, in the words of the RFC: ``certificate_required``."""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    bytes_read: int = 0
    milliseconds: int = 0
    sessions: int = 1
    """How many fresh sessions in a row said the same."""
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields that the command line prints for one attempt."""
        return {
            "host": self.host, "address": self.address, "port": self.port,
            "verdict": self.verdict, "reason": self.reason, "tls_version": self.tls_version,
            "certificate_requested": self.certificate_requested,
            "authorities": list(self.authorities), "alert": self.alert, "status": self.status,
            "evidence": self.evidence, "ms": self.milliseconds,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one attempt may cost, whatever the server does; seconds and bytes."""

    connect: float = 5.0
    attempt: float = 10.0
    most_bytes: int = 65536
    sessions: int = 1
    """A closed counts when so many fresh sessions in a row agree."""
    at_most: float | None = None
    """For all sessions and controls of a target together; an attempt for each if not said."""

    @property
    def in_all(self) -> float:
        """Seconds that one target may take."""
        return self.attempt * self.sessions if self.at_most is None else self.at_most


@dataclass(frozen=True, slots=True)
class Expect:
    """What is known from elsewhere, for the judgements that a refusal alone does not allow."""

    control: Callable[[], bool] | bool | None = None
    """Does the site answer through Cloudflare at this moment? Asked once, and only if needed."""
    identity: ClientIdentity | None = None
    """A client certificate that the origin accepts: the control of the command line."""
    our_ca: str | None = None
    """PEM, one authority or several: others than these are a way in."""
    our_key: str = ""
    """SHA-256 (hex) of the public key of the certificate we installed; told in the evidence."""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """One verdict from many attempts: any open, else any inconclusive, else closed."""

    verdict: Verdict
    reason: Reason
    attempts: tuple[Attempt, ...]
    closed: int
    """Addresses on which every attempt was closed."""
    of: int
    """Addresses asked."""

    def as_json(self) -> dict[str, Any]:
        """The object that the command line prints."""
        attempts = [attempt.as_json() for attempt in self.attempts]
        return {"verdict": self.verdict, "reason": self.reason, "attempts": attempts}


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificates that one address showed for one host, one entry a fresh session."""

    address: str
    certificates: tuple[PeerCertificate | None, ...]
    """None where a session ended before a certificate came."""
    trouble: str = ""
    """What stood in the way in the last session that showed none."""
    no_route: bool = False
    """There is no way from this machine to addresses of that kind."""

    @property
    def agreed(self) -> PeerCertificate | None:
        """The one certificate that every session showed; None if they differ or one showed none."""
        first = self.certificates[0] if self.certificates else None
        same = all(one is not None and first is not None and one.fingerprint == first.fingerprint
                   for one in self.certificates)  # fmt: skip
        return first if same else None
