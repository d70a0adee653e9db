"""What people may ask of a run. Values only; `decide` says what comes of them."""

from dataclasses import dataclass
from typing import TypeAlias

from bot.engine.approval_events import Window
from steps.step import Site


@dataclass(frozen=True, slots=True)
class Start:
    by: str
    site: Site
    channel: str
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Approve:
    by: str
    step: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Decline:
    by: str
    step: str
    fingerprint: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    by: str
    step: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Go on past a named inconclusive; `fingerprint` is the verdict's (see `verdict_digest`)."""

    by: str
    step: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Undo:
    by: str


@dataclass(frozen=True, slots=True)
class Stop:
    by: str
    reason: str = ""


Command: TypeAlias = Start | Approve | Decline | Retry | Accept | Undo | Stop
