"""How the command line takes what it does not understand, and an interrupt.

Click's own exit codes for them, 2 and 1, would be verdicts of the probe.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from bot.terminal.told import UNUSABLE

_INTERRUPTED = 130


class Unusable(click.UsageError):
    """Arguments that cannot be used, in words; exits 64."""

    exit_code = UNUSABLE


class Commands(click.Group):
    """A group whose bad usage is always of that kind, and whose interrupt is 130."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """As click's, but for these numbers."""
        with _ended():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """As click's, but for these numbers."""
        with _ended():
            return super().invoke(ctx)


@contextmanager
def _ended() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise Unusable(error.format_message(), error.ctx) from error
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
