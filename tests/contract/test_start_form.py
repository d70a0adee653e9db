"""The modal over a real socket: projects picked or typed, environments that follow the project."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sandbox.faults import Fault
from sandbox.slack.people import BOT_USER, SITE_OPS, STARTER
from steps.step import Site
from tests.contract.desk_stand import Choice, Office, Places, office
from tests.toys import SITE

BLOG = "blog4x7k2m"
TWO = Places((Choice(SITE.project, "The shop"), Choice(BLOG, "The blog")))
Json = dict[str, Any]
Ready = Callable[[dict[str, Json]], bool]


@pytest.fixture
def desk() -> Iterator[Office]:
    with office(places=TWO) as made:
        yield made


def form(desk: Office, ready: Ready = bool) -> tuple[str, dict[str, Json]]:
    """The open form and its inputs by block, once they are as wanted."""

    def shown() -> tuple[str, dict[str, Json]] | None:
        for view in desk.slack.open_views(STARTER):
            inputs = {b["block_id"]: b for b in view["blocks"] if b["type"] == "input"}
            if inputs and ready(inputs):
                return view["id"], inputs
        return None

    found: tuple[str, dict[str, Json]] = desk.slack.wait_for(shown)
    return found


def begun(desk: Office) -> Site:
    run = desk.slack.wait_for(desk.engine.store.runs)[0]
    site = desk.engine.view(run.run).site
    assert site is not None
    return site


def told(desk: Office, words: str) -> None:
    desk.slack.wait_for(lambda: [m for m in desk.slack.ephemerals(STARTER) if words in m["text"]])


def contains(name: str, shown: dict[str, Json]) -> bool:
    return name in shown


def start(desk: Office) -> None:
    desk.slack.command(STARTER, "/mtls", "start shop.example.com", SITE_OPS)


def test_the_form_asks_for_all_that_a_run_needs(desk: Office) -> None:
    """Site, project picked or typed, environment, order, and validity from 90 days up."""
    start(desk)
    _, inputs = form(desk)
    assert list(inputs) == ["site", "project", "typed", "environment", "order", "validity"]
    picked = [o["value"] for o in inputs["project"]["element"]["options"]]
    assert picked == [SITE.project, BLOG]
    assert inputs["site"]["element"]["initial_value"] == "shop.example.com"
    assert "its zone is found by itself" in inputs["site"]["hint"]["text"]
    assert inputs["order"]["element"]["initial_option"]["value"] == "no-downtime"
    days = inputs["validity"]["element"]["options"]
    assert min(int(o["value"]) for o in days) == 90
    assert all("Platform.sh would replace it on 20" in o["description"]["text"] for o in days)
    assert "2029-08-15" in inputs["validity"]["hint"]["text"]


def test_the_environments_are_those_of_the_picked_project(desk: Office) -> None:
    """Production first and chosen; another project's choice does not stay behind."""
    start(desk)
    view, inputs = form(desk)
    assert inputs["environment"]["element"]["type"] == "plain_text_input"
    for project, first, other in ((BLOG, "live", "try"), (SITE.project, "main", "staging")):
        desk.slack.press_in_view(STARTER, view, "project", value=project)
        name = f"environment.{project}"
        view, inputs = form(desk, partial(contains, name))
        element = inputs[name]["element"]
        assert [o["value"] for o in element["options"]] == [first, other]
        assert element["initial_option"]["value"] == first
        assert [o["value"] for o in inputs[f"access.{project}"]["element"]["options"]] == [other]
    desk.slack.submit(STARTER, view, {(f"access.{SITE.project}", "access"): ["staging"]})
    site = begun(desk)
    assert (site.name, site.project, site.environment) == (
        "shop.example.com", SITE.project, "main",
    )  # fmt: skip
    assert site.access_environments == ("staging",)


def test_a_project_that_is_not_listed_is_typed(desk: Office) -> None:
    """And counts more than one that was picked; neither is told at the list."""
    start(desk)
    view, _ = form(desk)
    assert list(desk.slack.submit(STARTER, view).errors) == ["project"]
    desk.slack.submit(STARTER, view, {("project", "project"): BLOG, ("typed", "typed"): "q1w2e3"})
    assert begun(desk).project == "q1w2e3"


def test_an_error_stands_at_the_input_that_the_form_has_now(desk: Office) -> None:
    """Slack takes errors for blocks of the view only."""
    start(desk)
    view, _ = form(desk)
    desk.slack.press_in_view(STARTER, view, "project", value=BLOG)
    view, _ = form(desk, partial(contains, f"environment.{BLOG}"))
    answer = desk.slack.submit(STARTER, view, {("site", "site"): "no host"})
    assert list(answer.errors) == ["site"]


def test_the_acknowledgement_of_the_worst_form_is_small(desk: Office) -> None:
    """Above 65,535 bytes Slack's client sends none at all, and the person waits."""
    start(desk)
    view, _ = form(desk)
    worst = {("site", "site"): "x" * 253, ("typed", "typed"): "?" * 60,
             ("environment", "environment"): " "}  # fmt: skip
    answer = desk.slack.submit(STARTER, view, worst)
    assert set(answer.errors) == {"site", "project", "environment"}
    assert len(json.dumps(answer.payload)) < 1000


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
    told(desk, "Slack did not open the form. Type the command again.")


def test_a_run_is_not_opened_in_a_channel_without_the_bot(desk: Office) -> None:
    """Nobody would see its cards; said to the starter where the bot is no member."""
    start(desk)
    view, _ = form(desk)
    members = desk.slack.workspace.channels[SITE_OPS].members
    members.discard(BOT_USER)
    desk.slack.submit(STARTER, view, {("project", "project"): BLOG})
    desk.slack.wait_for(lambda: direct(desk))
    assert "The bot is not in this channel" in direct(desk)[-1]
    assert desk.engine.store.runs() == ()
    members.add(BOT_USER)


def direct(desk: Office) -> list[str]:
    """What the bot has written to the starter alone."""
    room = desk.slack.workspace.direct(STARTER).id
    return [m["text"] for m in desk.slack.messages(room)]
