"""The final report: what changed, who said yes, what visitors saw, what risk is left."""

from bot.engine.state import RunState, Task
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
from bot.slack.words import Frame, access_words, closed_words, lasted, visitors_words
from steps.step import Row

RISK_LEFT = (
    "The client certificate is Cloudflare's shared one. It proves that a request came through"
    " Cloudflare, not through your zone: any other Cloudflare account can present it. A certificate"
    " of your own closes that too."
)

_MOST_COMMANDS = 30


def report_card(frame: Frame, state: RunState) -> Card:
    """The last message of a run's thread."""
    undone = state.outcome == "undone"
    closed = f"The origin is {closed_words(state)}"
    title = "Everything is as it was before" if undone else closed
    blocks: list[Block] = [
        header(title),
        section(f"{_summary(state)}\n{visitors_words(state)}{_span(state)}"),
        *sections(["*What changed, and who approved it*", *_changes(frame, state)]),
    ]
    if not undone:
        blocks += _closed_blocks(state)
    text = f"{title}. {_summary(state)} {visitors_words(state)}"
    return card(text.replace("*", ""), [*blocks, context(f"run {state.run}")])


def _summary(state: RunState) -> str:
    if state.outcome == "undone":
        return access_words(state)
    probe = state.task("origin-probe")
    if probe is not None and probe.verdict is not None:
        return escape(" ".join(probe.verdict.evidence))
    return access_words(state)


def _span(state: RunState) -> str:
    if state.opened_at is None or state.closed_at is None:
        return ""
    return f"\nThe run took {lasted(state.closed_at - state.opened_at)}."


def _changes(frame: Frame, state: RunState) -> list[str]:
    back = state.direction == "back"
    tasks = [t for t in state.tasks if t.key.startswith("undo-") == back]
    return [f"• {frame.title(t.key)}: {_change(t)}" for t in tasks] or ["• nothing"]


def _change(task: Task) -> str:
    if task.status == "skipped":
        return "skipped, was right already"
    if task.plan is None or not task.plan.changes:
        return "looked"
    done = "; ".join(
        f"{escape(c.target)} {escape(c.before or 'nothing')} → {escape(c.after or 'nothing')}"
        for c in task.plan.changes
    )
    return f"{done} (approved by {person(task.approved_by)})"


def _closed_blocks(state: RunState) -> list[Block]:
    blocks: list[Block] = []
    probe = state.task("origin-probe")
    if probe is not None and probe.verdict is not None and probe.verdict.rows:
        commands = check_commands(state, probe.verdict.rows)
        if commands:
            blocks.append(section("*Check it yourself*: each must be refused, or answer 400."))
            blocks.append(code("\n".join(commands)))
    accepted = [f"• {escape(a)}" for a in state.accepted]
    if accepted:
        blocks += sections(["*Accepted although not seen*", *accepted])
    return [*blocks, section(f"*Risk that is left*\n{RISK_LEFT}")]


def check_commands(state: RunState, rows: tuple[Row, ...]) -> list[str]:
    """`dig` for the edge hostname and `curl --resolve` for each host and address."""
    edge = (state.task("preflight") or Task("preflight")).receipt.get("edge_hostname", "")
    lines = [f"dig +short {edge}"] if edge else []
    for row in rows:
        host, _, where = row.subject.partition(" at ")
        address, _, port = where.rpartition(":")
        if address and not row.result.startswith(("closed (redirects", "open (http")):
            url = f"https://{host}/" if port == "443" else f"https://{host}:{port}/"
            lines.append(f"curl -skI --resolve {host}:{port}:{address} {url}")
    more = len(lines) - _MOST_COMMANDS
    return [*lines[:_MOST_COMMANDS], f"# … and {more} more"] if more > 0 else lines
