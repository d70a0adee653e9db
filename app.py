"""The composition root and the command line. No logic: it reads the settings and wires the parts."""

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from bot.settings import Settings
from steps.errors import RolloutError

T = TypeVar("T")
UNUSABLE = 64
"""The exit code of settings or arguments that cannot be used (sysexits' EX_USAGE)."""


def _settings() -> Settings:
    return Settings.from_env(os.environ)


def _told(do: Callable[[], T]) -> T:
    """Errors of ours in words and with an exit code, never as a traceback."""
    try:
        return do()
    except RolloutError as error:
        click.echo(f"{error.for_people}\n{error.hint}".strip(), err=True)
        sys.exit(UNUSABLE if error.code == "settings" else 1)


@click.group(invoke_without_command=True)
@click.pass_context
def cli(context: click.Context) -> None:
    """Close a Platform.sh origin behind Cloudflare with mutual TLS, from Slack."""
    if context.invoked_subcommand is None:
        context.invoke(run)


@cli.command()
def run() -> None:
    """Start the bot (Socket Mode) and keep it running."""
    from bot.running import serve  # noqa: PLC0415 - each command imports only what it needs

    _told(lambda: serve(_settings()))


if __name__ == "__main__":
    cli()
