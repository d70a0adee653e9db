"""The sandbox's name server: what it answers, over both transports."""

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from sandbox.dns import NameServer, Table, answer


@pytest.fixture
def table() -> Table:
    made = Table()
    made.set("Example.com.", "127.0.0.21", "127.0.0.22", "::1")
    made.set("www.example.com", "edge.example.net")
    made.set("edge.example.net", "127.0.0.21")
    return made


def asked(table: Table, name: str, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    return dns.message.from_wire(answer(table, query.to_wire()))


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("example.com", "A", {"127.0.0.21", "127.0.0.22"}),
        ("EXAMPLE.com", "AAAA", {"::1"}),
        ("www.example.com", "A", {"edge.example.net.", "127.0.0.21"}),
        ("www.example.com", "CNAME", {"edge.example.net."}),
        ("edge.example.net", "AAAA", set()),
    ],
)  # fmt: skip
def test_names_stand_for_addresses_or_other_names(
    table: Table, name: str, kind: str, expected: set[str]
) -> None:
    """Aliases are followed; a name without such a record exists nevertheless."""
    reply = asked(table, name, kind)
    assert {item.to_text() for found in reply.answer for item in found} == expected
    assert reply.rcode() == dns.rcode.NOERROR


def test_a_name_that_is_not_there_does_not_exist(table: Table) -> None:
    """And one that was removed neither."""
    table.remove("edge.example.net")
    assert asked(table, "other.example.com", "A").rcode() == dns.rcode.NXDOMAIN
    assert asked(table, "edge.example.net", "A").rcode() == dns.rcode.NXDOMAIN


def test_the_server_answers_over_udp_and_tcp_and_sees_changes(table: Table) -> None:
    """The table may change while it runs."""
    server = NameServer(table)
    try:
        address, _, port = server.address.partition(":")
        query = dns.message.make_query("new.example.com", "A")
        before = dns.query.udp(query, address, port=int(port), timeout=5)
        table.set("new.example.com", "127.0.0.9")
        after = dns.query.tcp(query, address, port=int(port), timeout=5)
    finally:
        server.close()
    assert before.rcode() == dns.rcode.NXDOMAIN
    assert after.answer[0][0].to_text() == "127.0.0.9"
