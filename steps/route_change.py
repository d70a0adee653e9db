"""A change of the routes file: one commit, pushed, deployed, followed to its end.

The gate, client authentication and its way back are of this kind.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from steps.deployments import Activities, Activity, Rhythm, must_have_succeeded
from steps.errors import PreconditionFailed
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

    files: Mapping[str, bytes | None]
    message: str
    noted_as: str = ""
    """Prefix of the notes, so that a change and its way back do not mix."""


@dataclass
class Pusher:
    """Brings a commit to the branch once, whatever happens in between, and follows it."""

    repository: Repository
    platformsh: Activities
    rhythm: Rhythm

    def pushed(self, plan: Plan, notes: Mapping[str, str], push: Push, *, now: datetime) -> Outcome:
        """The next of: note the commit, push it, await its deployment."""
        site = plan.site
        noted = notes.get(f"{push.noted_as}commit", "")
        head = self.repository.head(site.project, site.environment)
        if noted and (head.commit == noted or self.activity_of(site, noted)):
            return self.awaiting(noted, now)
        if noted and head.commit == notes[f"{push.noted_as}parent"]:
            at = datetime.fromisoformat(notes[f"{push.noted_as}at"])
            made = self.repository.commit(head, push.files, message=push.message, at=at)
            self.repository.push(site.project, site.environment, made, expected=head.commit)
            return self.awaiting(made.sha, now)
        self._same_configuration(plan, head, push)
        at = now.replace(microsecond=0)
        made = self.repository.commit(head, push.files, message=push.message, at=at)
        return Noted({
            f"{push.noted_as}commit": made.sha,
            f"{push.noted_as}parent": head.commit,
            f"{push.noted_as}at": at.isoformat(),
        })  # fmt: skip

    def _same_configuration(self, plan: Plan, head: Any, push: Push) -> None:
        """Other paths may have moved; the configuration that was approved may not."""
        if push.noted_as or head.config_tree == plan.inputs["config_tree"]:
            return
        raise PreconditionFailed(
            "The configuration in the repository has changed since the plan was approved; nothing"
            " was pushed.",
            hint="Decline or retry: the next card shows the change on the new head.",
        )

    def awaiting(self, commit: str, now: datetime, phase: str = "deploy") -> Waiting:
        """Wait for the deployment of `commit`."""
        handle = {"commit": commit, "phase": phase}
        return self.rhythm.waiting(f"the deployment of {commit[:8]}", handle, now)

    def deployed(self, site: Site, commit: str) -> bool:
        """Whether the deployment of `commit` has ended well. Raises StepError when it has not."""
        activity = self.activity_of(site, commit)
        if activity is None or activity.outcome == "running":
            return False
        must_have_succeeded(self.platformsh, site, activity)
        return True

    def activity_of(self, site: Site, commit: str) -> Activity | None:
        """The push activity of `commit`, matched by what it brought and not by its time."""
        pushes = self.platformsh.activities(
            site.project, environment=site.environment, type="environment.push"
        )
        return next((a for a in pushes if a.pushed == commit), None)
