"""The facts of the certificate that a server shows, whatever is in it."""

import hashlib

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL, crypto

from steps.origin.evidence import PeerCertificate


def peer_certificate(connection: SSL.Connection) -> PeerCertificate | None:
    """The certificate shown; what cannot be read of it is left empty."""
    chain = connection.get_peer_cert_chain() or []
    if not chain:
        return None
    pems = tuple(crypto.dump_certificate(crypto.FILETYPE_PEM, one).decode() for one in chain)
    der = crypto.dump_certificate(crypto.FILETYPE_ASN1, chain[0])
    names, issuer, not_after, key = _facts(der)
    return PeerCertificate(hashlib.sha256(der).hexdigest(), names, issuer, not_after, pems, key)


def authorities(connection: SSL.Connection) -> tuple[tuple[str, bytes], ...]:
    """The distinguished names that the server said it accepts, as text and as DER."""
    return tuple((_text(name), name.der()) for name in connection.get_client_ca_list())


def own_names(authorities_pem: str) -> frozenset[bytes]:
    """The distinguished names of our authorities, as DER in the very form that servers send."""
    # `x509` re-encodes a name, and reads none in the Latin-1 of older authorities.
    made = SSL.Context(SSL.TLS_METHOD)
    for one in x509.load_pem_x509_certificates(authorities_pem.encode()):
        made.add_client_ca(one)
    serving = SSL.Connection(made, None)
    serving.set_accept_state()
    return frozenset(der for _, der in authorities(serving))


def _text(name: crypto.X509Name) -> str:
    pairs = name.get_components()
    return _printable(
        ", ".join(f"{k.decode('latin-1')}={v.decode('utf-8', 'replace')}" for k, v in pairs)
    )


def _printable(text: str) -> str:
    """A server's own words go to terminals and chats: no escape sequence and no line break."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _facts(der: bytes) -> tuple[tuple[str, ...], str, str, str]:
    """Names, issuer, end and the digest of the public key."""
    try:
        leaf = x509.load_der_x509_certificate(der)
        names = tuple(
            _printable(name)
            for extension in leaf.extensions
            if isinstance(extension.value, x509.SubjectAlternativeName)
            for name in extension.value.get_values_for_type(x509.DNSName)
        )
        key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        end = leaf.not_valid_after_utc.isoformat()
        issuer = _printable(leaf.issuer.rfc4514_string())
        return names, issuer, end, hashlib.sha256(key).hexdigest()
    except (
        ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType
    ):  # fmt: skip
        return (), "", "", ""
