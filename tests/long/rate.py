"""`make long`: never more messages than Slack likes, and a handful a step."""

from collections import Counter
from pathlib import Path

from sandbox.slack.people import SITE_OPS
from sandbox.timings import Timings
from sandbox.world import Scenario, World
from steps import rollout
from tests.e2e.stage import Stage, authorities
from tests.e2e.test_rate import busiest, spoken

MOST_A_SECOND, MOST_A_STEP = 2, 4
AT_ONCE = Scenario(Timings(0.0, 0.0, 0.0, 0.0, 0.0), 0.0, 0.02, 0.0, slack_pause_seconds=1.0)
"""Vendors that answer as soon as they are asked, and the pause of production."""


def test_a_full_run_speaks_at_most_twice_a_second_and_four_times_a_step(tmp_path: Path) -> None:
    """Posts and updates of a whole run, as Slack's journal has them."""
    world = World(AT_ONCE, tmp_path, authorities())
    try:
        on = Stage(world)
        on.begin()
        on.close_origin()
        said = spoken(world.journal.all("slack"), SITE_OPS)
    finally:
        world.close()
    assert busiest([r.at for r in said]) <= MOST_A_SECOND
    kinds = Counter(r.path for r in said)
    steps = len(rollout("no-downtime"))
    assert kinds["/api/chat.postMessage"] >= steps
    assert len(said) <= MOST_A_STEP * steps, kinds
