"""Whether somebody who knows an origin's address gets in around Cloudflare, as measured here."""

import ssl
from collections.abc import Iterable, Sequence
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


class DirectAccess:
    """Asks each address for each host as a stranger would: over TLS, no client certificate."""

    def __init__(self, addresses: Sequence[str], port: int, hosts: Sequence[str]) -> None:
        self._addresses = tuple(addresses)
        self._port = port
        self._hosts = tuple(hosts)
        self.last: Access = "unknown"
        """What the last `measure` said."""

    def measure(self) -> Access:
        """Open if any address is for any host; closed only if every one refused."""
        self.last = _worst(self.by_address().values())
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
            line = Line(secured(plain, context, host))
            answer = line.ask("GET", "/", (("Host", host), ("Connection", "close")))
        except ssl.SSLError as error:
            return "closed" if error.reason in _REFUSALS else "unknown"
        except DIED:
            return "unknown"
        line.close()
        return _judged(answer)


def _worst(seen: Iterable[Access]) -> Access:
    found = set(seen)
    if "open" in found:
        return "open"
    return "closed" if found == {"closed"} else "unknown"


def _judged(answer: Answer) -> Access:
    """As nginx tells it: the handshake succeeds, and the request is refused in HTTP."""
    refused = answer.status == 400 and b"No required SSL certificate" in answer.body
    return "closed" if refused else "open"
