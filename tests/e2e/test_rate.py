"""How often the bot speaks: never more than Slack likes, and a handful of messages a step."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import parse_qs

from sandbox.journal import Recorded
from sandbox.slack.people import SITE_OPS
from sandbox.timings import Timings
from sandbox.world import Scenario, World
from steps import rollout
from tests.e2e.stage import Stage, authorities

SPOKEN = ("/api/chat.postMessage", "/api/chat.update")
MOST_A_SECOND, MOST_A_STEP = 2, 4


def spoken(requests: Iterable[Recorded], channel: str) -> list[Recorded]:
    """Posts and updates in the channel, as they came in."""
    return [r for r in requests if r.path in SPOKEN and _channel(r) == channel]


def _channel(request: Recorded) -> str:
    body = request.body.decode()
    if body.startswith("{"):
        return str(json.loads(body).get("channel", ""))
    return parse_qs(body).get("channel", [""])[0]


def busiest(times: Sequence[float]) -> int:
    """How many fell into one second, at the most."""
    return max((sum(0 <= t - first < 1 for t in times) for first in times), default=0)


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


def test_the_count_sees_a_storm() -> None:
    """The negative control: three in a second are three, also across a full second's edge."""
    assert busiest([0.0, 0.9, 1.1, 1.8, 5.0]) == 3
    assert busiest([0.0, 1.0, 2.0]) == 1
