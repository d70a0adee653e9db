"""What is said when nobody sees a run's messages in its channel, and where it is reached. Pure."""

from collections.abc import Mapping

from bot.engine.policy import is_policy_stream
from bot.engine.state import RunState
from bot.slack.blocks import Card, card, escape, section

_OUTSIDE = "the bot is not in it"
_ARCHIVED = "the channel is archived"
NOWHERE: Mapping[str, str] = {
    "not_in_channel": _OUTSIDE,
    "channel_not_found": f"{_OUTSIDE}, or it is no more",
    "is_archived": _ARCHIVED,
    "is_inactive": _ARCHIVED,
    "restricted_action": "the bot may not post there",
}
"""Slack's word for a channel that takes no message, and what it means."""
_MENDED = {
    _OUTSIDE: "Invite the bot (`/invite @mtls-bot`), and its messages come there by themselves.",
    _ARCHIVED: "Unarchive it, and the messages come there by themselves.",
}


def concerned(state: RunState) -> tuple[str, ...]:
    """Who is told: whoever asked for the run, and whoever has decided in it so far."""
    decided = {one.by for task in state.tasks for one in task.approvals}
    decided |= {task.approved_by for task in state.tasks}
    return tuple(sorted(state.askers | {user for user in decided if user and user != "driver"}))


def unseen_words(state: RunState, why: str) -> str:
    """The message to each of them: what happened, what it means, what to do."""
    site = escape(state.site.name) if state.site else state.run
    what = "change of the policy of" if is_policy_stream(state.run) else "run on"
    stands = "has ended, and there is news of it" if state.outcome else "goes on"
    return f"The {what} {site} {stands}. {where_words(state, why)}"


def where_words(state: RunState, why: str) -> str:
    """That its messages reach nobody, why, and where the run is reached meanwhile."""
    site = escape(state.site.name) if state.site else state.run
    card_too = (
        "" if state.outcome
        else ", and to whoever may decide it also shows the card that waits, with its buttons"
    )  # fmt: skip
    return (
        f"Its messages do not reach {refused_words(state, why)} Until then `/mtls status {site}`,"
        f" typed anywhere else, shows where it stands{card_too}."
    )


def refused_words(state: RunState, why: str) -> str:
    """Which channel takes no message, why, and what mends it."""
    told = NOWHERE.get(why, escape(why))
    mended = next((do for key, do in _MENDED.items() if told.startswith(key)),
                  "Whoever looks after the channel can allow it.")  # fmt: skip
    return f"<#{state.channel}>: {told}. {mended}"


def moved_card() -> Card:
    """What a card leaves behind."""
    text = (
        "This card stands in another thread now: the first message of this one was removed. The"
        " run's newest message in the channel has the thread."
    )
    return card(text, [section(text)])
