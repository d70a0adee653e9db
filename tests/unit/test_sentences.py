"""What is read at night: sentences, each error with what to do, times in the reader's own zone."""

import pytest

from bot.slack.blocks import dated, when
from bot.slack.cards import root_card, run_messages
from bot.slack.troubleshooting import WHAT_TO_DO, what_to_do
from bot.slack.unseen import NOWHERE, concerned, unseen_words
from steps.errors import Rejected, RolloutError
from tests.doubles.world import NOON
from tests.goldens import FRAME, states


def _codes(error: type[RolloutError]) -> set[str]:
    return {error.code}.union(*(_codes(kind) for kind in error.__subclasses__()))


def test_every_error_that_stops_a_step_says_what_to_do() -> None:
    """In sentences, although the step gave no hint; the control is an error without advice."""
    rejections = _codes(Rejected) | {"settings", "store-locked"}
    assert set(WHAT_TO_DO) == _codes(RolloutError) - rejections
    for code in WHAT_TO_DO:
        said = what_to_do(code)
        assert said[0].isupper(), code
        assert said.endswith("."), code
    assert what_to_do("of another version") == what_to_do("error")


def test_a_time_in_what_a_step_says_is_the_readers_own() -> None:
    """Steps write in UTC; what only looks like a time stays as it is, and markup stays text."""
    said = dated("It ends on 2026-11-24 12:00 UTC, <b>.")
    assert said == f"It ends on {when(NOON)}, &lt;b&gt;."
    assert dated("2026-13-40 99:99 UTC") == "2026-13-40 99:99 UTC"


@pytest.mark.parametrize("name", sorted(states()))
def test_what_is_read_out_of_a_message_is_made_of_sentences(name: str) -> None:
    """No line runs into the next: each begins after a full stop, and the last one ends."""
    for key, card in run_messages(FRAME, states()[name]).items():
        assert card.text.endswith("."), (key, card.text)
    root = root_card(FRAME, states()[name]).text
    for number in range(2, len(states()[name].tasks) + 1):
        assert f". {number}. " in root


def test_who_is_told_of_a_lost_channel_hears_what_the_run_is_doing() -> None:
    """One that is over does not go on, and has no card that waits."""
    opened, closed = (unseen_words(states()[name], "is_archived") for name in ("shown", "closed"))
    assert "goes on. " in opened
    assert "the card that waits" in opened
    assert "has ended, and there is news of it." in closed
    assert "the card that waits" not in closed
    for why in (*NOWHERE, "of another version"):
        assert unseen_words(states()["shown"], why).endswith(".")
        assert "<#C1>: " in unseen_words(states()["shown"], why)


def test_those_who_asked_and_decided_are_told() -> None:
    """The starter and whoever approved; nobody else, and nobody twice."""
    assert concerned(states()["shown"]) == ("U1",)
    assert concerned(states()["closed"]) == ("U1", "U2")
