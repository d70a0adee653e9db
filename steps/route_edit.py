"""What the steps ask of the editor of the routes file; the one place where they meet. Pure."""

import hashlib
from collections.abc import Iterator

from steps import routes
from steps.routes import Mode

__all__ = ["CA_FILE", "Mode", "as_before", "asking", "diff", "digest", "modes", "taken_out"]
CA_FILE = "cloudflare-ca.crt"
"""Beside the routes file; `!include` resolves it there."""


def digest(content: bytes | None) -> str:
    """SHA-256 of a file, empty for one that is not there."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def asking(text: str, mode: Mode) -> str | None:
    """The file with `mode` on every https route; None when it has that already."""
    edited = routes.require(text, mode=mode, ca_path=CA_FILE)
    return edited.text if edited.routes else None


def taken_out(text: str) -> str:
    """The file without our lines; the same text when there are none."""
    return routes.undo(text, ca_path=CA_FILE).text


def as_before(text: str, wanted: str) -> str | None:
    """The text from before a change, found by its digest and never guessed; None if it is lost."""
    return next((one for one in _earlier(text) if digest(one.encode()) == wanted), None)


def _earlier(text: str) -> Iterator[str]:
    yield text
    without = taken_out(text)
    yield without
    if without != text and (asked := asking(without, "request")) is not None:
        yield asked


def modes(text: str) -> str:
    """What the routes ask now, in people's words."""
    found = sorted({route.client_authentication or "none" for route in routes.routes(text)})
    return f"client authentication {' and '.join(found)}"


def diff(before: str, after: str, path: str) -> str:
    """A unified diff for a card."""
    return routes.diff(before, after, path)
