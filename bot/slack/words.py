"""How a run and its steps are called on cards. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.engine.approval_events import Window
from bot.engine.control import refused_without
from bot.engine.itinerary import NO_LAWS, Laws
from bot.engine.policy import Policy
from bot.engine.state import RunState, Task
from bot.engine.undo import standing, touched
from bot.slack.blocks import escape, person, when
from bot.slack.spans import lasted
from bot.slack.table import closed_addresses

RISKS = {
    "none": "no risk to visitors",
    "brief": "a brief effect at most",
    "outage-if-wrong": "an outage if it is wrong",
}
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Frame:
    """What cards need beside the run: titles of the steps, the policy, and the time."""

    titles: Mapping[str, str]
    policy: Policy
    now: datetime
    laws: Laws = NO_LAWS
    looks_every: timedelta = timedelta(0)
    """How often a closed site is looked at; zero is never."""

    def title(self, key: str) -> str:
        return self.titles.get(key, key)


def policy_of(frame: Frame, state: RunState) -> Policy:
    """The policy in force for the run: the engine's word, else the settings'."""
    return state.policy or frame.policy


def awaited(frame: Frame, state: RunState) -> str:
    """Who must act now, for the current task."""
    policy, task = policy_of(frame, state), state.current
    people = sorted(policy.approvers)
    left = len(people) - _MOST_NAMED
    named = [person(user) for user in people[:_MOST_NAMED]]
    named += [f"{left} more"] if left > 0 else []
    named += [f"<!subteam^{group}>" for group in policy.groups]
    who = ", ".join(named) or "an approver (none is set)"
    risk = task.plan.risk if task is not None and task.plan else "none"
    if task is None or policy.own_counts(task.key, risk):
        return who
    asked = " and ".join(person(user) for user in sorted(state.askers))
    return f"{who}, and not {asked} who asked for it"


def window_told(window: Window | None) -> str:
    """A run's maintenance window, a sentence."""
    if window is None:
        return "No maintenance window: each step begins once it is approved."
    return (
        f"Maintenance window: {when(window.start)} to {when(window.end)} (given in"
        f" {escape(window.zone)}); what can cause an outage begins only in it."
    )


def run_title(state: RunState) -> str:
    """What the run does, to which site."""
    site = escape(state.site.name) if state.site else "?"
    if state.undo_reach:
        return f"Take back a part of the run on {site}"
    return f"Open the origin of {site} again" if state.direction == "back" else (
        f"Close the origin of {site}"
    )  # fmt: skip


def run_words(frame: Frame, state: RunState) -> str:
    """The state of the run in one sentence; in a second one, that visitors are refused in it."""
    holds = state.status in ("needs-approval", "needs-help", "paused")
    return _run_words(frame, state) + (refused_words(frame, state) if holds else "")


def refused_words(frame: Frame, state: RunState) -> str:
    """That visitors are refused while the run stands here, and until when; else empty."""
    missing = refused_without(state, frame.laws)
    if not missing:
        return ""
    return f" Visitors are refused until *{frame.title(missing)}* is done: do not leave it so."


def _run_words(frame: Frame, state: RunState) -> str:
    task = state.current
    match state.status:
        case "closed":
            return {
                "closed": f"Finished: the origin is {closed_words(state)}.{_drifted(state)}",
                "undone": "Finished: everything is as it was before the run.",
                "partly-undone": f"Finished: taken back in part. {stands_words(frame, state)}",
                "stopped": f"Stopped by {person(state.stopped_by)}.{quoted(state.stop_reason)}"
                f" {stands_words(frame, state)}",
            }.get(state.outcome, "Finished.")
        case "needs-approval":
            assert task is not None
            return f"Waiting for a yes to *{frame.title(task.key)}* from {awaited(frame, state)}."
        case "needs-help":
            assert task is not None
            return _help_words(frame, state, task)
        case "paused":
            name = f" before *{frame.title(task.key)}*" if task else ""
            why = quoted(state.pause_reason)
            return f"Paused by {person(state.paused_by)}{name}; Resume goes on.{why}"
        case _:
            return _working_words(frame, state, task)


def _drifted(state: RunState) -> str:
    if not state.drift:
        return ""
    return " *It is not as this run left it any more*: the newest message in its thread says how."


def quoted(reason: str) -> str:
    """Somebody's reason in their own words; nothing where none was given."""
    return f" Reason: “{escape(reason)}”." if reason else ""


def _working_words(frame: Frame, state: RunState, task: Task | None) -> str:
    name = frame.title(task.key) if task else "the last step"
    after = ""
    if state.stopped_by:
        by = person(state.stopped_by)
        after = f" Stopped by {by}: the run ends with this step.{quoted(state.stop_reason)}"
    elif state.paused_by:
        after = f" Paused by {person(state.paused_by)}: nothing begins after this step."
    held_up = task.delayed if task else ""
    told = f" {escape(held_up)} The bot goes on trying by itself." if held_up else ""
    return f"At work on *{name}*.{told}{after}"


def _help_words(frame: Frame, state: RunState, task: Task) -> str:
    name = frame.title(task.key)
    if state.direction == "back" and task.status == "failed":
        return (
            f"*The way back is not done*: *{name}* cannot go on. What was there before is on"
            " record; Retry takes it up again."
        )
    match task.status:
        case "declined":
            why = f"was declined by {person(task.declined_by)}; *Retry* on its card shows it again"
        case "expired":
            why = "was not decided in time; *Retry* on its card shows it again"
        case _:
            why = "cannot go on by itself; its card says why, and what to do"
    return f"*{name}* {why}."


def stands_words(frame: Frame, state: RunState) -> str:
    """What a run that ended before its end, or holds, has left in force."""
    if not state.changed:
        return "Nothing had been changed; the site is as it was."
    there = standing(state, frame.laws)
    left = ", ".join(frame.title(key) for key in there)
    stays = f"In force: {left}." if left else "Nothing of this run is in force any more."
    failed = [frame.title(t.key) for t in state.tasks if t.status == "failed"]
    served = not refused_without(state, frame.laws)
    said = (
        f"{', '.join(failed)} had failed; its card says what was seen. " if failed
        else "Every step ended in a state that serves visitors. " if served else ""
    )  # fmt: skip
    return f"{said}{stays}"


def for_good_words(frame: Frame, state: RunState) -> str:
    """What an undo of the whole run makes for good, a sentence each; empty when nothing."""
    laws = frame.laws
    ways = [way for t in state.tasks if touched(t) for way in laws.back_of.get(t.key, ())]
    return " ".join(laws.for_good[way] for way in dict.fromkeys(ways) if way in laws.for_good)


def skipped_words(task: Task) -> str:
    """Why a step was not taken: it was right already, overtaken, or left out by somebody."""
    reasons = " ".join(escape(r) for r in task.skipped)
    if task.skipped_by:
        return f"Skipped by {person(task.skipped_by)}. Reason: “{reasons}”."
    return f"Not taken up again: {reasons}." if task.left else f"Skipped: nothing to do. {reasons}"


def unbegun(state: RunState, task: Task) -> bool:
    """Whether the run has ended while the step's card waited, or before the step began."""
    return bool(state.outcome) and task.status in ("next", "shown", "approved")


def task_words(state: RunState, task: Task) -> str:
    """The state of a step in a few words, for its line in the overview."""
    return "not begun" if unbegun(state, task) else _task_words(state, task)


def _task_words(state: RunState, task: Task) -> str:
    match task.status:
        case "next":
            return "next, approved beforehand" if task.complete else "next"
        case "shown":
            return "waits for approval"
        case "approved":
            held = ", waits for the maintenance window" if task.held else ""
            return f"approved by {person(task.approved_by)}{held}"
        case "expired":
            return "nobody decided in time"
        case "started":
            return f"running: {escape(task.waiting.what)}" if task.waiting else "running"
        case "applied":
            return "done, being proven"
        case "done":
            return _done_words(state, task)
        case "skipped":
            by = f" by {person(task.skipped_by)}" if task.skipped_by else ""
            why = escape(task.skipped[0]) if task.skipped else "nothing to do"
            return why if task.left else f"skipped{by}: {why}"
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
