"""From what people type after `probe` to values, or words on why that cannot be."""

import contextlib
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from OpenSSL import SSL

from bot.terminal.usage import Unusable
from steps.origin.client import context
from steps.origin.evidence import ClientIdentity, ClientKey
from steps.origin.probe import is_host_name

_MOST_BYTES = 1_000_000
_PORTS = range(1, 65536)


class Place(NamedTuple):
    """An address, and its port if one was named."""

    address: str
    port: int | None


def host_name(text: str) -> str:
    """A host name in the form that goes over the wire. Raises Unusable."""
    name = text.strip().removesuffix(".").lower()
    if not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("idna").decode()
    if not is_host_name(name):
        raise Unusable(f"--domain {text!r} is not a host name.")
    return name


def place(text: str) -> Place:
    """``IP``, ``IP:PORT``, ``[IPv6]``, ``[IPv6]:PORT`` or a bare IPv6 address. Raises Unusable."""
    if text.startswith("["):
        address, closed, rest = text[1:].partition("]")
        port = rest.removeprefix(":") if rest.startswith(":") else None
        if not closed or (rest and port is None):
            raise _no_place(text)
        return Place(_address(address, text, version=6), _port(port, text))
    address, colon, port = text.partition(":")
    if ":" in port:
        return Place(_address(text, text, version=6), None)
    return Place(_address(address, text, version=4), _port(port if colon else None, text))


def _address(address: str, text: str, *, version: int) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        raise _no_place(text) from None
    if ip.version != version or (isinstance(ip, IPv6Address) and ip.scope_id is not None):
        raise _no_place(text)
    return str(ip)


def _port(port: str | None, text: str) -> int | None:
    if port is None:
        return None
    if not (port.isascii() and port.isdigit() and len(port) <= len("65535")):
        raise _no_place(text)
    if int(port) not in _PORTS:
        raise _no_place(text)
    return int(port)


def _no_place(text: str) -> Unusable:
    return Unusable(f"--address {text!r} is not IP, IP:PORT or [IPv6]:PORT.")


def identity(cert: str | None, key: str | None) -> ClientIdentity | None:
    """The client certificate of two PEM files, or None without them. Raises Unusable."""
    if cert is None or key is None:
        if cert != key:
            raise Unusable("--cert and --key belong together; one of them is missing.")
        return None
    first, *more = _certificates("--cert", cert)
    made = ClientIdentity(first, _key(key), tuple(more))
    if _public(first.public_key()) != _public(made.key.public_key()):
        raise Unusable(f"The key in {key} does not belong to the certificate in {cert}.")
    try:
        context(made, lambda *_: None)
    except SSL.Error:
        raise Unusable(f"--cert {cert} is of a kind that cannot be shown over TLS.") from None
    return made


def authority(ca: str | None) -> str | None:
    """The authorities of a PEM file as one text, or None without it. Raises Unusable."""
    if ca is None:
        return None
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in _certificates("--ca", ca))


def _certificates(option: str, path: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(option, path))
    except ValueError:
        raise Unusable(f"{option} {path} holds no certificate in PEM that can be read.") from None


def _key(path: str) -> ClientKey:
    # What a library says of a key that it cannot read is not repeated: it might quote it.
    try:
        key = load_pem_private_key(_read("--key", path), password=None)
    except TypeError:
        raise Unusable(f"--key {path} is encrypted; decrypt it first.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Unusable(f"--key {path} holds no private key in PEM that can be read.") from None
    kinds = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey,
             ed448.Ed448PrivateKey)  # fmt: skip
    if not isinstance(key, kinds):
        raise Unusable(f"--key {path} is of a kind that is not used in TLS.")
    return key


def _public(key: object) -> bytes:
    export = getattr(key, "public_bytes", None)
    return export(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) if export else b""


def _read(option: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as failed:
        raise Unusable(f"{option} {path} cannot be read: {failed.strerror}.") from None
