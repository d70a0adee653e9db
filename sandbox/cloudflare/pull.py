"""What an edge node fetches from origins, and how it names what goes wrong there."""

import itertools
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.authorities import Authorities, Issued
from sandbox.cloudflare.traffic import Traffic
from sandbox.exchange import DIED, Answer, Headers, Line, client_context, connect, secured

OriginAddress: TypeAlias = tuple[str, int, int]
"""Address, https port, http port."""
_IDEMPOTENT = ("GET", "HEAD")
_MOST_IDLE = 16
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 20.0


class PullError(Exception):
    """No answer came from the origin; `status` is what the visitor gets instead."""

    def __init__(self, status: int, why: object) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Where:
    """One kind of connection: only those alike are used again."""

    address: str
    port: int
    host: str
    secure: bool
    validated: bool = False
    identity: Issued | None = None


class Puller:
    """The connections of one node under one configuration. A change makes a new one.

    A connection made before a change would go on without the client certificate, or with an
    origin certificate that is not accepted any more, and so hide what the change does.
    """

    def __init__(
        self, authorities: Authorities, traffic: Traffic, *,
        connect_seconds: float = _CONNECT_SECONDS, answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:  # fmt: skip
        self._authorities = authorities
        self._traffic = traffic
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._lock = threading.Lock()
        self._idle: dict[Where, list[Line]] = {}
        self._contexts: dict[tuple[bool, Issued | None], ssl.SSLContext] = {}
        self._turn = itertools.count()
        self._retired = False

    def next_of(self, origins: tuple[OriginAddress, ...]) -> OriginAddress:
        """Each address in turn."""
        return origins[next(self._turn) % len(origins)]

    def ask(self, where: Where, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Raises PullError. What died on a kept connection is asked once more, reads only."""
        line = self._kept(where)
        if line is not None:
            try:
                return self._exchange(line, where, method, target, headers, body)
            except PullError as failed:
                if failed.status != 520 or method not in _IDEMPOTENT:
                    raise
                self._traffic.retried()
        return self._exchange(self._open(where), where, method, target, headers, body)

    def retire(self) -> None:
        """No connection is kept from now on; requests under way come to their end."""
        with self._lock:
            self._retired = True
            idle, self._idle = self._idle, {}
        for line in itertools.chain(*idle.values()):
            line.close()

    def _exchange(  # noqa: PLR0917
        self, line: Line, where: Where, method: str, target: str, headers: Headers, body: bytes
    ) -> Answer:
        try:
            with self._traffic.asking(line):
                answer = line.ask(method, target, headers, body)
        except TimeoutError as error:
            raise PullError(524, error) from error
        except DIED as error:
            raise PullError(520, error) from error
        self._give_back(where, line)
        return answer

    def _kept(self, where: Where) -> Line | None:
        with self._lock:
            lines = self._idle.get(where, [])
            while lines:
                line = lines.pop()
                if not line.dropped:
                    return line
                line.close()
        return None

    def _give_back(self, where: Where, line: Line) -> None:
        with self._lock:
            lines = self._idle.setdefault(where, [])
            if line.usable and not self._retired and len(lines) < _MOST_IDLE:
                lines.append(line)
                return
        line.close()

    def _open(self, where: Where) -> Line:
        try:
            plain = connect(where.address, where.port, seconds=self._connect_seconds)
        except TimeoutError as error:
            raise PullError(522, error) from error
        except ConnectionError as error:
            raise PullError(521, error) from error
        except OSError as error:
            raise PullError(523, error) from error
        if not where.secure:
            return self._line(plain)
        try:
            return self._line(secured(plain, self._context(where), where.host))
        except ssl.SSLCertVerificationError as error:
            raise PullError(526, error) from error
        except OSError as error:
            raise PullError(525, error) from error

    def _context(self, where: Where) -> ssl.SSLContext:
        key = where.validated, where.identity
        with self._lock:
            if key not in self._contexts:
                made = self._authorities
                roots = (made.public, made.origin_ca_rsa, made.origin_ca_ecc)
                self._contexts[key] = client_context(
                    [root.certificate_pem for root in roots] if where.validated else None,
                    identity=where.identity,
                )
            return self._contexts[key]

    def _line(self, connected: socket.socket) -> Line:
        connected.settimeout(self._answer_seconds)
        return Line(connected)
