"""Keys, requests and certificates as values: text in, facts out. No network, no clock, no file.

A private key made here lives in the object that the caller holds and nowhere else (law 8).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from OpenSSL import crypto
from pydantic import SecretStr

AOP_CA = "9a1ac2b4be15f9f27eee20a734cba4e9898f61001b3bd7c84b69b56a3e25a2b9"
"""SHA-256 of Cloudflare's authenticated origin pull CA: the right CA for a routes file."""
ORIGIN_CA_ROOTS = (
    "d3c7e85c91707fc0a12abc5d88266747aa4fa8e7b162f633ffb3c9d989947620",
    "aa63697a22764b67b2134ce14cb5690ea336940b93986113f49545917832d80d",
)
"""SHA-256 of the Origin CA roots, RSA and ECC: the wrong CAs for a routes file."""

MOST_NAMES = 200
"""So many names fit on one Origin CA certificate (vendor's SDK; an older page said 100)."""
_STAND_IN = "mtls-bot-look."


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A fresh key with the request that is sent in its name; the key is in no repr."""

    csr_pem: str
    names: tuple[str, ...]
    public_key_digest: str
    key: rsa.RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says about itself; times are aware (UTC), digests lower-case hex."""

    names: tuple[str, ...]
    issuer: str
    subject: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 of the DER."""
    public_key_digest: str


def new_request(names: Iterable[str]) -> CertificateRequest:
    """A new RSA 2048 key and a PEM request for `names` (what Origin CA `origin-rsa` takes).

    The first name becomes the common name when it fits into its 64 characters.
    """
    asked = tuple(names)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in asked[:1] if len(name) < 65]  # noqa: PLR2004 - RFC 5280, ub-common-name
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in asked])
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name(common))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = csr.public_bytes(serialization.Encoding.PEM).decode()
    return CertificateRequest(pem, asked, public_key_digest(key), key)


def traditional_pem(key: rsa.RSAPrivateKey) -> SecretStr:
    """The key as PKCS#1 PEM (``BEGIN RSA PRIVATE KEY``), the form Platform.sh documents."""
    return SecretStr(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()
    )


def public_key_digest(source: str | rsa.RSAPrivateKey) -> str:
    """SHA-256 (hex) of the SubjectPublicKeyInfo of a key, a certificate PEM or a request PEM.

    Raises ValueError for other text.
    """
    if not isinstance(source, str):
        public = source.public_key()
        return _sha256(
            public.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
    if "CERTIFICATE REQUEST-----" in source:
        return _key_digest(x509.load_pem_x509_csr(source.encode()))
    return _key_digest(_certificate(source))


def parse_certificate(pem: str) -> CertificateFacts:
    """The facts of the first certificate in a PEM text. Raises ValueError for other text."""
    certificate = _certificate(pem)
    return CertificateFacts(
        names=_names(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        public_key_digest=_key_digest(certificate),
    )


def is_for(pem: str, digest: str) -> bool:
    """Whether a certificate is the one for our public key; its digest is noted before all else."""
    try:
        return bool(digest) and parse_certificate(pem).public_key_digest == digest
    except ValueError:
        return False  # a certificate in the list that is not one of ours to read


def fingerprints(pem: str) -> tuple[str, ...]:
    """SHA-256 (hex) of every certificate in a PEM text, in its order; empty without one."""
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return ()
    return tuple(one.fingerprint(hashes.SHA256()).hex() for one in certificates)


def holds_any(pem: str, pinned: Iterable[str]) -> bool:
    """Whether a PEM text holds a certificate with one of the pinned fingerprints."""
    return not set(fingerprints(pem)).isdisjoint(one.lower().replace(":", "") for one in pinned)


def holds_exactly(pem: str, pinned: Iterable[str]) -> bool:
    """Whether a PEM text holds the pinned certificates, all of them and no other."""
    return set(fingerprints(pem)) == {one.lower().replace(":", "") for one in pinned}


def covers(names: Iterable[str], host: str) -> bool:
    """Whether a certificate with `names` is valid for `host` (itself possibly a wildcard).

    A wildcard stands for exactly one label: ``*.example.com`` covers neither ``example.com`` nor
    ``a.b.example.com``.
    """
    wanted = _plain(host)
    first, _, rest = wanted.partition(".")
    wildcard = f"*.{rest}" if first and rest else wanted
    return any(_plain(name) in (wanted, wildcard) for name in names)


def names_needed(zone_apex: str, hosts: Iterable[str]) -> tuple[str, ...]:
    """The names of the origin certificate: the apex, its wildcard, and deeper hosts, sorted.

    Hosts outside the zone are left out: an Origin CA certificate cannot be had for them. A
    stand-in for a wildcard (`stand_in`) asks for the wildcard itself.
    """
    apex = _plain(zone_apex)
    usual = (apex, f"*.{apex}")
    inside = {_stood_for(_plain(host)) for host in hosts if _plain(host).endswith(f".{apex}")}
    return (*usual, *sorted(host for host in inside if not covers(usual, host)))


def stand_in(name: str) -> str:
    """A name that can be asked for in place of a wildcard; any other name as it is.

    >>> stand_in("*.example.com"), stand_in("www.example.com")
    ('mtls-bot-look.example.com', 'www.example.com')
    """
    return f"{_STAND_IN}{name[2:]}" if name.startswith("*.") else name


def _stood_for(name: str) -> str:
    return f"*.{name.removeprefix(_STAND_IN)}" if name.startswith(_STAND_IN) else name


def is_signed_by(certificate_pem: str, root_pem: str) -> bool:
    """Whether `root_pem` (one certificate) issued the certificate directly, proven by signature."""
    try:
        _certificate(certificate_pem).verify_directly_issued_by(_certificate(root_pem))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def distrust(chain: Iterable[str], roots_pem: str, *, at: datetime) -> str:
    """Why a chain (PEMs, the leaf first) leads to none of the roots at a time; empty if it does.

    With the public roots and the Origin CA roots this is what SSL mode strict asks, besides
    `covers` for the name. Raises ValueError when a PEM cannot be read.
    """
    leaf, *between = (crypto.X509.from_cryptography(_certificate(pem)) for pem in chain)
    store = crypto.X509Store()
    for root in x509.load_pem_x509_certificates(roots_pem.encode()):
        store.add_cert(crypto.X509.from_cryptography(root))
    store.set_time(at)
    try:
        crypto.X509StoreContext(store, leaf, between).verify_certificate()
    except crypto.X509StoreContextError as refused:
        return str(refused)
    return ""


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _key_digest(holder: x509.Certificate | x509.CertificateSigningRequest) -> str:
    return _sha256(
        holder.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _sha256(data: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))


def _plain(name: str) -> str:
    return name.strip().rstrip(".").lower()
