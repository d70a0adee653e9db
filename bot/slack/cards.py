"""A run as messages: pure functions from what the run is to Block Kit."""

from bot.engine.policy import is_policy_stream
from bot.engine.state import RunState, Task, TaskStatus
from bot.slack.approval_words import (
    ahead_blocks,
    ahead_lines,
    approved_words,
    approvers,
    expired_words,
    waiting_words,
)
from bot.slack.blocks import (
    Block,
    Card,
    actions,
    card,
    code,
    context,
    dated,
    divider,
    escape,
    header,
    person,
    section,
    sections,
    when,
)
from bot.slack.buttons_of import task_buttons
from bot.slack.card_words import (
    activity_words,
    change_words,
    for_visitors,
    seams_words,
    since,
    usual_words,
)
from bot.slack.control_buttons import run_buttons
from bot.slack.handouts import handouts
from bot.slack.policy_card import policy_messages
from bot.slack.report import report_card
from bot.slack.spans import took
from bot.slack.table import table_blocks
from bot.slack.telling_cards import telling_messages
from bot.slack.troubleshooting import what_to_do
from bot.slack.words import (
    RISKS,
    Frame,
    access_words,
    proof,
    run_title,
    run_words,
    skipped_words,
    task_words,
    unbegun,
    visitors_words,
    window_told,
)
from steps.step import Plan


def run_messages(frame: Frame, state: RunState) -> dict[str, Card]:
    """Every message of the run by its key, in the order in which they are posted."""
    if is_policy_stream(state.run):
        return policy_messages(frame, state)
    made = {"root": root_card(frame, state)}
    for task in state.tasks:
        newest = task.cards or int(task.status == "skipped")
        for number in range(0 if task.failed_unplanned else 1, newest):
            made[f"{task.key}/{number}"] = superseded_card(frame, task)
        if newest or task.failed_unplanned:
            made[f"{task.key}/{newest}"] = task_card(frame, state, task)
        made |= handouts(frame.title(task.key), task)
    if state.outcome in ("closed", "undone", "partly-undone"):
        made[f"report-{state.outcome}"] = report_card(frame, state)
    return made | telling_messages(frame, state)


def root_card(frame: Frame, state: RunState) -> Card:
    """The whole run at a glance; one message, kept current."""
    words = run_words(frame, state)
    lines = [_line(frame, state, number, task) for number, task in enumerate(state.tasks, 1)]
    blocks: list[Block] = [
        header(run_title(state).replace("&amp;", "&")),
        section(words),
        context(f"{access_words(state)}  {visitors_words(state)}"),
        *([context(window_told(state.window))] if state.window else []),
        divider(),
        *sections(lines),
    ]
    current = state.current
    step = current.key if current else state.tasks[-1].key
    buttons = run_buttons(frame, state, step)
    if buttons:
        blocks.append(actions(buttons))
    blocks.append(_footer(state))
    said = [f"{run_title(state)}. {words}", *(f"{line.rstrip('.')}." for line in lines)]
    return card(" ".join(said).replace("*", ""), blocks)


def _line(frame: Frame, state: RunState, number: int, task: Task) -> str:
    title = frame.title(task.key)
    words = f"{task_words(state, task)}{since(task) if not state.outcome else ''}"
    strong = task.status not in ("next", "done", "skipped") and not state.outcome
    return f"{number}. {f'*{title}*' if strong else title} — {words}"


def _footer(state: RunState) -> Block:
    opened = f"Started by {person(state.starter)}"
    if state.opened_at:
        opened += f" {when(state.opened_at)}"
    site = state.site
    where = ""
    if site is not None:
        where = escape(f" · zone {site.zone} · project {site.project} · {site.environment}"
                       f" · order {site.order}")  # fmt: skip
    seams = seams_words(state.seams)
    return context(f"{opened} · run {state.run}{where}" + (f"\n{seams}" if seams else ""))


def superseded_card(frame: Frame, task: Task) -> Card:
    """A card whose plan is no longer what would be done."""
    title = frame.title(task.key)
    text = f"{title}: this card is out of date; the newest one is below in the thread."
    return card(text, [section(f"*{title}*\nThis card is out of date. The newest one is below.")])


def task_card(frame: Frame, state: RunState, task: Task) -> Card:
    """One step: state, who acts, what changes, evidence, the way back, buttons."""
    title = frame.title(task.key)
    status = _NOT_BEGUN if unbegun(state, task) else _status(frame, state, task)
    blocks: list[Block] = [section(f"*{title}*\n{status}")]
    if task.differences and task.status == "shown":
        changed = "\n".join(f"• {escape(d)}" for d in task.differences)
        blocks.append(section(f"*The plan has changed since the last card*\n{changed}"))
    if task.plan is not None and task.plan.changes:
        blocks += _plan_blocks(task.plan, task.status, left_out=_left_out(state, task))
    blocks += _result_blocks(task)
    if task.plan is not None and task.plan.changes:
        blocks += _way_blocks(state, task.plan, task)
    blocks += ahead_blocks(frame, task)
    blocks += task_buttons(frame, state, task)
    if state.seams and task.status == "shown":
        blocks.append(context(seams_words(state.seams)))
    said = [f"{title}: {status}".replace("*", "")]
    if task.plan is not None and task.status == "shown" and not state.outcome:
        said += [f"{c.target}: {c.before or 'nothing'} → {c.after or 'nothing'}."
                 for c in task.plan.changes]  # fmt: skip
    ahead = [f"Following without risk, {line}." for line in ahead_lines(frame, task)]
    told = [escape(s) if n else s for n, s in enumerate(said)]
    return card(" ".join([*told, *ahead]), blocks)


def _status(frame: Frame, state: RunState, task: Task) -> str:
    match task.status:
        case "shown":
            return f"{waiting_words(frame, state, task)} Nothing has been written."
        case "approved":
            delayed = f" {_delayed(task)}" if task.delayed else ""
            return f"{approved_words(state, task)}{delayed}"
        case "expired":
            return expired_words(task)
        case "started":
            return _working(state, task)
        case "applied":
            delayed = f" {_delayed(task)}" if task.delayed else ""
            at = f" {when(task.applied_at)}" if task.applied_at else ""
            return f"The work was done{at}; its proof is looked for from outside.{delayed}"
        case "done":
            return _done(frame, state, task)
        case "skipped":
            return skipped_words(task)
        case "failed":
            return _failed(state, task)
        case "declined":
            reason = f" Reason: “{escape(task.reason)}”." if task.reason else ""
            return f"Declined by {person(task.declined_by)}.{reason} Nothing was written."
        case _:
            return "Being planned again."


def _delayed(task: Task) -> str:
    return f"{escape(task.delayed.removesuffix('.'))}. The bot goes on trying by itself."


def _working(state: RunState, task: Task) -> str:
    by = f" Approved by {approvers(task)}." if task.approved_by else ""
    delayed = f" {_delayed(task)}" if task.delayed else ""
    if task.waiting is not None:
        told = f"{usual_words(state, task)}{delayed}{activity_words(state, task)}"
        return f"Waiting for {escape(task.waiting.what)}{since(task)}.{told}{by}"
    if delayed:
        return f"{delayed.strip()}{by}"
    return f"At work{since(task)}.{by}"


def _done(frame: Frame, state: RunState, task: Task) -> str:
    by = ""
    if task.approved_by:
        verb = "Accepted" if task.reason == "accepted" else "Approved"
        at = f" {when(task.approved_at)}" if task.approved_at else ""
        who = person(task.approved_by) if verb == "Accepted" else approvers(task)
        by = f" {verb} by {who}{at}."
    time = f" Took {took(task)}." if took(task) else ""
    if task.verdict is not None and task.verdict.state == "set":
        later = proof(state, task)
        if later is not None:
            return f"Done, and proven by {frame.title(later.key)}.{by}{time}"
        name = frame.title(task.verdict.proven_by) if task.verdict.proven_by else ""
        told = f" The step that proves it: {name}." if name else ""
        return f"Set, not yet proven.{told}{by}{time}"
    if task.reason == "accepted":
        return f"Not seen in full, and taken as it is.{by}"
    return f"Done and proven.{by}{time}"


def _failed(state: RunState, task: Task) -> str:
    failure = task.failure
    assert failure is not None
    parts = [f"*Cannot go on* ({failure.code}).", dated(failure.message),
             f"\n*For visitors:* {for_visitors(state, task)}"]  # fmt: skip
    parts.append(f"\n*What to do:* {dated(failure.hint) or what_to_do(failure.code)}")
    codes = [f"vendor code {failure.vendor_code}" if failure.vendor_code else "",
             f"request {failure.request_id}" if failure.request_id else ""]  # fmt: skip
    told = ", ".join(c for c in codes if c)
    return " ".join(parts) + (f" ({escape(told)})." if told else "")


_NOT_BEGUN = "Not begun: the run ended before it. Nothing was written."


def _left_out(state: RunState, task: Task) -> bool:
    """Whether the plan of the card is not carried out, at least not as it is."""
    return task.status in ("declined", "skipped", "expired") or unbegun(state, task)


def _plan_blocks(plan: Plan, status: TaskStatus, *, left_out: bool) -> list[Block]:
    """What the plan changes, in the tense of the step: a card that is a record promises nothing."""
    title = "What changed" if status == "done" else "What changes"
    if left_out:
        title = "What it would have changed"
    lines = [f"• {change_words(c)} ({RISKS[c.risk]})" for c in plan.changes]
    blocks = sections([f"*{title}*", *lines])
    if plan.inputs.get("diff"):
        blocks.append(code(plan.inputs["diff"]))
    if plan.notes:
        blocks += sections(["*Good to know*", *(f"• {escape(n)}" for n in plan.notes)])
    if plan.accepting and not left_out:
        accepted = [f"• {escape(a)}" for a in plan.accepting]
        asked = "By approving you accept" if status == "shown" else "Accepted by the approval"
        blocks += sections([f"*{asked}*", *accepted])
    return blocks


def _result_blocks(task: Task) -> list[Block]:
    lines = [f"• {escape(line)}" for line in task.evidence]
    verdict = task.failure.verdict if task.failure else task.verdict
    if verdict is not None:
        lines += [f"• {escape(line)}" for line in verdict.evidence]
    blocks = sections(["*Evidence*", *lines]) if lines else []
    return [*blocks, *table_blocks(verdict.rows)] if verdict is not None else blocks


def _way_blocks(state: RunState, plan: Plan, task: Task) -> list[Block]:
    parts = []
    ahead = task.status in ("shown", "approved", "started", "failed") and not unbegun(state, task)
    if plan.way_back and ahead:
        parts.append(f"*To go back:* {escape(plan.way_back)}")
    if plan.page:
        page = escape(plan.page).replace("|", "%7C")
        parts.append(f"<{page}|The vendor's page for this step>")
    if task.fingerprint:
        parts.append(f"plan {task.fingerprint[:8]}")
    return [context("  ·  ".join(parts))] if parts else []
