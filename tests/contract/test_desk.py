"""What people send, over a real socket: from the command to the event, and each refusal."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.engine import commands as c
from sandbox.faults import Fault
from sandbox.people_acting import buttons
from sandbox.slack.people import APPROVER, FOREIGN, GUEST, OUTSIDER, SITE_OPS, STARTER
from tests.contract.desk_stand import Office, office
from tests.toys import SITE

FORM: dict[tuple[str, str], Any] = {("site", "site"): "shop.example.com"}


@pytest.fixture
def desk() -> Iterator[Office]:
    with office() as made:
        yield made


def form(desk: Office) -> dict[str, Any]:
    """The start form, once it is more than the loading view."""

    def shown() -> dict[str, Any] | None:
        views = [v for v in desk.slack.open_views(STARTER) if len(v["blocks"]) > 1]
        return views[-1] if views else None

    found: dict[str, Any] = desk.slack.wait_for(shown)
    return found


def card(desk: Office) -> dict[str, Any]:
    """The card that waits for a yes, once the toy step has planned."""
    desk.engine.start(c.Start(STARTER, SITE, SITE_OPS))
    desk.drive()

    def waiting() -> dict[str, Any] | None:
        for message in desk.slack.messages(SITE_OPS):
            if any(b["action_id"] == "approve" for b in buttons(message)):
                return message
        return None

    found: dict[str, Any] = desk.slack.wait_for(waiting)
    return found


def told(desk: Office, user: str, words: str) -> str:
    """What only this person sees, once it holds the words."""

    def found() -> str | None:
        texts = [m["text"] for m in desk.slack.ephemerals(user) if words in m["text"]]
        return texts[-1] if texts else None

    text: str = desk.slack.wait_for(found)
    return text


def test_start_opens_a_loading_view_then_a_form_then_a_run(desk: Office) -> None:
    """The trigger is used at once; the form is filled in and the run has what was chosen."""
    desk.slack.command(STARTER, "/mtls", "start shop.example.com", SITE_OPS)
    view = form(desk)
    access = (f"access.{SITE.project}", "access")
    desk.slack.submit(STARTER, view["id"], {("order", "order"): "published", access: ["staging"]})
    run = desk.slack.wait_for(desk.engine.store.runs)[0]
    site = desk.engine.view(run.run).site
    assert site is not None
    chosen = (site.name, site.order, site.environment, site.access_environments)
    assert chosen == ("shop.example.com", "published", "main", ("staging",))
    paths = [r.path for r in desk.journal.all("slack")]
    assert paths.index("/api/views.open") < paths.index("/api/views.update")


def test_an_unusable_answer_is_told_at_its_input(desk: Office) -> None:
    """Not a host name: an error at the block, the form stays, no run."""
    desk.slack.command(STARTER, "/mtls", "start", SITE_OPS)
    answer = desk.slack.submit(STARTER, form(desk)["id"], {("site", "site"): "not a host"})
    assert list(answer.errors) == ["site"]
    assert desk.engine.store.runs() == ()


def test_an_unknown_site_is_told_at_its_input(desk: Office) -> None:
    """No zone of the token covers it, as the list of zones knows already: the form stays."""
    desk.slack.command(STARTER, "/mtls", "start", SITE_OPS)
    answer = desk.slack.submit(STARTER, form(desk)["id"], {("site", "site"): "www.other.org"})
    assert "No zone of the Cloudflare token covers www.other.org" in answer.errors["site"]
    assert desk.engine.store.runs() == ()


def test_an_approver_approves_and_the_second_press_says_who(desk: Office) -> None:
    """Redelivered and pressed again, it is one approval."""
    waiting = card(desk)
    desk.slack.press(APPROVER, SITE_OPS, waiting["ts"], "approve")
    desk.slack.socket.redeliver()
    assert f"Already approved by <@{APPROVER}>" in told(desk, APPROVER, "Already")
    assert desk.types().count("plan-approved") == 1


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (STARTER, "approver"),
        (OUTSIDER, "Only an approver"),
        (GUEST, "Guests"),
        (FOREIGN, "of this workspace"),
    ],
)
def test_a_press_that_does_not_count_says_why_to_the_presser_alone(
    desk: Office, user: str, words: str
) -> None:
    """Nothing is appended, and nobody else is told."""
    desk.slack.workspace.channels[SITE_OPS].members.add(user)
    waiting = card(desk)
    before = desk.types()
    desk.slack.press(user, SITE_OPS, waiting["ts"], "approve")
    told(desk, user, words)
    assert desk.types() == before
    assert desk.slack.ephemerals(APPROVER) == ()


def test_who_could_not_be_asked_about_is_not_let_in(desk: Office) -> None:
    """Slack does not say who presses: not a yes; when it does again, it is one."""
    waiting = card(desk)
    desk.faults.add(Fault("slack", "POST", "users.info", "status", 500))
    desk.slack.press(APPROVER, SITE_OPS, waiting["ts"], "approve")
    told(desk, APPROVER, "could not be asked")
    assert "plan-approved" not in desk.types()
    desk.slack.press(APPROVER, SITE_OPS, waiting["ts"], "approve")
    desk.slack.wait_for(lambda: "plan-approved" in desk.types())


def test_slow_presses_do_not_starve_a_command(desk: Office) -> None:
    """Eight presses hang at Slack, and a command is acknowledged and answered all the same."""
    waiting = card(desk)
    desk.faults.add(Fault("slack", "POST", "users.info", "slow", seconds=2.0, times=6))
    acks = [desk.slack.press(OUTSIDER, SITE_OPS, waiting["ts"], "approve") for _ in range(6)]
    assert all(ack.answered for ack in acks)
    assert desk.slack.command(STARTER, "/mtls", "status", SITE_OPS).answered
    assert "The lamp" in told(desk, STARTER, "Waiting for a yes")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("help", "Commands: start"),
        ("statsu", "Is /mtls status meant?"),
        ("status", "There is no run yet"),
        ("plan shop.example.com", "Nothing is claimed or written"),
        ("probe shop.example.com", "Origin probe of shop.example.com: open"),
    ],
)
def test_answers_are_for_the_one_who_asked(desk: Office, text: str, words: str) -> None:
    """Help, a misspelt word, status, forecast and probe answer privately."""
    desk.slack.command(OUTSIDER, "/mtls", text, SITE_OPS)
    told(desk, OUTSIDER, words)
    assert desk.slack.messages(SITE_OPS) == ()


def test_oauth_variables_do_not_switch_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a client id and secret in the environment the bot token is still the one in use."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.1")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "not-used")
    with office() as made:
        made.slack.command(STARTER, "/mtls", "help", SITE_OPS)
        told(made, STARTER, "Commands: start")


def test_an_error_of_our_own_is_told_to_who_pressed(desk: Office) -> None:
    """A press that ends in a mistake of the bot does not end in silence."""
    waiting = card(desk)

    def stumble(_run: str) -> None:
        raise KeyError("a mistake of ours")

    desk.engine.changed.insert(0, stumble)
    approve = next(b for b in buttons(waiting) if b["action_id"] == "approve")
    desk.slack.press(APPROVER, SITE_OPS, waiting["ts"], approve["action_id"])
    assert told(desk, APPROVER, "stumbled")
