"""How the command line takes what it does not understand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from bot.terminal.told import UNUSABLE


class Unusable(click.UsageError):
    """Arguments that cannot be used, in words; exits 64, since click's 2 would be a verdict."""

    exit_code = UNUSABLE


class Commands(click.Group):
    """A group whose bad usage is always of that kind."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """As click's, but for that number."""
        with _unusable():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """As click's, but for that number."""
        with _unusable():
            return super().invoke(ctx)


@contextmanager
def _unusable() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise Unusable(error.format_message(), error.ctx) from error
