"""Small real servers for the probe and the look: TLS on loopback, and rude adversaries."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from steps.origin.evidence import ClientIdentity

Behaviour: TypeAlias = Callable[[socket.socket], None]
Asks: TypeAlias = Literal["required", "requested", "not-asked"]
NGINX_400 = (
    b"<html><head><title>400 No required SSL certificate was sent</title></head>\r\n"
    b"<body><center><h1>400 Bad Request</h1></center></body></html>\r\n"
)


def answer(status: int, body: bytes = b"hello", *, headers: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} Words\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the tests."""

    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, name: str) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(name, key, _certificate(name, key, signer=None, names=(), is_ca=True))

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, *names: str) -> ClientIdentity:
        """A leaf for these host names, of the server or of the client."""
        key = ec.generate_private_key(ec.SECP256R1())
        return ClientIdentity(_certificate(names[0], key, signer=self, names=names), key)


def _certificate(
    common: str, key: ec.EllipticCurvePrivateKey, *, signer: Authority | None,
    names: tuple[str, ...], is_ca: bool = False,
) -> x509.Certificate:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if signer:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()),
            critical=False,
        )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(signer.key if signer else key, hashes.SHA256())


@cache
def web() -> Authority:
    """Signs what servers show."""
    return Authority.create("Test web authority")


@cache
def clients() -> Authority:
    """Signs what clients may show."""
    return Authority.create("Test client authority")


@cache
def stranger() -> Authority:
    """Signs what nobody here accepts."""
    return Authority.create("Somebody else's authority")


@cache
def server_identity() -> ClientIdentity:
    return web().issue("www.example.com", "example.com")


def pems(identity: ClientIdentity) -> tuple[str, str]:
    """Certificate and key as PEM."""
    key = identity.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return identity.certificate.public_bytes(serialization.Encoding.PEM).decode(), key.decode()


def context(
    asks: Asks, version: ssl.TLSVersion, *, authorities: tuple[Authority, ...] | None = None,
    identity: ClientIdentity | None = None,
) -> ssl.SSLContext:  # fmt: skip
    """A server of Python's `ssl`; without `authorities` the client authority is the one named."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = made.maximum_version = version
    with TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_text("".join(pems(identity or server_identity())))
        made.load_cert_chain(path)
    if asks != "not-asked":
        made.verify_mode = ssl.CERT_REQUIRED if asks == "required" else ssl.CERT_OPTIONAL
        for authority in (clients(),) if authorities is None else authorities:
            made.load_verify_locations(cadata=authority.pem)
    return made


def over_tls(made: ssl.SSLContext, then: Behaviour) -> Behaviour:
    """Shake hands, then behave."""

    def behave(raw: socket.socket) -> None:
        with made.wrap_socket(raw, server_side=True) as tls:
            then(tls)

    return behave


def says(data: bytes) -> Behaviour:
    """Read the request, then say this."""

    def behave(conn: socket.socket) -> None:
        conn.recv(65536)
        conn.sendall(data)

    return behave


def wants_certificate(conn: socket.socket) -> None:
    """As nginx: the handshake succeeds, and HTTP tells who came without a certificate."""
    conn.recv(65536)
    assert isinstance(conn, ssl.SSLSocket)
    conn.sendall(answer(200) if conn.getpeercert() else answer(400, NGINX_400))


def closes(conn: socket.socket) -> None:
    """Read what came, end without a byte."""
    conn.recv(65536)


def silent(conn: socket.socket) -> None:
    """Keep the connection and say nothing."""
    while conn.recv(65536):
        pass


def resets(conn: socket.socket) -> None:
    """Hear the first message and end with a reset."""
    conn.recv(1)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def forever(data: bytes, *, first: bytes = b"", pause: float = 0.0) -> Behaviour:
    """Say the same again and again until the other side has gone."""

    def behave(conn: socket.socket) -> None:
        conn.recv(65536)
        conn.sendall(first)
        while True:
            conn.sendall(data)
            threading.Event().wait(pause)

    return behave


class Origin:
    """One behaviour on a loopback port of the system's choice; `connections` counts."""

    def __init__(self, behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self.address = address
        self._listening = socket.create_server((address, port))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="origin")]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                conn, _ = self._listening.accept()
                self.connections += 1
                self._open.append(conn)
                thread = threading.Thread(target=self._serve, args=(conn,), name="origin-serving")
                self._threads.append(thread)
                thread.start()

    def _serve(self, conn: socket.socket) -> None:
        with conn, suppress(OSError):
            conn.settimeout(10)
            self.behaviour(conn)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for conn in self._open:
            with suppress(OSError):
                socket.socket.shutdown(conn, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)


@contextmanager
def origin(behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0) -> Iterator[Origin]:
    """A server for the length of a block."""
    running = Origin(behaviour, address, port)
    try:
        yield running
    finally:
        running.close()


def asks_after_request(conn: socket.socket) -> None:
    """TLS 1.3: ask for a certificate only when the request has come, as for some paths."""
    assert isinstance(conn, ssl.SSLSocket)
    conn.recv(65536)
    conn.verify_client_post_handshake()
    conn.do_handshake()
    conn.recv(65536)
    conn.sendall(answer(200))


def takes_any_certificate(
    version: int, *, naming: tuple[Authority, ...] = (), refusing: bool = False
) -> Behaviour:
    """Refuse who has no certificate and let in any (or, `refusing`, none); name authorities."""
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(version)
    made.set_max_proto_version(version)
    made.use_certificate(server_identity().certificate)
    made.use_privatekey(server_identity().key)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: not refusing)
    if naming:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "named.pem"
            path.write_text("".join(one.pem for one in naming))
            made.load_client_ca(str(path).encode())

    def behave(raw: socket.socket) -> None:
        raw.settimeout(None)  # pyOpenSSL takes a time-out for a socket that never blocks
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            tls.recv(65536)
            tls.send(answer(200))
            tls.shutdown()

    return behave
