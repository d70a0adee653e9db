"""What a card says beside the step itself: since when, what is usual, what it means. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.engine.state import RunState, Task
from bot.slack.blocks import escape, strong, when
from bot.slack.spans import lasted, took
from bot.slack.words import visitors_words
from steps.step import Change

_SHARED = ("_url", "_port", "_roots", "_seconds")
REPLACED_DAYS = 7


def seams_words(seams: Sequence[str]) -> str:
    """Every seam that is moved, by name, in one line; `check` tells their values.

    Names with the same end stand together: ``slack, auth (url)``.
    """
    if not seams:
        return ""
    names = [seam.partition(" = ")[0].removeprefix("MTLS_SEAM_").lower() for seam in seams]
    parts = []
    for end in _SHARED:
        found = [name for name in names if name.endswith(end)]
        if len(found) > 1:
            parts.append(f"{', '.join(name.removesuffix(end) for name in found)} ({end[1:]})")
            names = [name for name in names if name not in found]
    return f"*Not the production world*, moved: {escape(' · '.join([*parts, *names]))}"


def change_words(change: Change) -> str:
    """What is, and what will be; a deployment was nothing before, and only says what it brings."""
    after = strong(escape(change.after or "nothing"))
    if change.verb == "deploy" and change.before is None:
        return f"{escape(change.target)}: {after}"
    return f"{escape(change.target)}: {escape(change.before or 'nothing')} → {after}"


def since(task: Task) -> str:
    """Since when a step is what it is, for its line; empty where nothing began."""
    at = {
        "shown": task.shown_at, "approved": task.approved_at, "applied": task.applied_at,
        "started": task.waiting_since or task.started_at,
        "failed": task.failure.at if task.failure else None,
    }.get(task.status)  # fmt: skip
    return f", since {when(at)}" if at else ""


def usual_words(state: RunState, task: Task) -> str:
    """How long it usually takes: by the vendor's list, else by this run; empty where unknown."""
    if task.waiting is None or task.waiting.handle.get("phase", "deploy") != "deploy":
        return ""
    usual = task.waiting.handle.get("usual", "")
    if usual.isdigit():
        return f" It usually takes about {lasted(timedelta(seconds=int(usual)))}."
    earlier = [
        f"{took(one)}" for one in state.tasks
        if one is not task and one.status == "done" and took(one) and deployed(one)
    ]  # fmt: skip
    if not (deployed(task) and earlier):
        return ""
    return f" The last deployment of this run took {earlier[-1]}."


def deployed(task: Task) -> bool:
    """Whether the step's work is a deployment."""
    return task.plan is not None and any(c.verb == "deploy" for c in task.plan.changes)


def activity_words(state: RunState, task: Task) -> str:
    """The vendor's own state of what is awaited, its log, and until when it is awaited."""
    if task.waiting is None:
        return ""
    until = f" The bot gives up {when(task.waiting.give_up_at)}."
    named = escape(task.waiting.handle.get("activity", ""))
    if not named:
        return until
    project = escape(state.site.project) if state.site else ""
    word = escape(task.waiting.handle.get("state", "").replace("_", " "))
    says = "said last" if task.delayed else "says"
    said = f" Platform.sh {says}: {word}." if word else ""
    return f"{said} Its log: `platform activity:log {named} -p {project}`.{until}"


def for_visitors(state: RunState, task: Task) -> str:
    """What a failed step means for those who visit the site now."""
    if task.started_at is None:
        return "Nothing was written by this step, so nothing is different for them."
    if not state.visitors.looks:
        return "No look is on record yet; open the site once yourself."
    return visitors_words(state).removeprefix("Visitors: ")


def certificate_words(state: RunState, today: date) -> str:
    """How long the certificate that the run installed lasts; empty where it installed none."""
    task = state.task("origin-certificate")
    ends = task.receipt.get("not_after", "")[:10] if task else ""
    if not ends:
        return ""
    days = (date.fromisoformat(ends) - today).days
    return (
        f"The origin's certificate lasts {days} days, until {ends}; it is replaced"
        f" {REPLACED_DAYS} days before."
    )
