"""`make sandbox`: the whole product on this machine, with no account."""

import os
import signal
import sys
import threading
from dataclasses import replace
from typing import Literal

from sandbox.auto import drive
from sandbox.people_acting import reviewed
from sandbox.world import Scenario, World


def main() -> int:
    """AUTO=1 drives a run by itself; otherwise the page waits for a person.

    CODE=github or gitlab puts the code there; somebody merges each request after a while.
    """
    scenario = replace(Scenario.demo(), code=_code(os.environ.get("CODE", "")))
    if os.environ.get("AUTO"):
        order: Literal["published", "no-downtime"] = (
            "published" if os.environ.get("ORDER") == "published" else "no-downtime"
        )
        return drive(scenario, order=order, undo=bool(os.environ.get("UNDO")))
    return show(scenario)


def _code(name: str) -> Literal["platformsh", "github", "gitlab"]:
    return "github" if name == "github" else "gitlab" if name == "gitlab" else "platformsh"


def show(scenario: Scenario) -> int:
    """Start everything and say where the page is."""
    world = World(scenario)
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    try:
        world.bot.start()
        world.slack.wait_connected(30)
        world.visitors.start()
        print(f"\n  The sandbox is ready: {world.slack.page_url}\n", flush=True)
        print("  Type /mtls start in #site-ops; approve as the approver (switch at the top).")
        print("  Ctrl-C ends it.\n", flush=True)
        with reviewed(world.host.hosted if world.host else None, seconds=5.0):
            while not over.wait(1.0):
                world.direct.measure()
    finally:
        world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
