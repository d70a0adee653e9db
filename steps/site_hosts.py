"""Which hosts there are, who serves them, and whether they lead to this project. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from steps.errors import NotFound
from steps.origin.resolve import Resolver


class DnsRecord(Protocol):
    """One DNS record as Cloudflare lists it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def proxied(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the site, sorted by what serves it."""

    name: str
    place: Literal["proxied", "dns-only", "other-zone", "absent"]
    content: str = ""
    """What its record points at."""
    leads_here: bool = False
    """The record is the edge hostname, or resolves to its addresses."""

    @property
    def servable(self) -> bool:
        """Only such a host is served once the origin requires Cloudflare's certificate."""
        return self.place == "proxied" and self.leads_here

    @property
    def trouble(self) -> str:
        """Why it is not, a sentence; empty when it is."""
        match self.place:
            case "proxied":
                if self.leads_here:
                    return ""
                return (
                    f"{self.name} is proxied, but leads to {self.content}{_kind_of(self.content)},"
                    " not to this project."
                )
            case "dns-only":
                return f"{self.name} is DNS-only: its visitors come to the origin directly."
            case "other-zone":
                return f"{self.name} is not in this zone."
            case "absent":
                return (
                    f"{self.name} has no record in the zone. (A load balancer or a Worker that"
                    " serves it is none, and is not supported.)"
                )


_ELSEWHERE: Mapping[str, str] = {
    ".cfargotunnel.com": "a Cloudflare Tunnel",
    ".workers.dev": "a Worker",
    ".pages.dev": "Cloudflare Pages",
    ".cloudfront.net": "another CDN, CloudFront",
    ".fastly.net": "another CDN, Fastly",
    ".fastlylb.net": "another CDN, Fastly",
    ".akamaiedge.net": "another CDN, Akamai",
    ".edgekey.net": "another CDN, Akamai",
    ".edgesuite.net": "another CDN, Akamai",
    ".azureedge.net": "another CDN, Azure",
    ".b-cdn.net": "another CDN, Bunny",
}
"""What stands behind the usual ends of a record's content. Well-known names, from no reference."""
_ORIGINLESS = frozenset({"100::", "192.0.2.1"})
"""Addresses that lead nowhere: a Worker or a redirect at Cloudflare answers instead."""


def _kind_of(contents: str) -> str:
    """The kind of place that a record leads to, in brackets; empty when its name says nothing."""
    for content in contents.lower().split():
        if content in _ORIGINLESS:
            return " (a Worker or a redirect: no origin)"
        for end, words in _ELSEWHERE.items():
            if content.rstrip(".").endswith(end):
                return f" ({words})"
    return ""


def sort_hosts(
    names: Sequence[str], records: Sequence[DnsRecord], *, zone: str, edge_hostname: str,
    resolver: Resolver,
) -> tuple[Host, ...]:  # fmt: skip
    """Every attached or routed host with its place. Raises Unreachable when DNS cannot be asked."""
    ours = _addresses(resolver, edge_hostname)
    return tuple(
        _host(name, records, zone=zone, edge_hostname=edge_hostname, ours=ours, resolver=resolver)
        for name in names
    )


def _host(
    name: str, records: Sequence[DnsRecord], *, zone: str, edge_hostname: str,
    ours: frozenset[str], resolver: Resolver,
) -> Host:  # fmt: skip
    if not (name == zone or name.endswith(f".{zone}")):
        return Host(name, "other-zone")
    found = _records_of(name, records)
    if not found:
        return Host(name, "absent")
    contents = " ".join(record.content for record in found)
    if not all(record.proxied for record in found):
        return Host(name, "dns-only", contents)
    here = all(leads_to(r, edge_hostname, ours, resolver) for r in found)
    return Host(name, "proxied", contents, leads_here=here)


def _records_of(name: str, records: Sequence[DnsRecord]) -> tuple[DnsRecord, ...]:
    """The address records of a host: its own, else those of the wildcard that covers it."""
    kinds = ("A", "AAAA", "CNAME")
    wildcard = f"*.{name.partition('.')[2]}"
    for wanted in (name, wildcard):
        found = tuple(r for r in records if r.name == wanted and r.type in kinds)
        if found:
            return found
    return ()


def leads_to(
    record: DnsRecord, edge_hostname: str, ours: frozenset[str], resolver: Resolver
) -> bool:
    """Whether a record leads to the project."""
    content = record.content.rstrip(".").lower()
    if record.type == "CNAME":
        found = _addresses(resolver, content)
        return content == edge_hostname.lower() or (bool(found) and found <= ours)
    return content in ours


def _addresses(resolver: Resolver, name: str) -> frozenset[str]:
    try:
        return frozenset(resolver.addresses(name))
    except NotFound:
        return frozenset()
