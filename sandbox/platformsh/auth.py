"""Who may ask: API tokens exchanged for access tokens, and SSH certificates for git."""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sandbox.platformsh.state import PROJECT, Clock

CLIENTS = frozenset({"platform-api-user", "platform-cli", "upsun-cli"})
USER = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def basic(header: str) -> tuple[str, str] | None:
    """User and password of a Basic header; None when it is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


@dataclass(slots=True)
class Authority:
    """The token end point and the SSH certifier; its settings may be changed while it runs."""

    now: Clock
    api_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    expires_in: int = 900
    """Seconds that an access token lives."""
    certificate_seconds: int = 3600
    """Seconds that an SSH certificate lives; negative: it has already ended."""
    certificate_principals: tuple[str, ...] = (PROJECT,)
    key: ed25519.Ed25519PrivateKey = field(
        default_factory=ed25519.Ed25519PrivateKey.generate, repr=False
    )
    _tokens: dict[str, datetime] = field(default_factory=dict, repr=False)

    @property
    def public_line(self) -> str:
        """The key that signs user certificates, as one OpenSSH line."""
        form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return self.key.public_key().public_bytes(*form).decode()

    def access_token(self) -> str:
        """A new access token; looks like a JWT, which real clients read without verifying."""
        now = self.now()
        end = now + timedelta(seconds=self.expires_in)
        claims = {
            "sub": USER, "jti": secrets.token_hex(8), "amr": ["api_token"],
            "iat": int(now.timestamp()), "exp": int(end.timestamp()), "access_id": USER,
        }  # fmt: skip
        head = _b64(json.dumps({"alg": "ES256", "typ": "JWT"}).encode())
        token = f"{head}.{_b64(json.dumps(claims).encode())}.{_b64(secrets.token_bytes(64))}"
        self._tokens[token] = end
        return token

    def accepts(self, header: str) -> bool:
        """Whether this Authorization header carries a token that lives."""
        scheme, _, token = header.partition(" ")
        end = self._tokens.get(token)
        return scheme.lower() == "bearer" and end is not None and self.now() < end

    def revoke_all(self) -> None:
        """End every access token early."""
        self._tokens.clear()

    def certify(self, line: str) -> str:
        """A user certificate for this public key. Raises ValueError, UnsupportedAlgorithm."""
        key = serialization.load_ssh_public_key(line.encode())
        if not isinstance(
            key, ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey
        ):
            raise UnsupportedAlgorithm("this kind of key")
        end = int(self.now().timestamp()) + self.certificate_seconds
        builder = (
            serialization.SSHCertificateBuilder()
            .public_key(key)
            .serial(secrets.randbits(63))
            .type(serialization.SSHCertificateType.USER)
            .key_id(USER.encode())
            .valid_principals([p.encode() for p in self.certificate_principals])
            .valid_after(min(end, int(self.now().timestamp())) - 60)
            .valid_before(end)
            .add_extension(b"permit-pty", b"")
        )
        return builder.sign(self.key).public_bytes().decode()
