"""The addresses of a host name, asked with our own time-outs. Nothing here connects to them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.nameserver
import dns.resolver

from steps.errors import NotFound, Unreachable


class Resolver:
    """Asks the given name servers (``ip:port``; the system's when empty), `timeout` in seconds."""

    def __init__(self, name_servers: Sequence[str] = (), *, timeout: float = 5.0) -> None:
        self._name_servers = tuple(name_servers)
        self._timeout = timeout

    def addresses(self, host: str) -> tuple[str, ...]:
        """Every A and AAAA address of `host`, IPv4 first, each once, sorted.

        Raises NotFound when the name or both record types do not exist, Unreachable when the name
        servers could not be asked or refused to say. Half an answer (A known, AAAA not to be had)
        is Unreachable as well: an address that we do not know of cannot be proven closed.
        """
        with ThreadPoolExecutor(2, "resolve") as pool:
            asked = pool.map(lambda kind: sorted(self._ask(host, kind)), ("A", "AAAA"))
            found = [address for addresses in asked for address in addresses]
        if not found:
            raise NotFound(
                f"{host} has no address.", service="dns", doing=f"looking up {host}",
                hint="Check the spelling, and that the name still exists.",
            )  # fmt: skip
        return tuple(found)

    def _ask(self, host: str, kind: str) -> set[str]:
        resolver = self._resolver(host)
        try:
            answer = resolver.resolve(host, kind, search=False, lifetime=self._timeout)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return set()
        except (dns.exception.DNSException, OSError, ValueError) as failed:
            raise self._unreachable(host, str(failed)) from failed
        return {record.to_text() for record in answer}

    def _resolver(self, host: str) -> dns.resolver.Resolver:
        try:
            resolver = dns.resolver.Resolver(configure=not self._name_servers)
        except dns.resolver.NoResolverConfiguration as failed:
            raise self._unreachable(host, "this machine has no name server configured") from failed
        if self._name_servers:
            resolver.nameservers = [_name_server(text) for text in self._name_servers]
        return resolver

    def _unreachable(self, host: str, why: str) -> Unreachable:
        return Unreachable(
            f"The addresses of {host} could not be asked for: {why}",
            service="dns", doing=f"looking up {host}", retryable=True,
            hint="Check the name servers; nothing is known about this name until they answer.",
        )  # fmt: skip


def _name_server(text: str) -> dns.nameserver.Do53Nameserver:
    """``ip:port``, ``[ip]:port`` or a bare address (port 53)."""
    address, colon, port = text.rpartition(":")
    if not colon or (":" in address and not address.startswith("[")):
        return dns.nameserver.Do53Nameserver(text)
    return dns.nameserver.Do53Nameserver(address.strip("[]"), int(port))
