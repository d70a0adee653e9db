"""The kinds of values that settings have, and what is refused of each, in words.

Which settings there are stands in `bot.settings`.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings.sources import NoDecode

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


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
PagePath = Annotated[str, AfterValidator(_path)]
HeaderLine = Annotated[str, AfterValidator(_header)]
