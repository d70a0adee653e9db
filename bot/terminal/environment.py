"""From the environment to settings, for the commands that need them."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.logs import configure
from bot.settings import PREFIX, Settings, Store

FILE = Path(".env")
"""Written by `setup`, in the folder that the bot is started in."""


def settings_from(
    env: Mapping[str, str], file: Path = FILE, *, quiet: bool = False
) -> Settings:  # fmt: skip
    """The settings, with logging set up as they say. Raises SettingsError with all problems.

    `quiet` is for an answer that somebody reads: only warnings beside it, unless a level is set.

    They come from one place: from `file` only when the environment holds none of ours, so that
    nobody has to know which of two values counts.
    """
    if not any(name.startswith(PREFIX) for name in env):
        env = {**env, **kept(file)}
    settings = Settings.from_env(env)
    level = "warning" if quiet and f"{PREFIX}LOG_LEVEL" not in env else settings.log.level
    configure(level, settings.log.format, settings.secrets())
    return settings


def kept(file: Path) -> dict[str, str]:
    """What a file of settings holds; nothing when there is none."""
    found = dotenv_values(file, interpolate=False) if file.is_file() else {}
    return {name: value for name, value in found.items() if value is not None}


def store_from(env: Mapping[str, str], file: Path = FILE) -> Path:
    """Where the log is, for whoever only reads it: no token is needed for that."""
    if not any(name.startswith(PREFIX) for name in env):
        env = {**env, **kept(file)}
    given = env.get(f"{PREFIX}STORE_PATH", "").strip()
    return Path(given) if given else Store().path
