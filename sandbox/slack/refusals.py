"""What the Web API answers when it does not do what was asked."""

from typing import Any

Json = dict[str, Any]
"""A decoded JSON object as it crosses the wire."""


class Refused(Exception):
    """`ok: false` with Slack's own error word and what stands beside it."""

    def __init__(self, error: str, **beside: Any) -> None:
        super().__init__(error)
        self.error = error
        self.beside = beside

    def as_json(self) -> Json:
        return {"ok": False, "error": self.error, **self.beside}


def refuse_if(found: list[str], error: str) -> None:
    """Refuses with every finding in `response_metadata.messages`, as Slack does."""
    if found:
        messages = [f"[ERROR] {line}" for line in found]
        raise Refused(error, response_metadata={"messages": messages})
