"""What the Slack tokens may do, and whether anybody can approve; for `python app.py check`."""

from collections.abc import Iterator
from typing import Literal

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.engine.policy import Policy
from bot.slack.access import enough
from bot.slack.people import People

SCOPES = frozenset({
    "commands", "chat:write", "channels:history", "groups:history", "channels:read",
    "groups:read", "users:read", "usergroups:read", "files:write",
})  # fmt: skip
"""The bot's scopes, as in manifest.yaml."""
Row = tuple[str, Literal["fine", "missing", "unknown"], str]


def slack_rights(
    client: WebClient, app_token: str, people: People, policy: Policy
) -> Iterator[Row]:
    """What, its state, and what to do; a row each."""
    yield bot_token_right(client)
    yield app_token_right(client, app_token)
    yield _somebody(people, policy)


def bot_token_right(client: WebClient) -> Row:
    what = "Slack: bot token"
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        return what, "missing", f"Slack says {error.response.get('error')}: install the app anew."
    except (SlackClientError, OSError) as error:
        return what, "unknown", f"Slack could not be asked ({type(error).__name__})."
    has = {s.strip() for s in str((answer.headers or {}).get("x-oauth-scopes", "")).split(",")}
    lacking = SCOPES - has - {""}
    if has - {""} and lacking:
        return what, "missing", f"Add the scopes {', '.join(sorted(lacking))} and install anew."
    return f"{what} ({answer.get('team', 'workspace')})", "fine", ""


def app_token_right(client: WebClient, app_token: str) -> Row:
    what = "Slack: app token (Socket Mode)"
    try:
        client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        todo = "make an app-level token with connections:write."
        return what, "missing", f"Slack says {error.response.get('error')}: {todo}"
    except (SlackClientError, OSError) as error:
        return what, "unknown", f"Slack could not be asked ({type(error).__name__})."
    return what, "fine", ""


def _somebody(people: People, policy: Policy) -> Row:
    what = "Somebody can approve"
    found = people.approvers(policy)
    if found is None:
        return what, "unknown", "A user group could not be asked; check usergroups:read."
    if not found:
        return what, "missing", "Set MTLS_SLACK_APPROVERS or MTLS_SLACK_APPROVER_GROUPS."
    counting = people.counting(policy)
    if counting is not None and not enough(counting, "", policy):
        told = f"{len(counting)} of {len(found)} count; guests and whoever has left never do."
        return what, "missing", f"Too few for MTLS_APPROVAL_NEEDED: {told}"
    return f"{what} ({len(found)} {'person' if len(found) == 1 else 'people'})", "fine", ""
