"""Git's SSH in pure Python: a key that lives in memory, a short certificate, a pinned host key."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from steps.errors import (
    ClientError,
    Denied,
    HostKeyUnknown,
    PushRefused,
    UnexpectedReply,
    Unreachable,
)

if TYPE_CHECKING:
    import paramiko

SERVICE = "Platform.sh git"
_CONNECT, _ANSWER = 10.0, 120.0
_SCP = re.compile(r"^(?P<user>[^@/]+)@(?P<host>[^:/]+):(?P<path>.+)$")
_URL = re.compile(r"^ssh://(?P<user>[^@/]+)@(?P<host>[^:/]+)(:(?P<port>\d+))?(?P<path>/.+)$")
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""How a key of a type signs, where that is not the type's own name (SHA-1 is not accepted)."""
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
            "The repository's address is not one of SSH, so it is not Platform.sh's own.",
            service=SERVICE, doing="find the repository",
            hint="The code is hosted elsewhere: put the change in by a pull request there.",
        )  # fmt: skip
    parts = found.groupdict()
    return Remote(parts["user"], parts["host"], int(parts.get("port") or 22), parts["path"])


def pinned(known_hosts: str) -> Mapping[str, Mapping[str, str]]:
    """Host name to its keys, type to base64, from a text in the form of known_hosts.

    Hashed names, patterns and marked lines are passed over: a host that is not named is unknown.
    """
    found: dict[str, dict[str, str]] = {}
    for line in known_hosts.splitlines():
        fields = line.split()
        if len(fields) >= 3 and fields[0][0] not in "#@|":  # noqa: PLR2004 - names, type, key
            for name in fields[0].split(","):
                found.setdefault(name, {})[fields[1]] = fields[2]
    return found


@contextmanager
def session(
    where: Remote, known_hosts: str, certify: Callable[[str], str]
) -> Iterator[paramiko.Transport]:
    """A signed-in transport. `certify` turns a public key (OpenSSH) into its certificate.

    Raises HostKeyUnknown before anything is sent, Denied, Unreachable.
    """
    import paramiko  # noqa: PLC0415 - slow to import, and needed at a push only

    keys = pinned(known_hosts).get(where.name)
    if not keys:
        raise _unknown_host(where)
    transport = _connected(where)
    try:
        _start(transport, where, keys)
        transport.auth_publickey(where.user, _key_with_certificate(certify))
        yield transport
    except paramiko.AuthenticationException as error:
        raise _denied(f"{where.host} did not accept the bot's SSH certificate.") from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise Unreachable(
            f"The connection to {where.host} broke ({type(error).__name__}).", service=SERVICE,
            doing="talk to the git host",
            hint="Whether a commit arrived is looked at before it is tried again.",
        ) from error  # fmt: skip
    finally:
        transport.close()
        transport.sock.close()  # which a transport that was never started leaves open


def _start(transport: paramiko.Transport, where: Remote, keys: Mapping[str, str]) -> None:
    """Agree on a cipher, and look at the host's key before anything of ours is said."""
    from paramiko.ssh_exception import IncompatiblePeer  # noqa: PLC0415 - see session

    options = transport.get_security_options()
    # A server with keys of several types would show another one than the pinned.
    types = [t for kind in keys for t in _SIGNATURES.get(kind, (kind,)) if t in options.key_types]
    if not types:
        raise _unknown_host(where)
    options.key_types = types
    try:
        transport.start_client(timeout=_CONNECT)
    except IncompatiblePeer as error:
        if "host key" in str(error):
            raise _unknown_host(where) from error
        raise
    shown = transport.get_remote_server_key()
    if keys.get(shown.get_name()) != shown.get_base64():
        raise _unknown_host(where)


def _connected(where: Remote) -> paramiko.Transport:
    import paramiko  # noqa: PLC0415 - see session

    try:
        link = socket.create_connection((where.host, where.port), timeout=_CONNECT)
    except OSError as error:
        raise Unreachable(
            f"{where.host} could not be reached ({type(error).__name__}).", service=SERVICE,
            doing="connect", hint="Nothing was sent.",
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
    key.load_certificate(_certificate(certify(f"{public.decode()} mtls-bot"), public))
    return key


def _certificate(line: str, public: bytes) -> str:
    """The certifier's answer, which must be a certificate for our key."""
    try:
        identity = serialization.load_ssh_public_identity(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        identity = None
    if isinstance(identity, serialization.SSHCertificate):
        theirs = identity.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        if theirs == public:
            return line
    raise UnexpectedReply(
        "The certifier did not give a certificate for the key that was sent.", service=SERVICE,
        doing="certify the SSH key",
    )  # fmt: skip


def refusal(said: str) -> ClientError | None:
    """The error that a message of the git host's shell stands for; None for other messages.

    The words are those that the vendor's command line looks for (SshDiagnostics).
    """
    if "requires MFA" in said or '"amr"' in said or '"max_age"' in said:
        return _denied("The git host wants a second factor, which a bot cannot give.")
    if "could not connect to service" in said:
        return _denied("The git host knows the bot's user, but has no such project for it.")
    if "Access denied" in said or "Permission denied" in said:
        return _denied("The git host refused the bot's user.")
    return None


def _denied(words: str) -> Denied:
    return Denied(
        words, service=SERVICE, doing="sign in",
        hint="The token's user needs the right to push to this environment; if the organisation"
        " asks for a second factor, exempt that user.",
    )  # fmt: skip


def _unknown_host(where: Remote) -> HostKeyUnknown:
    return HostKeyUnknown(
        f"The host key of {where.name} is not one of the pinned ones; nothing was sent.",
        service=SERVICE, doing="check the host key",
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

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, as dulwich expects; fewer only at the end."""
        parts, left = [], size
        while left and (data := self._channel.recv(left)):
            parts.append(data)
            left -= len(data)
        return b"".join(parts)

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
