"""The TLS client of the probe, and the certificates that it may show. Nothing here connects."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL

from steps.origin.evidence import ClientIdentity

Note = Callable[[SSL.Connection, int, int], None]
EVERY_HTTP = (b"h2", b"http/1.1")
_P384 = 384
_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT; an old origin is still an origin


def context(
    identity: ClientIdentity | None, note: Note, *, protocols: tuple[bytes, ...] = EVERY_HTTP
) -> SSL.Context:
    """A client that listens to everything: old versions, weak ciphers, any certificate.

    Each exchange has one of its own and keeps no session, so that nothing is ever resumed.
    """
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(SSL.TLS1_VERSION)
    made.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    made.set_options(SSL.OP_NO_TICKET | _LEGACY_SERVER_CONNECT)
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    made.set_verify(SSL.VERIFY_NONE)
    made.set_alpn_protos(list(protocols))
    # Without this offer a server that asks only for some paths (TLS 1.3) never asks at all.
    # pyOpenSSL has no method for it; `ssl` has, but does not tell who was asked.
    Binding().lib.SSL_CTX_set_post_handshake_auth(made._context, 1)  # noqa: SLF001
    made.set_info_callback(note)
    if identity is not None:
        made.use_certificate(identity.certificate)
        made.use_privatekey(identity.key)
        for one in identity.chain:
            made.add_extra_chain_cert(one)
    return made


@cache
def foreign_identity() -> ClientIdentity:
    """A self-signed client certificate that nobody can have a reason to accept."""
    return _self_signed(ec.generate_private_key(ec.SECP256R1()))


@cache
def foreign_rsa_identity() -> ClientIdentity:
    """The same for servers that take no other kind of key; takes a while to make."""
    return _self_signed(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@cache
def foreign_p384_identity() -> ClientIdentity:
    """The same for servers that keep to CNSA, and take neither P-256 nor a short RSA key."""
    return _self_signed(ec.generate_private_key(ec.SECP384R1()))


FOREIGN = (foreign_identity, foreign_rsa_identity, foreign_p384_identity)
"""One of each kind of key, the likeliest first."""


def _self_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> ClientIdentity:
    # Right in everything but its issuer, so that nothing else can be why it is refused.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mtls-bot-probe foreign")])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256() if key.key_size != _P384 else hashes.SHA384())
    )
    return ClientIdentity(certificate, key)
