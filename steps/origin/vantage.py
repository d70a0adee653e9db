"""Where the bot looks from, bound once to its settings; and what the looks add up to."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from steps.errors import NotFound
from steps.origin.baseline import cut_off
from steps.origin.evidence import Bounds, Expect, Network, ProbeReport, Shown
from steps.origin.look import Judgement, Look, Way, judge, look, look_everywhere, redirect_loop
from steps.origin.probe import probe, seen_certificates
from steps.origin.reach import not_reached, reached
from steps.origin.resolve import Resolver

_AT_ONCE = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What several looks say together: one broken is broken, else one unclear is unclear."""

    state: Literal["fine", "broken", "inconclusive"]
    judgements: tuple[tuple[str, Judgement], ...]
    """By host."""
    left_out: tuple[str, ...] = ()
    """What could not be looked at from here, a sentence each."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """A sentence for each host that is not fine, or one for all when all are."""
        odd = tuple(f"{h}: {j.words}" for h, j in self.judgements if j.state != "fine")
        if odd:
            return odd
        hosts = ", ".join(dict.fromkeys(h for h, _ in self.judgements))
        fine = f"Looked at through Cloudflare, uncached, as before the run: {hosts}."
        return (fine, *self.left_out)

    @property
    def hint(self) -> str:
        return next((j.hint for _, j in self.judgements if j.state != "fine" and j.hint), "")


@dataclass(frozen=True, slots=True)
class Vantage:
    """Resolver, ports, roots and bounds for every look and probe of the bot."""

    resolver: Resolver
    way: Way
    https_port: int
    http_port: int
    bounds: Bounds
    allowed: tuple[Network, ...]
    strict_roots: str
    """PEM: what SSL mode strict accepts, the public roots and those of the Origin CA."""
    sessions: int = 3
    """How many fresh sessions in a row must agree after a change."""

    def addresses(self, edge_hostname: str) -> tuple[str, ...]:
        """The origin's addresses. Raises NotFound, Unreachable."""
        return self.resolver.addresses(edge_hostname)

    def probe(
        self, hosts: Sequence[str], edge_hostname: str, *, expect: Expect, sessions: int = 1
    ) -> ProbeReport:
        """The origin probe on every address of the edge hostname, 443 and 80."""
        try:
            addresses = self.addresses(edge_hostname)
        except NotFound:
            addresses = ()
        return probe(
            hosts, addresses, https_port=self.https_port, http_port=self.http_port,
            settings=replace(self.bounds, sessions=sessions), expect=expect, allowed=self.allowed,
        )  # fmt: skip

    def certificates(
        self, hosts: Iterable[str], edge_hostname: str, *, sessions: int | None = None
    ) -> Mapping[str, tuple[Shown, ...]]:
        """By host, what each address of the origin shows in fresh sessions. Never raises TLS."""
        addresses = self.addresses(edge_hostname)
        settings = replace(self.bounds, sessions=sessions or self.sessions)
        return {
            host: seen_certificates(
                addresses, host, port=self.https_port, settings=settings, allowed=self.allowed
            )
            for host in hosts
        }

    def baseline(self, hosts: Sequence[str]) -> dict[str, Look]:
        """A first look at each host, to judge later ones against."""
        return dict(zip(hosts, _for_each(hosts, self._look), strict=True))

    def _look(self, host: str) -> Look:
        return look(f"https://{host}/", self.way)

    def visit(self, baselines: Mapping[str, Look]) -> Seen:
        """Look at each host by each of its edge addresses and judge against its baseline."""
        seen = _for_each(tuple(baselines), self._everywhere)
        judged = tuple(
            (host, self._loop_or(host, _better(one, baseline) or judge(one, baseline)))
            for (host, baseline), looks in zip(baselines.items(), seen, strict=True)
            for one in reached(looks)
        )
        left = not_reached([one for looks in seen for one in looks])
        states = {judgement.state for _, judgement in judged}
        if "broken" in states:
            return Seen("broken", judged, left)
        unclear = "inconclusive" in states or not judged
        return Seen("inconclusive" if unclear else "fine", judged, left)

    def refused(self, hosts: Sequence[str]) -> tuple[str, ...]:
        """What visitors get for want of TLS between them, Cloudflare and the origin, by host."""
        looks = self.baseline(hosts)
        return tuple(f"{host}: {words}" for host, one in looks.items() if (words := cut_off(one)))

    def cache_answers(self, host: str) -> bool:
        """Whether the page that everybody asks for is a HIT, asked twice as visitors would."""
        way = replace(self.way, fresh=lambda: "")
        looks = [look(f"https://{host}/", way) for _ in range(2)]
        return dict(looks[-1].headers).get("cf-cache-status", "").upper() == "HIT"

    def refuses_strangers(self, url: str) -> int | None:
        """The status of a request without credentials, straight at the origin; None without one."""
        return look(url, replace(self.way, https_port=self.https_port)).status

    def unverified(self, hosts: Sequence[str], path: str, looks: int) -> tuple[str, ...]:
        """The uncached looks at a page that echoes X-Client-Verify that did not say SUCCESS.

        A host that only redirects says nothing; but one of them has to say it.
        """
        urls = [f"https://{host}/{path.lstrip('/')}" for host in hosts]
        asked = [look_everywhere(url, self.way) for url in urls for _ in range(looks)]
        seen = [one for each in asked for one in reached(each)]
        told = [one for one in seen if not (_redirects(one) and not one.client_verify)]
        if not told:
            return (f"No host says anything at {path}.",)
        return tuple(
            dict.fromkeys(
                f"{one.url.split('?')[0]} by {one.address}:"
                f" {one.client_verify or one.error or 'nothing said'}"
                for one in told
                if one.client_verify.upper() != "SUCCESS"
            )
        )

    def glance(self, host: str, baseline: Look) -> Judgement:
        """One quick look, as a visitor of the run."""
        return judge(self._look(host), baseline)

    def _everywhere(self, host: str) -> tuple[Look, ...]:
        return look_everywhere(f"https://{host}/", self.way)

    def _loop_or(self, host: str, judgement: Judgement) -> Judgement:
        if judgement.state == "fine":
            return judgement
        loop = redirect_loop(f"https://{host}/", self.way)
        if not loop:
            return judgement
        return replace(
            judgement, state="broken",
            words=f"{judgement.words} The site redirects in a circle: {' → '.join(loop)}.",
            hint="SSL mode off or flexible with an origin that redirects to https; Full ends it.",
        )  # fmt: skip


def _for_each(hosts: Sequence[str], ask: Callable[[str], T]) -> tuple[T, ...]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(ask, hosts))


def _better(seen: Look, baseline: Look) -> Judgement | None:
    """A site that sent its visitors in a circle and does not any more: mended, not broken."""
    circle = _redirects(baseline) and _target(baseline) == baseline.url.split("?")[0]
    answered = seen.status is not None and seen.status < 400  # noqa: PLR2004 - RFC 9110
    if not circle or not answered or _target(seen) == seen.url.split("?")[0]:
        return None
    return Judgement("fine", f"HTTP {seen.status}; before the run it redirected to itself.")


def _target(seen: Look) -> str:
    return dict(seen.headers).get("location", "").split("?")[0]


def _redirects(seen: Look) -> bool:
    return seen.status is not None and 300 <= seen.status < 400  # noqa: PLR2004 - RFC 9110


def keep(baselines: Mapping[str, Look]) -> str:
    """Baselines as one string, for a receipt."""
    return json.dumps({host: look.to_receipt() for host, look in baselines.items()})


def kept(text: str) -> dict[str, Look]:
    """The baselines back from `keep`; empty for an empty string."""
    found: Mapping[str, Mapping[str, str]] = json.loads(text or "{}")
    return {host: Look.from_receipt(receipt) for host, receipt in found.items()}
