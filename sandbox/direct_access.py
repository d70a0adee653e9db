"""Whether somebody who knows an origin's address gets in around Cloudflare; the sandbox's measure."""

import ssl
from collections.abc import Sequence
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
    """Asks each address for a host as a stranger would: over TLS, with no client certificate."""

    def __init__(self, addresses: Sequence[str], port: int, host: str) -> None:
        self._addresses = tuple(addresses)
        self._port = port
        self._host = host

    def measure(self) -> Access:
        """Open if any address is; closed only if every one refused."""
        seen = set(self.by_address().values())
        if "open" in seen:
            return "open"
        return "closed" if seen == {"closed"} else "unknown"

    def by_address(self) -> dict[str, Access]:
        return {address: self._one(address) for address in self._addresses}

    def _one(self, address: str) -> Access:
        """Each version of TLS, a few times: a reset may come before the alert that explains it."""
        seen: set[Access] = set()
        for version in VERSIONS:
            for _ in range(_ATTEMPTS):
                found = self._try(address, version)
                if found != "unknown":
                    break
            seen.add(found)
        if "open" in seen:
            return "open"
        return "closed" if seen == {"closed"} else "unknown"

    def _try(self, address: str, version: ssl.TLSVersion) -> Access:
        context = client_context(None)
        context.minimum_version = context.maximum_version = version
        try:
            plain = connect(address, self._port, seconds=_SECONDS)
            line = Line(secured(plain, context, self._host))
            answer = line.ask("GET", "/", (("Host", self._host), ("Connection", "close")))
        except ssl.SSLError as error:
            return "closed" if error.reason in _REFUSALS else "unknown"
        except DIED:
            return "unknown"
        line.close()
        return _judged(answer)


def _judged(answer: Answer) -> Access:
    """As nginx tells it: the handshake succeeds, and the request is refused in HTTP."""
    refused = answer.status == 400 and b"No required SSL certificate" in answer.body
    return "closed" if refused else "open"
