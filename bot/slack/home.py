"""The home tab: what waits for its reader, the runs and sites that they may see. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.policy import is_policy_stream
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState
from bot.slack.blocks import (
    Block,
    actions,
    button,
    context,
    cut,
    divider,
    escape,
    header,
    section,
    when,
)
from bot.slack.card_words import since
from bot.slack.status import days_words, verdict_words
from bot.slack.words import Frame, access_words, run_words, visitors_words

START = "start-from-home"
MOST = 12
"""Of each kind; a home tab has at most a hundred blocks, and nobody reads so many."""
_LINE = 900
_SOON = 30
_FIRST = (
    "*1.* Invite the bot to the channel where your team decides: `/invite @mtls-bot`.",
    "*2.* Type `/mtls plan` with a host of your site there: the dry run says what each step would"
    " do, and writes nothing.",
    "*3.* Start a run. Every step shows exactly what it will change and waits for a yes.",
    "*4.* Whoever runs the bot sees with `python app.py check` whether a token or an approver is"
    " missing.",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one person may see, as the log has it."""

    waiting: tuple[RunState, ...] = ()
    """Runs and policies whose card waits for a yes that this person may give."""
    stuck: tuple[RunState, ...] = ()
    """Runs that cannot go on by themselves, and that this person may take up."""
    runs: tuple[RunState, ...] = ()
    sites: tuple[SiteEntry, ...] = ()
    unasked: int = 0
    """Runs and sites that are not shown: Slack could not be asked whether they may be."""
    known: bool = True
    """Whether Slack told who the person is."""
    may_start: bool = False
    nothing_yet: bool = False
    """No run was ever started in this workspace."""


def home_view(frame: Frame, seen: Seen) -> dict[str, Any]:
    """The view for `views.publish`; its last block says as of when it is."""
    blocks = [*home_blocks(frame, seen), context(f"As of {when(frame.now)}; kept current while"
                                                 " you use it, and when you open it.")]  # fmt: skip
    return {"type": "home", "blocks": blocks}


def home_blocks(frame: Frame, seen: Seen) -> list[Block]:
    """Everything but the time."""
    if not seen.known:
        return [header("Who you are could not be asked"),
                section("Slack did not say who you are, so nothing is shown here. Open this tab"
                        " again in a moment; `/mtls status` answers in the meantime.")]  # fmt: skip
    blocks = _first_steps() if seen.nothing_yet else _lists(frame, seen)
    if seen.may_start:
        blocks.append(actions([button("Start a run …", START, "start", style="primary",
                                      label="Start a run: opens a form")]))  # fmt: skip
    if seen.unasked:
        blocks.append(context(
            f"{seen.unasked} more may be open: Slack could not be asked whether you are in their"
            " channel, so they are not shown."
        ))  # fmt: skip
    return blocks


def _first_steps() -> list[Block]:
    intro = (
        "This bot closes a Platform.sh origin behind Cloudflare with mutual TLS, step by approved"
        " step. Nothing was started here yet. To begin:"
    )
    return [header("First steps"), section(intro), section("\n".join(_FIRST))]


def _lists(frame: Frame, seen: Seen) -> list[Block]:
    blocks = [
        *_part("Waits for you", [*(_yes(frame, s) for s in seen.waiting),
                                 *(_stuck(frame, s) for s in seen.stuck)],
               "Nothing waits for you."),
        divider(),
        *_part("Open runs", [_run(frame, s) for s in seen.runs], "No run is open."),
        divider(),
        *_part("Protected sites", [_site(frame, s) for s in seen.sites],
               "No site is protected yet."),
        *([context("`/mtls probe` with a site asks its origin now.")] if seen.sites else []),
    ]  # fmt: skip
    drifted = [site for site in seen.sites if drift_words(site)]
    if not drifted:
        return blocks
    told = [f"*{_name(site.name)}*: {drift_words(site)}" for site in drifted]
    return [*_part("Drift", told, ""), divider(), *blocks]


def _part(title: str, lines: Sequence[str], none: str) -> list[Block]:
    blocks = [header(f"{title} ({len(lines)})" if lines else title)]
    blocks += [section(cut(line, _LINE)) for line in lines[:MOST]] or [section(none)]
    if len(lines) > MOST:
        more = len(lines) - MOST
        blocks.append(context(f"{more} more are left out here; `/mtls status` tells of each."))
    return blocks


def _name(site: str) -> str:
    return escape(cut(site, 253))


def _site_of(state: RunState) -> str:
    return _name(state.site.name) if state.site else "?"


def _of(state: RunState) -> str:
    name = _site_of(state)
    where = f" in <#{state.channel}>" if state.channel else ""
    return f"*{name}*{where}"


def _since(state: RunState) -> str:
    """Since when; a span would grow while nobody publishes the tab anew."""
    told = since(state.current) if state.current else ""
    return told.replace(", since", " Since") + ("." if told else "")


def _yes(frame: Frame, state: RunState) -> str:
    task = state.current
    assert task is not None
    until = f" Silence is no after {when(task.deadline)}." if task.deadline else ""
    what = "the policy" if is_policy_stream(state.run) else f"*{frame.title(task.key)}*"
    return (
        f"{_of(state)}: your yes or no to {what}.{_since(state)}{until}"
        f" Its card is in the run's thread; `/mtls status {_site_of(state)}` shows it to you too."
    )


def _stuck(frame: Frame, state: RunState) -> str:
    return f"{_of(state)}: {run_words(frame, state)}{_since(state)}"


def _run(frame: Frame, state: RunState) -> str:
    words = f"{run_words(frame, state)}{_since(state)}"
    return f"{_of(state)}: {words}\n{access_words(state)} {visitors_words(state)}"


def _site(frame: Frame, site: SiteEntry) -> str:
    return f"*{_name(site.name)}*: {verdict_words(site)} {days_words(site, frame.now.date())}"


def drift_words(site: SiteEntry) -> str:
    """Where the site is no longer as its run left it, as far as the log tells; else empty."""
    if site.requires and site.drift:
        return (
            f"{' '.join(escape(one) for one in site.drift)} `/mtls start` on it does only what"
            " is missing."
        )
    if not (site.requires and site.access == "open"):
        return ""
    at = f" {when(site.seen_at)}" if site.seen_at else ""
    return (
        f"its origin should refuse whoever comes directly, and was seen open{at}. Visitors are"
        " served; whoever knows the address gets around the firewall. `/mtls start` on it does"
        " only what is missing."
    )
