"""A card as text for the terminal: nothing of Slack's markup is left, and nothing is lost."""

import re

import pytest

from bot.slack.status import overview_card, site_card
from bot.slack.unseen import refused_words
from bot.terminal.status import plain
from tests.goldens import FRAME, states
from tests.unit.test_status import CLOSED


@pytest.mark.parametrize("name", sorted(states()))
def test_a_status_is_readable_in_the_terminal(name: str) -> None:
    """Names, times and states; people and groups by their ids."""
    told = plain(site_card(FRAME, CLOSED, states()[name]))
    assert "www.example.com" in told
    assert "The lamp" in told
    assert not re.search(r"<[@!]|&lt;|\^\{date|\*", told)


def test_people_and_times_are_told_without_markup() -> None:
    """Whoever is awaited, since when; and how long the certificate lasts."""
    told = plain(overview_card(FRAME, [states()["shown"]], [CLOSED]))
    assert "@U2, @S1" in told
    assert "2026-11-24 12:00 UTC" in told
    assert "lasts 30 more days" in told


def test_a_channel_is_told_without_markup() -> None:
    """Where the run's messages do not reach anybody, its channel is named as a channel."""
    unseen = f"Its messages do not reach {refused_words(states()['shown'], 'not_in_channel')}"
    told = plain(site_card(FRAME, CLOSED, states()["shown"], unseen))
    assert "do not reach #C1: the bot is not in it. Invite the bot (/invite @mtls-bot)" in told
