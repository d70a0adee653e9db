"""Whether somebody who knows an origin's address gets in around Cloudflare, as measured here."""

import select
import ssl
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from typing import Literal, TypeAlias

from sandbox.exchange import DIED, Answer, Line, client_context, connect, secured

Access: TypeAlias = Literal["open", "closed", "unknown"]
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
_REFUSALS = frozenset({
    "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "TLSV1_ALERT_ACCESS_DENIED",
})  # fmt: skip
_ATTEMPTS = 3
_SECONDS = 5.0
_VERDICT_SECONDS = 0.3


class DirectAccess:
    """Asks each address for each host as a stranger would: over TLS, no client certificate."""

    def __init__(self, addresses: Sequence[str], port: int, hosts: Sequence[str]) -> None:
        self._addresses = tuple(addresses)
        self._port = port
        self._hosts = tuple(hosts)
        self.last: Access = "unknown"
        """What the last `measure` said."""
        self.asked = 0
        """How often was measured."""

    def measure(self) -> Access:
        """Open if any address is for any host; closed only if every one refused."""
        self.last = _worst(self.by_address().values())
        self.asked += 1
        return self.last

    def by_address(self) -> dict[str, Access]:
        return {
            address: _worst(
                self._one(address, host, version) for host in self._hosts for version in VERSIONS
            )
            for address in self._addresses
        }

    def _one(self, address: str, host: str, version: ssl.TLSVersion) -> Access:
        """A few times: a reset may come before the alert that explains it."""
        for _ in range(_ATTEMPTS):
            found = self._try(address, host, version)
            if found != "unknown":
                return found
        return "unknown"

    def _try(self, address: str, host: str, version: ssl.TLSVersion) -> Access:
        context = client_context(None)
        context.minimum_version = context.maximum_version = version
        try:
            plain = connect(address, self._port, seconds=_SECONDS)
            tls = secured(plain, context, host)
            with closing(Line(tls)) as line:
                _listen_first(tls)
                answer = line.ask("GET", "/", (("Host", host), ("Connection", "close")))
        except ssl.SSLError as error:
            return "closed" if error.reason in _REFUSALS else "unknown"
        except DIED:
            return "unknown"
        return _judged(answer)


def _listen_first(tls: ssl.SSLSocket) -> None:
    """Take in the verdict on our missing certificate before anything is sent. Raises OSError.

    In TLS 1.3 it comes after the client's handshake; a request on a connection that the server has
    closed is answered by a reset, which then hides the alert that says why. Whoever accepts sends
    session tickets at this moment, so that nobody waits for long.
    """
    if tls.version() != "TLSv1.3":
        return
    tls.settimeout(0)
    verdict = select.poll()
    verdict.register(tls, select.POLLIN)
    verdict.poll(_VERDICT_SECONDS * 1000)
    with suppress(ssl.SSLWantReadError):
        tls.recv(1)
    tls.settimeout(_SECONDS)


def _worst(seen: Iterable[Access]) -> Access:
    found = set(seen)
    if "open" in found:
        return "open"
    return "closed" if found == {"closed"} else "unknown"


def _judged(answer: Answer) -> Access:
    """As nginx tells it: the handshake succeeds, and the request is refused in HTTP.

    495 and 496 are its own numbers for it, which a server may show as they are.
    """
    named = b"No required SSL certificate" in answer.body or (
        answer.status in (495, 496) and b"certificate" in answer.body.lower()
    )
    return "closed" if answer.status in (400, 495, 496) and named else "open"
