"""Status, list and what can be done now, as cards: every state, the longest names, the limits."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.engine.ports import RunEntry
from bot.engine.sites import SiteEntry
from bot.slack import status
from bot.slack.blocks import Card
from bot.slack.control_buttons import run_buttons
from tests.goldens import FRAME, states
from tests.slack_rules import faults
from tests.toys import NOON, SITE

PING = "<!channel>&<https://evil.example|x>"
LONG = f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 58}.example.com"
CLOSED = SiteEntry(
    SITE.project, "main", "www.example.com", "example.com", ("www.example.com",), "R1",
    requires=True, access="closed", seen_at=NOON, ends="2026-12-24",
)  # fmt: skip


def words(card: Card) -> str:
    assert faults(card.text, card.blocks) == []
    return card.text + json.dumps(card.blocks, ensure_ascii=False)


@pytest.mark.parametrize("name", sorted(states()))
def test_every_state_of_a_run_has_its_words(name: str) -> None:
    """Of one site in detail, and of twenty-one runs in short."""
    state = states()[name]
    assert "www.example.com" in words(status.site_card(FRAME, CLOSED, state))
    many = words(status.overview_card(FRAME, [state] * 21, [CLOSED] * 21))
    assert "More are left out here" in many
    assert "More are left out here" not in words(status.overview_card(FRAME, [state], [CLOSED]))


def test_who_is_awaited_since_when_is_told() -> None:
    """The card's time, and how long ago that is."""
    later = replace(FRAME, now=NOON + timedelta(minutes=5))
    told = words(status.site_card(later, CLOSED, states()["shown"]))
    assert "<@U2>" in told
    assert f"Since <!date^{int(NOON.timestamp())}^" in told
    assert "5 min" in told


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("2026-12-24", "lasts 30 more days, until 2026-12-24"),
        ("2026-11-24", "lasts 0 more days"),
        ("2026-11-23", "ended on 2026-11-23"),
        ("", "is not on record"),
    ],
)
def test_the_days_that_are_left_are_counted(ends: str, said: str) -> None:
    """From today to the certificate's end; not known is said as such."""
    assert said in status.days_words(replace(CLOSED, ends=ends), NOON.date())


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (CLOSED, "closed, seen"),
        (replace(CLOSED, access="open"), "OPEN, seen"),
        (replace(CLOSED, access="unknown", seen_at=None), "not seen yet"),
    ],
)
def test_the_last_verdict_is_told(site: SiteEntry, said: str) -> None:
    """What was seen last and when; nobody having looked is neither open nor closed."""
    assert said in words(status.overview_card(FRAME, [], [site]))


def test_a_hundred_long_hosts_fit() -> None:
    """Slack's limits hold for the longest names, in each card, and nothing foreign is markup."""
    hosts = tuple(f"h{number}.{LONG}" for number in range(100))
    site = replace(CLOSED, name=PING, zone=LONG, hosts=hosts)
    state = replace(states()["failed"], site=replace(SITE, name=LONG, zone=PING))
    assert "and 95 more" in words(status.site_card(FRAME, site, state))
    for card in (
        status.site_card(FRAME, replace(site, hosts=(PING,)), None),
        status.overview_card(FRAME, [state] * 20, [site] * 20),
        status.list_card(FRAME, [listed("open", PING)] * 21, PING),
        status.now_card(FRAME, [(state, run_buttons(FRAME, state, "lamp"), "")] * 20, "First."),
    ):
        assert words(card)


def listed(outcome: str, site: str = "www.example.com") -> status.Listed:
    return status.Listed(RunEntry("R9", site, "example.com", "p", "main", NOON, outcome))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("shown", "waiting"), ("started", "working"), ("failed", "failed"), ("paused", "paused"),
        ("closed", "closed"), ("undone", "undone"),
    ],
)  # fmt: skip
def test_each_state_has_its_word_in_the_list(name: str, word: str) -> None:
    """Of a run that is open, what it does; of another, how it ended."""
    state = states()[name]
    one = replace(listed(""), state=state)
    assert one.word == word
    assert word in status.STATES
    assert word in words(status.list_card(FRAME, [one], ""))


def test_an_empty_log_is_told_in_words() -> None:
    """No run, no site: neither card is empty."""
    assert "no run yet" in words(status.overview_card(FRAME, [], []))
    assert "none" in words(status.list_card(FRAME, [], "paused"))


def test_what_has_changed_since_is_told_where_the_origin_still_asks() -> None:
    """In detail of one site, in a word among many; a site that is open again has no drift."""
    drifted = replace(CLOSED, drift=("SSL is <full>.", "Direct access is open."))
    state = states()["closed"]
    assert "SSL is &lt;full&gt;." in status.site_card(FRAME, drifted, state).text
    assert "Not as its run left it." in status.overview_card(FRAME, [], [drifted]).text
    for site in (CLOSED, replace(drifted, requires=False)):
        assert "as its run left it" not in words(status.site_card(FRAME, site, state))
    assert "as its run left it" not in words(status.overview_card(FRAME, [], [CLOSED]))
