"""What one exchange left behind, before anybody judges it. No I/O here."""

from dataclasses import dataclass, field
from typing import Literal

from steps.origin.answer import Answer, parse
from steps.origin.evidence import PeerCertificate
from steps.origin.http2 import Http2
from steps.origin.reasons import NoConnection

Ended = Literal["", "eof", "reset", "timeout", "full", "garbled", "enough"]


@dataclass(slots=True)
class Trace:
    """What one exchange left behind; filled while it runs."""

    no_connection: NoConnection | None = None
    states: set[bytes] = field(default_factory=set)
    """OpenSSL's own names of the handshake states that were passed."""
    tls_version: str = ""
    handshake_done: bool = False
    certificate: PeerCertificate | None = None
    authorities: tuple[tuple[str, bytes], ...] = ()
    """Distinguished names as text and as DER."""
    alert: int | None = None
    """The fatal alert that the server sent."""
    warning: int | None = None
    """The last alert that was no more than a warning: by itself it ends nothing."""
    data: bytearray = field(default_factory=bytearray)
    """What came as application data, or in the clear."""
    http2: Http2 | None = None
    """The conversation, when the server chose HTTP/2."""
    raw: int = 0
    """Bytes taken from the socket."""
    ended: Ended = ""

    @property
    def server_hello(self) -> bool:
        return any(b"read server hello" in state for state in self.states)

    @property
    def requested(self) -> bool:
        """Whether a client certificate was asked for, with names of authorities or without."""
        asked = any(b"read server certificate request" in state for state in self.states)
        return asked or bool(self.authorities)

    @property
    def presented(self) -> bool:
        """Whether a certificate was really sent: only then does the client prove its key."""
        return any(b"write certificate verify" in state for state in self.states)

    @property
    def answer(self) -> Answer | None:
        """The HTTP answer, as far as it came, in whichever version."""
        found = self.http2.answer if self.http2 is not None else None
        return found or parse(bytes(self.data), ended=self.ended == "eof")

    @property
    def spoke(self) -> bool:
        """Whether it sent anything of its application; settings of HTTP/2 come before any."""
        return bool(self.data) and (self.http2 is None or self.http2.broken)
