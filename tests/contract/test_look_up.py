"""Name look-ups against a small name server on loopback."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from steps.errors import NotFound, Unreachable
from steps.origin.resolve import Resolver

RECORDS = {
    ("edge.example.", "A"): ["192.0.2.2", "192.0.2.1"],
    ("edge.example.", "AAAA"): ["2001:db8::1"],
    ("four.example.", "A"): ["192.0.2.9"],
    ("four.example.", "AAAA"): [],
    ("empty.example.", "A"): [],
    ("empty.example.", "AAAA"): [],
    ("half.example.", "A"): ["192.0.2.7"],
}


def _reply(data: bytes) -> bytes:
    query = dns.message.from_wire(data)
    question = query.question[0]
    kind = "A" if question.rdtype == 1 else "AAAA"
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    found = RECORDS.get((question.name.to_text(), kind))
    if found:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    elif found is None:
        half = question.name.to_text() == "half.example."
        reply.set_rcode(dns.rcode.SERVFAIL if half else dns.rcode.NXDOMAIN)
    return reply.to_wire()


@pytest.fixture
def name_server() -> Iterator[str]:
    """``ip:port`` of a server that knows `RECORDS`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        address = sock.getsockname()

        def serve() -> None:
            while (received := sock.recvfrom(4096))[0]:
                sock.sendto(_reply(received[0]), received[1])

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{address[1]}"
        sock.sendto(b"", address)
        thread.join()


def test_every_address_of_both_kinds_is_found(name_server: str) -> None:
    """IPv4 first, sorted, so that two look-ups of the same records are the same."""
    found = Resolver([name_server], timeout=2).addresses("edge.example")
    assert found == ("192.0.2.1", "192.0.2.2", "2001:db8::1")


def test_one_kind_is_enough(name_server: str) -> None:
    """No AAAA record is an answer, not a failure."""
    assert Resolver([name_server], timeout=2).addresses("four.example") == ("192.0.2.9",)


@pytest.mark.parametrize("host", ["nobody.example", "empty.example"])
def test_a_name_without_addresses_is_not_found(name_server: str, host: str) -> None:
    """No such name, and a name without address records."""
    with pytest.raises(NotFound):
        Resolver([name_server], timeout=2).addresses(host)


def test_half_an_answer_is_not_taken_for_the_whole(name_server: str) -> None:
    """An address that we could not learn of cannot be proven closed."""
    with pytest.raises(Unreachable):
        Resolver([name_server], timeout=2).addresses("half.example")


def test_a_name_server_that_does_not_answer_is_unreachable() -> None:
    """Could not ask is another error than not found."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(Unreachable):
            Resolver([f"127.0.0.1:{port}"], timeout=0.3).addresses("edge.example")
