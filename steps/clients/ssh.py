"""Git's SSH in pure Python: a key that lives in memory, a short certificate, a pinned host key."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from steps.errors import Denied, HostKeyUnknown, PushRefused, Unreachable

if TYPE_CHECKING:
    import paramiko

_SERVICE = "Platform.sh git"
_CONNECT, _ANSWER = 10.0, 120.0
_SCP = re.compile(r"^(?P<user>[^@/]+)@(?P<host>[^:/]+):(?P<path>.+)$")
_URL = re.compile(r"^ssh://(?P<user>[^@/]+)@(?P<host>[^:/]+)(:(?P<port>\d+))?(?P<path>/.+)$")
NO_WAIT = "PLATFORMSH_PUSH_NO_WAIT"
"""Sent with the push, which then returns at once instead of streaming the deployment's log."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is pushed to."""

    user: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """As known_hosts spells it."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"  # noqa: PLR2004


def remote(url: str) -> Remote:
    """A remote from ``user@host:path`` or ``ssh://user@host:port/path``. Raises PushRefused."""
    found = _URL.match(url) or _SCP.match(url)
    if found is None:
        raise PushRefused(
            f"The repository's address is of a kind that is not known: {url}",
            service=_SERVICE, doing="find the repository",
        )  # fmt: skip
    parts = found.groupdict()
    return Remote(parts["user"], parts["host"], int(parts.get("port") or 22), parts["path"])


def pinned(known_hosts: str) -> Mapping[str, tuple[str, bytes]]:
    """Host name to key type and key, from a text in the form of known_hosts."""
    found = {}
    for line in known_hosts.splitlines():
        fields = line.split()
        if len(fields) >= 3 and not line.startswith("#"):  # noqa: PLR2004 - names, type, key
            key = serialization.load_ssh_public_key(f"{fields[1]} {fields[2]}".encode())
            raw = key.public_bytes(
                serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
            )
            for name in fields[0].split(","):
                found[name] = (fields[1], raw.split()[1])
    return found


@contextmanager
def session(
    where: Remote, known_hosts: str, certify: Callable[[str], str]
) -> Iterator[paramiko.Transport]:
    """A signed-in transport. `certify` turns a public key (OpenSSH) into its certificate.

    Raises HostKeyUnknown, Denied, Unreachable.
    """
    import paramiko  # noqa: PLC0415 - slow to import, and needed at a push only

    expected = pinned(known_hosts).get(where.name)
    if expected is None:
        raise _unknown_host(where)
    key = _key_with_certificate(certify)
    transport = _connected(where)
    try:
        kind, raw = expected
        # A server with keys of several types may show another one than the pinned.
        transport.get_security_options().key_types = _types(kind)
        transport.start_client(timeout=_CONNECT)
        if transport.get_remote_server_key().get_base64().encode() != raw:
            raise _unknown_host(where)
        transport.auth_publickey(where.user, key)
        yield transport
    except paramiko.AuthenticationException as error:
        raise Denied(
            f"{where.host} did not accept the bot's SSH certificate.", service=_SERVICE,
            doing="sign in",
            hint="The token's user needs the right to push to this environment; if the"
            " organisation asks for a second factor, exempt the machine user.",
        ) from error  # fmt: skip
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise Unreachable(
            f"The connection to {where.host} broke ({type(error).__name__}).", service=_SERVICE,
            doing="push", retryable=True,
        ) from error  # fmt: skip
    finally:
        transport.close()


def _types(kind: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)


def _connected(where: Remote) -> paramiko.Transport:
    import socket  # noqa: PLC0415 - beside paramiko

    import paramiko  # noqa: PLC0415 - see session

    try:
        link = socket.create_connection((where.host, where.port), timeout=_CONNECT)
    except OSError as error:
        raise Unreachable(
            f"{where.host} could not be reached.", service=_SERVICE, doing="connect",
            retryable=True,
        ) from error  # fmt: skip
    return paramiko.Transport(link)


def _key_with_certificate(certify: Callable[[str], str]) -> paramiko.PKey:
    """A new ed25519 key, never written anywhere, with the certificate for it."""
    import paramiko  # noqa: PLC0415 - see session

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    key = paramiko.Ed25519Key(file_obj=io.StringIO(pem.decode()))
    key.load_certificate(certify(f"{public.decode()} mtls-bot"))
    return key


def _unknown_host(where: Remote) -> HostKeyUnknown:
    return HostKeyUnknown(
        f"The host key of {where.name} is not one of the pinned ones; nothing was sent.",
        service=_SERVICE, doing="check the host key",
        hint="If this host is genuine, put its key into a file in the form of known_hosts and name"
        " it in MTLS_SEAM_GIT_HOST_KEYS.",
    )  # fmt: skip


class Channel:
    """One remote command, in the shape that dulwich wants of an SSH vendor."""

    def __init__(self, transport: paramiko.Transport, command: str) -> None:
        self._channel = transport.open_session(timeout=_CONNECT)
        self._channel.settimeout(_ANSWER)
        self._channel.set_environment_variable(NO_WAIT, "1")
        self._channel.exec_command(command)
        self.stderr = self._channel.makefile_stderr("rb")

    def read(self, size: int = 65536) -> bytes:
        """At most `size` bytes; empty at the end."""
        data: bytes = self._channel.recv(size)
        return data

    def write(self, data: bytes) -> None:
        """All of `data`."""
        self._channel.sendall(data)

    def can_read(self) -> bool:
        """Whether a read returns at once."""
        return bool(self._channel.recv_ready())

    def close(self) -> None:
        """Ends the command."""
        self._channel.close()


class Vendor:
    """dulwich's way to run a command on the remote side, over a session that is there already."""

    def __init__(self, transport: paramiko.Transport) -> None:
        self._transport = transport

    def run_command(self, host: str, command: bytes | str, **_ignored: Any) -> Channel:
        """Run git's command; user, port and keys were settled by the session."""
        text = command.decode() if isinstance(command, bytes) else command
        return Channel(self._transport, text)
