"""manifest.yaml is what Slack takes, and asks for exactly what the code uses."""

import ast
import json
import re
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from slack_sdk import WebClient

from bot.slack.answers import SUBCOMMANDS
from bot.slack.app_factory import COMMAND
from bot.slack.rights import SCOPES
from tests.architecture import ROOT, Source, sources

Json = dict[str, Any]
MANIFEST: Json = yaml.safe_load((ROOT / "manifest.yaml").read_text())
SCHEMA = json.loads((ROOT / "tests/slack_schema/manifest.schema.2.0.0.json").read_text())

# Which scopes a method of the Web API asks of a bot (docs.slack.dev, "Scopes" of each method).
# The app works in public and private channels, so it needs the scopes of both.
SCOPES_OF: dict[str, frozenset[str]] = {
    "apps_connections_open": frozenset(),  # the app-level token has connections:write
    "auth_test": frozenset(),
    "chat_postEphemeral": frozenset({"chat:write"}),
    "chat_postMessage": frozenset({"chat:write"}),
    "chat_update": frozenset({"chat:write"}),
    "conversations_history": frozenset({"channels:history", "groups:history"}),
    "conversations_info": frozenset({"channels:read", "groups:read"}),
    "conversations_members": frozenset({"channels:read", "groups:read"}),
    "conversations_replies": frozenset({"channels:history", "groups:history"}),
    "files_upload_v2": frozenset({"files:write"}),
    "usergroups_list": frozenset({"usergroups:read"}),
    "usergroups_users_list": frozenset({"usergroups:read"}),
    "users_info": frozenset({"users:read"}),
    "users_list": frozenset({"users:read"}),
    "views_open": frozenset(),
    "views_publish": frozenset(),
    "views_update": frozenset(),
}


def methods_called(source: Source) -> set[str]:
    """The methods of Slack's Web API that a text calls on a client, by the SDK's names."""
    return {
        node.func.attr
        for node in source.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and re.search(r"client(\(.*\))?$", ast.unparse(node.func.value))
        and callable(getattr(WebClient, node.func.attr, None))
    }


def scopes_needed(source: Source) -> set[str]:
    """What the calls of a text need, and `commands` where it listens to one."""
    needed = {scope for method in methods_called(source) for scope in SCOPES_OF[method]}
    return needed | ({"commands"} if "@app.command(" in source.text else set())


def test_slack_takes_the_manifest() -> None:
    """It passes version 2 of the manifest's schema."""
    assert [e.message for e in Draft7Validator(SCHEMA).iter_errors(MANIFEST)] == []


@pytest.mark.parametrize(
    "bad",
    [
        {"features": {"slash_commands": [{"command": "mtls", "description": "no slash"}]}},
        {"settings": {"socket_mode": True}},
        {"display_information": {"name": "x" * 36}},
    ],
)
def test_the_schema_finds_what_slack_would_refuse(bad: Json) -> None:
    """The negative control: a manifest that is wrong does not pass."""
    assert not Draft7Validator(SCHEMA).is_valid({**MANIFEST, **bad})


def test_the_scopes_are_those_of_the_calls_that_the_code_makes() -> None:
    """Not one scope too few, not one too many."""
    needed = {scope for source in sources("bot", "app.py") for scope in scopes_needed(source)}
    assert needed == set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_check_asks_for_the_scopes_of_the_manifest() -> None:
    """`python app.py check` and the manifest have one list."""
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == SCOPES


def test_a_call_that_needs_a_scope_is_seen() -> None:
    """The negative control: a new call and a listener change what is needed."""
    planted = "self._client.files_upload_v2(file=b'')\nweb_client(t).users_info(user=u)\n"
    assert scopes_needed(Source("bot/x.py", planted)) == {"files:write", "users:read"}
    assert scopes_needed(Source("bot/x.py", "@app.command('/mtls')\ndef f(): ...")) == {"commands"}
    assert scopes_needed(Source("bot/x.py", "zone.users_info(user=u)")) == set()


def test_the_command_is_the_one_that_the_code_listens_to() -> None:
    """One command; Slack escapes names in it, and its hint names every subcommand."""
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == COMMAND
    assert command["should_escape"] is True
    assert set(SUBCOMMANDS) == set(re.findall(r"[a-z]+", command["usage_hint"])) - {"site"}


def events_heard(source: Source) -> set[str]:
    """The events of Slack that a text listens to."""
    return set(re.findall(r'@app\.event\("([a-z_]+)"\)', source.text))


def test_the_events_are_those_that_the_code_listens_to() -> None:
    """Subscribed without a listener is noise, a listener without a subscription hears nothing."""
    heard = {event for source in sources("bot") for event in events_heard(source)}
    assert heard == set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) != set()
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True


def test_everything_comes_over_socket_mode() -> None:
    """Buttons and modals are on, and no address of ours has to be reachable."""
    settings = MANIFEST["settings"]
    assert (settings["socket_mode_enabled"], settings["interactivity"]) == (
        True,
        {"is_enabled": True},
    )
    assert "url" not in json.dumps(MANIFEST)
    assert settings["token_rotation_enabled"] is False
