"""What the start form says of a site before it is sent, as far as the preflight knows it. Pure."""

from collections.abc import Sequence

from bot.engine.preview import Preview
from bot.slack.blocks import Block, context, cut, escape, sections
from bot.slack.status import hosts_words
from steps.errors import RolloutError

_MOST = 8
_LINE = 600


def asking_blocks(site: str) -> list[Block]:
    """While it is asked."""
    return [context(f"Looking at {escape(site)}: its zone, its hosts, and what stands in the way …"
                    " You need not wait for it.")]  # fmt: skip


def unknown_blocks(error: RolloutError) -> list[Block]:
    """It could not be asked, or no zone covers the site."""
    told = f"*Not known yet:* {escape(error.for_people)} {escape(error.hint)}".strip()
    return [context(f"{told} What you have entered stays.")]


def known_blocks(found: Preview) -> list[Block]:
    """Zone, hosts, and what would stop the run before its first step."""
    site = found.site
    lines = [f"*What is known of {escape(site.name)}*: zone {escape(site.zone)},"
             f" {escape(site.project)} · {escape(site.environment)}."]  # fmt: skip
    if found.problems:
        lines.append("*The run would stop at its preflight*, before anything is written:")
        return sections([*lines, *_listed(found.problems)])
    lines.append(f"Served through this zone: {escape(hosts_words(found.hosts))}.")
    if found.neighbours:
        others = escape(hosts_words(found.neighbours))
        lines.append(f"Other hosts that the zone's settings act on: {others}.")
    lines.append("Nothing is known that stands in the way.")
    return sections([*lines, *_listed(found.notes)])


def _listed(told: Sequence[str]) -> list[str]:
    lines = [f"• {escape(cut(line, _LINE))}" for line in told[:_MOST]]
    more = len(told) - len(lines)
    return [*lines, f"• and {more} more; `/mtls plan` names all"] if more > 0 else lines
