"""What is said in a run's thread beside the cards, to whom, made from the event that causes it.

A card that changes notifies nobody: whoever waits for a decision is mentioned in a message.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "approved", "declined", "accepted", "stopped", "withdrawn", "drifted", "expired",
    "extended", "reminder", "window-set", "window-opened", "held", "lapsed", "unrenewed", "renewed",
    "policy-changed", "paused", "resumed", "skipped", "turned", "stuck", "stuck-back",
    "site-drifted", "site-restored",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Telling:
    """One message; its number is the event's place in the stream, so it is posted once."""

    number: int
    kind: Kind
    at: datetime
    by: str
    step: str = ""
    to: tuple[str, ...] = ()
    """Who is mentioned, user ids; a reminder mentions those who may approve."""
    lines: tuple[str, ...] = ()
    """Reasons or differences, a sentence each."""
    given: int = 0
    needed: int = 0
    """For an approval: how many have been given, of how many."""
    steps: tuple[str, ...] = ()
    """For an approval: the later steps that the same press approved."""
    fingerprint: str = ""
    until: datetime | None = None
