"""What every loop of ours has: one thing that goes wrong does not end it for all others."""

from collections.abc import Callable
from typing import TypeVar

import structlog

log = structlog.get_logger()
T = TypeVar("T")


def tried(loop: str, do: Callable[[], T], otherwise: T, *, run: str = "") -> T:
    """What `do` gives; when it goes wrong that is logged with its traceback, and `otherwise`."""
    try:
        return do()
    except Exception:  # the one place: a thread of ours that ends takes every run with it
        log.exception(loop, **({"run": run} if run else {}))
        return otherwise
