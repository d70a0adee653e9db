"""What is said in a run's thread beside the cards: a short message each, with mentions. Pure."""

from bot.engine.policy import POLICY_STEP
from bot.engine.state import RunState
from bot.engine.tellings import Telling
from bot.slack.approval_words import asked, held_words
from bot.slack.blocks import Block, Card, card, dated, escape, person, section, sections, when
from bot.slack.words import Frame, awaited


def telling_messages(frame: Frame, state: RunState) -> dict[str, Card]:
    """A message for each telling, keyed by its place in the log: posted once, whatever happens."""
    return {f"told/{one.number}": telling_card(frame, state, one) for one in state.tellings}


def telling_card(frame: Frame, state: RunState, told: Telling) -> Card:
    """One message: who is meant, what happened, and the reasons or differences."""
    to = " ".join(person(user) for user in told.to)
    said = f"{f'{to}: ' if to else ''}{_said(frame, state, told)}"
    said = f"{said[0].upper()}{said[1:]}"
    if told.kind in _WHY and told.lines:
        said += f" Reason: “{escape(' '.join(told.lines))}”."
    lines = [] if told.kind in (*_WHY, "held") else [dated(line) for line in told.lines]
    blocks: list[Block] = [section(said), *sections([f"• {line}" for line in lines])]
    return card(" ".join([said.replace("*", ""), *lines]), blocks)


_WHY = frozenset({"declined", "stopped", "paused", "skipped"})
"""What somebody gives a reason for, in their own words."""


def _titled(frame: Frame, step: str) -> str:
    """The step by its title; a policy's card asks for a change, and is no step."""
    return "the change of *who may approve*" if step == POLICY_STEP else f"*{frame.title(step)}*"


def _said(frame: Frame, state: RunState, told: Telling) -> str:
    title, by = _titled(frame, told.step), person(told.by)
    match told.kind:
        case "approved":
            return _approved(frame, told)
        case "declined":
            return f"{title} was declined by {by}. Nothing was written."
        case "accepted":
            return f"{title} was accepted by {by} as it is:"
        case "stopped":
            return f"The run was stopped by {by}."
        case "withdrawn":
            return f"{by} has taken back the approval of {title}."
        case "drifted":
            return f"Your approval of {title} is void: the plan has changed. The new card is above."
        case "expired":
            anew = "`/mtls policy` asks for it" if told.step == POLICY_STEP else "*Retry* shows it"
            return f"Nobody decided on {title} in time, and silence is no. {anew} anew."
        case "extended":
            until = when(told.until) if told.until else "later"
            return f"{by} lets {title} wait for a decision until {until}."
        case "reminder":
            return _reminder(frame, state, told)
        case _:
            return _of_time(frame, state, told)


def _approved(frame: Frame, told: Telling) -> str:
    count = f" ({told.given} of {told.needed})" if told.needed > 1 else ""
    also = ", ".join(f"*{frame.title(step)}*" for step in told.steps)
    more = f", and with it {also}" if also else ""
    return f"{_titled(frame, told.step)} was approved by {person(told.by)}{count}{more}."


def _reminder(frame: Frame, state: RunState, told: Telling) -> str:
    """Mentions those who may approve while it waits; what is decided mentions nobody any more."""
    title = _titled(frame, told.step)
    task = state.task(told.step)
    waits = task is not None and task.status == "shown" and task.fingerprint == told.fingerprint
    if task is None or not waits or state.outcome:
        return f"A reminder of {title}; it waits no longer."
    until = f" until {when(task.deadline)}" if task.deadline else ""
    given = f" {len(task.approvals)} given so far." if task.approvals else ""
    return f"{title} still waits for a decision{until}: {asked(frame, state, task)}.{given}"


def _of_time(frame: Frame, state: RunState, told: Telling) -> str:
    """Windows, what ends by itself, and policies."""
    title = f"*{frame.title(told.step)}*"
    until = when(told.until) if told.until else ""
    match told.kind:
        case "window-set":
            ends = f" It ends {until}." if until else " There is none now."
            return f"{person(told.by)} has changed the run's maintenance window.{ends}"
        case "window-opened":
            return f"The maintenance window is open until {until}; what waits for it begins."
        case "held":
            return f"{title} is approved. {held_words(state.window, told.lines[0])}"
        case "lapsed":
            return (
                f"{title} has ended by itself, and its plan would be another now: it is not made"
                " again. Nothing fails because of it."
            )
        case "unrenewed":
            return (
                f"{title} has ended by itself and could not be made again yet; the bot goes on"
                " trying. Nothing fails because of it."
            )
        case "renewed":
            return f"{title} had ended by itself and was made again, under the approval it had."
        case "policy-changed":
            return f"The policy is changed; {person(told.by)} gave the last approval."
        case _:
            return _of_control(frame, state, told)


def _of_control(frame: Frame, state: RunState, told: Telling) -> str:
    """What somebody does with the run as a whole, and a step that cannot go on."""
    title, by = f"*{frame.title(told.step)}*", person(told.by)
    name = state.site.name if state.site else "the site"
    match told.kind:
        case "paused":
            return f"{by} has paused the run; nothing begins until somebody resumes it."
        case "resumed":
            return f"{by} has resumed the run."
        case "skipped":
            return f"{by} has skipped {title}."
        case "turned":
            reach = ", ".join(frame.title(key) for key in told.steps) or "all that it changed"
            return f"{by} undoes the run: {reach}."
        case "site-drifted":
            return (
                f"*{escape(name)} is not as this run left it.* `/mtls start {escape(name)}` does"
                f" only what is missing. Whoever may approve it: {awaited(frame, state)}."
            )
        case "site-restored":
            return f"{escape(name)} is as this run left it again."
        case "stuck-back":
            return (
                f"*The way back is not done*: {title} cannot go on. {awaited(frame, state)}: what"
                " was there before is on record, and Retry on its card takes it up again."
            )
        case _:
            return f"{title} cannot go on. Its card says what it means and what to do."
