"""What people do with a run as a whole, and what they ask of a site; see `events`."""

from typing import Literal

from bot.engine.happened import Happened
from steps.step import Verdict


class RunPaused(Happened):
    """Nothing new begins until somebody resumes; a step at work goes on to its end."""

    type: Literal["run-paused"] = "run-paused"
    reason: str = ""


class RunResumed(Happened):
    type: Literal["run-resumed"] = "run-resumed"


class SiteProbed(Happened):
    """Somebody asked the origin directly, outside of any run."""

    type: Literal["site-probed"] = "site-probed"
    verdict: Verdict


class DriftSeen(Happened):
    """The watch found the site otherwise than its run left it; without findings, so again."""

    type: Literal["drift-seen"] = "drift-seen"
    findings: tuple[str, ...]
    """A sentence each."""
