"""`python app.py check`: are the settings, tokens, rights and approvers in order?"""

import sys
from collections.abc import Mapping

import click

from bot.slack.people import People
from bot.slack.rights import slack_rights
from bot.terminal.environment import settings_from
from bot.terminal.told import told
from bot.wiring import Bot, clock
from steps.rights import cloudflare_rights, code_rights, platformsh_rights

Row = tuple[str, str, str]
"""What was looked at, its state (``fine``, ``missing``, …), and what to do."""


def check(env: Mapping[str, str]) -> None:
    """Print a row for everything that could be looked at; exit 1 when something is missing."""
    rows = told(lambda: _rows(env))
    for what, state, todo in rows:
        click.echo(f"{state:<8} {what}" + (f"\n         {todo}" if todo else ""))
    sys.exit(1 if any(state == "missing" for _, state, _ in rows) else 0)


def _rows(env: Mapping[str, str]) -> list[Row]:
    settings = settings_from(env)
    bot = Bot(settings)
    zone, vendor = bot.parts.reading.cloudflare, bot.parts.reading.platformsh
    people = People(bot.client, bot.policy, clock)
    token = settings.slack.app_token.get_secret_value()
    vendors = (
        *cloudflare_rights(zone, clock()),
        *platformsh_rights(vendor, bot.parts.repository.certify),
        *code_rights(bot.parts.reading.ways, vendor.projects),
    )
    seams = [("Not production", "moved", seam) for seam in settings.seams_moved()]
    return [
        *slack_rights(bot.client, token, people),
        *((c.what, c.state, c.todo) for c in vendors), *seams,
    ]  # fmt: skip
