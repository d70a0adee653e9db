"""Origins of several nodes behind one address, of which not all do the same; and mere chance."""

import itertools
import socket
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress

import pytest
from OpenSSL import SSL

from bot.terminal.probe import probe
from steps.origin.evidence import Expect
from tests.contract import origins
from tests.contract.origins import Behaviour, answer, origin, says
from tests.contract.test_probe import BOTH, BOTH_OPENSSL, ask, server
from tests.contract.test_probe_command import ARGUMENTS
from tests.contract.test_probe_controls import openssl_server

HELLO = says(answer(200))


def by_turns(turns: Iterable[Behaviour]) -> Behaviour:
    """Each connection comes to the next of these."""
    nodes, lock = iter(turns), threading.Lock()

    def behave(conn: socket.socket) -> None:
        with lock:
            node = next(nodes)
        node(conn)

    return behave


def first(*nodes: Behaviour, then: Behaviour) -> Behaviour:
    """These for a connection each, and another one for ever."""
    return by_turns(itertools.chain(nodes, itertools.repeat(then)))


def drops_without_certificate(conn: socket.socket) -> None:
    """As nginx with `return 444` for who has none."""
    conn.recv(65536)
    assert isinstance(conn, ssl.SSLSocket)
    if conn.getpeercert():
        conn.sendall(answer(200))


def hangs_up(version: ssl.TLSVersion) -> Behaviour:
    """Takes any certificate and says nothing."""
    made = openssl_server(BOTH_OPENSSL[BOTH.index(version)])
    made.set_verify(SSL.VERIFY_PEER, lambda *_: True)

    def behave(raw: socket.socket) -> None:
        raw.settimeout(None)  # pyOpenSSL takes a time-out for a socket that never blocks
        tls = SSL.Connection(made, raw)
        tls.set_accept_state()
        with suppress(SSL.Error):
            tls.do_handshake()
            tls.recv(65536)

    return behave


@pytest.mark.parametrize("version", BOTH)
def test_one_end_without_a_word_may_be_chance(version: ssl.TLSVersion) -> None:
    """An origin that only asks turns down the foreign one, so the end alone would say closed."""
    right = Expect(identity=origins.clients().issue("cloudflare"))
    drops, answers = (server("requested", version, then) for then in (origins.closes, HELLO))
    for expect in (right, Expect(control=True), Expect()):
        with origin(first(drops, then=answers)) as running:
            seen = ask(running, expect)
        assert (seen.verdict, seen.reason) == ("open", "answered")
    with origin(server("requested", version, drops_without_certificate)) as running:
        always = ask(running, right)
    assert (always.verdict, always.reason, always.sessions) == ("closed", "refused-by-eof", 2)


@pytest.mark.parametrize("version", BOTH)
def test_a_hang_up_on_the_foreign_one_may_be_chance_with_a_control_too(
    version: ssl.TLSVersion,
) -> None:
    """None is hung up on twice, the right one answered; so is, the second time, any other."""
    drops, answers = (server("requested", version, then) for then in (origins.closes, HELLO))
    lets_in = origins.takes_any_certificate(BOTH_OPENSSL[BOTH.index(version)])
    right = Expect(identity=origins.clients().issue("cloudflare"))
    with origin(first(drops, drops, answers, hangs_up(version), then=lets_in)) as running:
        seen = ask(running, right)
    assert (seen.verdict, seen.reason) == ("open", "only-asks")


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("lax", ["requested", "not-asked"])
def test_the_command_line_hears_the_other_node_too(
    version: ssl.TLSVersion, lax: origins.Asks
) -> None:
    """Half of a rolled out change is open, also where the open half asks and verifies."""
    nodes = itertools.cycle(server(asks, version, HELLO) for asks in ("required", lax))
    with origin(by_turns(nodes)) as running, pytest.raises(SystemExit) as left:
        probe(**(ARGUMENTS | {"address": (f"127.0.0.1:{running.port}",)}))
    assert left.value.code == 1
