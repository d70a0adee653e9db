"""A change of the routes file: one commit, pushed, deployed, followed to its end.

The gate, client authentication and its way back are of this kind.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from steps.deployments import Activities, Activity, Rhythm, must_have_succeeded
from steps.errors import PlanVoid, PreconditionFailed, PushRefused
from steps.step import Noted, Outcome, Plan, Site, Waiting

CA_FILE = "cloudflare-ca.crt"
"""Beside the routes file; `!include` resolves it there."""


class Repository(Protocol):
    """The calls of the repository client that these steps use.

    A snapshot has `commit`, `config_dir` and `config_tree`; a made commit has `sha`, and the same
    inputs, time included, give the same one.
    """

    def head(self, project: str, environment: str) -> Any: ...
    def read(self, snapshot: Any, path: str) -> bytes | None:
        """The file at the snapshot's commit; None when there is none."""
        ...

    def commit(
        self, snapshot: Any, changes: Mapping[str, bytes | None], *, message: str, at: datetime
    ) -> Any: ...
    def push(self, project: str, environment: str, commit: Any, *, expected: str) -> None:
        """Never forced. Raises PushRefused when the branch is no longer at `expected`."""
        ...


def digest(content: bytes | None) -> str:
    """SHA-256 of a file, empty for one that is not there."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Push:
    """One commit on its way: what it changes, and under which names it is noted."""

    files: Callable[[], Mapping[str, bytes | None]]
    """Asked only when the commit is made, so that what is on its way is followed regardless."""
    message: str
    noted_as: str = ""
    """Prefix of the notes, so that a change and its way back do not mix."""
    is_way_back: bool = False
    """Goes ahead on a head whose deployment has failed: that may be the very change."""


@dataclass
class Pusher:
    """Brings a commit to the branch once, whatever happens in between, and follows it."""

    repository: Repository
    platformsh: Activities
    rhythm: Rhythm

    def pushed(self, plan: Plan, notes: Mapping[str, str], push: Push, *, now: datetime) -> Outcome:
        """The next of: note the commit, push it, await its deployment."""
        site, prefix = plan.site, push.noted_as
        noted = notes.get(f"{prefix}commit", "")
        head = self.repository.head(site.project, site.environment)
        activity = self.activity_of(site, noted) if noted else None
        if activity is not None and activity.outcome in ("failure", "cancelled"):
            # A redeploy would bring the commit that is deployed: this one needs a push of its own.
            return self._noted(plan, head, push, now=now, again=True)
        if noted and (head.commit == noted or activity):
            return self.awaiting(noted, now)
        if noted and head.commit == notes[f"{prefix}parent"]:
            at = datetime.fromisoformat(notes[f"{prefix}at"])
            files = {} if notes[f"{prefix}again"] else push.files()
            made = self.repository.commit(head, files, message=push.message, at=at)
            if made.sha == noted:
                return self._sent(plan, head, made, push, now=now)
            if not files:  # made by other settings than were in force when it was noted
                return self._noted(plan, head, push, now=now, again=True)
        self._only_ours(plan, head, push)
        return self._noted(plan, head, push, now=now, again=False)

    def _sent(self, plan: Plan, head: Any, made: Any, push: Push, *, now: datetime) -> Outcome:
        """Pushed; or, when somebody was quicker, made anew on what they brought, at once."""
        site = plan.site
        try:
            self.repository.push(site.project, site.environment, made, expected=head.commit)
        except PushRefused:
            moved = self.repository.head(site.project, site.environment)
            if moved.commit == head.commit:
                raise
            self._only_ours(plan, moved, push)
            return self._noted(plan, moved, push, now=now, again=False)
        return self.awaiting(made.sha, now)

    def _noted(self, plan: Plan, head: Any, push: Push, *, now: datetime, again: bool) -> Noted:
        """The commit that comes next, on record before it is pushed."""
        at = now.replace(microsecond=0)
        files = {} if again else push.files()
        made = self.repository.commit(head, files, message=push.message, at=at)
        ours = {
            "commit": made.sha, "parent": head.commit, "at": at.isoformat(),
            "again": "yes" if again else "",
        }  # fmt: skip
        names = () if push.noted_as else ("routes_before", "ca_file")
        bound = {name: plan.inputs[name] for name in names}
        return Noted({f"{push.noted_as}{name}": text for name, text in ours.items()} | bound)

    def _only_ours(self, plan: Plan, head: Any, push: Push) -> None:
        """Other paths may have moved if that is deployed; the approved configuration may not."""
        if push.noted_as:
            return
        if head.config_tree != plan.inputs["config_tree"]:
            raise PlanVoid(
                "The configuration in the repository has changed since the plan was approved;"
                " nothing was pushed.",
                hint="Press Retry: the next card shows the change on the new head.",
            )
        if push.is_way_back:
            return
        brought = self.activity_of(plan.site, head.commit)
        if brought is not None and brought.outcome != "success":
            raise PreconditionFailed(
                f"The head of {plan.site.environment} ({head.commit[:8]}) is not deployed: our"
                " deployment would release other people's work. Nothing was pushed.",
                hint="Wait until it is deployed, or put its deployment right, then press Retry.",
            )

    def awaiting(self, commit: str, now: datetime) -> Waiting:
        """Wait for the deployment of `commit`."""
        handle = {"commit": commit, "phase": "deploy"}
        return self.rhythm.waiting(f"the deployment of {commit[:8]}", handle, now)

    def deployed(self, site: Site, commit: str) -> bool:
        """Whether the deployment of `commit` has ended well. Raises StepError when it has not."""
        activity = self.activity_of(site, commit)
        if activity is None or activity.outcome == "running":
            return False
        must_have_succeeded(self.platformsh, site, activity)
        return True

    def deploying(self, site: Site) -> bool:
        """Whether a push to the environment is on its way into its deployment."""
        return any(activity.outcome == "running" for activity in self._pushes(site))

    def activity_of(self, site: Site, commit: str) -> Activity | None:
        """The push activity of `commit`, matched by what it brought and not by its time."""
        return next((a for a in self._pushes(site) if a.pushed == commit), None)

    def _pushes(self, site: Site) -> Sequence[Activity]:
        return self.platformsh.activities(
            site.project, environment=site.environment, type="environment.push"
        )
