"""What everybody can see, what was written to it, and certificates for it.

A write is recorded in the words of a plan's targets, so that what was done can be compared with
what was shown; `World.after_write` is the place where a test pulls the plug.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from steps.errors import NotFound
from steps.origin.look import Look
from steps.step import Site

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PROJECT, ZONE_ID = "q7x2m5kd3vw4t", "0123456789abcdef0123456789abcdef"
HOSTS = ("example.com", "img.cdn.example.com", "www.example.com")
NEIGHBOUR = "status.example.com"
SITE = Site("www.example.com", "example.com", ZONE_ID, PROJECT, "main",
            access_environments=("staging",))  # fmt: skip
PUBLIC, ORIGIN_CA, CLIENT_CA = "Public Web CA", "Cloudflare Origin CA", "Cloudflare Pull CA"


class Killed(Exception):
    """The process ends here."""


@dataclass
class World:
    """The outside as far as visitors, probes and deployments go."""

    writes: list[tuple[str, ...]] = field(default_factory=list)
    """One entry a write, its targets in the words of the plans."""
    after_write: Callable[[], None] = field(default=lambda: None)
    visitors: Literal["", "broken", "inconclusive"] = ""
    """A word stands above what the rest of the world makes of visitors."""
    broken_hosts: set[str] = field(default_factory=set)
    first_look: Look | None = None
    """What a first look sees, where it is not a page."""
    cache_sticks: bool = False
    """Is a page answered by the cache although development mode is on?"""
    presents: bool = True
    """Does Cloudflare really present its certificate when the switch is on?"""
    live: str = ""
    """The certificate on the wire, PEM."""
    dark: bool = False
    """No address shows any certificate."""
    deployed_commit: str = ""
    addresses: tuple[str, ...] = ("203.0.113.11", "203.0.113.12")
    no_way_to: tuple[str, ...] = ()
    """Addresses of the origin that this machine has no way to."""
    probed: Literal["", "open", "inconclusive"] = ""
    """A word stands above what is deployed."""
    unasked: frozenset[str] = frozenset()
    """Addresses that cannot be reached from here."""
    hangs_up: bool = False
    """Does the origin end without a word where it should refuse?"""

    def write(self, *targets: str) -> None:
        """Recorded after the effect: a kill after it finds things done."""
        self.writes.append(targets)
        self.after_write()


@dataclass(frozen=True, slots=True)
class Listed:
    """One certificate in a list of either vendor."""

    id: str
    certificate: str
    is_provisioned: bool = False


def absent(what: str, service: str) -> NotFound:
    return NotFound(f"There is no such {what}.", service=service, doing=f"remove a {what}")


@lru_cache(maxsize=4)
def authority(name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """An authority that is made once for all tests."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key, signed(key.public_key(), (name,), issuer=name, key=key)


def signed(
    public: CertificatePublicKeyTypes, names: Sequence[str], *, issuer: str,
    key: ec.EllipticCurvePrivateKey, days: int = 90,
) -> x509.Certificate:  # fmt: skip
    """A certificate for `names`, the first of them its subject."""
    subject, parent = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (names[0], issuer)
    )
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return (
        x509.CertificateBuilder().subject_name(subject).public_key(public).issuer_name(parent)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=1)).not_valid_after(NOON + timedelta(days=days))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def root_pem(name: str) -> str:
    return pem_of(authority(name)[1])


def issued(names: Sequence[str], *, issuer: str, days: int = 90) -> str:
    """A certificate for some key that nobody keeps."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return pem_of(signed(public, names, issuer=issuer, key=authority(issuer)[0], days=days))
