"""A push without a clone: real SSH, a real bare repository, and git itself as the witness."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox.faults import Fault
from steps.errors import PreconditionFailed, PushRefused, Unreachable
from tests.contract.repository_world import AT, CA, ROUTES, P, World, running_world


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The running world, without the trouble of the test before."""
    yield running
    running.settle()


def test_a_push_changes_the_named_files_and_git_finds_it_sound(world: World) -> None:
    """`git fsck --strict` is content, and the diff shows the two files and no other."""
    head = world.client.head(P, "main")
    routes = world.client.read(head, ROUTES)
    assert routes == world.git("show", f"main:{ROUTES}").encode()
    changes = {ROUTES: routes + b"# end\n", CA: b"first\n"}
    made = world.client.commit(head, changes, message="Require client certificates", at=AT)
    world.client.push(P, "main", made, expected=head.commit)
    assert world.vendor.head() == made.sha
    world.git("fsck", "--full", "--strict")
    assert world.git("diff", "--name-only", head.commit, made.sha).split() == [CA, ROUTES]
    assert world.git("diff", "--numstat", head.commit, made.sha, "--", ROUTES).split()[:2] == [
        "1",
        "0",
    ]
    said = world.git("log", "-1", "--format=%an <%ae> %at %P %s", made.sha).strip()
    assert said == (
        f"mTLS bot <bot@example.com> 1795521600 {head.commit} Require client certificates"
    )


def test_a_push_comes_back_at_once_and_starts_the_activity_of_its_commit(world: World) -> None:
    """PLATFORMSH_PUSH_NO_WAIT arrives; the activity is matched by what it brought."""
    head = world.client.head(P, "main")
    made = world.made(text=b"activity\n", head=head)
    world.client.push(P, "main", made, expected=head.commit)
    assert ("PLATFORMSH_PUSH_NO_WAIT", "1") in world.arrivals(made.sha)[0].headers
    found = world.client.platformsh.activities(P, environment="main", type="environment.push")
    assert made.sha in [activity.pushed for activity in found]


def test_a_push_that_is_there_already_is_done(world: World) -> None:
    """After a kill the same commit is pushed again: nothing happens, and nothing is wrong."""
    head = world.client.head(P, "main")
    made = world.made(text=b"twice\n", head=head)
    world.client.push(P, "main", made, expected=head.commit)
    assert len(world.arrivals(made.sha)) == 1
    world.client.push(P, "main", made, expected=head.commit)
    assert world.vendor.head() == made.sha
    assert len(world.arrivals(made.sha)) == 1


def test_a_stale_commit_never_overwrites_a_newer_head(world: World) -> None:
    """The check of the old SHA is ours: dulwich would send whatever the server advertised."""
    stale = world.made(text=b"stale\n")
    theirs = world.vendor.commit("main", {"docs/news.md": b"somebody else's\n"})
    with pytest.raises(PushRefused, match="no longer at"):
        world.client.push(P, "main", stale, expected=stale.parent)
    assert world.vendor.head() == theirs
    with pytest.raises(PushRefused, match="is gone"):
        world.client.push(P, "never-there", stale, expected=stale.parent)


def test_a_refusal_that_is_no_exception_in_dulwich_is_one_here(world: World) -> None:
    """A hook declines: the status of the ref is read, and the branch is as it was."""
    hook = world.vendor.repository / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    head = world.client.head(P, "main")
    with pytest.raises(PushRefused, match="declined"):
        world.client.push(P, "main", world.made(text=b"hook\n", head=head), expected=head.commit)
    assert world.vendor.head() == head.commit


def test_a_pack_that_lacks_objects_is_refused(world: World) -> None:
    """The server looks too: a commit whose tree it does not have is not taken."""
    head = world.client.head(P, "main")
    made = world.made(text=b"lacking\n", head=head)
    with pytest.raises(PushRefused):
        world.client.push(
            P, "main", replace(made, objects=made.objects[:1]), expected=head.commit
        )  # fmt: skip
    assert world.vendor.head() == head.commit


def test_an_answer_that_does_not_come_is_not_called_a_refusal(world: World) -> None:
    """The connection ends after the effect: unreachable, and the head tells that it is there."""
    head = world.client.head(P, "main")
    made = world.made(text=b"cut\n", head=head)
    world.faults.add(Fault("git", "POST", "receive-pack", "cut-after"))
    with pytest.raises(Unreachable) as caught:
        world.client.push(P, "main", made, expected=head.commit)
    assert "looked at" in caught.value.hint
    assert world.client.head(P, "main").commit == made.sha


def test_a_connection_that_ends_before_the_push_changes_nothing(world: World) -> None:
    """Silence is no denial."""
    head = world.client.head(P, "main")
    world.faults.add(Fault("git", "POST", "receive-pack", "cut-before"))
    with pytest.raises(Unreachable):
        world.client.push(P, "main", world.made(text=b"before\n", head=head), expected=head.commit)
    assert world.vendor.head() == head.commit


@pytest.mark.parametrize("missing", [".platform", "docs", "routes.yaml"])
def test_a_tree_that_the_api_does_not_tell_whole_is_fetched(world: World, missing: str) -> None:
    """An entry without a SHA: the commit itself is fetched, and the result is as sound."""
    world.telling.without_sha = missing
    head = world.client.head(P, "main")
    assert world.git("rev-parse", "main:.platform").strip() == head.config_tree
    assert world.client.read(head, ROUTES) == world.git("show", f"main:{ROUTES}").encode()
    made = world.made(text=missing.encode(), head=head)
    world.client.push(P, "main", made, expected=head.commit)
    world.git("fsck", "--full", "--strict")
    assert world.git("diff", "--name-only", head.commit, made.sha).split() == [CA]


def test_names_that_json_cannot_hold_survive_a_push(world: World) -> None:
    """A name that is no UTF-8 arrives damaged; the tree is fetched and the file stays."""
    odd = b"docs-\xff.txt"
    program = shutil.which("git")
    assert program is not None
    stream = (
        b"commit refs/heads/main\ncommitter S <s@example.com> 1767225700 +0000\ndata 1\nx\n"
        b"from " + world.vendor.head().encode() + b"\nM 100644 inline " + odd + b"\ndata 1\nx\n"
        b"M 120000 inline .platform/link\ndata 1\nx\n\n"
    )
    subprocess.run(
        [program, "fast-import", "--quiet"], cwd=world.vendor.repository, input=stream, check=True
    )
    head = world.client.head(P, "main")
    made = world.made(text=b"odd\n", head=head)
    world.client.push(P, "main", made, expected=head.commit)
    assert world.git("diff", "--name-only", head.commit, made.sha).split() == [CA]
    assert "docs-\\377.txt" in world.git("ls-tree", "--name-only", made.sha)
    with pytest.raises(PreconditionFailed, match="link"):
        world.client.read(head, ".platform/link")


def test_another_branch_is_read_at_its_own_head(world: World) -> None:
    """And a file that is not there is None."""
    head = world.client.head(P, "staging")
    assert world.client.read(head, ".platform/never.there") is None
    assert head.commit == world.vendor.head("staging")
