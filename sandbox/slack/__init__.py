"""Slack as the bot meets it: Web API, Socket Mode and the people at their screens, in memory."""

from sandbox.slack.hub import Ack
from sandbox.slack.refusals import Json
from sandbox.slack.stand_in import SlackStandIn
from sandbox.slack.views import NotThere

__all__ = ["Ack", "Json", "NotThere", "SlackStandIn"]
