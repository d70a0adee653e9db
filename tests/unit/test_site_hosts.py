"""Hosts sorted by who serves them, and whether their records lead to the project."""

from dataclasses import dataclass

from steps.errors import NotFound
from steps.origin.resolve import Resolver
from steps.site_hosts import Host, sort_hosts

EDGE = "main-bvxea6i-q7x2m5kd3vw4t.eu-5.platformsh.site"


@dataclass(frozen=True)
class Record:
    """A DNS record as Cloudflare lists it."""

    name: str
    type: str
    content: str
    proxied: bool = True


class Names(Resolver):
    """A resolver that answers from a table."""

    def __init__(self, table: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._table = table

    def addresses(self, host: str) -> tuple[str, ...]:
        if host not in self._table:
            raise NotFound(f"{host} has no address.", service="dns", doing="looking up")
        return self._table[host]


NAMES = Names({EDGE: ("192.0.2.11", "192.0.2.12"), "alias.example.net": ("192.0.2.12",)})


def sort(name: str, *records: Record) -> Host:
    (host,) = sort_hosts([name], records, zone="example.com", edge_hostname=EDGE, resolver=NAMES)
    return host


def test_a_proxied_name_of_the_edge_hostname_is_servable() -> None:
    """The usual record: a proxied CNAME."""
    host = sort("www.example.com", Record("www.example.com", "CNAME", EDGE))
    assert host.servable
    assert host.trouble == ""


def test_a_record_that_resolves_to_the_same_addresses_is_servable() -> None:
    """Another name for the same place, or its address."""
    assert sort("www.example.com", Record("www.example.com", "CNAME", "alias.example.net")).servable
    assert sort("example.com", Record("example.com", "A", "192.0.2.11")).servable


def test_a_record_that_leads_elsewhere_is_not() -> None:
    """Another origin, and a name that does not exist."""
    for content in ("elsewhere.example.net", "192.0.2.99"):
        kind = "A" if content[0].isdigit() else "CNAME"
        host = sort("www.example.com", Record("www.example.com", kind, content))
        assert not host.servable
        assert content in host.trouble


def test_one_unproxied_record_makes_the_host_reachable_past_cloudflare() -> None:
    """DNS-only is named, also when a proxied record stands beside it."""
    host = sort(
        "www.example.com",
        Record("www.example.com", "A", "192.0.2.11"),
        Record("www.example.com", "AAAA", "2001:db8::1", proxied=False),
    )
    assert host.place == "dns-only"


def test_a_wildcard_covers_only_where_no_record_of_its_own_exists() -> None:
    """The exact record wins, one label is covered, other types do not count."""
    wildcard = Record("*.example.com", "CNAME", EDGE)
    own = Record("www.example.com", "CNAME", EDGE, proxied=False)
    text = Record("api.example.com", "TXT", "hello", proxied=False)
    assert sort("api.example.com", wildcard, text).servable
    assert sort("www.example.com", wildcard, own).place == "dns-only"
    assert sort("a.b.example.com", wildcard).place == "absent"


def test_a_host_of_another_zone_is_told_apart_from_one_without_a_record() -> None:
    """A name that merely ends alike is not in the zone."""
    assert sort("www.example.org").place == "other-zone"
    assert sort("notexample.com").place == "other-zone"
    assert sort("b.example.com").place == "absent"
