"""A commit followed to the end of its deployment, and what was only staged released."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from steps.deployments import Activities, Activity, Rhythm, must_have_succeeded, told_of
from steps.errors import PreconditionFailed
from steps.step import Change, Done, Noted, Outcome, Plan, Site, Waiting
from steps.way_in import Push

_PUSH, _DEPLOY = "environment.push", "environment.deploy"


def releases(site: Site) -> Change:
    """The change that a plan lists where deployments wait for somebody."""
    target = f"environment {site.environment} · release of the staged deployment"
    return Change("deploy", target, "staged", "deployed", "brief")


@dataclass(frozen=True, slots=True)
class Following:
    """What became of a commit at Platform.sh, matched by the commit and never by the time."""

    platformsh: Activities
    rhythm: Rhythm

    def of(self, site: Site, commit: str) -> Activity | None:
        """The push activity of `commit`."""
        return _of(self._activities(site, _PUSH), commit)

    def newest(self, site: Site) -> Activity | None:
        """The newest push of the environment's branch."""
        return next(iter(self._activities(site, _PUSH)), None)

    def deploying(self, site: Site) -> bool:
        """Whether a push to the environment is on its way into its deployment."""
        return any(a.outcome == "running" for a in self._activities(site, _PUSH))

    def awaiting(self, push: Push, commit: str, now: datetime, **more: str) -> Waiting:
        """Wait for the deployment of `commit`."""
        handle = {"commit": commit, "phase": "deploy", "noted_as": push.noted_as, **more}
        return self.rhythm.waiting(f"the deployment of {commit[:8]}", handle, now)

    def poll(self, plan: Plan, waiting: Waiting, *, now: datetime) -> Outcome:
        """Look once: running, staged and to be released, failed with its log, or done."""
        site, commit = plan.site, waiting.handle["commit"]
        released = waiting.handle.get("release", "")
        pushes = () if released else self._activities(site, _PUSH)
        activity = (
            self.platformsh.activity(site.project, released) if released else _of(pushes, commit)
        )
        if activity is None:
            return self.rhythm.again(waiting, now)
        if activity.outcome == "running":
            return self.rhythm.again(waiting, now, **told_of(activity, pushes))
        if activity.outcome == "staged" and plan.inputs.get("manual"):
            there = self._activities(site, _DEPLOY)
            prefix = waiting.handle.get("noted_as", "")
            last = there[0].id if there else "none"
            return Noted({f"{prefix}release": commit, f"{prefix}release_after": last})
        must_have_succeeded(self.platformsh, site, activity)
        return self.done(waiting)

    def done(self, waiting: Waiting) -> Done:
        """What is kept of a deployment that ended well."""
        kept = {name: waiting.handle[name] for name in ("request",) if name in waiting.handle}
        return Done({"commit": waiting.handle["commit"], **kept})

    def released(
        self, plan: Plan, notes: Mapping[str, str], push: Push, *, now: datetime
    ) -> Waiting:
        """Deploy what our push has staged, once; other people's staged work is never released."""
        site, commit = plan.site, push.note(notes, "release")
        there = self._activities(site, _DEPLOY)
        adopted = bool(there) and there[0].id != push.note(notes, "release_after")
        if adopted and there[0].outcome in ("running", "success"):
            return self.awaiting(push, commit, now, release=there[0].id)
        ours = self.of(site, commit)
        if ours is not None and ours.outcome == "success":  # somebody has deployed it by hand
            return self.awaiting(push, commit, now)
        self._only_ours(site, commit)
        started = self.platformsh.deploy(site.project, site.environment)
        if started is None:
            raise PreconditionFailed(
                "Platform.sh did not start the deployment of what is staged.",
                hint="Look at the environment's state in the console, then press Retry.",
            )
        return self.awaiting(push, commit, now, release=started.id)

    def _only_ours(self, site: Site, commit: str) -> None:
        staged = [a for a in self.platformsh.staged(site.project, site.environment)
                  if a.outcome == "staged" and a.pushed != commit]  # fmt: skip
        if staged:
            kinds = ", ".join(sorted({a.type or "a change" for a in staged}))
            raise PreconditionFailed(
                f"Other people's work is staged beside ours ({kinds}): deploying would release it.",
                hint="Deploy or discard what is staged in the console, then press Retry.",
            )

    def _activities(self, site: Site, kind: str) -> Sequence[Activity]:
        return self.platformsh.activities(site.project, environment=site.environment, type=kind)


def _of(pushes: Sequence[Activity], commit: str) -> Activity | None:
    return next((a for a in pushes if a.pushed == commit), None)
