"""The form that opens a run: valid for Slack whatever is in it; answers read and judged."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.engine.ports import RunEntry
from bot.engine.preview import Preview
from bot.slack import start_form
from bot.slack.blocks import Block
from bot.slack.start_answers import (
    Answers,
    answers,
    at_blocks,
    known_problems,
    problems,
    zone_of,
)
from bot.slack.start_choices import Listed
from bot.slack.start_known import asking_blocks, known_blocks, unknown_blocks
from bot.slack.suggesting import TOLD, suggestions
from steps.errors import UnknownSite
from tests.slack_rules import shape_errors, stray_markup, violations
from tests.toys import SITE

TODAY = date(2026, 11, 24)
PING = "<!channel> & <@U1>"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


SHOP, MAIN = Choice("q7x2m5kd3vw4t", "The shop"), Choice("main", "main (production)")
STAGING = Choice("stg", "staging")
LONG = "x" * 400
HOSTILE = replace(SITE, name=PING, zone=PING, project=PING)
BLOCKED = Preview(SITE, problems=(PING, *[LONG] * 100))
KNOWN = Preview(HOSTILE, (PING, *[f"{'a' * 63}.example.com"] * 100), (PING,), notes=(PING,))


def form(
    offer: start_form.Offer | None = None, *, given: Answers | None = None, channel: str = "C1",
    known: Sequence[Block] = (),
) -> dict[str, Any]:  # fmt: skip
    return start_form.form_view(
        channel, given or Answers(), offer or start_form.Offer(), today=TODAY, known=known
    )


FORMS = {
    "nothing": form(),
    "from-home": form(channel=""),
    "chosen": form(start_form.Offer(SHOP, MAIN, Choice("example.com", ""), [STAGING])),
    "filled": form(given=Answers("www.example.com", window_from="22:00", window_until="02:00")),
    "long": form(start_form.Offer(Choice("p" * 150, LONG), Choice("e" * 150, LONG), None,
                                  [Choice(f"e{n}", LONG) for n in range(40)]),
                 given=Answers(LONG, window_from=LONG, window_until=LONG)),
    "asking": form(known=asking_blocks(PING)),
    "unknown": form(known=unknown_blocks(UnknownSite(PING, hint=PING))),
    "known": form(known=known_blocks(KNOWN)),
    "blocked": form(known=known_blocks(BLOCKED)),
    "loading": start_form.loading_view("C1"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_is_valid_for_slack(name: str) -> None:
    """However long or hostile what is in it."""
    view = FORMS[name]
    assert [*violations(view), *shape_errors(view), *stray_markup(view)] == []
    assert view["private_metadata"] == ("" if name == "from-home" else "C1")


def test_the_form_asks_for_a_channel_only_where_there_is_none() -> None:
    """A run needs one; in a channel it is that one."""
    asked = [b["block_id"] for b in FORMS["from-home"]["blocks"]]
    assert asked[0] == "channel"
    assert "channel" not in [b.get("block_id") for b in FORMS["nothing"]["blocks"]]


def test_a_choice_of_one_project_does_not_stay_for_another() -> None:
    """The environment's block has the project in its id."""
    blocks = {b.get("block_id") for b in FORMS["chosen"]["blocks"]}
    assert {f"environment.{SHOP.value}", f"access.{SHOP.value}"} <= blocks


def test_the_form_says_which_certificate_outlives_the_root() -> None:
    """Begun in November 2026, three years end after August 2029; a year is replaced in time."""
    days = next(b for b in FORMS["chosen"]["blocks"] if b.get("block_id") == "validity")
    told = {o["value"]: o["description"]["text"] for o in days["element"]["options"]}
    assert {k for k, v in told.items() if "after the root's end" in v} == {"1095", "5475"}
    assert "2027-11-17" in told["365"]


def test_what_blocks_a_run_stands_in_the_form_and_what_does_not_is_told_too() -> None:
    """Zone, hosts, neighbours; or everything that the preflight would stop at."""
    fine = str(known_blocks(Preview(SITE, ("www.example.com",), ("shop.example.com",))))
    assert "zone example.com" in fine
    assert "Nothing is known that stands in the way." in fine
    assert "shop.example.com" in fine
    blocked = str(known_blocks(Preview(SITE, problems=("www.example.com is DNS-only.",))))
    assert "would stop at its preflight" in blocked
    assert "DNS-only" in blocked
    assert "Nothing is known" not in blocked


def entered(**given: Any) -> dict[str, dict[str, Any]]:
    return {block: {"element": value} for block, value in given.items()}


def test_answers_are_read_by_block() -> None:
    """Whatever the element is: typed, picked, checked; and whatever project the block is of."""
    values = entered(
        site={"value": " HTTPS://Shop.example.com./ "},
        project={"selected_option": {"value": "abc"}},
        order={"selected_option": {"value": "published"}},
        validity={"selected_option": {"value": "90"}},
        access={"selected_options": [{"value": "stg"}, {"value": "dev"}]},
        channel={"selected_conversation": "C9"},
    )  # fmt: skip
    values["environment.abc"] = {"environment": {"selected_option": {"value": "main"}}}
    expected = Answers("shop.example.com", "abc", "main", "published", 90, ("stg", "dev"),
                       channel="C9")  # fmt: skip
    assert expected == answers(values)
    assert problems(expected) == {}
    wrong = at_blocks({"environment": "no", "site": "no"}, values)
    assert set(wrong) == {"environment.abc", "site"}


def test_an_empty_form_is_wrong_at_each_input() -> None:
    """Errors are keyed by block, so that Slack shows them there."""
    given_nothing = answers(entered(site={"value": None}, order={}))
    assert set(problems(given_nothing)) == {"site", "project"}
    assert (given_nothing.order, given_nothing.validity_days) == ("no-downtime", 365)


def test_a_line_that_only_says_something_is_no_choice() -> None:
    """A vendor that is down stands in the list; whoever picks it is told."""
    given = Answers("www.example.com", TOLD, TOLD, zone=TOLD)
    assert set(problems(given)) == {"project", "environment", "zone"}


@pytest.mark.parametrize(
    ("site", "usable"),
    [
        ("example.com", True),
        ("a.b-c.example.com", True),
        (f"{'a' * 63}.example.com", True),
        ("xn--bcher-kva.example", True),
        ("www.example.xn--p1ai", True),
        (f"{'a' * 64}.example.com", False),
        (f"{'a.' * 130}example.com", False),
        ("localhost", False),
        ("192.0.2.1", False),
        ("-a.example.com", False),
        ("*.example.com", False),
        ("www example.com", False),
        ("www.example.com\n", False),
        ("bücher.example", False),
        (PING, False),
    ],
)
def test_only_host_names_are_taken(site: str, *, usable: bool) -> None:
    """What is none is told at its input, before anything is asked of anybody."""
    assert ("site" not in problems(Answers(site, "abc", "main"))) == usable


ZONES = Listed((Choice("example.com", ""), Choice("shop.example.com", "")), "known")
OPEN = RunEntry("R7", "www.example.com", "example.com", "abc", "main",
                datetime(2026, 11, 24, tzinfo=UTC), "")  # fmt: skip


@pytest.mark.parametrize(
    ("site", "project", "zone", "at", "words"),
    [
        ("www.example.org", "q1w", "", "site", "It sees: example.com, shop.example.com."),
        ("api.example.com", "q1w", "", "site", "Run R7 is open in the zone example.com"),
        ("a.shop.example.com", "abc", "", "project", "Run R7 is open on this environment"),
        ("a.shop.example.com", "q1w", "", "", ""),
    ],
)
def test_what_is_known_to_be_wrong_is_told_at_its_input(
    site: str, project: str, zone: str, at: str, words: str
) -> None:
    """From the lists that are there and the log: nobody waits for a vendor."""
    found = known_problems(Answers(site, project, "main", zone=zone), ZONES, [OPEN])
    assert words in found.get(at, "")
    assert set(found) == ({at} - {""})


def test_a_site_outside_of_the_picked_zone_is_told_at_the_zone() -> None:
    """Whoever picked a zone meant it."""
    found = problems(Answers("www.example.org", "abc", zone="example.com"))
    assert set(found) == {"zone"}


def test_zones_that_are_not_known_refuse_nothing() -> None:
    """A vendor that is slow or down is asked when the run is opened."""
    given = Answers("www.example.org", "abc", "main")
    assert known_problems(given, Listed(), []) == {}
    assert zone_of("www.example.com", ["example.com", "le.com", "w.example.com"]) == "example.com"


def test_a_list_finds_while_one_types() -> None:
    """By name or id, in any case, what begins so first; what fits nothing can be taken by id."""
    listed = Listed((Choice("abc", "My shop"), Choice("shop2", "Two"), Choice("x", "y")), "known")
    assert [o["value"] for o in suggestions(listed, "SHOP")] == ["shop2", "abc"]
    assert [o["value"] for o in suggestions(listed, "q1w2", free=True)] == [TOLD, "q1w2"]
    assert [o["value"] for o in suggestions(listed, "q1w2")] == [TOLD]
    assert [o["value"] for o in suggestions(Listed((), "known"), "")] == [TOLD]


@pytest.mark.parametrize("label", ["The shop", "\u0448" * 75, PING * 9])
@pytest.mark.parametrize("count", [0, 1, 100, 101, 5000])
def test_a_list_is_what_slack_takes_in_an_acknowledgement(label: str, count: int) -> None:
    """At most a hundred options and 60,000 bytes; what is left out is counted."""
    listed = Listed(tuple(Choice(f"p{n:0149}", label) for n in range(count)), "known")
    found = suggestions(listed, "", free=True)
    assert 1 <= len(found) <= 100
    assert len(json.dumps({"options": found})) <= 60_000
    select = {"type": "static_select", "action_id": "s", "options": found}
    payload = {"text": "t", "blocks": [{"type": "actions", "elements": [select]}]}
    assert [*violations(payload), *shape_errors(payload)] == []
    if count > 100:
        assert any("more: type on" in o["text"]["text"] for o in found) or len(found) < 100


def test_why_a_list_is_short_stands_in_it() -> None:
    """Slow or down; what was known before is offered all the same."""
    words = "Platform.sh could not be asked: " + "it did not answer in time. " * 4
    found = suggestions(Listed((Choice("abc", "Shop"),), "trouble", words), "")
    assert [o["value"] for o in found] == [TOLD, "abc"]
    told = f"{found[0]['text']['text']} {found[0]['description']['text']}"
    assert told.startswith("Platform.sh could not be asked: it did not answer")
