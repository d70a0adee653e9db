"""The buttons that steer a run as a whole, where each makes sense; and Skip, where the law allows.

Whoever presses is asked about when they press: a button is an offer, never a right.
"""

from bot.engine.control import at_work, unskippable
from bot.engine.state import RunState, Task
from bot.slack.blocks import Block, button, confirm
from bot.slack.values import value
from bot.slack.words import Frame, for_good_words


def run_buttons(frame: Frame, state: RunState, step: str) -> list[Block]:
    """Pause or Resume, Undo, Back and Stop; none that would be refused in every case."""
    return [*_holding(state, step), *ending_buttons(frame, state, step)]


def ending_buttons(frame: Frame, state: RunState, step: str) -> list[Block]:
    """Undo, Back and Stop."""
    made = _undoing(frame, state, step)
    if not state.outcome and not state.stopped_by:
        made.append(button("Stop", "stop", value(state.run, step), style="danger",
                           label="Stop the run: asks for a reason"))  # fmt: skip
    return made


def _holding(state: RunState, step: str) -> list[Block]:
    if state.outcome or state.stopped_by:
        return []
    if state.paused_by:
        return [button("Resume", "resume", value(state.run, step), label="Resume the run")]
    return [button("Pause", "pause", value(state.run, step), label="Pause the run")]


def _undoing(frame: Frame, state: RunState, step: str) -> list[Block]:
    """Where the run may turn round, or, taken back in part or stopped on the way, go further."""
    stands = state.direction == "forward" or state.outcome in ("stopped", "partly-undone")
    if not (state.changed and stands):
        return []
    question = confirm(
        "Undo the run?",
        "Each way back is shown and approved on its own, in the order that refuses nobody."
        f" {for_good_words(frame, state)}".strip(),
        "Show the first",
    )
    return [
        button("Undo", "undo", value(state.run, step), confirm=question, label="Undo the run"),
        button(
            "Back …",
            "back",
            value(state.run, step),
            label="Back …: undo the last step, or go back to one",
        ),
    ]


def skip_button(frame: Frame, state: RunState, task: Task) -> list[Block]:
    """Leave this step out, with a reason; nothing where a later step relies on it."""
    if at_work(task) or unskippable(state, task, frame.laws):
        return []
    return [button("Skip …", "skip", value(state.run, task.key),
                   label=f"Skip …: {frame.title(task.key)}, and say why")]  # fmt: skip
