"""What ours says of a case, and everything in which that is not right."""

from collections.abc import Iterator
from ipaddress import ip_network

from steps.origin.evidence import Attempt, Expect
from steps.origin.probe import probe
from tests.contract import origins
from tests.contract.lab.case import Case
from tests.contract.lab.others import HOST
from tests.contract.lab.process import Running

_LOOPBACK = (ip_network("127.0.0.0/8"),)


def ask(running: Running, case: Case) -> Attempt:
    """One attempt at a running case."""
    expect = Expect(
        identity=origins.clients().issue("cloudflare")
        if case.control.startswith("a cert")
        else None,
        control=True if case.control == "answers elsewhere" else None,
        our_ca=origins.clients().pem if case.our_ca else None,
    )
    report = probe(
        [HOST], ["127.0.0.1"], https_port=running.ports[case.setting], http_port=None,
        settings=running.kind.bounds, expect=expect, allowed=_LOOPBACK,
    )  # fmt: skip
    return report.attempts[0]


def wrong(case: Case, seen: Attempt) -> Iterator[str]:
    """Each thing that ours said and that is not so."""
    right = [f"{case.verdict} {case.reason}"]
    right += [f"closed {case.sometimes}"] if case.sometimes else []
    if f"{seen.verdict} {seen.reason}" not in right:
        yield f"{seen.verdict} {seen.reason}, not {' or '.join(right)}: {seen.evidence}"
    asked = case.setting.asks != "not-asked"
    if asked != seen.certificate_requested:
        yield f"certificate requested: {seen.certificate_requested}"
    if seen.tls_version not in (f"TLSv{case.setting.versions[1]}", *[""] * (not case.works)):
        yield f"TLS version: {seen.tls_version}"
