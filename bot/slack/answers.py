"""What the bot answers one person: status, help, forecast, probe, refusals. Pure."""

import re
from collections.abc import Mapping

from bot.engine.forecast import Forecast, ForecastLine
from bot.slack.blocks import Card, card, context, escape, header, section, sections
from bot.slack.card_words import change_words
from bot.slack.table import table_blocks
from bot.slack.words import RISKS
from steps.errors import AlreadyDecided, RolloutError
from steps.step import Site, Verdict

SUBCOMMANDS: Mapping[str, str] = {
    "start": "start [site]: opens a run: asks what it needs, then shows each step here",
    "plan": "plan [site]: the dry run: what each step would do; nothing is written",
    "status": "status [site] [here]: where runs and sites stand, who is awaited, what was seen",
    "list": "list [state] [site]: the runs, by state: open, waiting, failed, paused, closed, …",
    "probe": "probe [site]: asks the origin directly, now: is it closed?",
    "pause": "pause [site] [reason]: nothing begins until resume; a step at work goes on",
    "resume": "resume [site]: on from where it was",
    "stop": "stop [site] [reason]: ends the run in a state that serves visitors",
    "skip": "skip [site] [reason]: leaves the current step out, where the law allows it",
    "retry": "retry [site]: takes up the step that stands still",
    "undo": "undo [site] [last | run | to step]: takes back a part or all, in the safe order",
    "policy": "policy [site]: who may approve there; a change waits for approvals itself",
    "extend": "extend [site]: the card that waits, waits for a decision longer",
    "window": "window [site] 22:00-02:00 (or off): what can cause an outage begins only then",
    "history": "history [run or site]: who, what, when, before and after, into the run's thread",
    "help": "help: this page",
}
WORDS = (
    "*Origin pull*: Cloudflare fetches a page from your origin for a visitor.",
    "*Authenticated Origin Pulls (AOP)*: on such a pull Cloudflare shows a client certificate.",
    "*Client authentication*: the origin refuses whoever shows none (`require`).",
    "*Label*: one part of a host name between dots; a wildcard certificate covers one label.",
    "*Why not filter by IP*: Platform.sh's router sees the visitor's address from"
    " X-Forwarded-For, so a list of Cloudflare's addresses would block your visitors instead.",
    "*Non-production environments* inherit the routes and are then reachable by nobody: give them"
    " HTTP access control, or an attached domain of their own behind Cloudflare, where your plan"
    " has that.",
)


def help_card(note: str = "") -> Card:
    """What can be done, and what the words mean."""
    lines = [f"• `/mtls {escape(text)}`" for text in SUBCOMMANDS.values()]
    blocks = [header("mtls-bot"), *sections(lines), *sections([f"• {w}" for w in WORDS])]
    if note:
        blocks.insert(0, section(escape(note)))
    text = f"{note} Commands: {', '.join(SUBCOMMANDS)}.".strip()
    return card(escape(text), blocks)


def refusal_card(error: RolloutError) -> Card:
    """Why something was not done, only to the one who asked."""
    hint = f"\n{escape(error.hint)}" if error.hint else ""
    text = f"{error.for_people} {error.hint}".strip()
    blocks = [section(_naming(error, f"{escape(error.for_people)}{hint}")), _code(error)]
    return card(_naming(error, escape(text)), blocks)


def _naming(error: RolloutError, escaped: str) -> str:
    """Who decided already is named by the log, not by anybody outside: a mention, not text."""
    if not isinstance(error, AlreadyDecided):
        return escaped
    return re.sub(r"&lt;@([A-Z0-9]+)&gt;", r"<@\1>", escaped)


def _code(error: RolloutError) -> dict[str, object]:
    vendor = getattr(error, "vendor_code", "")
    request = getattr(error, "request_id", "")
    told = [f"code {error.code}", f"vendor code {vendor}" if vendor else "",
            f"request {request}" if request else ""]  # fmt: skip
    return context(escape(" · ".join(t for t in told if t)))


def notice_card(text: str) -> Card:
    """One sentence."""
    return card(escape(text), [section(escape(text))])


def told_card(markup: str) -> Card:
    """One sentence with times or mentions in it; whatever is foreign has been escaped."""
    return card(markup.replace("*", ""), [section(markup)])


def forecast_card(found: Forecast) -> Card:
    """The dry run, a paragraph a step. Only a card's plan binds."""
    intro = f"What a run on {found.site.name} would do now. Nothing is claimed or written."
    blocks = [header("Forecast"), section(escape(intro))]
    blocks += sections([_forecast_line(line) for line in found.lines])
    blocks.append(context("Only the plan on a card binds; each is made anew when its turn comes."))
    told = [f"{line.title}: {_short(line).rstrip('.')}." for line in found.lines]
    return card(escape(" ".join([intro, *told])), blocks)


def _forecast_line(line: ForecastLine) -> str:
    if line.plan is None:
        found = "".join(f"\n    • {escape(one)}" for one in line.evidence)
        return f"*{line.title}* — {escape(_short(line))}{found}"
    changes = "\n".join(f"    • {change_words(c)} ({RISKS[c.risk]})" for c in line.plan.changes)
    return f"*{line.title}*\n{changes}"


def _short(line: ForecastLine) -> str:
    if line.problem:
        return f"decided when its turn comes. {line.problem}"
    if line.plan is not None:
        number = len(line.plan.changes)
        return f"{number} change{'s' if number > 1 else ''}"
    return f"nothing to do. {' '.join(line.skipped)}" if line.skipped else "a look, always runs"


def probe_card(site: Site, verdict: Verdict) -> Card:
    """What the origin answers whoever comes directly."""
    said = {"proven": "closed", "failed": "open"}.get(verdict.state, "inconclusive")
    title = f"Origin probe of {site.name}: {said}"
    blocks = [header(title), *sections([f"• {escape(e)}" for e in verdict.evidence[:20]])]
    blocks += table_blocks(verdict.rows)
    if verdict.hint:
        blocks.append(context(escape(verdict.hint)))
    return card(escape(f"{title}. {' '.join(verdict.evidence[:3])}"), blocks)
