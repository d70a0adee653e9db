"""`python app.py run`: the bot, until it is told to end."""

import signal
import threading
from collections.abc import Mapping

from bot.terminal.environment import settings_from
from bot.terminal.told import told
from bot.wiring import Bot


def run(env: Mapping[str, str]) -> None:
    """Start the bot (Socket Mode) and keep it running until SIGTERM or SIGINT."""
    until = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: until.set())
    told(lambda: Bot(settings_from(env)).serve(until))
