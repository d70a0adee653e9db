"""What is seen from outside of the double world: visitors, the wire, the probe."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from steps.certificates import parse_certificate
from steps.origin.evidence import Attempt, Bounds, Expect, PeerCertificate, ProbeReport, Shown
from steps.origin.look import Judgement, Look, Way
from steps.origin.probe import summed_up
from steps.origin.resolve import Resolver
from steps.origin.vantage import Seen, Vantage
from tests.doubles.cloudflare import Zone
from tests.doubles.repository import Repository
from tests.doubles.world import HOSTS, World

State = Literal["fine", "broken", "inconclusive"]
WORDS: Mapping[State, str] = {
    "fine": "HTTP 200 from the origin, as before.",
    "broken": "A visitor gets HTTP 520.",
    "inconclusive": "The edge could not be asked: unreachable.",
}


@dataclass(frozen=True)
class Eyes(Vantage):
    """A vantage whose answers come from the double world."""

    world: World = field(default_factory=World)
    zone: Zone = field(default_factory=lambda: Zone(World()))
    repository: Repository | None = None

    def visit(self, baselines: Mapping[str, Look]) -> Seen:
        judged = tuple((h, Judgement(s := self._state(h), WORDS[s])) for h in baselines)
        states = {judgement.state for _, judgement in judged}
        if "broken" in states:
            return Seen("broken", judged)
        return Seen("inconclusive" if "inconclusive" in states or not judged else "fine", judged)

    def _state(self, host: str) -> State:
        if self.world.visitors:
            return self.world.visitors
        refused = self._mode() == "require" and not self._presented() and host in HOSTS
        return "broken" if refused or host in self.world.broken_hosts else "fine"

    def _mode(self) -> str:
        assert self.repository is not None
        return self.repository.mode()

    def _presented(self) -> bool:
        encrypted = self.zone.settings["ssl"] in ("full", "strict", "origin_pull")
        return self.world.presents and encrypted and self.zone.settings["tls_client_auth"] == "on"

    def baseline(self, hosts: Sequence[str]) -> dict[str, Look]:
        odd = self.world.first_look
        return {host: odd or Look(f"https://{host}/", status=200) for host in hosts}

    def cache_answers(self, host: str) -> bool:
        return self.world.cache_sticks or self.zone.settings["development_mode"] != "on"

    def unverified(self, hosts: Sequence[str], path: str, looks: int) -> tuple[str, ...]:
        asked = self._mode() in ("request", "require")
        return () if asked and self._presented() else ("198.51.100.7: NONE",)

    def certificates(
        self, hosts: Iterable[str], edge_hostname: str, *, sessions: int | None = None
    ) -> Mapping[str, tuple[Shown, ...]]:
        none = tuple(Shown(address, (None,)) for address in self.world.addresses)
        lost = tuple(Shown(a, (None,), "no way", no_route=True) for a in self.world.no_way_to)
        if self.world.dark:
            return dict.fromkeys(hosts, none + lost)
        facts = parse_certificate(self.world.live)
        one = PeerCertificate(
            facts.fingerprint, facts.names, facts.issuer, facts.not_after.isoformat(),
            (self.world.live,),
        )  # fmt: skip
        shown = tuple(Shown(a, (one,) * (sessions or self.sessions)) for a in self.world.addresses)
        return dict.fromkeys(hosts, shown + lost)

    def probe(
        self, hosts: Sequence[str], edge_hostname: str, *, expect: Expect, sessions: int = 1
    ) -> ProbeReport:
        verdict = self.world.probed or ("closed" if self._mode() == "require" else "open")
        said = {a: "inconclusive" if a in self.world.unasked else verdict
                for a in self.world.addresses}  # fmt: skip
        reason = {
            "closed": "refused-by-alert", "open": "answered", "inconclusive": "connect-timeout"
        }  # fmt: skip
        served = expect.control() if callable(expect.control) else expect.control
        if self.world.hangs_up and not served:
            said, reason = (
                dict.fromkeys(said, "inconclusive"),
                {"inconclusive": "eof-after-request"},
            )
        return summed_up(tuple(
            Attempt(host, a, 443, one, reason[one], f"{a} is {one}")  # type: ignore[arg-type]
            for host in hosts for a, one in said.items()
        ))  # fmt: skip


def eyes(world: World, zone: Zone, repository: Repository) -> Eyes:
    """The vantage of one world."""
    way = Way(resolve=lambda _host: (), fresh=lambda: "")
    return Eyes(
        Resolver(()), way, 443, 80, Bounds(), (), "", world=world, zone=zone, repository=repository
    )
