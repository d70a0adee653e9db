"""Bolt for JavaScript, as published, runs against the stand-in: command, form, button, answer."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.people_acting import buttons
from sandbox.slack import SlackStandIn
from sandbox.slack.people import APPROVER, SITE_OPS, STARTER
from tests.contract.slack_stand import MODAL
from tests.contract.test_slack_js_client import HERE, modules, pytestmark

__all__ = ["pytestmark"]
Json = dict[str, Any]
FORM = {**MODAL, "blocks": MODAL["blocks"][:1]}


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    running = SlackStandIn(journal=Journal(), faults=Faults())
    yield running
    running.close()


@pytest.fixture(scope="module")
def played(slack: SlackStandIn) -> Json:
    """What people did with the app, and what it saw of it."""
    given = {
        "url": slack.api_url, "bot": slack.bot_token, "app": slack.app_token,
        "channel": SITE_OPS, "modal": FORM,
    }  # fmt: skip
    with subprocess.Popen(
        ["node", str(HERE / "bolt.mjs"), json.dumps(given)], text=True,
        env={"PATH": os.environ["PATH"], "MODULES": str(modules())},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as script:  # fmt: skip
        assert script.stdout is not None
        assert script.stdout.readline() == "connected\n", script.communicate()[1]
        slack.wait_connected()
        told = _people(slack)
        out, errors = script.communicate(timeout=30)
    assert script.returncode == 0, errors
    return {**told, "app": json.loads(out.splitlines()[-1])}


def _people(slack: SlackStandIn) -> Json:
    """A command, a form that is refused and then taken, and a press."""
    slack.command(STARTER, "/mtls", "start", SITE_OPS)
    view = slack.wait_for(lambda: next(iter(slack.open_views(STARTER)), None), 10)
    wrong = slack.submit(STARTER, view["id"], {("site", "site"): "nodot"})
    right = slack.submit(STARTER, view["id"], {("site", "site"): "www.example.com"})
    card: Json = slack.wait_for(lambda: next(iter(slack.messages(SITE_OPS)), None), 10)
    button = next(buttons(card))
    slack.press(APPROVER, SITE_OPS, card["ts"], button["action_id"])
    slack.wait_for(lambda: slack.ephemerals(APPROVER), 10)
    said = [m["text"] for m in slack.ephemerals(APPROVER)]
    return {"wrong": wrong.errors, "right": right.errors, "said": said}


def test_the_command_opens_its_form(played: Json) -> None:
    """Acknowledged in time, the trigger used, the words as they were typed."""
    assert played["app"]["command"] == {"command": "/mtls", "text": "start", "user": STARTER}


def test_the_form_is_refused_with_words_and_then_taken(played: Json) -> None:
    """Errors come back beside their field; what was right reaches the app."""
    assert played["wrong"] == {"site": "A host name has a dot."}
    assert not played["right"]
    assert played["app"]["sent"] == {"site": "www.example.com", "user": STARTER}


def test_the_button_reaches_the_app_and_its_answer_the_person(played: Json) -> None:
    """The value of the button, who pressed it, and the reply through the response's address."""
    assert played["app"]["pressed"] == {"value": "run-1", "user": APPROVER}
    assert played["said"] == ["Approved."]
