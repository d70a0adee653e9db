"""The preflight's first looks: what they must be for our hosts, and whom they leave out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from steps.errors import PreconditionFailed
from steps.origin.evidence import Bounds
from steps.origin.look import Look, Way
from steps.origin.resolve import Resolver
from steps.origin.vantage import Vantage, kept
from steps.preflight import Preflight
from steps.step import Done, Past, Plan
from tests.doubles.world import CLIENT_CA, NOON, SITE, root_pem

OURS, NEIGHBOUR = "www.example.com", "status.example.com"
INPUTS = {"hosts": OURS, "neighbours": NEIGHBOUR, "edge_hostname": "main.example.net"}
PLAN = Plan(step="preflight", site=SITE, changes=(), inputs=INPUTS)


@dataclass(frozen=True)
class Shows(Vantage):
    """A vantage whose first looks are given."""

    looks: dict[str, Look] = field(default_factory=dict)

    def baseline(self, hosts: Sequence[str]) -> dict[str, Look]:
        fine = {host: Look(f"https://{host}/", status=200) for host in hosts}
        return fine | self.looks

    def addresses(self, edge_hostname: str) -> tuple[str, ...]:
        return ()


def preflight(**looks: Look) -> Preflight:
    way = Way(resolve=lambda _host: (), fresh=lambda: "")
    seen = {"ours": OURS, "neighbour": NEIGHBOUR}
    given = {seen[name]: look for name, look in looks.items()}
    vantage = Shows(Resolver(()), way, 443, 80, Bounds(), (), "", looks=given)
    return Preflight(lambda _site: pytest.fail("not read here"), vantage, root_pem(CLIENT_CA))


def odd(host: str) -> list[Look]:
    """Answers that no later one can be judged against."""
    url = f"https://{host}/"
    return [
        Look(url, status=522), Look(url, status=503), Look(url, status=429),
        Look(url, error="timeout"), Look(url, error="unresolved"),
        Look(url, status=403, headers=(("cf-mitigated", "challenge"),)),
    ]  # fmt: skip


@pytest.mark.parametrize("seen", odd(OURS), ids=lambda look: look.error or str(look.status))
def test_a_host_of_ours_that_cannot_be_judged_blocks(seen: Look) -> None:
    """Later looks would be inconclusive one and all, after the first change was made."""
    with pytest.raises(PreconditionFailed, match=OURS):
        preflight(ours=seen).apply(PLAN, {}, past=Past(), now=NOON)


@pytest.mark.parametrize("seen", odd(NEIGHBOUR), ids=lambda look: look.error or str(look.status))
def test_a_neighbour_that_is_broken_today_is_named_and_left_out(seen: Look) -> None:
    """A dead record in the zone does not make the run impossible, and nobody claims it fine."""
    step = preflight(neighbour=seen)
    done = step.apply(PLAN, {}, past=Past(), now=NOON)
    assert isinstance(done, Done)
    assert list(kept(done.receipt["baseline"])) == [OURS]
    verdict = step.verify(PLAN, Past({"preflight": done.receipt}), now=NOON)
    assert any(NEIGHBOUR in line and "not looked at" in line for line in verdict.evidence)


@pytest.mark.parametrize("status", [200, 302, 401, 404])
def test_other_answers_are_what_later_ones_are_judged_by(status: int) -> None:
    """The control: a page that wants a password, or is none, is a measure like any other."""
    step = preflight(neighbour=Look(f"https://{NEIGHBOUR}/", status=status))
    done = step.apply(PLAN, {}, past=Past(), now=NOON)
    assert isinstance(done, Done)
    assert sorted(kept(done.receipt["baseline"])) == [NEIGHBOUR, OURS]
    assert done.receipt["unjudged"] == ""


def test_a_circle_of_redirects_is_what_the_run_may_mend() -> None:
    """SSL mode flexible before an origin that redirects to https."""
    url = f"https://{OURS}/"
    loop = Look(url, status=301, headers=(("location", url),))
    assert isinstance(preflight(ours=loop).apply(PLAN, {}, past=Past(), now=NOON), Done)
