"""`python app.py probe`: is an origin closed, seen from here and now? For people and for scripts.

Exit 0 closed, 1 open, 2 inconclusive, 64 for arguments that cannot be used. No settings are read.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network

import click

from bot.terminal.probe_arguments import Place, authority, host_name, identity, place
from steps.errors import NotFound, Unreachable
from steps.origin.asking import Target
from steps.origin.evidence import Attempt, Bounds, Expect, Network, ProbeReport
from steps.origin.probe import probe_targets
from steps.origin.reasons import HINTS

_MOST_NAMES = 5
_EXIT = {"closed": 0, "open": 1, "inconclusive": 2}
# Two sessions, since of two nodes one may be closed; together no longer than one may take.
_BOUNDS = Bounds(sessions=2, at_most=10.0)
_HERE: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def probe(
    *, domain: str, address: Sequence[str], cert: str | None, key: str | None, ca: str | None,
    as_json: bool, look_up: Callable[[str], Sequence[str]] | None = None,
) -> None:  # fmt: skip
    """Ask, print what was seen, and exit with the verdict; `look_up` is the system's by default."""
    host = host_name(domain)
    places = tuple(place(text) for text in address)
    expect = Expect(identity=identity(cert, key), our_ca=authority(ca))
    report, trouble = _asked(host, places, expect, look_up or _addresses)
    if as_json:
        _say(json.dumps(report.as_json()))
    else:
        _say("\n".join(_lines(host, report, trouble)))
    sys.exit(_EXIT[report.verdict])


def _say(text: str) -> None:
    """In what the terminal can show; where nobody can be told, the exit code still is."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"  # closed, there is none at all
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError:
        # What is left in the buffer would fail again when Python ends, with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _asked(
    host: str, places: tuple[Place, ...], expect: Expect, look_up: Callable[[str], Sequence[str]]
) -> tuple[ProbeReport, str]:
    """The report, and why there was nobody to ask if there was not."""
    # Whoever names an address means it, and may mean this machine; a name server may not.
    allowed = _HERE if places else ()
    if not places:
        try:
            places = tuple(Place(found, None) for found in look_up(host))
        except NotFound as none:
            return ProbeReport("inconclusive", "no-addresses", (), 0, 0), none.for_people
        except Unreachable as failed:
            return ProbeReport("inconclusive", "lookup-failed", (), 0, 0), failed.for_people
    targets = dict.fromkeys(target for one in places for target in _targets(host, one))
    return probe_targets(tuple(targets), settings=_BOUNDS, expect=expect, allowed=allowed), ""


def _addresses(host: str) -> tuple[str, ...]:
    from steps.origin.resolve import Resolver  # noqa: PLC0415 - takes as long as all the rest

    return Resolver().addresses(host)


def _targets(host: str, place: Place) -> tuple[Target, ...]:
    if place.port is not None:
        return (Target(host, place.address, place.port, tls=True),)
    plain = Target(host, place.address, 80, tls=False)
    return (Target(host, place.address, 443, tls=True), plain)


def _lines(host: str, report: ProbeReport, trouble: str) -> list[str]:
    said = f"{host}: {report.verdict} ({report.reason})"
    if report.of > 1:
        said = f"{said}, closed on {report.closed} of {report.of} addresses"
    rows = [line for one in report.attempts for line in _row(one)]
    hint = HINTS.get(report.reason, "")
    return [line for line in (said, trouble, *rows, hint) if line]


def _row(one: Attempt) -> tuple[str, ...]:
    where = f"[{one.address}]" if ":" in one.address else one.address
    seen = " · ".join(_seen(one))
    return (
        f"  {where}:{one.port}  {one.verdict} ({one.reason}), {one.milliseconds} ms",
        f"    {one.evidence}",
        *([f"    {seen}"] if seen else []),
    )


def _seen(one: Attempt) -> Iterator[str]:
    """What else came, for whoever wants to look for themselves."""
    if one.tls_version:
        yield one.tls_version
    if one.certificate is not None:
        shown = one.certificate
        names = f", for {', '.join(shown.names[:_MOST_NAMES])}" if shown.names else ""
        end = f", until {shown.not_after[:10]}" if shown.not_after else ""
        yield f"shows {shown.fingerprint[:16]}… of {shown.issuer or 'nobody'}{names}{end}"
    if one.authorities:
        yield f"names {' and '.join(one.authorities[:_MOST_NAMES])}"
    if one.bytes_read:
        yield f"{one.bytes_read} bytes"
