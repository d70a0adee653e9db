"""A name server on loopback over a table that may change while it answers."""

import errno
import ipaddress
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL = 1
_ATTEMPTS = 50


class Table:
    """Names and what they stand for: addresses, or one other name (an alias)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, tuple[str, ...]] = {}

    def set(self, name: str, *targets: str) -> None:
        with self._lock:
            self._names[name.lower().rstrip(".")] = targets

    def remove(self, name: str) -> None:
        with self._lock:
            self._names.pop(name.lower().rstrip("."), None)

    def get(self, name: str) -> tuple[str, ...] | None:
        with self._lock:
            return self._names.get(name.lower().rstrip("."))

    def all(self) -> Mapping[str, tuple[str, ...]]:
        with self._lock:
            return dict(self._names)


def answer(table: Table, wire: bytes) -> bytes:
    """The answer to one query, as bytes. Raises dns.exception.DNSException for what is none."""
    query = dns.message.from_wire(wire)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA | dns.flags.RA
    for question in query.question:
        _add(reply, table, question.name.to_text(), question.rdtype)
    return reply.to_wire()


def _add(
    reply: dns.message.Message, table: Table, name: str, kind: dns.rdatatype.RdataType
) -> None:
    targets = table.get(name)
    if targets is None:
        reply.set_rcode(dns.rcode.NXDOMAIN)
        return
    for target in targets:
        if not _is_address(target):
            alias = target.rstrip(".") + "."
            reply.answer.append(dns.rrset.from_text(name, _TTL, "IN", "CNAME", alias))
            _add(reply, table, alias, kind)
            reply.set_rcode(dns.rcode.NOERROR)
            return
    wanted = [t for t in targets if _kind(t) == kind]
    if wanted:
        reply.answer.append(dns.rrset.from_text(name, _TTL, "IN", kind, *wanted))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _kind(address: str) -> dns.rdatatype.RdataType:
    version = ipaddress.ip_address(address).version
    return dns.rdatatype.A if version == 4 else dns.rdatatype.AAAA


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _on_one_port(
    datagram: type[socketserver.BaseRequestHandler], stream: type[socketserver.BaseRequestHandler]
) -> tuple[_Udp, _Tcp]:
    """The system chooses a port for one; somebody else may have the same of the other kind."""
    for _ in range(_ATTEMPTS):
        udp = _Udp(("127.0.0.1", 0), datagram)
        try:
            return udp, _Tcp(("127.0.0.1", udp.server_address[1]), stream)
        except OSError:
            udp.server_close()
    raise OSError(errno.EADDRINUSE, "no port is free for both UDP and TCP")


class NameServer:
    """Answers over UDP and TCP on one port of the system's choice; `address` is ``ip:port``."""

    def __init__(self, table: Table) -> None:
        self.table = table

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire, sender = self.request
                sender.sendto(answer(table, wire), self.client_address)

        class Stream(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                (length,) = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))
                wire = answer(table, self.request.recv(length, socket.MSG_WAITALL))
                self.request.sendall(struct.pack("!H", len(wire)) + wire)

        self._udp, self._tcp = _on_one_port(Datagram, Stream)
        port = self._udp.server_address[1]
        self.address = f"127.0.0.1:{port}"
        for server in (self._udp, self._tcp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()
