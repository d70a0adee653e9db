"""The modal over a real socket: searched while typing, told at its inputs, nothing lost."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from bot.engine import commands as c
from sandbox.faults import Fault
from sandbox.slack.people import BOT_USER, SITE_OPS, STARTER
from steps.errors import Unreachable
from steps.step import Site
from tests.contract.desk_stand import Choice, Office, Places, office
from tests.toys import SITE

BLOG = "blog4x7k2m"
TWO = Places((Choice(SITE.project, "The shop"), Choice(BLOG, "The blog")))
Json = dict[str, Any]
Ready = Callable[[dict[str, Json]], bool]


class Slow(Places):
    """Vendors that answer after seconds, or not at all."""

    def projects(self) -> tuple[Choice, ...]:
        time.sleep(4)
        return super().projects()

    def zones(self) -> tuple[Choice, ...]:
        raise Unreachable("The connection was refused.", service="Cloudflare", doing="list zones")


@pytest.fixture
def desk() -> Iterator[Office]:
    with office(places=TWO) as made:
        yield made


def blocks(desk: Office) -> tuple[str, dict[str, Json]] | None:
    for view in desk.slack.open_views(STARTER):
        inputs = {b["block_id"]: b for b in view["blocks"] if b["type"] == "input"}
        if inputs:
            return view["id"], inputs
    return None


def form(desk: Office, ready: Ready = bool) -> tuple[str, dict[str, Json]]:
    """The open form and its inputs by block, once they are as wanted."""

    def shown() -> tuple[str, dict[str, Json]] | None:
        found = blocks(desk)
        return found if found and ready(found[1]) else None

    made: tuple[str, dict[str, Json]] = desk.slack.wait_for(shown)
    return made


def says(desk: Office, words: str) -> None:
    """Until the open form holds these words."""
    desk.slack.wait_for(lambda: words in json.dumps(desk.slack.open_views(STARTER)) or None)


def begun(desk: Office) -> Site:
    run = desk.slack.wait_for(desk.engine.store.runs)[0]
    site = desk.engine.view(run.run).site
    assert site is not None
    return site


def told(desk: Office, words: str) -> None:
    desk.slack.wait_for(lambda: [m for m in desk.slack.ephemerals(STARTER) if words in m["text"]])


def pick(desk: Office, view: str, project: str) -> None:
    """Opens the list of projects and takes one."""
    desk.slack.suggest(STARTER, view, "project", "")
    desk.slack.press_in_view(STARTER, view, "project", value=project)


def contains(name: str, shown: dict[str, Json]) -> bool:
    return name in shown


def start(desk: Office, text: str = "start shop.example.com") -> None:
    desk.slack.command(STARTER, "/mtls", text, SITE_OPS)


def test_the_form_asks_for_all_that_a_run_needs(desk: Office) -> None:
    """Site, zone, project and environment by search, order, validity from 90 days, window."""
    start(desk)
    _, inputs = form(desk)
    assert list(inputs) == ["site", "zone", "project", "environment", "order", "validity",
                            "window_from", "window_until"]  # fmt: skip
    for name in ("zone", "project", "environment"):
        assert inputs[name]["element"]["type"] == "external_select"
    assert inputs["site"]["element"]["initial_value"] == "shop.example.com"
    assert "its zone is found by itself" in inputs["site"]["hint"]["text"]
    assert inputs["order"]["element"]["initial_option"]["value"] == "no-downtime"
    days = inputs["validity"]["element"]["options"]
    assert min(int(o["value"]) for o in days) == 90
    assert all("Platform.sh would replace it on 20" in o["description"]["text"] for o in days)
    assert "2029-08-15" in inputs["validity"]["hint"]["text"]


def test_lists_are_searched_while_one_types(desk: Office) -> None:
    """Zones, projects, and the environments of the project that was picked."""
    start(desk)
    view, _ = form(desk)
    assert [o["value"] for o in desk.slack.suggest(STARTER, view, "zone", "SHOP.")] == [
        "shop.example.com"
    ]
    assert desk.slack.suggest(STARTER, view, "project", "the b")[0]["value"] == BLOG
    first = desk.slack.suggest(STARTER, view, "environment", "")
    assert first[0]["text"]["text"] == "Pick the project first"
    pick(desk, view, BLOG)
    view, _ = form(desk, partial(contains, f"environment.{BLOG}"))
    found = [o["value"] for o in desk.slack.suggest(STARTER, view, "environment", "")]
    assert found == ["live", "try"]


def test_the_environments_are_those_of_the_picked_project(desk: Office) -> None:
    """Production first and chosen; another project's choice does not stay behind."""
    start(desk)
    view, _ = form(desk)
    for project, first, other in ((BLOG, "live", "try"), (SITE.project, "main", "staging")):
        pick(desk, view, project)
        name = f"environment.{project}"
        view, inputs = form(desk, partial(contains, name))
        assert inputs[name]["element"]["initial_option"]["value"] == first
        assert [o["value"] for o in inputs[f"access.{project}"]["element"]["options"]] == [other]
    desk.slack.submit(STARTER, view, {(f"access.{SITE.project}", "access"): ["staging"]})
    site = begun(desk)
    assert (site.name, site.project, site.environment) == (
        "shop.example.com", SITE.project, "main",
    )  # fmt: skip
    assert site.access_environments == ("staging",)


def test_a_project_that_is_not_listed_is_taken_by_its_id(desk: Office) -> None:
    """A token may not see all that it can change."""
    start(desk)
    view, _ = form(desk)
    assert list(desk.slack.submit(STARTER, view).errors) == ["project"]
    desk.slack.submit(STARTER, view, {("project", "project"): "q1w2e3"})
    assert begun(desk).project == "q1w2e3"


def test_what_the_preflight_knows_stands_in_the_form_before_it_is_sent(desk: Office) -> None:
    """Once site and project are there: first that it is asked, then zone and hosts."""
    start(desk)
    view, _ = form(desk)
    assert "What is known" not in json.dumps(desk.slack.open_views(STARTER))
    pick(desk, view, BLOG)
    says(desk, "Served through this zone: shop.example.com.")
    says(desk, "Nothing is known that stands in the way.")


def test_a_site_that_is_typed_is_looked_at_when_enter_is_pressed(desk: Office) -> None:
    """And what is wrong with it stands there, with all that was entered."""
    start(desk, "start")
    view, _ = form(desk)
    pick(desk, view, BLOG)
    form(desk, partial(contains, f"environment.{BLOG}"))
    desk.slack.press_in_view(STARTER, view, "site", value="www.other.org")
    says(desk, "Not known yet:* No zone of this token covers www.other.org.")
    _, inputs = form(desk)
    assert inputs["project"]["element"]["initial_option"]["value"] == BLOG


def test_vendors_that_are_slow_or_down_are_told_in_the_list() -> None:
    """The form comes all the same; each list answers at once, and can be tried again."""
    with office(places=Slow()) as desk:
        start(desk)
        view, _ = form(desk)
        asked = time.monotonic()
        zones = desk.slack.suggest(STARTER, view, "zone", "ex")
        projects = desk.slack.suggest(STARTER, view, "project", "abc123")
        assert time.monotonic() - asked < 1
        assert "Cloudflare could not be asked" in zones[0]["text"]["text"]
        assert "Platform.sh was asked" in projects[0]["text"]["text"]
        assert projects[-1]["value"] == "abc123"
        answer = desk.slack.submit(STARTER, view, {("project", "project"): "-"})
        assert list(answer.errors) == ["project"]
        desk.slack.wait_for(
            lambda: desk.slack.suggest(STARTER, view, "project", "")[0]["value"] == SITE.project
        )


def test_what_was_entered_is_there_again_when_the_run_could_not_be_opened(desk: Office) -> None:
    """The bot is not in the channel: said, and the next form has it all."""
    start(desk)
    view, _ = form(desk)
    members = desk.slack.workspace.channels[SITE_OPS].members
    members.discard(BOT_USER)
    desk.slack.suggest(STARTER, view, "project", "")
    desk.slack.submit(STARTER, view, {("project", "project"): BLOG, ("order", "order"): "published",
                                      ("window_from", "window_from"): "22:00",
                                      ("window_until", "window_until"): "02:00"})  # fmt: skip
    desk.slack.wait_for(lambda: direct(desk))
    assert "The bot is not in this channel" in direct(desk)[-1]
    assert desk.engine.store.runs() == ()
    members.add(BOT_USER)
    start(desk, "start")
    _, inputs = form(desk, partial(contains, f"environment.{BLOG}"))
    assert inputs["site"]["element"]["initial_value"] == "shop.example.com"
    assert inputs["order"]["element"]["initial_option"]["value"] == "published"
    assert inputs["window_from"]["element"]["initial_value"] == "22:00"


def direct(desk: Office) -> list[str]:
    """What the bot has written to the starter alone."""
    room = desk.slack.workspace.direct(STARTER).id
    return [m["text"] for m in desk.slack.messages(room)]


def test_a_site_with_an_open_run_is_told_at_its_input(desk: Office) -> None:
    """From the log, at once."""
    desk.engine.start(c.Start(STARTER, SITE, SITE_OPS))
    start(desk, "start www.example.com")
    view, _ = form(desk)
    desk.slack.suggest(STARTER, view, "project", "")
    answer = desk.slack.submit(STARTER, view, {("project", "project"): BLOG})
    assert "Run R1 is open in the zone example.com" in answer.errors["site"]


def test_an_error_stands_at_the_input_that_the_form_has_now(desk: Office) -> None:
    """Slack takes errors for blocks of the view only."""
    start(desk)
    view, _ = form(desk)
    pick(desk, view, BLOG)
    view, _ = form(desk, partial(contains, f"environment.{BLOG}"))
    answer = desk.slack.submit(STARTER, view, {("site", "site"): "no host"})
    assert list(answer.errors) == ["site"]


def test_the_home_tabs_form_asks_for_the_channel_too(desk: Office) -> None:
    """There is none to be in; the run is opened where it was said."""
    desk.slack.open_home(STARTER)
    home = desk.slack.wait_for(lambda: desk.slack.home(STARTER))
    desk.slack.press_in_view(STARTER, home["id"], "start-from-home")
    view, inputs = form(desk)
    assert inputs["channel"]["element"]["type"] == "conversations_select"
    desk.slack.suggest(STARTER, view, "project", "")
    desk.slack.submit(STARTER, view, {
        ("channel", "channel"): SITE_OPS, ("site", "site"): "shop.example.com",
        ("project", "project"): BLOG,
    })  # fmt: skip
    assert begun(desk).name == "shop.example.com"
    assert desk.engine.view("R1").channel == SITE_OPS


@pytest.mark.parametrize(
    "spelling",
    ["expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged",
     "invalid_trigger_id", "invalid_arguments"],
)  # fmt: skip
def test_a_trigger_that_has_expired_is_told_however_slack_spells_it(
    desk: Office, spelling: str
) -> None:
    """Slack fails so at times even when asked at once; the person would see nothing."""
    body = json.dumps({"ok": False, "error": spelling})
    desk.faults.add(Fault("slack", "POST", "views.open", "status", 200, body=body))
    start(desk)
    told(desk, "Slack did not open the form. Type the command again")
