"""`make sandbox`: the whole product on this machine, with no account."""

import os
import signal
import sys
import threading
from typing import Literal

from sandbox.auto import drive
from sandbox.world import Scenario, World


def main() -> int:
    """AUTO=1 drives a run by itself; otherwise the page waits for a person."""
    if os.environ.get("AUTO"):
        order: Literal["published", "no-downtime"] = (
            "published" if os.environ.get("ORDER") == "published" else "no-downtime"
        )
        return drive(order=order, undo=bool(os.environ.get("UNDO")))
    return show()


def show() -> int:
    """Start everything and say where the page is."""
    world = World(Scenario.demo())
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
        while not over.wait(1.0):
            world.direct.measure()
    finally:
        world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
