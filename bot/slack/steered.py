"""What steering a run did, in sentences for whoever did it. Pure."""

from bot.engine import commands as c
from bot.engine.control import at_work
from bot.engine.itinerary import Itinerary
from bot.engine.state import RunState
from bot.engine.undo import WHOLE, Way, way_of
from bot.slack.blocks import escape
from bot.slack.undo_form import reach_words
from bot.slack.words import (
    Frame,
    access_words,
    refused_words,
    run_words,
    stands_words,
    visitors_words,
)


def steered(
    frame: Frame, itinerary: Itinerary, command: c.Control | c.Retry, *,
    before: RunState, after: RunState,
) -> str:  # fmt: skip
    """The answer to one command, with our own markup; everything foreign in it is escaped."""
    match command:
        case c.Pause():
            return _paused(frame, after)
        case c.Resume():
            return f"Resumed. {run_words(frame, after)}"
        case c.Stop():
            return f"{run_words(frame, after)} {seen_words(after)}"
        case c.Skip():
            return f"*{frame.title(command.step)}* is skipped; your reason stands on its card."
        case c.Retry():
            when = " once somebody resumes the run" if after.paused_by else ""
            return f"*{frame.title(command.step)}* is tried again{when}."
        case c.Undo():
            return _turned(frame, way_of(before, command.scope, itinerary), command)


def _paused(frame: Frame, after: RunState) -> str:
    if at_work(after.current):
        warned = refused_words(frame, after)
        return (
            f"Paused: a step is at work and goes on to its end. {run_words(frame, after)}{warned}"
        )
    stands = f"{stands_words(frame, after)} {seen_words(after)}"
    return f"{run_words(frame, after)} {stands}"


def seen_words(state: RunState) -> str:
    """What was last seen from outside: of direct access, and of visitors."""
    return f"{access_words(state)} {visitors_words(state)}"


def _turned(frame: Frame, way: Way, command: c.Undo) -> str:
    """What goes back, what it takes along, and what is for good."""
    what = "the whole run" if command.scope == WHOLE else escape(reach_words(frame, way))
    ways = ", ".join(frame.title(key) for key in way.tasks)
    good = f" For good: {escape(' '.join(way.for_good))}" if way.for_good else ""
    return f"Going back: {what}. In this order, each with a card of its own: {ways}.{good}"
