"""How often the bot speaks; a full run at the pause of production is counted by `make long`."""

import json
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs

from sandbox.journal import Recorded

SPOKEN = ("/api/chat.postMessage", "/api/chat.update")


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


def test_the_count_sees_a_storm() -> None:
    """The negative control: three in a second are three, also across a full second's edge."""
    assert busiest([0.0, 0.9, 1.1, 1.8, 5.0]) == 3
    assert busiest([0.0, 1.0, 2.0]) == 1
