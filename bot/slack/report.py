"""The final report: what changed, who said yes, what visitors saw, what risk is left."""

from bot.engine.state import RunState, Task
from bot.slack.approval_words import approvers
from bot.slack.blocks import (
    Block,
    Card,
    card,
    code,
    context,
    escape,
    header,
    person,
    section,
    sections,
)
from bot.slack.card_words import certificate_words
from bot.slack.next_steps import next_buttons
from bot.slack.spans import lasted
from bot.slack.table import table_blocks
from bot.slack.words import Frame, access_words, closed_words, stands_words, visitors_words
from steps.step import Row

RISK_LEFT = (
    "The client certificate is Cloudflare's shared one. It proves that a request came through"
    " Cloudflare, not through your zone: any other Cloudflare account can present it. A certificate"
    " of your own closes that too. Its CA ends on 2029-11-01, and nobody at Cloudflare warns of"
    " that."
)
_MOST_COMMANDS, _MOST_LETTERS = 120, 2600
"""So many fit beside the rest of the message; the number of those left out is told."""


def report_card(frame: Frame, state: RunState) -> Card:
    """The last message of a run's thread."""
    closed = f"The origin is {closed_words(state)}"
    title = _TITLES.get(state.outcome, closed)
    blocks: list[Block] = [
        header(title),
        section(f"{_summary(frame, state)}\n{visitors_words(state)}{_span(state)}"),
        *sections(["*What changed, and who approved it*", *_changes(frame, state)]),
    ]
    if state.outcome == "closed":
        blocks += _closed_blocks(frame, state)
    blocks += next_buttons(state)
    text = f"{title}. {_summary(frame, state)} {visitors_words(state)}"
    return card(text.replace("*", ""), [*blocks, context(f"run {state.run}{_cited(state)}")])


_TITLES = {
    "undone": "Everything is as it was before",
    "partly-undone": "The run is taken back in part",
}


def _cited(state: RunState) -> str:
    """The digest that stands for the whole history: a cut end or a rewrite shows against it."""
    if not state.head:
        return ""
    checked = f"`python app.py audit {state.run} --head …` checks against it"
    return f" · digest of its log {state.head}: {checked}"


def _summary(frame: Frame, state: RunState) -> str:
    if state.outcome == "undone":
        return access_words(state)
    if state.outcome == "partly-undone":
        return stands_words(frame, state)
    probe = state.task("origin-probe")
    if probe is not None and probe.verdict is not None:
        return escape(" ".join(probe.verdict.evidence))
    return access_words(state)


def _span(state: RunState) -> str:
    if state.opened_at is None or state.closed_at is None:
        return ""
    return f"\nThe run took {lasted(state.closed_at - state.opened_at)}."


def _changes(frame: Frame, state: RunState) -> list[str]:
    tasks = [t for t in state.tasks if not state.way_back or t.key in state.way_back]
    return [f"• {frame.title(t.key)}: {_change(t)}" for t in tasks] or ["• nothing"]


def _change(task: Task) -> str:
    if task.status == "skipped":
        if task.skipped_by:
            return f"skipped by {person(task.skipped_by)}: {escape(' '.join(task.skipped))}"
        return "skipped, was right already"
    if task.plan is None or not task.plan.changes:
        return "looked"
    done = "; ".join(
        f"{escape(c.target)} {escape(c.before or 'nothing')} → {escape(c.after or 'nothing')}"
        for c in task.plan.changes
    )
    return f"{done} (approved by {approvers(task)})"


def _closed_blocks(frame: Frame, state: RunState) -> list[Block]:
    lasts = certificate_words(state, frame.now.date())
    blocks: list[Block] = [section(lasts)] if lasts else []
    probe = state.task("origin-probe")
    if probe is not None and probe.verdict is not None and probe.verdict.rows:
        before = _before(state)
        then = ", before the run → now" if before else ""
        blocks.append(section(f"*The origin asked directly{then}*"))
        blocks += table_blocks(probe.verdict.rows, before)
        names, direct, served = check_commands(state, probe.verdict.rows)
        if direct:
            blocks.append(section("*Check it yourself*: the origin's addresses are these."))
            blocks += codes(names)
            blocks.append(section("Each of these must be refused, or answer 400."))
            blocks += codes(direct)
            blocks.append(section("And these, through Cloudflare, must be answered."))
            blocks += codes(served)
    accepted = [f"• {escape(a)}" for a in state.accepted]
    if accepted:
        blocks += sections(["*Accepted although not seen*", *accepted])
    blocks.append(section(f"*Risk that is left*\n{RISK_LEFT}"))
    if frame.looks_every:
        every = lasted(frame.looks_every)
        blocks.append(section(
            f"*Afterwards*\nThe bot looks at this site every {every}, and tells in this thread what"
            " is not as it was left."
        ))  # fmt: skip
    return blocks


def _before(state: RunState) -> tuple[Row, ...]:
    """What the same probe said in the preflight."""
    first = state.task("preflight")
    return first.verdict.rows if first is not None and first.verdict is not None else ()


def check_commands(
    state: RunState, rows: tuple[Row, ...]
) -> tuple[list[str], list[str], list[str]]:
    """`dig` for the edge hostname, `curl --resolve` for each host and address, and the control.

    ``-k`` because nobody but Cloudflare trusts an Origin CA certificate.
    """
    edge = (state.task("preflight") or Task("preflight")).receipt.get("edge_hostname", "")
    names = [f"dig +short {edge} {kind}" for kind in ("A", "AAAA")] if edge else []
    direct: list[str] = []
    hosts: list[str] = []
    for row in rows:
        host, _, where = row.subject.partition(" at ")
        address, _, port = where.rpartition(":")
        if not address or row.result.startswith(("closed (redirects", "open (http")):
            continue  # the plain port, which no certificate protects
        hosts.append(host)
        place = f"[{address}]" if ":" in address else address
        url = f"https://{host}/" if port == "443" else f"https://{host}:{port}/"
        direct.append(f"curl -skI --resolve {host}:{port}:{place} {url}")
    more = len(direct) - _MOST_COMMANDS
    direct = [*direct[:_MOST_COMMANDS], f"# … and {more} more"] if more > 0 else direct
    return names, direct, [f"curl -sI https://{host}/" for host in dict.fromkeys(hosts)]


def codes(lines: list[str]) -> list[Block]:
    """Lines to copy, in as few blocks as their limit allows; none is cut."""
    blocks: list[Block] = []
    held: list[str] = []
    for line in lines:
        if held and sum(len(one) + 1 for one in held) + len(line) > _MOST_LETTERS:
            blocks.append(code("\n".join(held)))
            held = []
        held.append(line)
    return [*blocks, code("\n".join(held))] if held else blocks
