"""The certificate authorities of the sandbox, made anew at each start; nobody else trusts them."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with the key that the authority made for it."""

    certificate_pem: str
    key_pem: str = field(repr=False)


def _new_key(kind: Literal["rsa", "ecc"]) -> PrivateKey:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """One certificate authority with a key of its own."""

    def __init__(
        self, subject: x509.Name, *, key: Literal["rsa", "ecc"] = "rsa", days: int = 3650
    ) -> None:
        self._key = _new_key(key)
        self._subject = subject
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=2), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self.certificate_pem = _pem(self.certificate)

    def issue(
        self, names: Sequence[str], *, days: int = 90, key: Literal["rsa", "ecc"] = "rsa",
        client: bool = False, subject: x509.Name | None = None,
    ) -> Issued:  # fmt: skip
        """A new key and a certificate for `names`; negative `days` give an expired one."""
        own = _new_key(key)
        certificate = self.sign(
            own.public_key(), names, days=days, subject=subject,
            usages=(ExtendedKeyUsageOID.CLIENT_AUTH,) if client
            else (ExtendedKeyUsageOID.SERVER_AUTH,),
        )  # fmt: skip
        return Issued(_pem(certificate), _key_pem(own))

    def sign_csr(
        self, csr_pem: str, names: Sequence[str], days: int, *, subject: x509.Name | None = None
    ) -> str:
        """A certificate for the key of a request, in the way of the Origin CA: both usages."""
        request = x509.load_pem_x509_csr(csr_pem.encode())
        public = request.public_key()
        if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise TypeError("only RSA and EC keys are signed")
        usages = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)
        return _pem(self.sign(public, names, days=days, subject=subject, usages=usages))

    def sign(
        self, public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, names: Sequence[str], *,
        days: int, usages: Sequence[x509.ObjectIdentifier], subject: x509.Name | None = None,
    ) -> x509.Certificate:  # fmt: skip
        """A leaf for `public`, valid from an hour ago for `days` days."""
        now = datetime.now(UTC)
        begin = now - timedelta(hours=1) if days > 0 else now + timedelta(days=days - 30)
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])] if names else [])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject or own)
            .issuer_name(self._subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if names:
            alternative = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=not ca,
        data_encipherment=False, key_agreement=False, key_cert_sign=ca, crl_sign=ca,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(organisation: str, unit: str, common: str = "") -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
    ]
    if common:
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common))
    return x509.Name(parts)


@dataclass(frozen=True)
class Authorities:
    """Everybody who issues certificates in the sandbox."""

    public: Authority
    """Trusted by visitors; it stands for Let's Encrypt and for the edge's certificates."""
    origin_ca_rsa: Authority
    origin_ca_ecc: Authority
    client_ca: Authority
    """The CA of the client certificate that all zones share."""
    client_identity: Issued
    """That certificate, as the edge presents it."""

    @classmethod
    def create(cls) -> "Authorities":
        client_ca = Authority(_name("Sandbox Cloudflare", "Origin Pull", "origin-pull.sandbox"))
        leaf = client_ca.issue(
            [], days=365, client=True, subject=_name("Sandbox Cloudflare", "Origin Pull", "leaf")
        )
        return cls(
            public=Authority(_name("Sandbox Web Trust", "Public CA", "Sandbox Public Root")),
            origin_ca_rsa=Authority(_name("Sandbox Cloudflare", "Origin CA RSA")),
            origin_ca_ecc=Authority(_name("Sandbox Cloudflare", "Origin CA ECC"), key="ecc"),
            client_ca=client_ca,
            client_identity=leaf,
        )
