"""`/mtls` alone: what can be done now, by whoever asks, in this channel."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bot.engine import commands as c
from bot.engine.policy import Policy
from bot.engine.state import RunState
from bot.slack import inbox
from bot.slack.access import Act, Person, allow
from bot.slack.blocks import Block, Card, button
from bot.slack.status import MOST, now_card
from bot.slack.values import value
from steps.errors import Rejected

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
    first = _ALWAYS + (f" {_MEMBERS}" if _may(desk, "start", who, RunState()) else "")
    if elsewhere:
        first += f" {elsewhere} more are open in other channels."
    if not here:
        first = f"No run is open here. {first}"
    answer(now_card(desk.frame(), found, first))


def _who(desk: "Desk", sent: inbox.SlashCommand, policy: Policy) -> Person:
    return desk.people.person(sent.user_id, sent.team_id, policy)


def _offers(desk: "Desk", state: RunState, who: Person) -> tuple[list[Block], str]:
    """The buttons that would do something, and what the asker is awaited for."""
    current = state.current
    step = current.key if current else state.tasks[-1].key
    made = [
        button(f"{act.capitalize()}{' …' if act in _ASKS else ''}", _ASKS.get(act, act),
               value(state.run, step), label=f"{act.capitalize()}: {desk.frame().title(step)}")
        for act, command in _commands(who.user, step).items()
        if _may(desk, act, who, state) and not desk.engine.refusal(state, command)
    ]  # fmt: skip
    given = {one.by for one in current.approvals} if current else set()
    waits = current is not None and current.status == "shown" and who.user not in given
    yes = waits and _may(desk, "approve", who, state, step)
    return made, "Its card waits for your yes." if yes else ""


_ASKS: Mapping[Act, str] = {"skip": "skip", "stop": "stop", "undo": "back"}
"""What opens a form first, and the button that does."""


def _commands(user: str, step: str) -> dict[Act, c.Command]:
    """What each act would ask of the engine; the reason is asked for when it is pressed."""
    return {
        "pause": c.Pause(user), "resume": c.Resume(user), "retry": c.Retry(user, step),
        "skip": c.Skip(user, step, "to be asked"), "stop": c.Stop(user), "undo": c.Undo(user),
    }  # fmt: skip


def _may(desk: "Desk", act: Act, who: Person, state: RunState, step: str = "") -> bool:
    policy = state.policy or desk.engine.rules.policy
    try:
        allow(act, who, state, policy, step=step, now=desk.clock())
    except Rejected:
        return False
    return True
