"""Modals, files, people and private answers of the Slack stand-in, met by Slack's own client."""

from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient

from sandbox.slack import SlackStandIn
from sandbox.slack.people import APPROVER, APPROVERS, FOREIGN, GUEST, OUTSIDER, SITE_OPS, STARTER
from tests.contract.slack_stand import MODAL, Clock, client, refusal, standing


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackStandIn]:
    with standing(clock) as running:
        yield running


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return client(slack)


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
