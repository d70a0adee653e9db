"""What the buttons of cards do: the command that each stands for, the reason, and the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from slack_sdk.errors import SlackApiError

from bot.engine import approvals as ap
from bot.engine import commands as c
from bot.engine.decide import Command
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import inbox, next_steps, reasons, undo_form
from bot.slack.access import Act, admission
from bot.slack.blocks import Card, escape
from bot.slack.ledger import Ledger
from bot.slack.steered import steered
from bot.slack.unseen import where_words
from steps.errors import Rejected, UnknownSite

if TYPE_CHECKING:
    from bot.slack.desk import Desk

BUTTONS = (
    "approve", "ahead", "decline", "withdraw", "extend", "retry", "accept", "undo", "stop",
    "back", "skip", "pause", "resume", next_steps.PROBE, next_steps.HISTORY,
)  # fmt: skip


def pressed(desk: "Desk", body: dict[str, Any]) -> None:
    """A button of a card."""
    press = inbox.press(body)
    answer = desk.privately(press.response_url)
    if press.actions[0].action_id in ("decline", "stop", "skip"):
        desk.later(lambda: _ask_reason(desk, press), answer)
    elif press.actions[0].action_id == "back":
        desk.later(lambda: _pressed_back(desk, press), answer)
    elif press.actions[0].action_id in (next_steps.PROBE, next_steps.HISTORY):
        desk.later(lambda: next_steps.pressed(desk, press), answer)
    else:
        desk.later(lambda: _decide(desk, press, answer), answer)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of a run, before it is known whether they may."""

    act: Act
    command: Command
    user: str
    team: str
    run: str
    step: str


def _decide(desk: "Desk", press: inbox.Press, answer: Callable[[Card], None]) -> None:
    target = inbox.target(press)
    act, command = _command(press, target)
    asked = Asked(act, command, press.user.id, press.team_of_user, target.run, target.step)
    answer(say.told_card(done(desk, asked)))


def done(desk: "Desk", asked: Asked) -> str:
    """Carry it out; what it did, with our own markup. Raises Rejected, and nothing happened."""
    decided_on: list[RunState] = []
    after = submit(desk, asked, decided_on.append)
    match asked.command:
        case (c.Pause() | c.Resume() | c.Stop() | c.Skip() | c.Retry() | c.Undo()) as command:
            itinerary = desk.engine.itinerary
            before = decided_on[-1]
            said = steered(desk.frame(), itinerary, command, before=before, after=after)
            said = f"*{escape(after.site.name)}*: {said}" if after.site else said
        case _:
            said = escape(_counted(desk, asked, after))
    why = Ledger(desk.engine).refused(asked.run)
    return f"{said} {where_words(after, why)}" if why else said


def submit(
    desk: "Desk", asked: Asked, see: Callable[[RunState], None] = lambda _state: None
) -> RunState:  # fmt: skip
    """Ask Slack who this is, and let the engine decide with that. Raises Rejected.

    `see` is shown the very state that it is decided on: while Slack is asked, a run goes on.
    """
    state = desk.engine.view(asked.run)
    if state.site is None or state.policy is None:
        raise UnknownSite(
            "This run is not known to this bot; nothing was done.",
            hint="/mtls list names the runs that are.",
        )
    who = desk.people.person(asked.user, asked.team, state.policy)
    allowed = admission(asked.act, who, desk.clock, step=asked.step, asked=state.policy)

    def admit(found: RunState) -> None:
        allowed(found)
        see(found)

    return desk.engine.submit(asked.run, asked.command, admit=admit)


def _ask_reason(desk: "Desk", press: inbox.Press) -> None:
    """The form comes first: a trigger lives three seconds, and Slack is asked who it is later."""
    target = inbox.target(press)
    acts: dict[str, reasons.Asked] = {"stop": "stop", "skip": "skip"}
    act = acts.get(press.actions[0].action_id, "decline")
    channel = press.channel.id if press.channel else ""
    about = reasons.About(act, target.run, target.step, target.fingerprint, channel)
    ask(desk, about, press.trigger_id)


def _pressed_back(desk: "Desk", press: inbox.Press) -> None:
    channel = press.channel.id if press.channel else ""
    ask_how_far(desk, desk.engine.view(inbox.target(press).run), channel, press.trigger_id)


def ask_how_far(desk: "Desk", state: RunState, channel: str, trigger_id: str) -> None:
    """Open the form that asks how far back. Raises Rejected when nothing can be taken back."""
    view = undo_form.undo_view(desk.frame(), state, desk.engine.itinerary, channel)
    opened(desk, trigger_id, view)


def ask(desk: "Desk", about: reasons.About, trigger_id: str) -> None:
    """Open the form that asks why. Raises Rejected when Slack does not open it."""
    opened(desk, trigger_id, reasons.reason_view(about, desk.frame().title(about.step)))


def opened(desk: "Desk", trigger_id: str, view: dict[str, Any]) -> dict[str, Any]:
    """Open a form; the view as Slack has it. Raises Rejected.

    The trigger lives three seconds, and fails at times even when used at once; its error has
    several spellings.
    """
    try:
        answer: dict[str, Any] = desk.client.views_open(trigger_id=trigger_id, view=view)["view"]
    except SlackApiError as error:
        raise Rejected(
            "Slack did not open the form.",
            hint="Type the command again, or press once more; nothing was done.",
        ) from error
    return answer


def reasoned(desk: "Desk", body: dict[str, Any]) -> dict[str, str]:
    """The form came back: what is wrong with it, by block."""
    try:
        about, reason = reasons.answered(body["view"])
    except Rejected as error:
        return {reasons.INPUT: error.for_people}
    user, team = body["user"]["id"], body["user"].get("team_id", "")

    def answer(card: Card) -> None:
        desk.ephemeral(about.channel, user, card)

    def decide() -> None:
        act, command = _with_reason(about, user, reason)
        asked = Asked(act, command, user, team, about.run, about.step)
        answer(say.told_card(done(desk, asked)))

    desk.later(decide, answer)
    return {}


def _with_reason(about: reasons.About, user: str, reason: str) -> tuple[Act, Command]:
    match about.act:
        case "decline":
            return "decline", c.Decline(user, about.step, about.fingerprint, reason)
        case "stop":
            return "stop", c.Stop(user, reason)
        case "skip":
            return "skip", c.Skip(user, about.step, reason)
        case _:
            assert_never(about.act)


def _command(press: inbox.Press, target: inbox.Target) -> tuple[Act, Command]:
    """The command that a button stands for. Raises UnknownSite for another's button."""
    user = press.user.id
    match press.actions[0].action_id:
        case "approve":
            return "approve", c.Approve(user, target.step, target.fingerprint)
        case "ahead":
            return "ahead", ap.ApproveAhead(user, target.step, target.fingerprint)
        case "withdraw":
            return "withdraw", ap.Withdraw(user, target.step)
        case "extend":
            return "extend", ap.Extend(user, target.step, target.fingerprint)
        case "retry":
            return "retry", c.Retry(user, target.step)
        case "accept":
            return "accept", c.Accept(user, target.step, target.fingerprint)
        case "undo":
            return "undo", c.Undo(user)
        case "pause":
            return "pause", c.Pause(user)
        case "resume":
            return "resume", c.Resume(user)
        case other:
            raise UnknownSite(f"This bot has no button {other}.")


def _counted(desk: "Desk", asked: Asked, after: RunState) -> str:
    """What the press did, to the one who pressed: every press is answered."""
    title = desk.frame().title(asked.step)
    task = after.task(asked.step)
    match asked.act:
        case "approve" | "ahead":
            given = len(task.approvals) if task else 0
            needed = task.needed if task else 1
            later = [
                desk.frame().title(t.key)
                for t in ap.ahead_of(after, task)
                if any(one.by == asked.user for one in t.approvals)
            ]
            also = f" Also approved: {', '.join(later)}." if later else ""
            return f"Your approval of {title} counts: {given} of {needed}.{also}"
        case "decline":
            return f"You have declined {title}; nothing was written. Retry on its card asks again."
        case "withdraw":
            return f"Your approval of {title}, and of what was approved with it, is taken back."
        case "extend":
            return f"{title} waits for a decision longer now; the card says until when."
        case "accept":
            return f"You have taken {title} as it is, although it was not seen in full."
        case _:
            return f"{title}: done."
