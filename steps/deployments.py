"""What a deployment came to: redeploys started once, activities looked at, never waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Literal, Protocol

from steps.clients.redaction import redacted
from steps.errors import PreconditionFailed, StepError
from steps.step import Done, Outcome, Site, Waiting

_TAIL_LINES, _TAIL = 12, 1500
_RECENT = 5


class Activity(Protocol):
    """One activity of Platform.sh, as far as it matters here."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def outcome(self) -> Literal["running", "success", "failure", "staged", "cancelled"]:
        """``complete`` with ``success`` is the only success; an unknown state is a failure."""
        ...

    @property
    def state(self) -> str:
        """Platform.sh's own word for where it is."""
        ...

    @property
    def seconds(self) -> float | None:
        """How long it took; None until it has ended, or where that is not told."""
        ...

    @property
    def pushed(self) -> str:
        """The commit that a push brought (`parameters.new_commit`); empty for others."""
        ...


class Activities(Protocol):
    """The calls of the Platform.sh client around activities."""

    def activity(self, project: str, activity_id: str) -> Activity: ...
    def activities(
        self,
        project: str,
        *,
        environment: str,
        type: str,  # noqa: A002 - Platform.sh's word
    ) -> Sequence[Activity]:
        """Newest first."""
        ...

    def activity_log(self, project: str, activity_id: str) -> str:
        """The end of its log, as text."""
        ...

    def redeploy(self, project: str, environment: str) -> Activity | None: ...
    def staged(self, project: str, environment: str) -> Sequence[Activity]:
        """Activities of any type that wait to be deployed by hand."""
        ...

    def deploy(self, project: str, environment: str) -> Activity | None:
        """Deploy what is staged; None when nothing was started."""
        ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How soon a deployment is looked at again, and when it is given up."""

    look_again: timedelta = timedelta(seconds=5)
    give_up: timedelta = timedelta(minutes=30)
    people: timedelta = timedelta(days=14)
    """How long people may take to merge a request or to bring in a patch."""

    def waiting(self, what: str, handle: Mapping[str, str], now: datetime) -> Waiting:
        """A wait that begins now."""
        return Waiting(what, dict(handle), now + self.look_again, now + self.give_up)

    def again(self, waiting: Waiting, now: datetime, **told: str) -> Waiting:
        """The same wait, looked at again later, with what is told of it by now."""
        handle = {**waiting.handle, **told}
        return Waiting(waiting.what, handle, now + self.look_again, waiting.give_up_at)

    def for_people(self, what: str, handle: Mapping[str, str], now: datetime) -> Waiting:
        """A wait for what people do elsewhere, in their own time."""
        return Waiting(what, dict(handle), now + self.look_again, now + self.people)

    def patient(self, waiting: Waiting, now: datetime) -> Waiting:
        """The same wait for people: the longer it lasts, the less often it is looked at."""
        lasted = now - (waiting.give_up_at - self.people)
        pause = min(max(lasted / 30, self.look_again), max(timedelta(minutes=1), self.look_again))
        return Waiting(waiting.what, waiting.handle, now + pause, waiting.give_up_at)


TOLD = ("activity", "state", "usual")
"""Of a wait's handle: what a card tells of it. It is over with the wait, so no receipt has it."""


def told_of(activity: Activity, earlier: Sequence[Activity] = ()) -> dict[str, str]:
    """What a card says of an activity: its id, its own state, how long its like took before."""
    took = [a.seconds for a in earlier if a.outcome == "success" and a.seconds is not None]
    usual = {"usual": str(max(1, round(median(took[:_RECENT]))))} if took else {}
    return {"activity": activity.id, "state": activity.state, **usual}


def newest_redeploy(platformsh: Activities, site: Site) -> str:
    """The id of the environment's newest redeploy, empty when there is none.

    Noted before a redeploy is asked for: after a kill a newer one is ours, whatever the clocks say.
    """
    there = _redeploys(platformsh, site)
    return there[0].id if there else ""


def redeployed(platformsh: Activities, site: Site, *, last: str) -> dict[str, str]:
    """The redeploy since `last` (see `newest_redeploy`), started now if there is none yet; as the
    handle of a wait for it.

    One that came to nothing is not adopted: whoever presses Retry wants another one.
    """
    there = _redeploys(platformsh, site)
    if there and there[0].id != last and there[0].outcome in ("running", "success"):
        return told_of(there[0], there)
    started = platformsh.redeploy(site.project, site.environment)
    if started is None:
        raise PreconditionFailed(
            "Platform.sh did not start a redeploy.",
            hint="Look at the environment's state in the console, then press Retry.",
        )
    return told_of(started, there)


def _redeploys(platformsh: Activities, site: Site) -> Sequence[Activity]:
    return platformsh.activities(
        site.project, environment=site.environment, type="environment.redeploy"
    )


def after_activity(
    platformsh: Activities, site: Site, waiting: Waiting, *, now: datetime, rhythm: Rhythm,
    receipt: Mapping[str, str],
) -> Outcome:  # fmt: skip
    """Look once at the activity in the handle: done with `receipt`, still running, or failed."""
    activity = platformsh.activity(site.project, waiting.handle["activity"])
    if activity.outcome == "running":
        return rhythm.again(waiting, now, **told_of(activity))
    must_have_succeeded(platformsh, site, activity)
    return Done({name: kept for name, kept in receipt.items() if name not in TOLD})


def must_have_succeeded(platformsh: Activities, site: Site, activity: Activity) -> None:
    """Raise StepError with the end of the log unless the ended activity was a success."""
    if activity.outcome == "success":
        return
    if activity.outcome == "staged":
        raise StepError(
            "The deployment is staged, which is not success: nothing has changed at the origin.",
            hint="Deploy the staged changes in the console (or switch manual deployments off), then"
            " press Retry.",
        )
    tail = log_tail(platformsh.activity_log(site.project, activity.id))
    raise StepError(
        f"The deployment did not succeed ({activity.outcome}); the origin serves what it served"
        f" before.\n{tail}".strip(),
        hint="Put right what the log says, then press Retry; Undo takes the change back.",
    )


def log_tail(log: str) -> str:
    """The end of a build's log as a card shows it, without anything that looks like a secret."""
    lines = redacted(log.strip(), most=len(log)).splitlines()[-_TAIL_LINES:]
    tail = "\n".join(line.rstrip() for line in lines)
    return tail if len(tail) <= _TAIL else f"…{tail[-_TAIL:]}"
