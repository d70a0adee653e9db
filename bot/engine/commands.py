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
    """`scope`: the whole ``run``, the ``last`` step, or the key of the step to go back to."""

    by: str
    scope: str = "run"


@dataclass(frozen=True, slots=True)
class Pause:
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    by: str


@dataclass(frozen=True, slots=True)
class Skip:
    by: str
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    by: str
    reason: str = ""


Control: TypeAlias = Undo | Stop | Pause | Resume | Skip
"""What steers a run as a whole."""
Command: TypeAlias = Start | Approve | Decline | Retry | Accept | Control
