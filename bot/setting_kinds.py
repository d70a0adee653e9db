"""The kinds of values that settings have, and what is refused of each, in words.

Which settings there are stands in `bot.settings`.
"""

import re
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings.sources import NoDecode


class Group(BaseModel):
    """One group of settings; frozen, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Network = IPv4Network | IPv6Network


def _words(value: object) -> object:
    """A list from a text with commas or spaces."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _networks(value: object) -> object:
    words = _words(value)
    return tuple(ip_network(w) for w in words) if isinstance(words, tuple) else words


def begins(*beginnings: str) -> AfterValidator:
    """A secret that begins so: the classic mistake is a token in the other's place.

    The value itself is never told.
    """

    def check(secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().startswith(beginnings):
            raise ValueError(f"it does not begin with {' or '.join(beginnings)}")
        return secret

    return AfterValidator(check)


def begins_not(beginnings: tuple[str, ...], words: str) -> AfterValidator:
    """A secret of another kind, told by how it begins, with words on what is meant instead."""

    def check(secret: SecretStr) -> SecretStr:
        if secret.get_secret_value().startswith(beginnings):
            raise ValueError(words)
        return secret

    return AfterValidator(check)


def _path(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError("a path begins with /")
    return text


def _header(text: str) -> str:
    name, colon, value = text.partition(":")
    if text and not (colon and name.strip() and value.strip()):
        raise ValueError("a header is written Name: value")
    return text


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("it begins with https:// (or http:// for a sandbox)")
    return text


_HOURS = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2}) (\S+)")


def day_hours(text: str) -> tuple[time, time, ZoneInfo]:
    """Start, end and zone of ``08:00-18:00 Europe/Berlin``. Raises ValueError in words."""
    found = _HOURS.fullmatch(text.strip())
    try:
        if found is not None:
            start, end = (time.fromisoformat(part) for part in found.group(1, 2))
            return start, end, ZoneInfo(found[3])
    except (ValueError, KeyError):  # no time of day; no zone (ZoneInfoNotFoundError is a KeyError)
        pass
    raise ValueError("hours are written 08:00-18:00 Europe/Berlin")


def _hours(text: str) -> str:
    day_hours(text)
    return text


def _numbers(value: object) -> object:
    words = _words(value)
    if isinstance(words, tuple) and all(str(w).isdigit() and 1 <= int(w) <= 9 for w in words):  # noqa: PLR2004
        return tuple(int(w) for w in words)
    raise ValueError("three numbers from 1 to 9, with commas")


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
PagePath = Annotated[str, AfterValidator(_path)]
HeaderLine = Annotated[str, AfterValidator(_header)]
Needed = Annotated[tuple[int, int, int], NoDecode, BeforeValidator(_numbers)]
DayHours = Annotated[str, AfterValidator(_hours)]
