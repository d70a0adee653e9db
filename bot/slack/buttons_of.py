"""Which buttons a card has, and what their values are: run · step · fingerprint, nothing else."""

from bot.engine.decide import verdict_digest
from bot.engine.state import RunState, Task
from bot.slack.blocks import Block, actions, button, confirm
from bot.slack.words import RISKS, Frame

SEPARATOR = "|"
NO_FINGERPRINT = "-"


def value(run: str, step: str, fingerprint: str = NO_FINGERPRINT) -> str:
    """What a button carries."""
    return SEPARATOR.join((run, step, fingerprint))


def task_buttons(frame: Frame, state: RunState, task: Task) -> list[Block]:
    """The buttons of a step's card in its state; none when nothing can be decided."""
    if state.outcome or state.current is not task:
        return []
    if task.status == "shown":
        return [actions([_approve(frame, state, task), _decline(frame, state, task)])]
    if task.status in ("failed", "declined"):
        return [actions(_after_failure(frame, state, task))]
    return []


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
    return [*made, *run_buttons(state, task.key)]


def run_buttons(state: RunState, step: str) -> list[Block]:
    """Undo and Stop, where they make sense."""
    made = []
    if state.changed and (state.direction == "forward" or state.outcome == "stopped"):
        question = confirm(
            "Undo the run?",
            "Each way back is shown and approved on its own, in the order that refuses nobody.",
            "Show the first",
        )
        made.append(button("Undo", "undo", value(state.run, step), confirm=question,
                           label="Undo the run"))  # fmt: skip
    if not state.outcome:
        question = confirm(
            "Stop the run?", "What was done stays as it is; nothing more is done.", "Stop"
        )
        made.append(button("Stop", "stop", value(state.run, step), style="danger",
                           confirm=question, label="Stop the run"))  # fmt: skip
    return made
