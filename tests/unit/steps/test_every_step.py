"""What holds for every change of a run and of its way back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steps.step import Past
from tests.doubles.world import NOON, SITE, World
from tests.unit.steps.bench import (
    CHANGES,
    Bench,
    Ended,
    Engine,
    before,
    killing,
    undisturbed,
    with_receipt,
)

every = pytest.mark.parametrize("key", CHANGES)


def outside(bench: Bench) -> dict[str, object]:
    """What there is in a world, in values that two runs can be compared by."""
    return {
        "settings": bench.zone.settings,
        "at Cloudflare": len(bench.zone.certificates),
        "at Platform.sh": len(bench.project.custom),
        "live": "origin" if bench.world.live in bench.project.custom.values() else "provided",
        "commits": [commit.sha for commit in bench.repository.commits],
        "deployments": [run.type for run in bench.project.runs],
        "deployed": bench.world.deployed_commit,
        "access": {name: state.effective for name, state in bench.project.access.items()},
    }


def carried_out(key: str) -> tuple[Bench, Past, Ended]:
    """The step after its last write, undisturbed."""
    bench, past = before(key)
    ended = Engine(bench, past).run(key)
    return bench, with_receipt(past, ended), ended


@every
def test_the_same_facts_give_the_same_plan(key: str) -> None:
    """Planning twice, by two processes, gives one fingerprint."""
    bench, past = before(key)
    assert bench.plan(key, past).fingerprint == bench.plan(key, past).fingerprint


@every
def test_an_hour_and_another_order_of_lists_void_no_approval(key: str) -> None:
    """Nothing has changed: the clock has moved, and the vendors list what there is backwards."""
    bench, past = before(key)
    shown = bench.plan(key, past).fingerprint
    bench.now += timedelta(hours=1)
    bench.project.access = dict(reversed(bench.project.access.items()))
    bench.project.custom = dict(reversed(bench.project.custom.items()))
    bench.zone.certificates = dict(reversed(bench.zone.certificates.items()))
    bench.zone.settings = dict(reversed(bench.zone.settings.items()))
    bench.world.addresses = bench.world.addresses[::-1]
    assert bench.plan(key, past).fingerprint == shown


@every
def test_observing_and_planning_write_nothing(key: str) -> None:
    """Whoever asks what would be done changes nothing by it."""
    bench, past = before(key)
    written = list(bench.world.writes)
    bench.plan(key, past)
    assert bench.world.writes == written


@every
def test_only_what_was_shown_is_written(key: str) -> None:
    """The writes of a step are the targets of its plan, each once."""
    bench, past = before(key)
    done = len(bench.world.writes)
    ended = Engine(bench, past).run(key)
    written = [target for write in bench.world.writes[done:] for target in write]
    assert sorted(written) == sorted(change.target for change in ended.plan.changes)


@every
def test_afterwards_there_is_nothing_to_do(key: str) -> None:
    """Satisfied means skipped, with the reasons in words."""
    bench, past, _ = carried_out(key)
    step = bench.steps()[key]
    facts = step.observe(SITE)
    assert step.plan(SITE, facts, past).nothing_to_do
    assert all(reason.strip() for reason in step.satisfied(SITE, facts, past))
    assert step.satisfied(SITE, facts, past)


@every
def test_it_is_proven_or_set_afterwards(key: str) -> None:
    """In a world in order the proof holds and says something."""
    bench, past, ended = carried_out(key)
    verdict = bench.verify(ended.plan, past)
    assert verdict.holds
    assert verdict.evidence


@every
def test_refused_visitors_are_no_proof(key: str) -> None:
    """Whatever the changed system says of itself, a refused visitor stands above it."""
    bench, past, ended = carried_out(key)
    if key == "undo-http-access":  # its visitors are those of the development environment
        staging = bench.project.access["staging"]
        bench.project.access["staging"] = replace(staging, enabled=True, users=("visitor",))
    else:
        bench.world.visitors = "broken"
    assert not bench.verify(ended.plan, past).holds


@every
def test_visitors_who_cannot_be_asked_are_no_proof(key: str) -> None:
    """Could-not-ask is neither yes nor no: no step goes on by it."""
    bench, past, ended = carried_out(key)
    bench.world.visitors = "inconclusive"
    verdict = bench.verify(ended.plan, past)
    assert verdict.state != "failed"
    assert not verdict.holds


@every
def test_without_a_baseline_nothing_is_proven(key: str) -> None:
    """A look that has nothing to be judged against says nothing."""
    bench, past, ended = carried_out(key)
    bare = replace(past, receipts={**past.receipts, "preflight": {}})
    assert not bench.verify(ended.plan, bare).holds or key.endswith("http-access")


def disturbances() -> list[tuple[str, str, int]]:
    """Every step with every place at which something may go wrong."""
    found = []
    for key in CHANGES:
        ended, (bench, past) = undisturbed(key), before(key)
        counting, first = Engine(bench, past), len(bench.world.writes)
        assert counting.run(key).plan == ended.plan
        writes = len(bench.world.writes) - first
        found += [(key, how, at) for how in ("killed", "cut off") for at in range(writes)]
        found += [(key, "not written down", at) for at in range(counting.answers)]
    return found


@pytest.mark.parametrize(("key", "how", "at"), disturbances())
def test_a_step_that_is_disturbed_ends_as_if_it_had_not_been(key: str, how: str, at: int) -> None:
    """Killed after any write, cut off, or its answer lost: once each, and the same receipt."""
    bench, past = before(key)
    engine = Engine(bench, past, forgets=how != "cut off")
    if how == "not written down":
        engine.lose = at
    else:
        bench.world.after_write = killing(bench, len(bench.world.writes) + at)
    ended = engine.run(key)
    bench.world.after_write = lambda: None

    calm, _, wanted = carried_out(key)
    assert outside(calm) == outside(bench)
    if key == "origin-certificate":  # a key that was lost gives a certificate of another name
        assert {bench.zone.certificates[ended.receipt["issued"]]} == {
            bench.project.custom[ended.receipt["installed"]]
        }
    else:
        assert wanted.receipt == ended.receipt
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


def test_the_world_of_the_tests_notices_a_write() -> None:
    """The control: what the tests compare with plans is really recorded."""
    world = World()
    world.write("a lamp")
    assert world.writes == [("a lamp",)]
    assert NOON.tzinfo is not None
