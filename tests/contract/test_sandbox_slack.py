"""The Slack stand-in met by Slack's own unmodified clients, Bolt over real Socket Mode included."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import IncompleteRead
from typing import Any

import httpx
import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import Fault, Faults
from sandbox.journal import Journal
from sandbox.slack import Json, NotThere, SlackStandIn
from sandbox.slack.people import (
    APPROVER,
    APPROVERS,
    FOREIGN,
    GENERAL,
    GUEST,
    OUTSIDER,
    PRIVATE,
    SITE_OPS,
    STARTER,
)

BUTTON: Json = {
    "type": "actions",
    "block_id": "decide",
    "elements": [
        {
            "type": "button", "action_id": "approve", "value": "run-1",
            "text": {"type": "plain_text", "text": "Approve"},
        }
    ],
}  # fmt: skip
SECTION: Json = {"type": "section", "text": {"type": "mrkdwn", "text": "Ready?"}}
MODAL: Json = {
    "type": "modal",
    "callback_id": "start",
    "title": {"type": "plain_text", "text": "Start"},
    "submit": {"type": "plain_text", "text": "Start"},
    "blocks": [
        {
            "type": "input", "block_id": "site", "label": {"type": "plain_text", "text": "Site"},
            "element": {"type": "plain_text_input", "action_id": "site"},
        },
        {
            "type": "input", "block_id": "project", "optional": True,
            "label": {"type": "plain_text", "text": "Project"},
            "element": {"type": "external_select", "action_id": "project"},
        },
    ],
}  # fmt: skip


class Clock:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def slack(clock: Clock, faults: Faults) -> Iterator[SlackStandIn]:
    stand_in = SlackStandIn(journal=Journal(), faults=faults, ack_seconds=0.3, clock=clock)
    yield stand_in
    stand_in.close()


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url)


@contextmanager
def connected(slack: SlackStandIn, app: App) -> Iterator[None]:
    handler = SocketModeHandler(app, slack.app_token)
    handler.connect()
    slack.wait_connected()
    try:
        yield
    finally:
        handler.close()


def bolt(slack: SlackStandIn) -> App:
    return App(client=WebClient(slack.bot_token, base_url=slack.api_url))


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def test_a_conversation_from_command_to_button_runs_over_socket_mode(slack: SlackStandIn) -> None:
    """Slash command, modal with a refused and a good submission, message, button, update."""
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

    @app.view("start")
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

    @app.action("approve")
    def _approved(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        by, value = body["user"]["id"], body["actions"][0]["value"]
        ts = body["container"]["message_ts"]
        client.chat_update(channel=SITE_OPS, ts=ts, text=f"{value} by {by}", blocks=[SECTION])

    with connected(slack, app):
        assert slack.command(STARTER, "/mtls", "start", SITE_OPS).answered
        assert [m["text"] for m in slack.ephemerals(STARTER)] == ["Opening …"]
        view = slack.wait_for(lambda: slack.open_views(STARTER))[0]
        assert slack.submit(STARTER, view["id"], {}).errors.keys() == {"site"}
        typed: dict[tuple[str, str], Any] = {("site", "site"): "example"}
        assert slack.submit(STARTER, view["id"], typed).errors == {"site": "A site has a dot."}
        options = slack.suggest(STARTER, view["id"], "project", "q7x")
        assert options[0]["text"]["text"] == "Found q7x"
        typed = {("site", "site"): "example.com", ("project", "project"): options[0]}
        assert slack.submit(STARTER, view["id"], typed).answered
        posted = slack.wait_for(lambda: slack.messages(SITE_OPS))[0]
        assert slack.open_views(STARTER) == ()
        assert posted["text"] == "Run on q7x2m5kd3vw4t"
        assert slack.press(APPROVER, SITE_OPS, posted["ts"], "approve").answered
        slack.wait_for(lambda: slack.messages(SITE_OPS)[0]["text"] == f"run-1 by {APPROVER}")
        assert slack.notices() == ()
    with pytest.raises(NotThere):
        slack.press(APPROVER, SITE_OPS, posted["ts"], "approve")


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


def test_a_trigger_lives_three_seconds_and_once(
    slack: SlackStandIn, web: WebClient, clock: Clock
) -> None:
    """A fresh trigger opens a view; used, old and unknown ones are refused by name."""
    first = slack.workspace.trigger(STARTER)
    assert web.views_open(trigger_id=first, view=MODAL)["view"]["callback_id"] == "start"
    assert refusal(web.views_open, trigger_id=first, view=MODAL) == "exchanged_trigger_id"
    second = slack.workspace.trigger(STARTER)
    clock.now += 3.1
    assert refusal(web.views_open, trigger_id=second, view=MODAL) == "expired_trigger_id"
    assert refusal(web.views_open, trigger_id="other", view=MODAL) == "invalid_trigger_id"


def test_views_are_updated_by_id_and_current_hash(slack: SlackStandIn, web: WebClient) -> None:
    """A stale hash conflicts, an unknown id is not found, typed text survives an update."""
    trigger = slack.workspace.trigger(STARTER)
    view = web.views_open(trigger_id=trigger, view=MODAL)["view"]
    slack.acts.fill(STARTER, view["id"], {("site", "site"): "example.com"})
    newer = web.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)["view"]
    assert newer["state"]["values"]["site"]["site"]["value"] == "example.com"
    stale = refusal(web.views_update, view_id=view["id"], hash=view["hash"], view=MODAL)
    assert stale == "hash_conflict"
    assert refusal(web.views_update, view_id="V0", view=MODAL) == "not_found"
    slack.close_view(STARTER, view["id"])
    assert refusal(web.views_update, view_id=view["id"], view=MODAL) == "not_found"


def test_at_most_three_modals_lie_on_each_other(slack: SlackStandIn, web: WebClient) -> None:
    """Pushed views stack to three; closing the top shows the one below."""
    web.views_open(trigger_id=slack.workspace.trigger(STARTER), view=MODAL)
    for _ in range(2):
        web.views_push(trigger_id=slack.workspace.trigger(STARTER), view=MODAL)
    fourth = slack.workspace.trigger(STARTER)
    assert refusal(web.views_push, trigger_id=fourth, view=MODAL) == "push_limit_reached"
    opened = slack.open_views(STARTER)
    assert opened[2]["previous_view_id"] == opened[1]["id"]
    slack.close_view(STARTER, opened[2]["id"])
    assert [v["id"] for v in slack.open_views(STARTER)] == [v["id"] for v in opened[:2]]


def test_an_update_follows_slacks_rules_of_text_blocks_and_metadata(web: WebClient) -> None:
    """Text alone removes the blocks, metadata stays unless sent, long text is refused."""
    metadata = {"event_type": "op", "event_payload": {"op_id": "1"}}
    ts = web.chat_postMessage(channel=SITE_OPS, text="a", blocks=[SECTION], metadata=metadata)["ts"]
    kept = web.chat_update(channel=SITE_OPS, ts=ts, text="b", blocks=[SECTION])["message"]
    assert (kept["metadata"], "blocks" in kept) == (metadata, True)
    bare = web.chat_update(channel=SITE_OPS, ts=ts, text="c")["message"]
    assert (bare["metadata"], "blocks" in bare) == (metadata, False)
    cleared = web.chat_update(channel=SITE_OPS, ts=ts, text="c", metadata={})["message"]
    assert "metadata" not in cleared
    assert refusal(web.chat_update, channel=SITE_OPS, ts=ts, text="x" * 4001) == "msg_too_long"
    assert web.chat_postMessage(channel=SITE_OPS, text="x" * 4001)["ok"]


def test_only_own_messages_are_updated_and_deleted(slack: SlackStandIn, web: WebClient) -> None:
    """Another's message, an unknown one and an archived channel each have their refusal."""
    theirs = slack.say(STARTER, SITE_OPS, "mine")
    own = web.chat_postMessage(channel=SITE_OPS, text="own")["ts"]
    assert refusal(web.chat_update, channel=SITE_OPS, ts=theirs, text="b") == "cant_update_message"
    assert refusal(web.chat_delete, channel=SITE_OPS, ts=theirs) == "cant_delete_message"
    assert refusal(web.chat_update, channel=SITE_OPS, ts="1.0", text="b") == "message_not_found"
    assert web.chat_delete(channel=SITE_OPS, ts=own)["ok"]
    slack.workspace.channels[SITE_OPS].archived = True
    assert refusal(web.chat_postMessage, channel=SITE_OPS, text="b") == "is_archived"


def test_blocks_beyond_the_limits_are_refused(web: WebClient) -> None:
    """Fifty blocks pass and one more does not; the findings point into the payload."""
    divider = {"type": "divider"}
    assert web.chat_postMessage(channel=SITE_OPS, text="t", blocks=[divider] * 50)["ok"]
    post = web.chat_postMessage
    assert refusal(post, channel=SITE_OPS, text="t", blocks=[divider] * 51) == "invalid_blocks"
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    with pytest.raises(SlackApiError) as refused:
        post(channel=SITE_OPS, text="t", blocks=[SECTION, long])
    told = refused.value.response["response_metadata"]["messages"]
    assert told == ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"]
    assert refusal(post, channel=SITE_OPS, text="", attachments=[]) == "no_text"


def test_a_missing_scope_is_named(slack: SlackStandIn, web: WebClient) -> None:
    """Without a scope its methods answer which one is needed and which are there."""
    assert web.users_info(user=STARTER)["user"]["team_id"] == "T0SANDBOX1"
    slack.credentials.scopes.discard("users:read")
    with pytest.raises(SlackApiError) as refused:
        web.users_info(user=STARTER)
    answer = refused.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
    assert "users:read" not in answer.headers["x-oauth-scopes"].split(",")


def test_tokens_are_checked(slack: SlackStandIn) -> None:
    """No token, a foreign token and the wrong kind of token are told apart."""
    for token, error in (("", "not_authed"), ("xoxb-1", "invalid_auth")):
        assert refusal(WebClient(token, base_url=slack.api_url).auth_test) == error
    app = WebClient(slack.app_token, base_url=slack.api_url)
    assert refusal(app.auth_test) == "not_allowed_token_type"


def test_history_and_replies_are_read_as_slack_tells_them(web: WebClient) -> None:
    """Newest first without replies; the root leads its thread; metadata only when asked for."""
    metadata = {"event_type": "op", "event_payload": {"op_id": "7"}}
    stamps = [web.chat_postMessage(channel=SITE_OPS, text=str(n))["ts"] for n in range(3)]
    web.chat_postMessage(channel=SITE_OPS, text="r", thread_ts=stamps[0], metadata=metadata)
    page = web.conversations_history(channel=SITE_OPS, limit=2)
    assert [m["text"] for m in page["messages"]] == ["2", "1"]
    rest = web.conversations_history(
        channel=SITE_OPS, limit=2, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [(m["text"], m["reply_count"]) for m in rest["messages"]] == [("0", 1)]
    newer = web.conversations_history(channel=SITE_OPS, oldest=stamps[1])["messages"]
    assert [m["text"] for m in newer] == ["2"]
    short = web.conversations_replies(channel=SITE_OPS, ts=stamps[0])["messages"]
    whole = web.conversations_replies(channel=SITE_OPS, ts=stamps[0], include_all_metadata=True)
    assert [m["text"] for m in short] == ["0", "r"]
    assert short[1]["metadata"] == {"event_type": "op"}
    assert whole["messages"][1]["metadata"] == metadata


def test_a_deleted_thread_is_told(slack: SlackStandIn, web: WebClient) -> None:
    """A root without answers is gone; one with answers stays as a tombstone."""
    alone, root = (web.chat_postMessage(channel=SITE_OPS, text="r")["ts"] for _ in range(2))
    web.chat_postMessage(channel=SITE_OPS, text="a", thread_ts=root)
    for ts in (alone, root):
        slack.delete_message(SITE_OPS, ts)
    post = web.chat_postMessage
    assert refusal(post, channel=SITE_OPS, text="b", thread_ts=alone) == "thread_not_found"
    assert refusal(post, channel=SITE_OPS, text="b", thread_ts=root) == "cannot_reply_to_message"


def test_channels_without_the_bot_are_told_apart(slack: SlackStandIn, web: WebClient) -> None:
    """Public: not in the channel unless the scope makes up for it. Private: not found."""
    post = web.chat_postMessage
    assert refusal(post, channel=GENERAL, text="t") == "not_in_channel"
    assert refusal(post, channel=PRIVATE, text="t") == "channel_not_found"
    assert web.conversations_info(channel=GENERAL)["channel"]["is_member"] is False
    slack.credentials.scopes.add("chat:write.public")
    assert post(channel=GENERAL, text="t")["ok"]


def test_ephemeral_messages_show_to_one_member_only(slack: SlackStandIn, web: WebClient) -> None:
    """Only the named member sees it, and history does not have it."""
    web.chat_postEphemeral(channel=SITE_OPS, user=OUTSIDER, text="Only you")
    assert [m["text"] for m in slack.ephemerals(OUTSIDER)] == ["Only you"]
    assert (slack.ephemerals(STARTER), slack.messages(SITE_OPS)) == ((), ())
    slack.workspace.channels[SITE_OPS].members.discard(OUTSIDER)
    error = refusal(web.chat_postEphemeral, channel=SITE_OPS, user=OUTSIDER, text="t")
    assert error == "user_not_in_channel"


def test_people_and_groups_are_told(web: WebClient) -> None:
    """Guests are restricted, foreigners of another team, groups have members."""
    assert web.users_info(user=GUEST)["user"]["is_restricted"] is True
    foreign = web.users_info(user=FOREIGN)["user"]
    assert (foreign["team_id"], "deleted" in foreign) == ("T0ELSEWHERE", False)
    assert web.usergroups_users_list(usergroup=APPROVERS)["users"] == [APPROVER]
    assert web.usergroups_list()["usergroups"][0]["handle"] == "approvers"
    assert refusal(web.usergroups_users_list, usergroup="S0") == "no_such_subteam"
    assert STARTER in web.conversations_members(channel=SITE_OPS)["members"]


def test_a_direct_message_goes_to_a_person(slack: SlackStandIn, web: WebClient) -> None:
    """Posting to a user id answers with the direct channel's id, which updates then need."""
    posted = web.chat_postMessage(channel=STARTER, text="t")
    assert posted["channel"].startswith("D")
    assert web.chat_update(channel=posted["channel"], ts=posted["ts"], text="u")["ok"]
    assert refusal(web.conversations_open, users=STARTER) == "missing_scope"


def test_a_file_is_uploaded_in_three_parts(slack: SlackStandIn, web: WebClient) -> None:
    """The SDK's upload ends as a message with the file, whose bytes the page can read."""
    web.files_upload_v2(
        channel=SITE_OPS, content=b"\x89PNG", filename="run.png", alt_txt="A timeline",
        initial_comment="The run",
    )  # fmt: skip
    message = slack.messages(SITE_OPS)[0]
    assert (message["text"], message["files"][0]["alt_txt"]) == ("The run", "A timeline")
    assert httpx.get(message["files"][0]["url_private"]).content == b"\x89PNG"


def test_a_response_address_takes_five_answers_in_half_an_hour(
    slack: SlackStandIn, clock: Clock
) -> None:
    """Ephemeral by default; the sixth and the late answer are refused; the source is replaced."""
    source = slack.say(STARTER, SITE_OPS, "source")
    url = slack.workspace.response_url(SITE_OPS, STARTER, source)
    assert httpx.post(url, json={"text": "new", "replace_original": True}).text == "ok"
    assert [m["text"] for m in slack.messages(SITE_OPS)] == ["new"]
    for _ in range(4):
        assert httpx.post(url, json={"text": "t"}).status_code == 200
    assert len(slack.ephemerals(STARTER)) == 4
    assert httpx.post(url, json={"text": "t"}).json()["error"] == "used_url"
    late = slack.workspace.response_url(SITE_OPS, STARTER)
    clock.now += 1801
    assert httpx.post(late, json={"text": "t"}).json()["error"] == "expired_url"


def test_a_rate_limit_is_answered_as_slack_does(
    slack: SlackStandIn, web: WebClient, faults: Faults
) -> None:
    """A queued 429 reaches the client with its Retry-After, and nothing was posted."""
    body = json.dumps({"ok": False, "error": "ratelimited"})
    headers = (("Retry-After", "7"), ("content-type", "application/json"))
    faults.add(
        Fault("slack", "POST", "chat.postMessage", "status", 429, body=body, headers=headers)
    )
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel=SITE_OPS, text="t")
    assert refused.value.response.headers["retry-after"] == "7"
    assert slack.messages(SITE_OPS) == ()


def test_a_lost_answer_leaves_the_message_behind(slack: SlackStandIn, faults: Faults) -> None:
    """Cut after the effect: the client sees a broken connection, the channel sees the message."""
    web = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
    with pytest.raises(IncompleteRead):
        web.chat_postMessage(channel=SITE_OPS, text="t")
    assert [m["text"] for m in slack.messages(SITE_OPS)] == ["t"]


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


def test_the_page_streams_what_one_person_sees(slack: SlackStandIn, web: WebClient) -> None:
    """The stream starts with the person's whole state; another's private words are not in it."""
    slack.set_world(lambda: {"visitors": {"sent": 3}})
    web.chat_postEphemeral(channel=SITE_OPS, user=OUTSIDER, text="Only you")
    seen = {}
    for person in (OUTSIDER, STARTER):
        url = f"{slack.page_url}/page/events?person={person}"
        with httpx.stream("GET", url) as stream:
            lines = stream.iter_lines()
            data = next(line for line in lines if line.startswith("data: "))
            seen[person] = len(json.loads(data[6:])["messages"][SITE_OPS])
            world = next(line for line in lines if line.startswith("data: "))
            assert json.loads(world[6:]) == {"visitors": {"sent": 3}}
    assert seen == {OUTSIDER: 1, STARTER: 0}


def test_the_page_acts_only_on_json_from_itself(slack: SlackStandIn) -> None:
    """A form from elsewhere is refused; a JSON post does what it says."""
    url = f"{slack.page_url}/page/say"
    asked = {"person": STARTER, "channel": SITE_OPS, "text": "hello"}
    assert httpx.post(url, data=asked).status_code == 415
    assert httpx.post(url, json=asked | {"channel": PRIVATE}).status_code == 409
    assert httpx.post(url, json=asked).status_code == 200
    assert [m["text"] for m in slack.messages(SITE_OPS)] == ["hello"]
