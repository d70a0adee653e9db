"""`python app.py check`: are the settings, tokens, rights and approvers in order?"""

import sys
from collections.abc import Mapping

from bot.settings import Settings
from bot.slack.people import People
from bot.slack.rights import slack_rights
from bot.terminal.environment import settings_from
from bot.terminal.rows import Row, show
from bot.terminal.told import told
from bot.wiring import Bot, clock
from steps.rights import cloudflare_rights, code_rights, platformsh_rights


def check(env: Mapping[str, str], *, as_json: bool = False) -> None:
    """Print a row for everything that could be looked at; exit 1 when something is missing."""
    rows = told(lambda: looked_at(settings_from(env, quiet=True)))
    show(rows, as_json=as_json)
    sys.exit(1 if any(row.state == "missing" for row in rows) else 0)


def looked_at(settings: Settings) -> list[Row]:
    """Every token, right and scope, whether anybody can approve, and each seam that is moved."""
    bot = Bot(settings)
    zone, vendor = bot.parts.reading.cloudflare, bot.parts.reading.platformsh
    people = People(bot.client, clock)
    token = settings.slack.app_token.get_secret_value()
    vendors = (
        *cloudflare_rights(zone, clock()),
        *platformsh_rights(vendor, bot.parts.reading.repository.certify),
        *code_rights(bot.parts.reading.ways, vendor.projects),
    )
    return [
        *(Row(*row) for row in slack_rights(bot.client, token, people, bot.policy)),
        *(Row(c.what, c.state, c.todo) for c in vendors),
        *(Row("Not production", "moved", seam) for seam in settings.seams_moved()),
    ]
