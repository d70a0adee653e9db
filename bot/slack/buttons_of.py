"""Which buttons a card has, and what their values are: run · step · fingerprint, nothing else."""

from bot.engine.approvals import ahead_of, batch_digest, withdrawable
from bot.engine.decide import verdict_digest
from bot.engine.policy import is_policy_stream
from bot.engine.state import RunState, Task
from bot.slack.blocks import Block, actions, button, confirm
from bot.slack.control_buttons import ending_buttons, skip_button
from bot.slack.values import value
from bot.slack.words import RISKS, Frame


def task_buttons(frame: Frame, state: RunState, task: Task) -> list[Block]:
    """The buttons of a step's card in its state; none when nothing can be decided."""
    if state.outcome:
        return []
    made: list[Block] = []
    if state.current is task and task.status == "shown":
        made = [_approve(frame, state, task), *_ahead(frame, state, task),
                _decline(frame, state, task)]  # fmt: skip
    elif state.current is task and task.status in ("failed", "declined", "expired"):
        made = [] if is_policy_stream(state.run) else _after_failure(frame, state, task)
    if withdrawable(task) or ahead_of(state, task):
        made.append(button("Withdraw", "withdraw", value(state.run, task.key, task.fingerprint),
                           label=f"Withdraw my yes: {frame.title(task.key)}"))  # fmt: skip
    if task.status == "shown" and task.deadline is not None:
        made.append(button("Extend", "extend", value(state.run, task.key, task.fingerprint),
                           label=f"Extend the wait: {frame.title(task.key)}"))  # fmt: skip
    return [actions(made)] if made else []


def _ahead(frame: Frame, state: RunState, task: Task) -> list[Block]:
    """One press for this plan and the later ones on the card, bound to all their fingerprints."""
    if not task.foreseen:
        return []
    number = len(task.foreseen)
    text = f"Approve with {number} following"
    titles = ", ".join(frame.title(one.step) for one in task.foreseen)
    question = confirm(
        f"Approve {number + 1} plans?",
        f"{frame.title(task.key)}, and without risk: {titles}.", "Approve all",
    )  # fmt: skip
    return [
        button(text, "ahead", value(state.run, task.key, batch_digest(task)), confirm=question,
               label=f"{text}: {titles}")
    ]  # fmt: skip


def _approve(frame: Frame, state: RunState, task: Task) -> Block:
    assert task.plan is not None
    accepting = bool(task.plan.accepting)
    text = "Approve and accept" if accepting else "Approve"
    title = frame.title(task.key)
    question = None
    if accepting or task.plan.risk == "outage-if-wrong":
        named = " ".join(task.plan.accepting) or f"Wrong, it means {RISKS[task.plan.risk]}."
        question = confirm(f"{text}?", f"{title}. {named}", text)
    return button(
        text, "approve", value(state.run, task.key, task.fingerprint), style="primary",
        confirm=question, label=f"{text}: {title}",
    )  # fmt: skip


def _decline(frame: Frame, state: RunState, task: Task) -> Block:
    return button(
        "Decline", "decline", value(state.run, task.key, task.fingerprint),
        label=f"Decline: {frame.title(task.key)}",
    )  # fmt: skip


def _after_failure(frame: Frame, state: RunState, task: Task) -> list[Block]:
    title = frame.title(task.key)
    made = [button("Retry", "retry", value(state.run, task.key), style="primary",
                   label=f"Retry: {title}")]  # fmt: skip
    verdict = task.failure.verdict if task.failure else None
    if verdict is not None and verdict.acceptable:
        question = confirm("Accept it?", " ".join(verdict.evidence), "Accept")
        made.append(
            button("Accept", "accept", value(state.run, task.key, verdict_digest(verdict)),
                   confirm=question, label=f"Accept: {title}")
        )  # fmt: skip
    return [
        *made, *skip_button(frame, state, task), *ending_buttons(frame, state, task.key),
    ]  # fmt: skip
