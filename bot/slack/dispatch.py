"""The slash command as a table: a row a subcommand, each answered only to whoever asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from bot.slack import answers as say
from bot.slack import history, inbox, now, queries, steering
from bot.slack.blocks import Card, cut, escape

if TYPE_CHECKING:
    from bot.slack.desk import Desk

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Typed:
    """One command as it was typed, and where its answer goes."""

    sent: inbox.SlashCommand
    words: tuple[str, ...]
    """Behind the subcommand."""
    answer: Callable[[Card], None]

    @property
    def site(self) -> str:
        """The host that was named, if any."""
        return inbox.host_name(self.words[0]) if self.words else ""


Do: TypeAlias = "Callable[[Desk, Typed], None]"


def _help(_desk: "Desk", typed: Typed) -> None:
    typed.answer(say.help_card())


COMMANDS: Mapping[str, Do] = {
    "": lambda desk, typed: now.offered(desk, typed.sent, typed.answer),
    "start": lambda desk, typed: desk.open_form(typed.sent, typed.site),
    "plan": queries.plan,
    "status": queries.status,
    "list": queries.listed,
    "probe": queries.probe,
    "pause": steering.pause,
    "resume": steering.resume,
    "stop": steering.stop,
    "skip": steering.skip,
    "retry": steering.retry,
    "undo": steering.undo,
    "extend": lambda desk, typed: desk.extend(typed.sent, typed.words),
    "window": lambda desk, typed: desk.window(typed.sent, typed.words),
    "policy": lambda desk, typed: desk.policy(typed.sent, typed.words),
    "history": history.history,
    "help": _help,
}


def heard(text: str) -> str:
    """What is said within the acknowledgement: that the command has arrived, as it was typed."""
    return f"Heard: `{cut(f'/mtls {_flat(text)}'.strip(), _LONGEST)}`"


def _flat(text: str) -> str:
    """The words without markup, so that a link is not shown as one and nobody is called."""
    return escape(" ".join(inbox.words_of(text))).replace("`", "'")


def dispatched(desk: "Desk", sent: inbox.SlashCommand) -> None:
    """Hand the command to its row, on the desk's own threads."""
    name, *words = sent.words or [""]
    typed = Typed(sent, tuple(words), desk.privately(sent.response_url))
    do = COMMANDS.get(name.lower())
    if do is None:
        desk.later(lambda: typed.answer(say.help_card(_unknown(name))), typed.answer)
    else:
        desk.later(lambda: do(desk, typed), typed.answer)


def _unknown(name: str) -> str:
    near = get_close_matches(name.lower(), say.SUBCOMMANDS, n=1)
    meant = f" Is /mtls {near[0]} meant?" if near else ""
    return f"There is no /mtls {name}.{meant}"
