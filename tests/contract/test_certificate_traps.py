"""The origin certificate where the vendor's pages are silent: the step holds either way."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import pytest

from sandbox.platformsh.state import Certificate
from sandbox.world import Scenario, World
from steps.step import Past, Verdict
from tests.contract.preflight_desk import Desk
from tests.e2e.stage import authorities


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    world = World(Scenario.tests(), tmp_path_factory.mktemp("world"), authorities())
    made = Desk(world)
    yield made
    made.hang_up()
    world.close()


@pytest.fixture
def desk(running: Desk) -> Iterator[Desk]:
    """The running desk; afterwards the platform's own certificate is served again."""
    yield running
    vendor = running.world.platformsh
    for one in [c for c in vendor.project.certificates.values() if not c.is_provisioned]:
        del vendor.project.certificates[one.id]
    vendor.project.certificate_post_activity, vendor.project.tie_break = None, "newest"
    vendor.redeploy()
    assert vendor.settle()


def installed(desk: Desk) -> tuple[Past, Verdict]:
    """The step from its plan to what is seen outside once every address has it."""
    step, now = desk.steps["origin-certificate"], datetime.now(UTC)
    first = desk.step.apply(desk.plan(), {}, past=Past(), now=now)
    past = Past({"preflight": getattr(first, "receipt", {})})
    plan = step.plan(desk.site, step.observe(desk.site), past)
    receipt = desk.carried_out(step, plan, past)
    past = Past({**past.receipts, step.key: receipt})
    assert desk.world.platformsh.settle()
    verdict = step.verify(plan, past, now=now)
    for _ in range(20):
        if verdict.holds:
            break
        time.sleep(0.05)
        verdict = step.verify(plan, past, now=now)
    return past, verdict


@pytest.mark.parametrize("starts", [None, "environment.redeploy", "environment.domain.update"])
def test_whatever_adding_a_certificate_starts_it_is_live_once_and_only_after_a_redeploy(
    desk: Desk, starts: str | None
) -> None:
    """Which activity a POST of a certificate starts is not documented: none is relied on."""
    vendor = desk.world.platformsh
    vendor.project.certificate_post_activity = starts
    past, verdict = installed(desk)
    assert verdict.state == "proven", verdict
    custom = [c for c in vendor.project.certificates.values() if not c.is_provisioned]
    assert [c.id for c in custom] == [past.receipts["origin-certificate"]["installed"]]
    kinds = [a.type for a in vendor.activities.listed("main")]
    assert "environment.redeploy" in kinds[:1]


@pytest.mark.parametrize("serves", ["newest", "oldest"])
def test_of_two_custom_certificates_only_the_one_that_is_seen_counts(
    desk: Desk, serves: Literal["newest", "oldest"]
) -> None:
    """Which of two serves a host is not documented: told beforehand, and proven by looking."""
    vendor = desk.world.platformsh
    names = ["example.com", "*.example.com", "img.cdn.example.com"]
    issued = authorities().public.issue(names, days=90, key="rsa")
    old = Certificate("older", issued.certificate_pem, issued.key_pem, (),
                      is_provisioned=False, created_at=vendor.project.created_at)  # fmt: skip
    vendor.project.certificates["older"] = old
    vendor.project.tie_break = serves
    assert any("older for example.com" in note for note in desk.plan().notes)
    _, verdict = installed(desk)
    assert verdict.state == ("proven" if serves == "newest" else "not-yet")
