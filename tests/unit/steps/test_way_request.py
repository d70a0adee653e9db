"""A pull request: opened when merging is safe, watched while it is open, compared when merged."""

import pytest

from steps.errors import NotAsApproved, PreconditionFailed, RequestClosed, StepError
from steps.step import Noted, Past, Waiting
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

GITHUB = "github:example/shop"
KEY = "client-authentication"
LINK = "https://github.com/example/shop/pull/2"


def opened(key: str = KEY) -> tuple[Bench, Past, Engine, Waiting]:
    """A run that waits for its request to be merged."""
    bench, past = before(key, GITHUB)
    bench.host.people = "wait"
    engine = Engine(bench, past)
    engine.plan = bench.plan(key, past)
    step = bench.steps()[key]
    while True:
        outcome = step.apply(engine.plan, engine.notes, past=past, now=NOON)
        if isinstance(outcome, Waiting):
            engine.waiting = outcome
            return bench, past, engine, outcome
        assert isinstance(outcome, Noted)
        engine.notes = {**engine.notes, **outcome.notes}


def test_the_link_is_what_is_waited_for() -> None:
    """The card of the step shows whatever is waited for: the request, as a link."""
    _, _, engine, waiting = opened()
    assert waiting.what == f"somebody to merge the pull request {LINK}"
    assert waiting.handle["request"] == LINK
    assert engine.notes["branch"] == "mtls-bot/R1-client-authentication"


def test_the_wait_for_people_grows_slack() -> None:
    """Looked at often at first, then every minute, for two weeks."""
    bench, past, engine, waiting = opened()
    step = bench.steps()[KEY]
    soon = step.poll(engine.plan, waiting, past=past, now=NOON)
    later = step.poll(engine.plan, waiting, past=past, now=NOON.replace(day=27))
    assert isinstance(soon, Waiting)
    assert isinstance(later, Waiting)
    assert (soon.look_again_at - NOON).total_seconds() == 5
    assert (later.look_again_at - NOON.replace(day=27)).total_seconds() == 60
    assert (waiting.give_up_at - NOON).days == 14


def test_closed_without_a_merge_is_declined() -> None:
    """Nothing has changed, and a retry offers a new one under a new name."""
    bench, past, engine, _ = opened()
    bench.host.people, bench.host.looks = "close", 0
    commits = list(bench.repository.commits)
    with pytest.raises(RequestClosed, match="declined there"):
        engine.resume(KEY)
    assert bench.repository.commits == commits
    bench.host.people = "merge"
    ended = Engine(bench, past).run(KEY)
    assert ended.notes["branch"] == "mtls-bot/R1-client-authentication-2"
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


def test_what_was_merged_must_be_what_was_approved() -> None:
    """A merge with another change in the same file does not count, and is told by its path."""
    bench, _, engine, _ = opened()
    bench.host.people, bench.host.looks = "merge", 0
    bench.host.merges = "# somebody else's\n"
    with pytest.raises(NotAsApproved, match=r"\.platform/routes\.yaml"):
        engine.resume(KEY)


def test_origin_pulls_that_go_off_close_the_request_before_anybody_merges_it() -> None:
    """Merging would refuse every visitor from then on; a retry offers it again once they are on."""
    bench, past, engine, _ = opened()
    bench.zone.settings["tls_client_auth"] = "off"
    with pytest.raises(RequestClosed, match=r"origin pulls are off.*was closed before"):
        engine.resume(KEY)
    assert bench.host.made[0].state == "closed"
    with pytest.raises(PreconditionFailed, match="origin pulls are off"):
        bench.plan(KEY, past)


def test_origin_pulls_that_go_off_after_the_merge_are_told_loudly() -> None:
    """Nothing can be closed any more: the wait itself says what is about to happen."""
    bench, past, engine, waiting = opened()
    bench.host.people, bench.host.looks = "merge", 0
    bench.zone.settings["tls_client_auth"] = "off"
    step = bench.steps()[KEY]
    deploying = step.poll(engine.plan, waiting, past=past, now=NOON)
    assert isinstance(deploying, Waiting)
    assert "CAREFUL: Authenticated origin pulls are off." in deploying.what
    bench.zone.settings["tls_client_auth"] = "on"
    calm = Engine(bench, past, notes=engine.notes, waiting=deploying)
    calm.plan = engine.plan
    assert calm.resume(KEY).receipt["request"] == LINK


def test_nothing_is_opened_while_merging_it_would_refuse_visitors() -> None:
    """Origin pulls that went off between the card and the request: not even a branch."""
    bench, past = before(KEY, GITHUB)
    plan, requests = bench.plan(KEY, past), list(bench.host.made)
    bench.zone.settings["tls_client_auth"] = "off"
    with pytest.raises(PreconditionFailed, match="No pull request was opened"):
        bench.steps()[KEY].apply(plan, {}, past=past, now=NOON)
    assert bench.host.made == requests


def test_a_branch_that_somebody_changed_is_not_offered() -> None:
    """Its files are compared before the request is opened."""
    bench, past = before(KEY, GITHUB)
    plan, step = bench.plan(KEY, past), bench.steps()[KEY]
    notes: dict[str, str] = {}
    for _ in range(2):
        outcome = step.apply(plan, notes, past=past, now=NOON)
        assert isinstance(outcome, Noted)
        notes |= outcome.notes
    branch = bench.host.branches[notes["branch"]]
    other = bench.repository.commit(
        bench.repository.head("", "main"), {".platform/routes.yaml": b"{}\n"}, message="x", at=NOON
    )
    bench.host.branches[notes["branch"]] = other
    with pytest.raises(NotAsApproved, match="The branch of the request"):
        step.apply(plan, notes, past=past, now=NOON)
    assert branch.sha != other.sha


def test_visitors_who_are_refused_get_a_second_request() -> None:
    """The way back asks for a merge under the same approval, and says who waits for it."""
    bench, _, engine, _ = opened()
    bench.host.people, bench.host.looks = "merge", 0
    bench.world.presents = False
    with pytest.raises(StepError, match="old routes were deployed again"):
        engine.resume(KEY)
    assert [r.branch.removeprefix("mtls-bot/R1-") for r in bench.host.made] == [
        "client-authentication-back", "client-authentication", "gate",
    ]  # fmt: skip
    assert bench.repository.mode() == "request"


def test_the_undo_closes_what_could_still_be_merged() -> None:
    """Merged after origin pulls are off it would refuse everybody: closing is a change of its own.

    The control: a request of another run is left alone.
    """
    bench, past, engine, _ = opened()
    mine = {**past.receipts, KEY: engine.notes}
    bench.host.made.insert(
        0, type(bench.host.made[0])("9", "https://x", "mtls-bot/R2-gate", "open")
    )
    turned = Past(mine, run="R1", approved_by="U1")
    plan = bench.plan("undo-client-authentication", turned)
    assert [c.target for c in plan.changes if c.after == "closed"] == [f"request 2 · {LINK}"]
    bench.host.people = "merge"
    Engine(bench, turned).run("undo-client-authentication")
    states = {r.number: r.state for r in bench.host.made}
    assert (states["2"], states["9"]) == ("closed", "open")
    assert bench.repository.mode() == ""


def test_a_request_that_was_merged_while_the_undo_was_read_plans_it_anew() -> None:
    """Closing comes too late: the way back is planned on what is there now."""
    bench, past, engine, _ = opened()
    turned = Past({**past.receipts, KEY: engine.notes}, run="R1")
    plan = bench.plan("undo-client-authentication", turned)
    bench.host.people, bench.host.looks = "merge", 0
    bench.host.request("example/shop", "2")
    with pytest.raises(NotAsApproved, match="merged meanwhile"):
        bench.steps()[plan.step].apply(plan, {}, past=turned, now=NOON)
    again = bench.plan("undo-client-authentication", turned)
    assert not [c for c in again.changes if c.after == "closed"]


def test_a_failed_build_is_put_right_by_a_later_commit() -> None:
    """Told with the log; whoever merges a fix brings ours along, and Retry sees it."""
    bench, past, engine, _ = opened()
    bench.host.people, bench.host.looks = "merge", 0
    bench.project.ends = ["failure"]
    with pytest.raises(StepError, match="no space left"):
        engine.resume(KEY)
    head = bench.repository.head("", "main")
    bench.repository.arrive(
        bench.repository.commit(head, {"app.py": b"fixed\n"}, message="Fix", at=NOON)
    )
    bench.project.activities("", environment="main", type="environment.push")
    bench.project.activities("", environment="main", type="environment.push")
    ended = engine.resume(KEY)
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


def test_what_makes_a_request_impossible_is_told_beforehand() -> None:
    """A token without the right, and a mirror that is behind; the control is a world in order."""
    bench, _ = before(KEY, GITHUB)
    way = bench.steps()[KEY].ground.ways.of(SITE)  # type: ignore[attr-defined]
    assert way.unfit(SITE) == ()
    head = bench.repository.head("", "main")
    bench.repository.commits.append(
        bench.repository.commit(head, {"app.py": b"new\n"}, message="Not fetched yet", at=NOON)
    )
    bench.host.rights = False
    told = way.unfit(SITE)
    assert "may not make branches" in told[0]
    assert "the integration is behind" in told[1]
