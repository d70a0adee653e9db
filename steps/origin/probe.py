"""The origin probe: is the origin closed to whoever comes without our client certificate?

Concurrent and bounded; what each exchange amounts to is judged in `attempt`.
"""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from steps.origin.attempt import Judged, as_attempt, judge_plain, judge_tls
from steps.origin.evidence import (
    Attempt,
    Bounds,
    ClientIdentity,
    ClosedReason,
    Expect,
    Network,
    ProbeReport,
    Shown,
    UnclearReason,
)
from steps.origin.wire import Exchange, Trace

T = TypeVar("T")
R = TypeVar("R")
DEFAULT = Bounds()
NOTHING_KNOWN = Expect()
_AT_ONCE = 64
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", re.ASCII)
_LONGEST_HOST = 253


def probe(
    hosts: Sequence[str],
    addresses: Sequence[str],
    *,
    https_port: int = 443,
    http_port: int | None = 80,
    settings: Bounds = DEFAULT,
    expect: Expect = NOTHING_KNOWN,
    allowed: Sequence[Network] = (),
) -> ProbeReport:
    """Ask every address for every host, concurrently, without a client certificate.

    Nothing a server does makes it raise or take longer than `settings` allows. `http_port` None
    leaves the plain port alone. Private addresses are refused unless in `allowed`.
    """
    targets = [
        _Target(host, address, port, port == https_port)
        for host in dict.fromkeys(hosts)
        for address in dict.fromkeys(addresses)
        for port in dict.fromkeys([https_port, *([] if http_port is None else [http_port])])
    ]
    asking = _Asking(settings, expect, tuple(allowed))
    return summed_up(tuple(_at_once(asking.attempt, targets)))


def seen_certificates(
    addresses: Sequence[str],
    host: str,
    *,
    port: int = 443,
    settings: Bounds = DEFAULT,
    allowed: Sequence[Network] = (),
) -> tuple[Shown, ...]:
    """What each address shows for `host` in ``settings.sessions`` fresh sessions; never raises."""

    def shown(address: str) -> Shown:
        if unfit := _unfit(host, address, allowed):
            return Shown(address, (), trouble=unfit.evidence)
        traces = [
            Exchange(settings).tls(address, port, host, handshake_only=True)
            for _ in range(settings.sessions)
        ]
        without = [judge_tls(trace).evidence for trace in traces if trace.certificate is None]
        return Shown(address, tuple(trace.certificate for trace in traces), "".join(without[-1:]))

    return tuple(_at_once(shown, addresses))


def summed_up(attempts: tuple[Attempt, ...]) -> ProbeReport:
    """One verdict from many: any open, else any inconclusive, else closed; none: inconclusive."""
    addresses = dict.fromkeys(attempt.address for attempt in attempts)
    not_closed = {attempt.address for attempt in attempts if attempt.verdict != "closed"}
    closed, of = len(addresses) - len(not_closed), len(addresses)
    for verdict in ("open", "inconclusive", "closed"):
        decisive = next((one for one in attempts if one.verdict == verdict), None)
        if decisive is not None:
            return ProbeReport(decisive.verdict, decisive.reason, attempts, closed, of)
    return ProbeReport("inconclusive", "no-addresses", (), 0, 0)


def may_be_probed(address: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is a public one, or in a network that the settings name."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    public = ip.is_global and not ip.is_multicast
    return public or any(ip in network for network in allowed)


class _Target(NamedTuple):
    host: str
    address: str
    port: int
    tls: bool
    deadline: float = 0.0


def _at_once(act: Callable[[T], R], each: Sequence[T]) -> list[R]:
    with ThreadPoolExecutor(min(_AT_ONCE, max(1, len(each))), "probe") as pool:
        return list(pool.map(act, each))


class _Asking:
    """What all attempts of one probe share; the control is asked at most once, when needed."""

    def __init__(
        self, bounds: Bounds, expect: Expect, allowed: tuple[Network, ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._bounds = bounds
        self._expect = expect
        self._allowed = allowed
        self._clock = clock
        self._lock = Lock()
        self._agrees: bool | None = None

    def attempt(self, target: _Target) -> Attempt:
        """Everything there is to find out about one target."""
        began = self._clock()
        # One bound for all its sessions and controls together, whatever the server does.
        deadline = began + self._bounds.attempt * self._bounds.sessions
        target = target._replace(deadline=deadline)
        if unfit := _unfit(target.host, target.address, self._allowed):
            return self._record(unfit, Trace(), target, began)
        if not target.tls:
            trace = self._exchange(target).plain(target.address, target.port, target.host)
            return self._record(judge_plain(trace), trace, target, began)
        judged, trace, sessions = self._sessions(target)
        if judged.verdict == "closed":
            judged = self._against_foreign(judged, target)
        if judged.verdict == "closed":
            judged = self._against_others(judged, trace)
        judged = self._own(judged, trace)
        return replace(self._record(judged, trace, target, began), sessions=sessions)

    def _sessions(self, target: _Target) -> tuple[Judged, Trace, int]:
        """Fresh sessions, one after the other, until one is not closed or enough agree."""
        done = 0
        while True:
            done += 1
            judged, trace = self._once(target, None)
            if judged.verdict != "closed" or done >= self._bounds.sessions:
                return judged, trace, done

    def _once(self, target: _Target, identity: ClientIdentity | None) -> tuple[Judged, Trace]:
        trace = self._exchange(target).tls(
            target.address, target.port, target.host, identity=identity
        )
        judged = judge_tls(trace)
        if judged.needs_control and (agreed := self._control(target)):
            by_eof = judged.reason == "eof-after-request"
            reason: ClosedReason = "refused-by-eof" if by_eof else "refused-by-alert"
            return Judged("closed", reason, f"{judged.evidence} {agreed}"), trace
        return judged, trace

    def _exchange(self, target: _Target) -> Exchange:
        return Exchange(self._bounds, clock=self._clock, deadline=target.deadline)

    def _control(self, target: _Target) -> str:
        """Why an end without a word is a refusal here; nothing if no control says so."""
        if self._expect.identity is not None:
            trace = self._exchange(target).tls(
                target.address, target.port, target.host, identity=self._expect.identity
            )
            accepted = judge_tls(trace).reason == "answered"
            return "It answers who has the right certificate." if accepted else ""
        with self._lock:
            if self._agrees is None:
                control = self._expect.control
                self._agrees = control() if callable(control) else bool(control)
        return "The site answers through Cloudflare at the same time." if self._agrees else ""

    def _against_foreign(self, judged: Judged, target: _Target) -> Judged:
        """An origin that only asks lets anybody's certificate in."""
        foreign, _ = self._once(target, foreign_identity())
        match foreign.verdict:
            case "closed":
                words = "It refuses a foreign certificate too."
                return replace(judged, evidence=f"{judged.evidence} {words}")
            case "open":
                words = "It asks for a client certificate and lets in a foreign, self-signed one."
                return Judged("open", "only-asks", words)
            case "inconclusive":
                words = f"{judged.evidence} What it does with a foreign one is not clear:"
                return Judged(
                    "inconclusive", "foreign-certificate-unclear", f"{words} {foreign.evidence}"
                )

    def _against_others(self, judged: Judged, trace: Trace) -> Judged:
        """Naming nobody says nothing; naming others than ours is a way in."""
        if not self._expect.our_ca or not trace.authorities:
            return judged
        ours = x509.load_pem_x509_certificate(self._expect.our_ca.encode()).subject.public_bytes()
        others = [name for name, der in trace.authorities if der != ours]
        if not others:
            return replace(judged, evidence=f"{judged.evidence} It names our authority only.")
        more = f" and {len(others) - 1} more" if others[1:] else ""
        words = f"It accepts certificates of {others[0]}{more}, which is not our authority."
        return Judged("open", "other-authorities", words)

    def _own(self, judged: Judged, trace: Trace) -> Judged:
        if not self._expect.our_certificate or trace.certificate is None:
            return judged
        same = trace.certificate.fingerprint == self._expect.our_certificate.lower()
        which = "the certificate that was installed" if same else "another one than was installed"
        return replace(judged, evidence=f"{judged.evidence} Its own certificate is {which}.")

    def _record(self, judged: Judged, trace: Trace, target: _Target, began: float) -> Attempt:
        return as_attempt(
            judged, trace, host=target.host, address=target.address, port=target.port,
            milliseconds=round((self._clock() - began) * 1000),
        )  # fmt: skip


def _unfit(host: str, address: str, allowed: Sequence[Network]) -> Judged | None:
    reason: UnclearReason | None = None
    words = ""
    if not _HOST.fullmatch(host) or len(host) > _LONGEST_HOST:
        reason, words = "bad-host-name", "This is no host name; nothing was sent."
    elif not may_be_probed(address, allowed):
        reason, words = "address-not-allowed", "This is no public address; nothing was sent."
    return Judged("inconclusive", reason, words) if reason else None


@cache
def foreign_identity() -> ClientIdentity:
    """A self-signed client certificate that nobody can have a reason to accept."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mtls-bot-probe foreign")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return ClientIdentity(certificate, key)
