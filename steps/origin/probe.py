"""The origin probe: is the origin closed to whoever comes without our client certificate?"""

from collections.abc import Sequence

from steps.origin.evidence import Bounds, Expect, Network, ProbeReport, Shown

DEFAULT = Bounds()


def probe(
    hosts: Sequence[str],
    addresses: Sequence[str],
    *,
    https_port: int = 443,
    http_port: int | None = 80,
    settings: Bounds = DEFAULT,
    expect: Expect = Expect(),  # noqa: B008 - frozen
    allowed: Sequence[Network] = (),
) -> ProbeReport:
    """Ask every address for every host, concurrently, without a client certificate.

    Nothing a server does makes it raise or take longer than `settings` allows. `http_port` None
    leaves the plain port alone. Private addresses are refused unless in `allowed`.
    """
    raise NotImplementedError


def seen_certificates(
    addresses: Sequence[str],
    host: str,
    *,
    port: int = 443,
    settings: Bounds = DEFAULT,
    allowed: Sequence[Network] = (),
) -> tuple[Shown, ...]:
    """What each address shows for `host` in ``settings.sessions`` fresh sessions; never raises."""
    raise NotImplementedError
