"""The origin probe: is the origin closed to whoever comes without our client certificate?

Every target at once; what one of them amounts to is found out in `asking`.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from steps.origin.asking import Asking, Shared, Target
from steps.origin.attempt import Judged, judge_tls
from steps.origin.evidence import Attempt, Bounds, Expect, Network, ProbeReport, Shown
from steps.origin.public import may_be_probed
from steps.origin.reasons import UnclearReason
from steps.origin.trace import Trace
from steps.origin.wire import Exchange

T = TypeVar("T")
R = TypeVar("R")
DEFAULT = Bounds()
NOTHING_KNOWN = Expect()
_AT_ONCE = 64
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*", re.ASCII)
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
    ports = dict.fromkeys([https_port, *([] if http_port is None else [http_port])])
    return probe_targets(
        [
            Target(host.removesuffix("."), address, port, port == https_port)
            for host in dict.fromkeys(hosts)
            for address in dict.fromkeys(addresses)
            for port in ports
        ],
        settings=settings, expect=expect, allowed=allowed,
    )  # fmt: skip


def probe_targets(
    targets: Sequence[Target], *, settings: Bounds = DEFAULT, expect: Expect = NOTHING_KNOWN,
    allowed: Sequence[Network] = (),
) -> ProbeReport:  # fmt: skip
    """The same for targets that are known one by one; the promises are those of `probe`."""
    shared = Shared(settings, expect)

    def attempt(target: Target) -> Attempt:
        asking = Asking(target, shared)
        unfit = _unfit(target.host, target.address, allowed)
        return asking.record(unfit, Trace()) if unfit else asking.attempt()

    return summed_up(tuple(_at_once(attempt, targets)))


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
        return Shown(
            address, tuple(trace.certificate for trace in traces), "".join(without[-1:]),
            no_route=all(trace.no_connection == "no-route" for trace in traces),
        )  # fmt: skip

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


def _at_once(act: Callable[[T], R], each: Sequence[T]) -> list[R]:
    if len(each) == 1:
        return [act(each[0])]
    with ThreadPoolExecutor(min(_AT_ONCE, max(1, len(each))), "probe") as pool:
        return list(pool.map(act, each))


def is_host_name(text: str) -> bool:
    """Whether a text may be put into a request as its host."""
    return len(text) <= _LONGEST_HOST and _HOST.fullmatch(text) is not None


def _unfit(host: str, address: str, allowed: Sequence[Network]) -> Judged | None:
    reason: UnclearReason | None = None
    words = ""
    if not is_host_name(host):
        reason, words = "bad-host-name", "This is no host name; nothing was sent."
    elif not may_be_probed(address, allowed):
        reason, words = "address-not-allowed", "This is no public address; nothing was sent."
    return Judged("inconclusive", reason, words) if reason else None
