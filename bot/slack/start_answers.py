"""What somebody has entered in the start form, and what is wrong with it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine.ports import RunEntry
from bot.slack import window_words
from bot.slack.inbox import host_name
from bot.slack.start_choices import Listed
from bot.slack.suggesting import TOLD
from steps.step import Order

LONGEST_NAME = 253
_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_PROJECT = re.compile(r"[a-z0-9]{3,60}")
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody has entered."""

    site: str = ""
    project: str = ""
    environment: str = ""
    order: Order = "no-downtime"
    validity_days: int = 365
    access_environments: tuple[str, ...] = ()
    window_from: str = ""
    window_until: str = ""
    zone: str = ""
    channel: str = ""
    """Where the run is to be; asked for only where the form was opened in no channel."""


def answers(values: Mapping[str, Mapping[str, Any]]) -> Answers:
    """The entered values of a form, whole or not.

    What was picked for another project, before its list came anew, counts for nothing.
    """
    project = _entered(values, "project").strip()
    values = {
        block: fields for block, fields in values.items()
        if block.partition(".")[2] in ("", project)
    }  # fmt: skip
    return Answers(
        site=host_name(_entered(values, "site")),
        project=project,
        environment=_entered(values, "environment").strip(),
        order="published" if _entered(values, "order") == "published" else "no-downtime",
        validity_days=int(_entered(values, "validity") or 365),
        access_environments=_checked(values),
        window_from=_entered(values, "window_from").strip(),
        window_until=_entered(values, "window_until").strip(),
        zone=_entered(values, "zone"),
        channel=_entered(values, "channel"),
    )


def problems(given: Answers) -> dict[str, str]:
    """What is wrong with the answers by themselves, by input; empty when they can be used."""
    found = {}
    if not _HOST.fullmatch(given.site):
        found["site"] = "Enter a host name, like www.example.com."
    elif given.zone and given.zone != TOLD and not within(given.site, given.zone):
        found["zone"] = f"{given.site} is not in the zone {given.zone}."
    if not _PROJECT.fullmatch(given.project):
        found["project"] = "Pick a project, or type its id as the console shows it."
    chosen = {"zone": given.zone, "environment": given.environment}
    found |= {name: _NO_CHOICE for name, value in chosen.items() if value == TOLD}
    return found | _window_problems(given)


_NO_CHOICE = "That line only says something; pick another, or leave it empty."


def known_problems(
    given: Answers, zones: Listed, opened: Iterable[RunEntry]
) -> dict[str, str]:  # fmt: skip
    """What is wrong with usable answers as far as is known without asking anybody now."""
    zone = zone_of(given.site, [one.value for one in zones.options])
    if zones.state == "known" and not zone:
        named = ", ".join(one.value for one in zones.options[:_MOST_NAMED]) or "none"
        return {"site": f"No zone of the Cloudflare token covers {given.site}. It sees: {named}."}
    for entry in opened:
        if entry.zone == zone:
            return {"site": f"Run {entry.run} is open in the zone {zone}, on {entry.site}."
                            " One run at a time acts on a zone."}  # fmt: skip
        if (entry.project, entry.environment) == (given.project, given.environment):
            return {"project": f"Run {entry.run} is open on this environment, for {entry.site}."}
    return {}


def zone_of(site: str, zones: Iterable[str]) -> str:
    """The zone with the longest name that covers the site; empty when none does."""
    return max((zone for zone in zones if within(site, zone)), key=len, default="")


def within(site: str, zone: str) -> bool:
    """Whether the host is the zone's name or below it."""
    return site == zone or site.endswith(f".{zone}")


def _window_problems(given: Answers) -> dict[str, str]:
    """A time that is none, or a window with one end."""
    ends = {"window_from": given.window_from, "window_until": given.window_until}
    if not any(ends.values()):
        return {}
    return {
        block: f"Enter both ends, or none. {window_words.HINT}"
        for block, text in ends.items() if not window_words.is_moment(text)
    }  # fmt: skip


def at_blocks(wrong: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The problems by the ids that their blocks have in this form; Slack takes no other."""
    return {
        next((block for block in values if _is(block, name)), name): words
        for name, words in wrong.items()
    }


def _is(block: str, name: str) -> bool:
    return block.partition(".")[0] == name


def _element(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    found = next((fields for block, fields in values.items() if _is(block, name)), {})
    return next(iter(found.values()), {})


def _entered(values: Mapping[str, Mapping[str, Any]], name: str) -> str:
    element = _element(values, name)
    chosen = element.get("selected_option") or {}
    there = element.get("selected_conversation")
    return str(element.get("value") or chosen.get("value") or there or "")


def _checked(values: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    element = _element(values, "access")
    return tuple(str(o["value"]) for o in element.get("selected_options") or [])
