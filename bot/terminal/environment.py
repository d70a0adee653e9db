"""From the environment to settings, for the commands that need them."""

from collections.abc import Mapping

from bot.logs import configure
from bot.settings import Settings


def settings_from(env: Mapping[str, str]) -> Settings:
    """The settings, with logging set up as they say. Raises SettingsError with all problems."""
    settings = Settings.from_env(env)
    configure(settings.log.level, settings.log.format, settings.secrets())
    return settings
