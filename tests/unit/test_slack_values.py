"""What comes from Slack and what goes there, as values: the inbox, the form, private answers."""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.forecast import Forecast, ForecastLine
from bot.slack import answers as say
from bot.slack import inbox
from bot.slack.blocks import Card, card, context, cut, escape, section, sections
from steps.errors import AlreadyDecided, Denied, NotAllowed, Rejected
from steps.step import Row, Verdict
from tests import slack_rules as rules
from tests.goldens import PLAN
from tests.toys import SITE

PING = "<!channel> & <@U1>"
TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


def words(text: str) -> list[str]:
    return inbox.SlashCommand(text=text, user_id="U1", channel_id="C1").words


def payload(made: Card) -> dict[str, Any]:
    return {"text": made.text, "blocks": list(made.blocks)}


def faults(made: Card) -> list[str]:
    """Everything that Slack or a reader would object to."""
    return rules.faults(made.text, made.blocks)


@pytest.mark.parametrize(
    "typed",
    [
        "www.example.com",
        "<http://www.example.com|www.example.com>",
        "<http://www.example.com|www.example.com>.",
        "<https://www.example.com/|https://www.example.com/>",
        "<https://www.example.com/>",
        "HTTPS://WWW.Example.com/shop?x=1#top",
        "www.example.com:8443",
        "www.example.com.",
        "www.example.com///",
    ],
)
def test_a_site_is_taken_as_it_was_meant(typed: str) -> None:
    """Slack makes links of host names; people paste addresses."""
    assert inbox.host_name(words(f"start {typed}")[1]) == "www.example.com"


def test_words_are_as_they_were_typed() -> None:
    """Escaped markup is read back; more spaces than needed mean nothing."""
    assert words("  status   a&amp;b&lt;c ") == ["status", "a&b<c"]
    assert words("") == []


def test_a_button_is_read_back_as_it_was_written() -> None:
    """Run, step and fingerprint; the team of whoever pressed, theirs before the workspace's."""
    body = {"user": {"id": "U1", "team_id": "T2"}, "team": {"id": "T1"},
            "actions": [{"action_id": "approve", "value": "R1|lamp|abc"}]}  # fmt: skip
    pressed = inbox.press(body)
    assert inbox.Target(run="R1", step="lamp", fingerprint="abc") == inbox.target(pressed)
    assert pressed.team_of_user == "T2"
    assert inbox.press({**body, "user": {"id": "U1"}}).team_of_user == "T1"


@pytest.mark.parametrize("value", ["", "R1", "R1|lamp", "R1|lamp|abc|more"])
def test_a_button_of_another_version_is_refused(value: str) -> None:
    """A value that is not ours is said to be so, not guessed at."""
    body = {"user": {"id": "U1"}, "actions": [{"action_id": "approve", "value": value}]}
    with pytest.raises(Rejected, match="another version"):
        inbox.target(inbox.press(body))


@pytest.mark.parametrize("body", [{}, {"user": {"id": "U1"}, "actions": []}, {"actions": 7}])
def test_a_payload_that_is_none_is_refused(body: dict[str, Any]) -> None:
    """Neither a press nor a command: refused in words."""
    for parse in (inbox.press, inbox.slash_command):
        with pytest.raises(Rejected, match="does not understand"):
            parse(body)


ERRORS = [
    NotAllowed(PING, hint=PING),
    Denied(PING, hint="x" * 10_000, service="cloudflare", doing="reading", vendor_code=PING,
           request_id="<@U1>"),
    Rejected("\u202e" + "&" * 5000),
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.code)
def test_a_refusal_is_words_whatever_the_vendor_said(error: Rejected) -> None:
    """Escaped, cut, and with its stable code."""
    made = say.refusal_card(error)
    assert faults(made) == []
    assert f"code {error.code}" in json.dumps(made.blocks)


def test_only_the_log_may_name_who_decided() -> None:
    """A mention in AlreadyDecided is ours; the same letters in a vendor's error are text."""
    told = say.refusal_card(AlreadyDecided("Already approved by <@U1>.")).text
    assert told == "Already approved by <@U1>."
    assert "<@U1>" not in say.refusal_card(Rejected("Already approved by <@U1>.")).text


def test_help_names_every_subcommand_and_escapes_what_was_typed() -> None:
    """The page is one message, with the note first."""
    made = say.help_card(f"There is no /mtls {PING}.")
    assert faults(made) == []
    assert all(f"/mtls {name}" in json.dumps(made.blocks) for name in say.SUBCOMMANDS)
    assert faults(say.help_card()) == []


def test_a_forecast_says_what_would_change_what_not_and_what_is_undecided() -> None:
    """A line a step, and that it binds nobody."""
    lines = (ForecastLine("lamp", "The lamp", plan=PLAN),
             ForecastLine("bell", "The bell", skipped=(PING,)),
             ForecastLine("glance", "A glance", evidence=(f"Seen: {PING}",)),
             ForecastLine("probe", "The probe", problem=PING))  # fmt: skip
    made = say.forecast_card(Forecast(replace(SITE, name=PING), lines))
    assert faults(made) == []
    assert "• Seen: " in json.dumps(made.blocks, ensure_ascii=False)
    for words_of in ("1 change.", "nothing to do", "a look, always runs", "when its turn comes"):
        assert words_of in made.text


@pytest.mark.parametrize(
    ("state", "said"), [("proven", "closed"), ("failed", "open"), ("inconclusive", "inconclusive")]
)
def test_a_probe_answers_with_a_word_and_its_rows(state: Any, said: str) -> None:
    """A hundred hosts and their addresses stay within one message."""
    rows = tuple(Row(f"h{n}.example.com at 192.0.2.1:443", PING) for n in range(300))
    made = say.probe_card(SITE, Verdict(state, (PING,) * 300, PING, rows=rows))
    assert faults(made) == []
    assert made.text.startswith(f"Origin probe of www.example.com: {said}.")


FOREIGN = st.text(st.sampled_from("<>&|`*_~@!#^x \u202e\n"), max_size=60) | st.text(max_size=60)


@settings(max_examples=100, deadline=timedelta(seconds=2))
@given(st.lists(FOREIGN.map(lambda t: t * 90), max_size=60), st.integers(20, 200))
def test_pieces_stay_within_the_limits(texts: list[str], most: int) -> None:
    """Any number of lines of any length: cut visibly, and never inside an entity or a mention."""
    lines = [f"{escape(text)} <@U0APPROVER1>" for text in texts]
    made = card("Said.", [section("First."), *sections(lines), *map(context, lines)])
    assert faults(made) == []
    for line in lines:
        short = cut(line, most)
        assert len(short) <= most
        assert short == line or short.endswith("(cut)")


@pytest.mark.parametrize("close", ["&amp", "&am", "&", "<@U0APPROVER1", "<"])
def test_a_cut_leaves_nothing_half(close: str) -> None:
    """The control: the same text uncut is left as it is."""
    text = "x" * 80 + close
    assert cut(text + "y" * 40, len(text) + len(" … (cut)")) == "x" * 80 + " … (cut)"
    assert cut(text, 200) == text


def test_messages_are_cut_at_fifty_blocks_with_a_word() -> None:
    """The fifty-first is not dropped silently."""
    made = card("Said.", [section(str(n)) for n in range(60)])
    assert len(made.blocks) == 50
    assert "11 more parts" in json.dumps(made.blocks[-1])


def test_a_digest_changes_with_the_words_and_so_do_the_block_ids() -> None:
    """Slack wants new block ids in an update; the same card keeps its own."""
    one, same, other = (card(t, [section("A.")]) for t in ("One.", "One.", "Other."))
    ids = [[block["block_id"] for block in c.numbered("root")] for c in (one, same, other)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("Bücher.example", "xn--bcher-kva.example"),
        ("https://www.bücher.example/über?uns", "www.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("ü..example", "ü..example"),
        ("ü" * 70 + ".example", "ü" * 70 + ".example"),
    ],
)
def test_a_host_is_found_by_the_name_that_people_write(typed: str, host: str) -> None:
    """The log has names as DNS spells them; what DNS cannot spell stays as it was typed."""
    assert inbox.host_name(typed) == host
