"""The command line: one function a command, each importing only what it needs. No logic.

What a command does stands in `bot/terminal`; how the bot is put together, in `bot/wiring.py`.
"""

import gc
import os
from pathlib import Path
from typing import Any

import click

from bot.terminal.usage import Commands

NEW_OBJECTS = 50_000
"""What is imported stays; looking for garbage among it was a sixth of each start."""


@click.group(cls=Commands, invoke_without_command=True)
@click.pass_context
def cli(context: click.Context) -> None:
    """Close a Platform.sh origin behind Cloudflare with mutual TLS, from Slack."""
    gc.set_threshold(NEW_OBJECTS)
    if context.invoked_subcommand is None:
        context.invoke(run)


@cli.command()
def run() -> None:
    """Start the bot (Socket Mode) and keep it running."""
    from bot.terminal import run as command

    command.run(os.environ)


@cli.command()
@click.option("--file", default=".env", type=Path, help="Where the settings go (.env).")
def setup(file: Path) -> None:
    """Walk through the set-up: the Slack app, each token tried as it is given, a safe `.env`."""
    from bot.terminal import setup as command

    command.setup(os.environ, file)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def check(as_json: bool) -> None:
    """Are the settings, tokens, rights and approvers in order? Exit 1 when something is missing."""
    from bot.terminal import check as command

    command.check(os.environ, as_json=as_json)


@cli.command()
@click.option("--site", required=True, help="A host name of the site.")
@click.option("--project", required=True, help="The Platform.sh project's id.")
@click.option("--environment", default="", help="The environment; production if left out.")
def plan(site: str, project: str, environment: str) -> None:
    """The dry run: what each step would do. Nothing is claimed or written."""
    from bot.terminal import plan as command

    command.plan(os.environ, site=site, project=project, environment=environment)


@cli.command()
@click.option("--site", default="", help="Any host of a site; all open runs if left out.")
def status(site: str) -> None:
    """What /mtls status answers, from the log: also while Slack or a vendor is down."""
    from bot.terminal import status as command

    command.status(os.environ, site=site)


@cli.command()
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="JSON lines: every field of every event.")
@click.option("--verify", is_flag=True, help="Only check the chain; exit 1 when it does not hold.")
@click.option("--head", default="", help="The digest of the report: was the end cut, or all new?")
def audit(run_id: str, as_json: bool, verify: bool, head: str) -> None:
    """What happened in a run: who, what, when, to which plan, and the evidence."""
    from bot.terminal import audit as command

    command.audit(os.environ, run_id, as_json=as_json, verify=verify, head=head)


@cli.command()
@click.option("--domain", required=True, help="The host name of the site.")
@click.option(
    "--address", multiple=True, metavar="IP[:PORT]",
    help="Ask only this address; with a port, port 80 is left alone. May be given again.",
)  # fmt: skip
@click.option("--cert", metavar="PEM", help="A client certificate that the origin accepts.")
@click.option("--key", metavar="PEM", help="Its private key.")
@click.option("--ca", metavar="PEM", help="Our client authority: any other named is a way in.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")
def probe(**options: Any) -> None:
    """Is the origin closed? Exit 0 closed, 1 open, 2 inconclusive, 64 bad usage."""
    from bot.terminal import probe as command

    command.probe(**options)


@cli.command()
@click.argument("file")
@click.option("--require", "asked", flag_value="require", help="Put it in (if nothing is given).")
@click.option("--undo", "asked", flag_value="undo", help="Take out what --require puts in.")
@click.option("--check", "asked", flag_value="check", help="A table of routes and findings.")
@click.option("--ca-path", default="cloudflare-ca.crt", help="The CA's file beside the routes.")
def routes(file: str, asked: str | None, ca_path: str) -> None:
    """The edit of a routes file (Platform.sh or Upsun), on standard output."""
    from bot.terminal import routes as command

    command.show(file, command.asked(asked), ca_path=ca_path)


if __name__ == "__main__":
    cli()
