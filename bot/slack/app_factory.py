"""Bolt's App, built explicitly: nothing from the environment, listeners acknowledge first."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.slack import dispatch, home, inbox, policy_form, reasons, start_desk, start_form, undo_form
from bot.slack.desk import Desk
from bot.slack.presses import BUTTONS

log = structlog.get_logger()
COMMAND = "/mtls"
FORMS = (start_form.CALLBACK, reasons.CALLBACK, policy_form.CALLBACK, undo_form.CALLBACK)
_LISTENERS = 20
"""Threads for listeners; Bolt's five are starved by five slow ones (tried beforehand)."""


def web_client(token: str, base_url: str) -> WebClient:
    """A client that repeats nothing by itself: a repeated post would be a second message."""
    return WebClient(token=token, base_url=base_url, timeout=10, retry_handlers=[])


def slack_app(client: WebClient, desk: Desk) -> App:
    """The app with its listeners.

    `authorize` is given, so that OAuth variables in the environment cannot switch the mode.
    """
    token = client.token or ""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    app = App(
        client=client, authorize=authorize, signing_secret="unused-in-socket-mode",  # noqa: S106
        token_verification_enabled=False, request_verification_enabled=False,
        raise_error_for_unhandled_request=False,
        listener_executor=ThreadPoolExecutor(_LISTENERS, thread_name_prefix="listener"),
    )  # fmt: skip
    register(app, desk)
    return app


def register(app: App, desk: Desk) -> None:
    """Every listener: acknowledge, translate, hand over."""

    @app.command(COMMAND)
    def command(ack: Ack, body: dict[str, Any]) -> None:
        ack(text=dispatch.heard(str(body.get("text", ""))))
        desk.command(inbox.slash_command(body))

    def pressed(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        desk.pressed(body)

    for name in BUTTONS:
        app.action(name)(pressed)

    _forms(app, desk)

    @app.event("app_home_opened")
    def home_opened(body: dict[str, Any]) -> None:
        desk.home_opened(body)

    @app.event("member_joined_channel")
    @app.event("channel_unarchive")
    @app.event("group_unarchive")
    def channel_returned(body: dict[str, Any]) -> None:
        desk.channel_returned(body)

    @app.action(home.START)
    def start_from_home(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        desk.start_from_home(body)

    @app.error
    def failed(error: Exception, body: dict[str, Any]) -> None:
        log.error("listener", type=body.get("type", "command"), failed=repr(error))


def _forms(app: App, desk: Desk) -> None:
    """The forms: choices in them, lists that are searched, and their submission."""

    def chosen(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        desk.picked(body)

    for name in start_form.PICKED:
        app.action(name)(chosen)

    def typed(ack: Ack, body: dict[str, Any]) -> None:
        ack(options=start_desk.suggested(desk, body))

    for name in start_form.SUGGESTED:
        app.options(name)(typed)

    def submitted(ack: Ack, body: dict[str, Any]) -> None:
        wrong = desk.submitted(body)
        if wrong:
            ack(response_action="errors", errors=wrong)
        else:
            ack()

    for name in FORMS:
        app.view(name)(submitted)


def connection(app: App, client: WebClient, app_token: str) -> SocketModeHandler:
    """Socket Mode over the same base URL; `connect` returns, `close` ends it."""
    return SocketModeHandler(app, app_token, web_client=client, trace_enabled=False)
