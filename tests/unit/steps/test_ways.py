"""Every way in carries the three routed steps out once, whatever happens in between."""

import pytest

from steps.errors import PreconditionFailed, StepError
from tests.doubles.world import SITE
from tests.unit.steps.bench import Bench, Engine, before, killing, undisturbed, with_receipt

ROUTED = ("gate", "client-authentication", "undo-client-authentication")
GITHUB = "github:example/shop"
WAYS = (("native", True), (GITHUB, False), (GITHUB, True))
routed = pytest.mark.parametrize("key", ROUTED)
by_ways = pytest.mark.parametrize(("way", "manual"), WAYS)


def outside(bench: Bench) -> dict[str, object]:
    """What there is, in values that two runs can be compared by."""
    return {
        "commits": [commit.sha for commit in bench.repository.commits],
        "deployments": [run.type for run in bench.project.runs],
        "deployed": bench.world.deployed_commit,
        "branches": {name: made.sha for name, made in bench.host.branches.items()},
        "requests": [(r.branch, r.state) for r in bench.host.made],
    }


def disturbances() -> list[tuple[str, str, bool, str, int]]:
    """Every routed step by every way, with every place at which something may go wrong."""
    found = []
    for way, manual in WAYS:
        for key in ROUTED:
            bench, past = before(key, way, manual=manual)
            counting, first = Engine(bench, past), len(bench.world.writes)
            counting.run(key)
            writes = len(bench.world.writes) - first
            found += [(key, way, manual, how, at) for how in ("killed", "cut off")
                      for at in range(writes)]  # fmt: skip
            found += [(key, way, manual, "not written down", at)
                      for at in range(counting.answers)]  # fmt: skip
    return found


@pytest.mark.parametrize(("key", "way", "manual", "how", "at"), disturbances())
def test_a_disturbed_way_ends_as_if_it_had_not_been(
    key: str, way: str, manual: bool, how: str, at: int
) -> None:
    """One branch, one request, one commit, one release: killed, cut off or forgotten."""
    bench, past = before(key, way, manual=manual)
    engine = Engine(bench, past, forgets=how != "cut off")
    if how == "not written down":
        engine.lose = at
    else:
        bench.world.after_write = killing(bench, len(bench.world.writes) + at)
    ended = engine.run(key)
    bench.world.after_write = lambda: None
    calm, calm_past = before(key, way, manual=manual)
    wanted = Engine(calm, calm_past).run(key)
    assert outside(calm) == outside(bench)
    assert wanted.receipt == ended.receipt
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


@routed
@by_ways
def test_only_what_was_shown_is_written(key: str, way: str, manual: bool) -> None:
    """Branch, request and release are changes of the plan like the files, each once."""
    bench, past = before(key, way, manual=manual)
    done = len(bench.world.writes)
    ended = Engine(bench, past).run(key)
    written = [target for write in bench.world.writes[done:] for target in write]
    assert sorted(written) == sorted(change.target for change in ended.plan.changes)


@routed
@by_ways
def test_afterwards_there_is_nothing_to_do(key: str, way: str, manual: bool) -> None:
    """Satisfied means skipped by every way."""
    bench, past = before(key, way, manual=manual)
    ended = Engine(bench, past).run(key)
    step = bench.steps()[key]
    assert step.plan(SITE, step.observe(SITE), with_receipt(past, ended)).nothing_to_do


@pytest.mark.parametrize("way", ["native", GITHUB, "patch:Bitbucket"])
def test_the_card_says_who_must_act_on_the_way_back(way: str) -> None:
    """Nobody, whoever may merge, or whoever applies a patch; and that it takes a deployment."""
    bench, past = before("client-authentication")
    bench.host.way = way
    plan = bench.plan("client-authentication", past)
    who = {"native": "nobody has to merge", GITHUB: "must merge it", "patch:Bitbucket": "bring it"}
    assert who[way] in plan.way_back
    assert "deployment" in plan.way_back
    assert plan.inputs["way"] == way


def test_another_way_in_voids_an_approval() -> None:
    """A project that gets an integration between card and click is planned anew."""
    bench, past = before("gate")
    shown = bench.plan("gate", past).fingerprint
    bench.host.way = GITHUB
    assert bench.plan("gate", past).fingerprint != shown


def test_other_peoples_staged_work_is_not_released() -> None:
    """Only our commit is staged, or nothing is deployed by us."""
    bench, past = before("gate", manual=True)
    other = bench.project.start("environment.domain.create", "main", lambda _project: None)
    other.ends, other.polls = "staged", 0
    with pytest.raises(PreconditionFailed, match=r"Other people's work is staged.*domain"):
        Engine(bench, past).run("gate")
    assert not [r for r in bench.project.runs if r.type == "environment.deploy"]


def test_a_release_that_fails_is_told_with_its_log() -> None:
    """What was staged did not deploy: the end of the log, and the push is not repeated."""
    bench, past = before("gate", manual=True)
    bench.project.ends = ["staged", "failure"]
    commits = len(bench.repository.commits)
    with pytest.raises(StepError, match="no space left"):
        Engine(bench, past).run("gate")
    assert len(bench.repository.commits) == commits + 1


def test_a_push_that_somebody_deploys_by_hand_is_taken() -> None:
    """A person pressed the button before the bot looked: nothing is deployed twice."""
    bench, past = before("gate", manual=True)
    bench.project.ends = ["success"]
    ended = Engine(bench, past).run("gate")
    assert not [r for r in bench.project.runs if r.type == "environment.deploy"]
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


def test_the_journey_by_requests_has_the_same_result() -> None:
    """The control of the doubles: all three ways leave the routes as they were."""
    for way, manual in WAYS:
        bench, past = before("undo-client-authentication", way, manual=manual)
        Engine(bench, past).run("undo-client-authentication")
        assert bench.repository.mode() == ""
        assert undisturbed("gate", way, manual=manual).receipt["commit"]
