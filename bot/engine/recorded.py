"""An event as the store holds it, with its place and its digest; for the audit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is stored; `body` is canonical JSON of what is not in the other fields."""

    stream: str
    seq: int
    at: str
    by: str
    type: str
    body: str
    digest: str
    """SHA-256 over the digest of the line before and all other fields, 64 hex digits."""
