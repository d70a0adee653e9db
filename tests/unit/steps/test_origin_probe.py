"""The origin probe as a step: proven, failed, or inconclusive and then acceptable by name."""

from dataclasses import replace
from typing import Literal

import pytest

from steps.origin.evidence import Attempt
from steps.origin.look import Look
from steps.origin.probe import summed_up
from steps.origin.reasons import Verdict
from steps.origin_probe import OriginProbe, _came_through, verdict_of
from steps.step import Order, Past, Plan
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import Bench, before

PLAN = Plan(step="origin-probe", site=SITE, changes=())


def closed() -> tuple[Bench, Past]:
    """A run whose origin asks: the step behind the probe is next."""
    return before("ssl-strict")


def test_closed_beside_visitors_who_are_served_is_proven() -> None:
    """The addresses are counted, the table has a row for each."""
    bench, past = closed()
    verdict = bench.verify(PLAN, past)
    assert verdict.state == "proven"
    assert "on 2 of 2 addresses" in verdict.evidence[0]
    assert "Looked at through Cloudflare" in verdict.evidence[1]
    assert {row.result for row in verdict.rows} == {"closed (refused-by-alert)"}


@pytest.mark.parametrize("visitors", ["broken", "inconclusive"])
def test_closed_for_everybody_is_not_proven(visitors: str) -> None:
    """Nobody may say *closed* of an origin that also refuses Cloudflare."""
    bench, past = closed()
    bench.world.visitors = visitors  # type: ignore[assignment]
    verdict = bench.verify(PLAN, past)
    assert (verdict.state, verdict.acceptable) == ("inconclusive", True)
    assert "not seen to be served" in verdict.evidence[0]


@pytest.mark.parametrize(
    ("probed", "state"), [("open", "failed"), ("inconclusive", "inconclusive")]
)
def test_what_is_not_closed_names_the_address(probed: str, state: str) -> None:
    """Open fails; what could not be asked could not be asked."""
    bench, past = closed()
    bench.world.probed = probed  # type: ignore[assignment]
    verdict = bench.verify(PLAN, past)
    assert (verdict.state, verdict.acceptable) == (state, False)
    assert "203.0.113.11" in " ".join(verdict.evidence)


@pytest.mark.parametrize(
    ("unasked", "visitors", "acceptable"),
    [(1, "", True), (1, "broken", False), (2, "", False), (0, "", False)],
)
def test_client_authentication_may_go_past_an_address_that_cannot_be_asked(
    unasked: int, visitors: Literal["", "broken"], acceptable: bool
) -> None:
    """By name and by an approver: closed on the others, and visitors served."""
    bench, past = closed()
    bench.world.unasked = frozenset(bench.world.addresses[:unasked])
    bench.world.visitors = visitors
    plan = Plan(step="client-authentication", site=SITE, changes=())
    verdict = bench.verify(plan, past)
    assert verdict.acceptable is acceptable
    if unasked:
        assert verdict.state == "not-yet"
        assert "203.0.113.11:443: 203.0.113.11 is inconclusive" in " ".join(verdict.evidence)


@pytest.mark.parametrize(
    ("order", "visitors", "state"),
    [("published", "broken", "set"), ("no-downtime", "", "proven"), ("no-downtime", "broken",
     "not-yet")],
)  # fmt: skip
def test_an_origin_that_only_hangs_up_is_proven_beside_visitors(
    order: Order, visitors: Literal["", "broken"], state: str
) -> None:
    """The published order has none at that moment: set, and proven by the probe at its end."""
    bench, past = closed()
    bench.world.hangs_up, bench.world.visitors = True, visitors
    plan = Plan(step="client-authentication", site=replace(SITE, order=order), changes=())
    verdict = bench.verify(plan, past)
    assert verdict.state == state
    assert verdict.proven_by == ("origin-probe" if state == "set" else "")


def attempts(*verdicts: Verdict) -> tuple[Attempt, ...]:
    return tuple(
        Attempt("www.example.com", f"203.0.113.{at}", 443, verdict, "no-answer", "It was slow.")
        for at, verdict in enumerate(verdicts)
    )


def test_an_address_that_could_not_be_asked_may_be_accepted_by_name() -> None:
    """The report says on how many of how many; with none closed there is nothing to accept."""
    some = verdict_of(summed_up(attempts("closed", "inconclusive", "closed")))
    none = verdict_of(summed_up(attempts("inconclusive")))
    assert some.evidence[0] == "Closed on 2 of 3 addresses."
    assert "203.0.113.1:443: It was slow." in some.evidence[1]
    assert (some.acceptable, none.acceptable) == (True, False)


def test_without_a_run_the_site_is_looked_at_now() -> None:
    """`/mtls probe` at any time: the control is a fresh answer of the origin, not a cached page."""
    here = (("x-platform-router", "r1"),)
    come = Look("https://www.example.com/", status=200, headers=here)
    assert _came_through(come)
    for other in (
        replace(come, headers=()),
        replace(come, headers=(*here, ("cf-cache-status", "HIT"))),
        replace(come, headers=(*here, ("cf-mitigated", "challenge"))),
        replace(come, error="timeout"),
        replace(come, refusal="no required ssl certificate was sent"),
    ):
        assert not _came_through(other)
    bench, _ = closed()
    step = bench.steps()["origin-probe"]
    assert isinstance(step, OriginProbe)
    assert step.verify(PLAN, Past(), now=NOON).state == "proven"
