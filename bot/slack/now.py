"""`/mtls` alone: what can be done now, by whoever asks, in this channel."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.engine import commands as c
from bot.engine.policy import Policy
from bot.engine.state import RunState
from bot.slack import inbox
from bot.slack.access import Act, Person
from bot.slack.blocks import Block, Card, button, escape
from bot.slack.deciding import may
from bot.slack.status import MOST, now_card
from bot.slack.values import value
from bot.slack.words import Frame

if TYPE_CHECKING:
    from bot.slack.desk import Desk

_ALWAYS = "Always: `/mtls status`, `/mtls list`, `/mtls help`."
_MEMBERS = "`/mtls start` opens a run, `/mtls probe` asks an origin, `/mtls history` tells of one."


def offered(desk: "Desk", sent: inbox.SlashCommand, answer: Callable[[Card], None]) -> None:
    """A card with a button for everything that would be carried out if it were pressed now."""
    who = _who(desk, sent, desk.engine.rules.policy)
    states = [desk.engine.view(e.run) for e in desk.engine.store.runs(open_only=True)[:MOST]]
    here = [state for state in states if state.channel == sent.channel_id]
    found = [
        (state, *_offers(desk, state, _who(desk, sent, state.policy or desk.engine.rules.policy)))
        for state in here
    ]
    elsewhere = len(states) - len(here)
    first = _ALWAYS + (f" {_MEMBERS}" if may(desk, "start", who, RunState()) else "")
    if elsewhere:
        first += f" {elsewhere} more {'is' if elsewhere == 1 else 'are'} open in other channels."
    if not here:
        first = f"No run is open here. {first}"
    answer(now_card(desk.frame(), found, first))


def _who(desk: "Desk", sent: inbox.SlashCommand, policy: Policy) -> Person:
    return desk.people.person(sent.user_id, sent.team_id, policy)


def _offers(desk: "Desk", state: RunState, who: Person) -> tuple[list[Block], str]:
    """The buttons that would do something, and what the asker is awaited for."""
    current = state.current
    step = current.key if current else state.tasks[-1].key
    acts = [
        act for act, command in _commands(who.user, step).items()
        if may(desk, act, who, state) and not desk.engine.refusal(state, command)
    ]  # fmt: skip
    made = offer_buttons(desk.frame(), state, step, acts)
    given = {one.by for one in current.approvals} if current else set()
    waits = current is not None and current.status == "shown" and who.user not in given
    if not (waits and may(desk, "approve", who, state, step)):
        return made, ""
    site = escape(state.site.name) if state.site else ""
    return made, f"Its card waits for your yes; `/mtls status {site}` shows it to you here."


def offer_buttons(
    frame: Frame, state: RunState, step: str, acts: Sequence[Act]
) -> list[Block]:  # fmt: skip
    """A button for each act, on the run and its step."""
    return [
        button(f"{act.capitalize()}{' …' if act in _ASKS else ''}", _ASKS.get(act, act),
               value(state.run, step), label=f"{act.capitalize()}: {frame.title(step)}")
        for act in acts
    ]  # fmt: skip


_ASKS: Mapping[Act, str] = {"skip": "skip", "stop": "stop", "undo": "back"}
"""What opens a form first, and the button that does."""


def _commands(user: str, step: str) -> dict[Act, c.Command]:
    """What each act would ask of the engine; the reason is asked for when it is pressed."""
    return {
        "pause": c.Pause(user), "resume": c.Resume(user), "retry": c.Retry(user, step),
        "skip": c.Skip(user, step, "to be asked"), "stop": c.Stop(user), "undo": c.Undo(user),
    }  # fmt: skip
