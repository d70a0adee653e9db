"""The card that waits, for whoever may decide it and cannot find it: deleted, or never posted."""

from typing import TYPE_CHECKING

from bot.engine.policy import policy_of_place
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState
from bot.slack.access import Act, Person, allow
from bot.slack.blocks import Card, card, context
from bot.slack.cards import run_messages
from bot.slack.inbox import SlashCommand
from steps.errors import Rejected

if TYPE_CHECKING:
    from bot.slack.desk import Desk

_SAME = (
    "Only you see this copy. Its buttons count like those of the card in the run's thread; which of"
    " both is pressed makes no difference, and it is not kept current."
)


def cards(desk: "Desk", site: SiteEntry, sent: SlashCommand) -> list[Card]:
    """The cards of the site, of its run and of its policy, that this person may decide now."""
    streams = (site.run, policy_of_place(site.project, site.environment))
    states = [desk.engine.view(stream) for stream in streams]
    return [
        private_copy(found) for state in states for found in _waiting(desk, state, sent)
    ]  # fmt: skip


def private_copy(found: Card) -> Card:
    """The card as one person gets it."""
    return card(found.text, [context(_SAME), *found.blocks])


def _waiting(desk: "Desk", state: RunState, sent: SlashCommand) -> list[Card]:
    """The newest card of the current step, with all that an approval is for; none for others."""
    task = state.current
    act = _ACTS.get(task.status) if task and not state.outcome else None
    if task is None or act is None:
        return []
    policy = state.policy or desk.engine.rules.policy
    who = desk.people.person(sent.user_id, sent.team_id, policy)
    if not may(desk, act, who, state, task.key):
        return []
    messages = run_messages(desk.frame(), state).items()
    return [one for key, one in messages if key.startswith(f"{task.key}/") and one.decides][-1:]


_ACTS: dict[str, Act] = {
    "shown": "approve", "failed": "retry", "declined": "retry", "expired": "retry",
}  # fmt: skip


def may(desk: "Desk", act: Act, who: Person, state: RunState, step: str = "") -> bool:
    """Whether a press of this person would count now."""
    policy = state.policy or desk.engine.rules.policy
    try:
        allow(act, who, state, policy, step=step, now=desk.clock())
    except Rejected:
        return False
    return True
