"""The Slack stand-in met by an unmodified Bolt app over real Socket Mode."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack import Json, NotThere, SlackStandIn
from sandbox.slack.acts import Values
from sandbox.slack.people import APPROVER, FOREIGN, SITE_OPS, STARTER
from tests.contract.slack_stand import (
    BUTTON,
    MODAL,
    SECTION,
    bolt,
    connected,
    standing,
)


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with standing() as running:
        yield running


def conversing(slack: SlackStandIn) -> App:
    """An app with a command, a modal with an external select, and a button."""
    app = bolt(slack)

    @app.command("/mtls")
    def _start(ack: Any, body: Json, client: WebClient) -> None:
        ack("Opening …")
        view = MODAL | {"private_metadata": body["channel_id"]}
        client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.options("project")
    def _projects(ack: Any, payload: Json) -> None:
        text = {"type": "plain_text", "text": f"Found {payload['value']}"}
        ack(options=[{"text": text, "value": "q7x2m5kd3vw4t"}])

    app.view("start")(_submitted)
    app.action("approve")(_approved)
    return app


def _submitted(ack: Any, view: Json, client: WebClient) -> None:
    values = view["state"]["values"]
    if "." not in values["site"]["site"]["value"]:
        ack(response_action="errors", errors={"site": "A site has a dot."})
        return
    ack()
    chosen = values["project"]["project"]["selected_option"]["value"]
    client.chat_postMessage(
        channel=view["private_metadata"], text=f"Run on {chosen}", blocks=[SECTION, BUTTON]
    )


def _approved(ack: Any, body: Json, client: WebClient) -> None:
    ack()
    by, value = body["user"]["id"], body["actions"][0]["value"]
    ts = body["container"]["message_ts"]
    client.chat_update(channel=SITE_OPS, ts=ts, text=f"{value} by {by}", blocks=[SECTION])


def test_a_command_opens_a_modal_that_checks_and_closes(slack: SlackStandIn) -> None:
    """Acknowledged words, a refused and a good submission, options found while typing."""
    with connected(slack, conversing(slack)):
        assert slack.command(STARTER, "/mtls", "start", SITE_OPS).answered
        assert [m["text"] for m in slack.ephemerals(STARTER)] == ["Opening …"]
        view = slack.wait_for(lambda: slack.open_views(STARTER))[0]
        assert slack.submit(STARTER, view["id"]).errors.keys() == {"site"}
        typed: Values = {("site", "site"): "example"}
        assert slack.submit(STARTER, view["id"], typed).errors == {"site": "A site has a dot."}
        options = slack.suggest(STARTER, view["id"], "project", "q7x")
        assert options[0]["text"]["text"] == "Found q7x"
        typed = {("site", "site"): "example.com", ("project", "project"): "q7x2m5kd3vw4t"}
        assert slack.submit(STARTER, view["id"], typed).answered
        assert slack.wait_for(lambda: slack.messages(SITE_OPS))[0]["text"] == "Run on q7x2m5kd3vw4t"
        assert (slack.open_views(STARTER), slack.notices()) == ((), ())


def test_a_button_is_pressed_and_then_gone(slack: SlackStandIn) -> None:
    """The press carries value and person; what is no longer on the screen cannot be pressed."""
    app = conversing(slack)
    card = app.client.chat_postMessage(channel=SITE_OPS, text="Card", blocks=[SECTION, BUTTON])
    with connected(slack, app):
        assert slack.press(APPROVER, SITE_OPS, card["ts"], "approve").answered
        slack.wait_for(lambda: slack.messages(SITE_OPS)[0]["text"] == f"run-1 by {APPROVER}")
    with pytest.raises(NotThere):
        slack.press(APPROVER, SITE_OPS, card["ts"], "approve")


def test_the_home_tab_is_published_when_opened(slack: SlackStandIn) -> None:
    """`app_home_opened` reaches the app and a published view shows only to its person."""
    app = bolt(slack)

    @app.event("app_home_opened")
    def _opened(event: Json, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [SECTION]})

    with connected(slack, app):
        slack.open_home(APPROVER)
        home = slack.wait_for(lambda: slack.home(APPROVER))
        assert home["blocks"][0]["text"] == SECTION["text"]
        assert slack.home(STARTER) is None


def test_who_presses_is_told_with_their_team(slack: SlackStandIn) -> None:
    """A Slack Connect guest's press carries the guest's own team."""
    app = bolt(slack)
    presses: list[Json] = []

    @app.action("approve")
    def _pressed(ack: Any, body: Json) -> None:
        presses.append(body)
        ack()

    ts = app.client.chat_postMessage(channel=SITE_OPS, text="Card", blocks=[BUTTON])["ts"]
    with connected(slack, app):
        for user in (FOREIGN, APPROVER):
            assert slack.press(user, SITE_OPS, ts, "approve").answered
    assert [p["user"]["team_id"] for p in presses] == ["T0ELSEWHERE", "T0SANDBOX1"]
    assert presses[0]["message"]["blocks"][0]["block_id"] == "decide"


def test_an_unanswered_command_is_told_to_the_person(slack: SlackStandIn) -> None:
    """No connection and no acknowledgement are different failures; both are shown."""
    assert slack.command(STARTER, "/mtls", "", SITE_OPS).failure == "dispatch_failed"
    with connected(slack, bolt(slack)):
        assert slack.command(STARTER, "/mtls", "", SITE_OPS).failure == "operation_timeout"
    assert [n.code for n in slack.notices(STARTER)] == ["dispatch_failed", "operation_timeout"]
    assert slack.notices(APPROVER) == ()


def test_a_connection_told_to_refresh_comes_back(slack: SlackStandIn) -> None:
    """After a `disconnect` message the client connects again and is served."""
    app = bolt(slack)
    app.command("/mtls")(lambda ack: ack("here"))
    with connected(slack, app):
        slack.socket.say_goodbye("refresh_requested")
        slack.wait_connected()
        assert slack.command(STARTER, "/mtls", "", SITE_OPS).payload == {"text": "here"}


def test_an_envelope_can_arrive_twice_on_two_connections(slack: SlackStandIn) -> None:
    """A repeated envelope reaches the app again, and each delivery goes to one connection."""
    app = bolt(slack)
    seen: list[str] = []
    both = threading.Event()

    @app.command("/mtls")
    def _command(ack: Any, body: Json) -> None:
        ack()
        seen.append(body["trigger_id"])
        if len(seen) == 2:
            both.set()

    with connected(slack, app), connected(slack, app):
        slack.wait_for(lambda: slack.socket.connections == 2)
        slack.socket.repeat_next()
        assert slack.command(STARTER, "/mtls", "", SITE_OPS).answered
        assert both.wait(5)
    assert len(set(seen)) == 1


def test_commands_arrive_escaped(slack: SlackStandIn) -> None:
    """Links, bare domains, people and entities come as `should_escape` delivers them."""
    app = bolt(slack)
    texts: list[str] = []

    @app.command("/mtls")
    def _command(ack: Any, body: Json) -> None:
        texts.append(body["text"])
        ack()

    with connected(slack, app):
        slack.command(STARTER, "/mtls", "plan example.com @approver <!channel>", SITE_OPS)
        slack.command(STARTER, "/mtls", "plan https://example.com/x", SITE_OPS)
    assert texts == [
        f"plan <http://example.com|example.com> <@{APPROVER}|approver> &lt;!channel&gt;",
        "plan <https://example.com/x>",
    ]
