"""`make long`: SIGKILL at every write of a rollout and of its undo."""

from pathlib import Path

from tests.e2e.test_crash import NEVER_ARRIVED, POSTS, WRITES, WRITES_BACK, killed


def test_killed_at_every_write_the_run_completes(tmp_path: Path) -> None:
    """Twenty-seven times in one run and its undo."""
    killed(tmp_path, before=NEVER_ARRIVED, after=(*WRITES, *POSTS), back=WRITES_BACK)
