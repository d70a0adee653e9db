"""What the page of the Slack stand-in gets and does."""

import json
from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient

from sandbox.slack import SlackStandIn
from sandbox.slack.people import (
    OUTSIDER,
    PRIVATE,
    SITE_OPS,
    STARTER,
)
from tests.contract.slack_stand import (
    client,
    standing,
)


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with standing() as running:
        yield running


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return client(slack)


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
