"""What can be done once a run is over: its buttons on the report, and what they do."""

from typing import TYPE_CHECKING

from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import history, inbox
from bot.slack.access import allow
from bot.slack.blocks import Block, actions, button
from bot.slack.values import value

if TYPE_CHECKING:
    from bot.slack.desk import Desk

PROBE, HISTORY = "probe", "history"


def next_buttons(state: RunState) -> list[Block]:
    """Probe again and history; Undo stands on the run's first message."""
    step = state.tasks[-1].key
    made = [button("History", HISTORY, value(state.run, step),
                   label="History of the run, into its thread")]  # fmt: skip
    if state.site is not None:
        made.insert(0, button("Probe again", PROBE, value(state.run, step),
                              label="Probe again: ask the origin now"))  # fmt: skip
    return [actions(made)]


def pressed(desk: "Desk", press: inbox.Press) -> None:
    """Carry it out; the answer is for whoever pressed. Raises Rejected and ClientError."""
    target = inbox.target(press)
    state = desk.engine.view(target.run)
    policy = state.policy or desk.engine.rules.policy
    who = desk.people.person(press.user.id, press.team_of_user, policy)
    answer = desk.privately(press.response_url)
    if press.actions[0].action_id == HISTORY:
        allow("history", who, state, policy)
        history.upload(desk, state, desk.outside.audit(target.run), press.user.id)
        answer(say.notice_card(f"The history of {target.run} is in its thread."))
        return
    allow("probe", who, state, policy)
    assert state.site is not None
    answer(say.notice_card(f"Asking the origin of {state.site.name} directly."))
    verdict = desk.outside.probe(state.site)
    desk.engine.probed(state.site, verdict, by=press.user.id)
    answer(say.probe_card(state.site, verdict))
