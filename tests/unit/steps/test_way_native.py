"""One commit on the branch: bound to the configuration, pushed once, followed to its end."""

import pytest

from steps.errors import PlanVoid, PreconditionFailed, PushRefused, StepError
from steps.step import Noted
from tests.doubles.platformsh import Ends
from tests.doubles.repository import Made
from tests.doubles.world import NOON
from tests.unit.steps.bench import Engine, Lost, before, killing, with_receipt

ROUTED = ("gate", "client-authentication", "undo-client-authentication")
routed = pytest.mark.parametrize("key", ROUTED)


@routed
def test_other_paths_may_move_meanwhile(key: str) -> None:
    """Somebody deployed other work after the yes: the same change is made on the new head."""
    bench, past = before(key)
    shown = bench.plan(key, past)
    bench.repository.somebody_pushes("app.py", b"print('new')\n")
    assert shown.fingerprint == bench.plan(key, past).fingerprint
    ended = Engine(bench, past).run(key)
    assert bench.repository.files["app.py"] == b"print('new')\n"
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


@routed
def test_the_configuration_may_not_move(key: str) -> None:
    """Another file of the configuration is another tree: the approval is void."""
    bench, past = before(key)
    shown = bench.plan(key, past)
    bench.repository.somebody_pushes(".platform/services.yaml", b"{}\n")
    assert shown.fingerprint != bench.plan(key, past).fingerprint
    with pytest.raises(PlanVoid, match="has changed since the plan was approved"):
        bench.steps()[key].apply(shown, {}, past=past, now=NOON)


@pytest.mark.parametrize("key", ROUTED[:2])
@pytest.mark.parametrize(("ends", "polls"), [("failure", 0), ("success", 5)])
def test_other_peoples_work_is_not_released(key: str, ends: Ends, polls: int) -> None:
    """A head whose own deployment failed or is under way: our push would bring it along."""
    bench, past = before(key)
    plan = bench.plan(key, past)
    bench.repository.somebody_pushes("app.py", b"print('odd')\n")
    head = bench.repository.commits[-1].sha
    run = bench.project.start("environment.push", "main", lambda _project: None, pushed=head)
    run.ends, run.polls = ends, polls
    with pytest.raises(PreconditionFailed, match="release other people's work"):
        bench.steps()[key].apply(plan, {}, past=past, now=NOON)


def test_the_way_back_goes_ahead_of_a_failed_deployment() -> None:
    """Getting back must be quick, and the failed deployment may be the very change."""
    bench, past = before("undo-client-authentication")
    newest = next(run for run in bench.project.runs if run.type == "environment.push")
    newest.ends = "failure"
    ended = Engine(bench, past).run("undo-client-authentication")
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "proven"


@routed
def test_somebody_was_quicker(key: str) -> None:
    """A push between our note and ours: the commit is made anew on the new head, once."""
    bench, past = before(key)
    plan, step = bench.plan(key, past), bench.steps()[key]
    noted = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    bench.repository.somebody_pushes("app.py", b"print('new')\n")
    again = step.apply(plan, noted.notes, past=past, now=NOON)
    assert isinstance(again, Noted)
    assert noted.notes["commit"] != again.notes["commit"]
    commits = len(bench.repository.commits)
    step.apply(plan, {**noted.notes, **again.notes}, past=past, now=NOON)
    assert len(bench.repository.commits) == commits + 1


@routed
def test_work_pushed_on_top_of_ours_changes_nothing(key: str) -> None:
    """Our push is known by the commit that it brought, not by being the head."""
    bench, past = before(key)
    bench.world.after_write = killing(bench, len(bench.world.writes))
    engine = Engine(bench, past, stays_down=True)
    with pytest.raises(Lost):
        engine.run(key)
    bench.repository.somebody_pushes("app.py", b"print('on top')\n")
    commits = len(bench.repository.commits)
    ended = engine.resume(key)
    assert commits == len(bench.repository.commits)
    assert ended.notes["commit"] == bench.repository.commits[-2].sha


@routed
@pytest.mark.parametrize("ends", ["failure", "cancelled"])
def test_a_deployment_that_comes_to_nothing_is_tried_again_by_retry(key: str, ends: Ends) -> None:
    """Told with the end of the log; Retry pushes a commit of its own with the same files.

    A redeploy would bring the commit that is deployed, not the one that failed.
    """
    bench, past = before(key)
    commits = len(bench.repository.commits)
    bench.project.ends = [ends]
    engine = Engine(bench, past)
    with pytest.raises(StepError, match="no space left"):
        engine.run(key)
    failed = bench.repository.commits[-1].sha
    ended = engine.resume(key)
    assert len(bench.repository.commits) == commits + 2
    assert bench.world.deployed_commit == bench.repository.commits[-1].sha != failed
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


@routed
def test_a_staged_deployment_is_told_and_not_pushed_again(key: str) -> None:
    """Staged is not success; somebody has to deploy it, and the commit is there once."""
    bench, past = before(key)
    commits = len(bench.repository.commits)
    bench.project.ends = ["staged"]
    engine = Engine(bench, past)
    with pytest.raises(StepError, match="staged"):
        engine.run(key)
    with pytest.raises(StepError, match="staged"):
        engine.resume(key)
    assert len(bench.repository.commits) == commits + 1


def test_a_push_that_is_refused_leaves_the_branch() -> None:
    """The double refuses as a git server does: the control of the tests above."""
    bench, _ = before("gate")
    head = bench.repository.head("", "main")
    made = bench.repository.commit(head, {"a": b"1"}, message="x", at=NOON)
    bench.repository.somebody_pushes("app.py", b"2")
    with pytest.raises(PushRefused):
        bench.repository.push("", "main", made, expected=head.commit)


@routed
def test_somebody_quicker_than_the_push_is_not_waited_for(key: str) -> None:
    """Refused because the branch has moved: made anew on it without anybody pressing Retry."""
    bench, past = before(key)
    push = bench.repository.push
    others = iter([b"print('new')\n"])

    def overtaken(project: str, environment: str, commit: Made, *, expected: str) -> None:
        for content in others:
            bench.repository.somebody_pushes("app.py", content)
        push(project, environment, commit, expected=expected)

    bench.repository.push = overtaken  # type: ignore[method-assign]
    ended = Engine(bench, past).run(key)
    assert bench.repository.files["app.py"] == b"print('new')\n"
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds


@routed
def test_a_refusal_that_is_not_about_the_branch_is_told(key: str) -> None:
    """The control: the branch has not moved, so the server means it."""
    bench, past = before(key)

    def refuses(project: str, environment: str, commit: Made, *, expected: str) -> None:
        raise PushRefused("No.", service="git", doing="push")

    bench.repository.push = refuses  # type: ignore[method-assign]
    with pytest.raises(PushRefused):
        Engine(bench, past).run(key)


@routed
def test_a_commit_that_is_not_the_noted_one_is_noted_before_it_is_pushed(key: str) -> None:
    """Another author in the settings since: what a kill would look for must be on record."""
    bench, past = before(key)
    plan, step = bench.plan(key, past), bench.steps()[key]
    noted = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    commits = len(bench.repository.commits)
    other = {**noted.notes, "commit": "0" * 40}
    again = step.apply(plan, other, past=past, now=NOON)
    assert isinstance(again, Noted)
    assert len(bench.repository.commits) == commits
    step.apply(plan, {**other, **again.notes}, past=past, now=NOON)
    assert bench.repository.commits[-1].sha == again.notes["commit"]
