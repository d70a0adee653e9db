"""The facts of the certificate that a server shows, whatever is in it."""

import hashlib

from cryptography import x509
from OpenSSL import SSL, crypto

from steps.origin.evidence import PeerCertificate


def peer_certificate(connection: SSL.Connection) -> PeerCertificate | None:
    """The certificate shown; what cannot be read of it is left empty."""
    chain = connection.get_peer_cert_chain() or []
    if not chain:
        return None
    pems = tuple(crypto.dump_certificate(crypto.FILETYPE_PEM, one).decode() for one in chain)
    der = crypto.dump_certificate(crypto.FILETYPE_ASN1, chain[0])
    names, issuer, not_after = _facts(der)
    return PeerCertificate(hashlib.sha256(der).hexdigest(), names, issuer, not_after, pems)


def authorities(connection: SSL.Connection) -> tuple[tuple[str, bytes], ...]:
    """The distinguished names that the server said it accepts, as text and as DER."""
    return tuple((_text(name), name.der()) for name in connection.get_client_ca_list())


def _text(name: crypto.X509Name) -> str:
    pairs = name.get_components()
    return ", ".join(f"{k.decode('latin-1')}={v.decode('utf-8', 'replace')}" for k, v in pairs)


def _facts(der: bytes) -> tuple[tuple[str, ...], str, str]:
    try:
        leaf = x509.load_der_x509_certificate(der)
        names = tuple(
            name
            for extension in leaf.extensions
            if isinstance(extension.value, x509.SubjectAlternativeName)
            for name in extension.value.get_values_for_type(x509.DNSName)
        )
        return names, leaf.issuer.rfc4514_string(), leaf.not_valid_after_utc.isoformat()
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return (), "", ""
