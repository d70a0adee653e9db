"""How a run and its steps are called on cards. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.engine.state import RunState, Task
from bot.slack.access import ALWAYS_ONE_APPROVER, Policy
from bot.slack.blocks import escape, person, when
from bot.slack.table import closed_addresses

RISKS = {
    "none": "no risk to visitors",
    "brief": "a brief effect at most",
    "outage-if-wrong": "an outage if it is wrong",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What cards need beside the run: titles of the steps, the policy, and the time."""

    titles: Mapping[str, str]
    policy: Policy
    now: datetime

    def title(self, key: str) -> str:
        return self.titles.get(key, key)


def awaited(frame: Frame, state: RunState) -> str:
    """Who must act now, for the current task."""
    task = state.current
    named = ", ".join(sorted(person(u) for u in frame.policy.approvers))
    groups = ", ".join(f"<!subteam^{g}>" for g in frame.policy.groups)
    who = ", ".join(p for p in (named, groups) if p) or "an approver (none is set)"
    if task is not None and _needs_another(task, frame.policy):
        return f"{who}, and not {person(state.starter)} who started the run"
    return who


def _needs_another(task: Task, policy: Policy) -> bool:
    risky = task.plan is not None and task.plan.risk == "outage-if-wrong"
    return risky and not policy.starter_may_approve and task.key not in ALWAYS_ONE_APPROVER


def run_title(state: RunState) -> str:
    """What the run does, to which site."""
    site = escape(state.site.name) if state.site else "?"
    return f"Open the origin of {site} again" if state.direction == "back" else (
        f"Close the origin of {site}"
    )  # fmt: skip


def run_words(frame: Frame, state: RunState) -> str:
    """The state of the run in one sentence."""
    task = state.current
    match state.status:
        case "closed":
            return {
                "closed": f"Finished: the origin is {closed_words(state)}.",
                "undone": "Finished: everything is as it was before the run.",
                "stopped": f"Stopped by {person(state.stopped_by)}. {_left_as(state)}",
            }.get(state.outcome, "Finished.")
        case "needs-approval":
            assert task is not None
            return f"Waiting for a yes to *{frame.title(task.key)}* from {awaited(frame, state)}."
        case "needs-help":
            assert task is not None
            return f"*{frame.title(task.key)}* cannot go on by itself; somebody has to decide."
        case _:
            name = frame.title(task.key) if task else "the last step"
            held_up = task.delayed if task else ""
            told = f" {escape(held_up)} The bot goes on trying by itself." if held_up else ""
            return f"At work on *{name}*.{told}"


def _left_as(state: RunState) -> str:
    if not state.changed:
        return "Nothing had been changed."
    back = "; Undo takes it back" if state.direction == "forward" else "; Undo goes on from there"
    return f"What was done stays as it is{back}."


def task_words(state: RunState, task: Task) -> str:
    """The state of a step in a few words, for its line in the overview."""
    match task.status:
        case "next":
            return "next"
        case "shown":
            return "waits for approval"
        case "approved":
            return f"approved by {person(task.approved_by)}"
        case "started":
            return escape(task.waiting.what) if task.waiting else "at work"
        case "applied":
            return "done, being proven"
        case "done":
            return _done_words(state, task)
        case "skipped":
            return f"skipped: {escape(task.skipped[0]) if task.skipped else 'nothing to do'}"
        case "failed":
            return "cannot go on"
        case _:
            return f"declined by {person(task.declined_by)}"


def proof(state: RunState, task: Task) -> Task | None:
    """The later step that has proven what this one could only set; None while it has not."""
    verdict = task.verdict
    later = state.task(verdict.proven_by) if verdict is not None and verdict.proven_by else None
    seen = later is not None and later.verdict is not None and later.verdict.state == "proven"
    return later if seen else None


def _done_words(state: RunState, task: Task) -> str:
    if task.reason == "accepted":
        return f"accepted by {person(task.approved_by)} although not fully seen"
    if task.verdict is not None and task.verdict.state == "set":
        return "done, proven by a later step" if proof(state, task) else "set, not yet proven"
    return "done and proven"


def took(task: Task) -> str:
    """How long a step took, from its start."""
    if task.started_at is None or task.ended_at is None:
        return ""
    return lasted(task.ended_at - task.started_at)


def lasted(span: timedelta) -> str:
    """A span in people's words."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 90:  # noqa: PLR2004 - a minute and a half reads better in seconds
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def visitors_words(state: RunState) -> str:
    """What the bot's own looks have seen so far."""
    seen = state.visitors
    unclear = f" {seen.unclear} more could not be judged." if seen.unclear else ""
    if not seen.looks:
        return f"Visitors: not looked at yet.{unclear}"
    told = f"Visitors: {seen.served} of {seen.looks} looks through Cloudflare were served."
    words = f"{told}{unclear}"
    if not seen.refused:
        return words
    first, last = seen.refused[0][0], seen.refused[-1][1]
    return f"{words} Refused from {when(first)} to {when(last)} ({lasted(last - first)} at most)."


def closed_words(state: RunState) -> str:
    """How closed the origin is: an address that could not be asked is not called closed."""
    probe = state.task("origin-probe")
    if probe is None or probe.verdict is None or probe.verdict.state == "proven":
        return "closed"
    closed, of = closed_addresses(probe.verdict.rows)
    return f"closed on {closed} of {of} addresses" if of else "closed where it could be seen"


def access_words(state: RunState) -> str:
    """Whether the origin is open to whoever knows its address, as far as it was seen."""
    done = (t for t in state.tasks if t.status == "done")
    seen = {t.key for t in done if t.verdict is not None and t.verdict.state != "set"}
    if "undo-client-authentication" in seen:
        return "Direct access: open again."
    if "origin-probe" in seen:
        return f"Direct access: {closed_words(state)}."
    if "client-authentication" in seen:
        return "Direct access: closed."
    before = state.task("preflight")
    if before is None or before.verdict is None:
        return "Direct access: not looked at yet."
    return f"Direct access: {escape(before.verdict.hint)}."
