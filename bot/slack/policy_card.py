"""The card that asks for another policy of a site. Pure."""

from bot.engine.policy import Policy
from bot.engine.state import RunState, Task
from bot.slack.approval_words import approvers, expired_words, policy_lines, waiting_words
from bot.slack.blocks import Block, Card, card, context, escape, person, section, sections
from bot.slack.buttons_of import task_buttons
from bot.slack.telling_cards import telling_messages
from bot.slack.words import Frame


def policy_messages(frame: Frame, state: RunState) -> dict[str, Card]:
    """Every message of a policy's stream, by its key."""
    made: dict[str, Card] = {}
    for task in state.tasks:
        for number in range(1, task.cards):
            made[f"policy/{number}"] = _earlier(state)
        made[f"policy/{task.cards}"] = policy_card(frame, state, task)
    return made | telling_messages(frame, state)


def policy_card(frame: Frame, state: RunState, task: Task) -> Card:
    """What state, who acts, what changes, and the buttons."""
    title = f"Who may approve on {_site(state)}"
    status = f"Asked for by {person(state.starter)}. {_status(frame, state, task)}"
    was, wanted = state.was_policy or Policy(), state.asked_policy or frame.policy
    before, after = policy_lines(was), policy_lines(wanted)
    lines = [
        f"• {old} → *{new.partition(': ')[2]}*" if old != new else f"• {old} (stays)"
        for old, new in zip(before, after, strict=True)
    ]
    if state.asked_policy is None:
        lines.append("• From now on as the bot's settings say.")
    blocks: list[Block] = [section(f"*{title}*\n{status}"), *sections(["*What changes*", *lines])]
    blocks += task_buttons(frame, state, task)
    blocks.append(context(f"Decided under the policy in force. plan {task.fingerprint[:8]}"))
    return card(" ".join([f"{title}: {status}", *lines]).replace("*", ""), blocks)


def _site(state: RunState) -> str:
    return escape(state.site.name) if state.site else "?"


def _status(frame: Frame, state: RunState, task: Task) -> str:
    match task.status:
        case "shown":
            return f"{waiting_words(frame, state, task)} Until then nothing changes."
        case "declined":
            reason = f" Reason: “{escape(task.reason)}”." if task.reason else ""
            return f"Declined by {person(task.declined_by)}.{reason} Nothing changes."
        case "expired":
            return expired_words(task).replace("*Retry* shows it", "`/mtls policy` asks for it")
        case _:
            return f"Approved by {approvers(task)}; it holds from now on."


def _earlier(state: RunState) -> Card:
    text = f"Who may approve on {_site(state)}: asked for earlier; a newer card is below."
    return card(text, [section(text)])
