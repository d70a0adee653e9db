"""Pause, resume, stop, skip, retry and undo, by command, button or form; and what is answered."""

from typing import TYPE_CHECKING, Any

from bot.engine import commands as c
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack import presses, reasons, undo_form
from bot.slack.access import Act
from bot.slack.blocks import Card
from bot.slack.named import run_meant
from bot.slack.values import NO_FINGERPRINT
from steps.errors import Rejected

if TYPE_CHECKING:
    from bot.slack.desk import Desk
    from bot.slack.dispatch import Typed


def pause(desk: "Desk", typed: "Typed") -> None:
    """``/mtls pause [site] [reason]``."""
    state, words = _meant(desk, typed)
    _submit(desk, typed, "pause", c.Pause(typed.sent.user_id, " ".join(words)), state)


def resume(desk: "Desk", typed: "Typed") -> None:
    """``/mtls resume [site]``."""
    state, _ = _meant(desk, typed)
    _submit(desk, typed, "resume", c.Resume(typed.sent.user_id), state)


def retry(desk: "Desk", typed: "Typed") -> None:
    """``/mtls retry [site]``: the step that stands still."""
    state, _ = _meant(desk, typed)
    _submit(desk, typed, "retry", c.Retry(typed.sent.user_id, _step(state)), state)


def stop(desk: "Desk", typed: "Typed") -> None:
    """``/mtls stop [site] [reason]``: without a reason a form asks for it."""
    state, words = _meant(desk, typed)
    if words:
        _submit(desk, typed, "stop", c.Stop(typed.sent.user_id, " ".join(words)), state)
    else:
        _ask(desk, typed, "stop", state)


def skip(desk: "Desk", typed: "Typed") -> None:
    """``/mtls skip [site] [reason]``: the current step; without a reason a form asks for it."""
    state, words = _meant(desk, typed)
    if words:
        command = c.Skip(typed.sent.user_id, _step(state), " ".join(words))
        _submit(desk, typed, "skip", command, state)
    else:
        _ask(desk, typed, "skip", state)


def undo(desk: "Desk", typed: "Typed") -> None:
    """``/mtls undo [site] [last | run | to a step]``: without a word a form asks how far."""
    meant = run_meant(desk.engine.store, typed.words, typed.sent.channel_id, open_only=False)
    state = desk.engine.view(meant.run)
    if not meant.words:
        presses.ask_how_far(desk, state, typed.sent.channel_id, typed.sent.trigger_id)
        return
    scope = undo_form.scope_of(meant.words, desk.frame(), state)
    _submit(desk, typed, "undo", c.Undo(typed.sent.user_id, scope), state)


def undo_submitted(desk: "Desk", body: dict[str, Any]) -> dict[str, str]:
    """The form of the undo came back: what is wrong with it, by block."""
    try:
        chosen = undo_form.answered(body["view"])
    except Rejected as error:
        return {undo_form.INPUT: error.for_people}
    user, team = body["user"]["id"], body["user"].get("team_id", "")

    def answer(card: Card) -> None:
        desk.ephemeral(chosen.channel, user, card)

    def decide() -> None:
        state = desk.engine.view(chosen.run)
        command = c.Undo(user, chosen.scope)
        asked = presses.Asked("undo", command, user, team, chosen.run, _step(state))
        answer(say.told_card(presses.done(desk, asked)))

    desk.later(decide, answer)
    return {}


def _meant(desk: "Desk", typed: "Typed") -> tuple[RunState, tuple[str, ...]]:
    meant = run_meant(desk.engine.store, typed.words, typed.sent.channel_id)
    return desk.engine.view(meant.run), meant.words


def _step(state: RunState) -> str:
    return state.current.key if state.current else (state.tasks[-1].key if state.tasks else "")


def _submit(
    desk: "Desk", typed: "Typed", act: Act, command: c.Command, before: RunState
) -> None:  # fmt: skip
    sent = typed.sent
    asked = presses.Asked(act, command, sent.user_id, sent.team_id, before.run, _step(before))
    typed.answer(say.told_card(presses.done(desk, asked)))


def _ask(desk: "Desk", typed: "Typed", act: reasons.Asked, state: RunState) -> None:
    about = reasons.About(act, state.run, _step(state), NO_FINGERPRINT, typed.sent.channel_id)
    presses.ask(desk, about, typed.sent.trigger_id)
