"""What visitors see: a publicly trusted certificate for each host, chosen by server name."""

import ssl
import threading
from collections.abc import Callable

from sandbox.authorities import Authority
from sandbox.exchange import load_identity

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1_2,  # OpenSSL's own limits stand below this
    "1.1": ssl.TLSVersion.TLSv1_2,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class EdgeCertificates:
    """Contexts by server name, made when first asked for; an unknown name is refused by alert."""

    def __init__(self, authority: Authority, *, serves: Callable[[str], bool]) -> None:
        self._authority = authority
        self._serves = serves
        self._lock = threading.Lock()
        self._by_name: dict[str, ssl.SSLContext] = {}
        self._outer = {version: self._choosing(version) for version in set(_VERSIONS.values())}

    def context(self, minimum: str) -> ssl.SSLContext:
        """The context for a connection of a visitor, of at least this version of TLS."""
        return self._outer[_VERSIONS[minimum]]

    def _choosing(self, version: ssl.TLSVersion) -> ssl.SSLContext:
        made = _server(version)
        # A context chosen here changes the certificate that is shown, which is all we want.
        made.sni_callback = self._choose
        return made

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _outer: ssl.SSLContext
    ) -> int | None:
        name = (name or "").lower()
        if not name or not self._serves(name):
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        with self._lock:
            if name not in self._by_name:
                made = _server(ssl.TLSVersion.TLSv1_2)
                load_identity(made, self._authority.issue([name], days=90, key="ecc"))
                self._by_name[name] = made
            connection.context = self._by_name[name]
        return None


def _server(version: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = version
    return made
