"""A change comes in by every way that people host code, over real git and real HTTP."""

import subprocess
from pathlib import Path

from sandbox.faults import Fault
from sandbox.platformsh.activities import Trouble
from sandbox.platformsh.repository import git_environment
from tests.e2e.stage import Stage, stage

TITLE = "Client authentication at the origin"
ROUTES = ".platform/routes.yaml"


def git(place: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Git itself, as somebody who commits."""
    who = {f"GIT_COMMITTER_{what}": "them@example.com" for what in ("NAME", "EMAIL")}
    done = subprocess.run(["git", *arguments], cwd=place, input=stdin, check=True,
                          capture_output=True, env=git_environment() | who)  # fmt: skip
    return done.stdout.decode()


def to_the_card(on: Stage) -> None:
    """A run in a world where only this step is missing; its card is shown."""
    on.begin(prepared=True)
    on.start()
    on.approve("Development mode on")
    on.card(TITLE, "Waiting for a yes")


def test_pull_requests_close_the_origin_and_open_it_again(tmp_path: Path) -> None:
    """Squash, then a merge: two requests, each opened once, and no visitor is refused."""
    with stage(tmp_path, code="github", gate=False) as on:
        on.begin(visitors=True, prepared=True)
        with on.reviewed("squash", "merge"):
            on.close_origin()
            assert on.world.direct.measure() == "closed"
            on.undo()
        requests = on.hosted().requests
        assert [r.title.split()[0] for r in requests] == ["Require", "Stop"]
        assert [r.state for r in requests] == ["merged"] * 2
        assert "refuses every visitor" in requests[0].text
        assert on.world.direct.measure() == "open"
        assert on.world.journal.writes("git") == ()
        assert on.secrets_found() == []
        assert on.world.visitors.stop().failures == ()


def test_a_merge_request_is_declined_then_offered_again_and_rebased(tmp_path: Path) -> None:
    """Closed unmerged changes nothing; the retry offers a new one, and its deployment is proven.

    The bot is killed after its commit and after its request: both are there once.
    """
    with stage(tmp_path, code="gitlab", gate=False) as on:
        to_the_card(on)
        for path in ("repository/commits$", "merge_requests$"):
            on.world.faults.add(
                Fault("gitlab", "POST", path, "cut-after", on_hit=on.world.bot.restart)
            )
        before = on.world.platformsh.head()
        on.approve(TITLE)
        waiting = on.card(TITLE, "somebody to merge the merge request http")
        assert f"{on.hosted().name}/-/merge_requests/1" in waiting["text"]
        assert [r.number for r in on.hosted().requests] == [1]
        assert len(on.world.journal.writes("gitlab")) == 2
        on.hosted().close(1)
        failed = on.card(TITLE, "declined there")
        assert on.world.platformsh.head() == before
        on.press(failed, "retry")
        on.approve(TITLE)
        on.wait(lambda: len(on.hosted().requests) == 2)
        on.hosted().merge(2, "rebase")
        on.finish()
        assert on.world.direct.measure() == "closed"


def test_a_patch_is_brought_in_by_hand(tmp_path: Path) -> None:
    """The file in the thread is applied with the real git am, and the deployment shows it."""
    with stage(tmp_path, code="elsewhere", gate=False) as on:
        to_the_card(on)
        on.approve(TITLE)
        on.card(TITLE, "somebody to bring in the patch")
        name, patch = on.wait(on.files)[0]
        assert "-client-authentication-" in name
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(on.world.platformsh.repository), str(clone))
        git(clone, "am", stdin=patch)
        on.world.platformsh.mirrored(clone, "main", "bitbucket")
        on.finish()
        assert on.world.direct.measure() == "closed"
        assert on.world.journal.writes("git") == ()


def test_a_branch_moves_a_build_fails_and_what_is_staged_is_deployed(tmp_path: Path) -> None:
    """Other work comes between plan and push, then the build fails, then the push is only staged.

    Made anew on the other work; told with the end of the log while the origin serves what it
    served; brought in again by the retry, and released once.
    """
    with stage(tmp_path, gate=False) as on:
        vendor = on.world.platformsh
        to_the_card(on)
        other = vendor.commit("main", {"docs/more.md": b"more\n"})
        vendor.settle()
        vendor.project.environments["main"].manual_deployments = True
        vendor.trouble(Trouble("failure", "environment.push"))
        on.press(on.card(TITLE, "Waiting for a yes"), "approve")
        on.press(on.card(TITLE, "release of the staged deployment"), "approve")
        failed = on.card(TITLE, "The deployment did not succeed")
        assert "Error building project" in failed["text"]
        assert "Undo takes the change back" in failed["text"]
        assert on.world.direct.measure() == "open"
        assert git(vendor.repository, "rev-parse", "main^").strip() == other
        on.press(failed, "retry")
        on.wait(lambda: len(on.world.journal.writes("git")) == 2)
        on.finish()
        assert on.world.direct.measure() == "closed"
        kinds = [a.type for a in vendor.activities.listed("main")]
        assert kinds.count("environment.deploy") == 1
