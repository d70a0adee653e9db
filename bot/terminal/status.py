"""`python app.py status`: where runs and sites stand, from the log, while Slack is down too."""

import re
from collections.abc import Mapping
from html import unescape

import click

from bot.slack.blocks import Card
from bot.slack.queries import overview, site_status
from bot.terminal.environment import settings_from
from bot.terminal.told import told
from bot.wiring import Bot

_MARKUP = (
    (r"<#([^|>]*)[^>]*>", r"#\1"),
    (r"<!date\^\d+\^[^|>]*\|([^>]*)>", r"\1"), (r"<!subteam\^([^|>]*)[^>]*>", r"@\1"),
    (r"<@([^|>]*)[^>]*>", r"@\1"), (r"<[^|>]*\|([^>]*)>", r"\1"),
)  # fmt: skip


def status(env: Mapping[str, str], *, site: str) -> None:
    """Print what `/mtls status` answers: all open runs and protected sites, or one site."""

    def look() -> Card:
        desk = Bot(settings_from(env, quiet=True)).desk()
        return site_status(desk, site) if site else overview(desk)

    click.echo(plain(told(look)))


def plain(card: Card) -> str:
    """A card as lines of text, without Slack's markup."""
    texts = [block["text"]["text"] for block in card.blocks if "text" in block]
    lines = "\n".join(texts).replace("*", "").replace("`", "")
    for pattern, shown in _MARKUP:
        lines = re.sub(pattern, shown, lines)
    return unescape(lines)
