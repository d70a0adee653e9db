"""How a command of the terminal ends: in words and an exit code, never with a traceback."""

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from steps.errors import RolloutError

T = TypeVar("T")
UNUSABLE = 64
"""The exit code of settings or arguments that cannot be used (EX_USAGE of sysexits)."""


def told(do: Callable[[], T]) -> T:
    """What `do` gives; an error of ours is printed to standard error and ends the program."""
    try:
        return do()
    except RolloutError as error:
        click.echo(f"{error.for_people}\n{error.hint}".strip(), err=True)
        sys.exit(UNUSABLE if error.code == "settings" else 1)
