"""The bot's own overhead for a rollout: everything outside answers at once."""

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from sandbox.journal import Recorded
from sandbox.timings import Timings
from sandbox.world import Scenario, World
from tests.bench.measure import Measured
from tests.e2e.stage import Stage

AT_ONCE = Scenario(Timings(0.0, 0.0, 0.0, 0.0, 0.0), 0.0, 0.02, 0.0, slack_pause_seconds=0.0)


def rollout_overhead() -> Iterator[Measured]:
    """Wall and CPU of a rollout, beside a bare client that sends the same reads again."""
    with tempfile.TemporaryDirectory() as directory:
        world = World(AT_ONCE, Path(directory))
        try:
            stage = Stage(world)
            stage.begin()
            began, before = time.perf_counter(), _children()
            stage.close_origin()
            wall = time.perf_counter() - began
            world.bot.stop()
            processor = _children() - before
            asked = [r for r in world.journal.all() if r.service in ("cloudflare", "platformsh")]
            bare_wall, bare_processor = _replayed(world, asked)
        finally:
            world.close()
    yield Measured("rollout: wall, vendors answering at once", wall, "s", bare_wall, 10)
    yield Measured("rollout: processor of the bot, start included", processor, "s",
                   bare_processor, 30)  # fmt: skip


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _replayed(world: World, asked: list[Recorded]) -> tuple[float, float]:
    """The same reads by a bare client: what no bot could do without."""
    bases = {"cloudflare": world.cloudflare.api_url, "platformsh": world.platformsh.api_url}
    tokens = {"cloudflare": world.cloudflare.token, "platformsh": _access_token(world)}
    began, before = time.perf_counter(), time.thread_time()
    with httpx.Client() as client:
        for one in (r for r in asked if r.method == "GET"):
            host = bases[one.service].removesuffix("/client/v4")
            client.get(
                f"{host}{one.path}?{one.query}",
                headers={"authorization": f"Bearer {tokens[one.service]}"},
            )
    return time.perf_counter() - began, time.thread_time() - before


def _access_token(world: World) -> str:
    vendor = world.platformsh
    form = {"grant_type": "api_token", "api_token": vendor.api_token}
    answer = httpx.post(
        f"{vendor.auth_url}/oauth2/token", data=form, auth=("platform-api-user", "")
    )
    return str(answer.json()["access_token"])
