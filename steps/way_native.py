"""Platform.sh's own git: one commit, pushed without a clone, deployed, followed to its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from steps.configuration import Configuration, Files, entries_of
from steps.errors import PlanVoid, PreconditionFailed, PushRefused
from steps.following import Following
from steps.step import Change, Noted, Outcome, Past, Plan, Site, Waiting
from steps.way_in import Offered, Push, commit_message


class Repository(Protocol):
    """The calls of the repository client that the steps use.

    A snapshot has `commit`, `config_dir` and `config_tree`; a made commit has `sha`, and the same
    inputs, time included, give the same one.
    """

    def head(self, project: str, environment: str) -> Any: ...
    def listing(self, snapshot: Any) -> Mapping[str, int]:
        """The paths of the configuration (and of the application's file) with their modes."""
        ...

    def read(self, snapshot: Any, path: str) -> bytes | None:
        """The file at the snapshot's commit; None when there is none."""
        ...

    def commit(self, snapshot: Any, changes: Files, *, message: str, at: datetime) -> Any: ...
    def push(self, project: str, environment: str, commit: Any, *, expected: str) -> None:
        """Never forced. Raises PushRefused when the branch is no longer at `expected`."""
        ...


@dataclass(frozen=True, slots=True)
class Native:
    """The way in of a project whose code is at Platform.sh."""

    repository: Repository
    following: Following
    name: str = "native"

    def head(self, site: Site) -> Configuration:
        """The head of the environment's branch."""
        return configuration(self.repository, site)

    def place(self, site: Site) -> str:
        """The branch, as the plans name it."""
        return f"branch {site.environment}"

    def between(self, site: Site) -> tuple[Change, ...]:
        """A push deploys by itself."""
        return ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Nothing that the changes do not say."""
        return ()

    def unfit(self, site: Site) -> tuple[str, ...]:
        """Nothing that could be known beforehand."""
        return ()

    def back(self, site: Site) -> str:
        """Quick: nobody else has to act."""
        return (
            "One commit takes it out again: a push and one deployment, usually a few minutes."
            " One approver is enough, whoever started the run included; nobody has to merge."
        )

    def offered(self, site: Site) -> tuple[Offered, ...]:
        """A push asks nobody."""
        return ()

    def withdraw(self, offered: str) -> bool:
        """There is nothing to withdraw."""
        return True

    def bring(
        self, plan: Plan, notes: Mapping[str, str], push: Push, *, past: Past, now: datetime
    ) -> Outcome:
        """The next of: note the commit, push it, await its deployment, release it."""
        if push.note(notes, "release"):
            return self.following.released(plan, notes, push, now=now)
        site, noted = plan.site, push.note(notes, "commit")
        head = self.repository.head(site.project, site.environment)
        activity = self.following.of(site, noted) if noted else None
        if activity is not None and activity.outcome in ("failure", "cancelled"):
            # A redeploy would bring the commit that is deployed: this one needs a push of its own.
            return self._noted(plan, head, push, past=past, now=now, again=True)
        if noted and (head.commit == noted or activity):
            return self.following.awaiting(push, noted, now)
        if noted and head.commit == push.note(notes, "parent"):
            at = datetime.fromisoformat(push.note(notes, "at"))
            files = {} if push.note(notes, "again") else push.files()
            message = commit_message(push, past, push.note(notes, "log_head"))
            made = self.repository.commit(head, files, message=message, at=at)
            if made.sha == noted:
                return self._sent(plan, head, made, push, past=past, now=now)
            if not files:  # made by other settings than were in force when it was noted
                return self._noted(plan, head, push, past=past, now=now, again=True)
        self._only_ours(plan, head, push)
        return self._noted(plan, head, push, past=past, now=now, again=False)

    def _sent(
        self, plan: Plan, head: Any, made: Any, push: Push, *, past: Past, now: datetime
    ) -> Outcome:
        """Pushed; or, when somebody was quicker, made anew on what they brought, at once."""
        site = plan.site
        try:
            self.repository.push(site.project, site.environment, made, expected=head.commit)
        except PushRefused:
            moved = self.repository.head(site.project, site.environment)
            if moved.commit == head.commit:
                raise
            self._only_ours(plan, moved, push)
            return self._noted(plan, moved, push, past=past, now=now, again=False)
        return self.following.awaiting(push, made.sha, now)

    def _noted(
        self, plan: Plan, head: Any, push: Push, *, past: Past, now: datetime, again: bool
    ) -> Noted:
        """The commit that comes next, on record before it is pushed."""
        at = now.replace(microsecond=0)
        files = {} if again else push.files()
        message = commit_message(push, past, past.head)
        made = self.repository.commit(head, files, message=message, at=at)
        # The log's head is noted too: by the time of the push this very note has moved it.
        ours = push.noting(
            commit=made.sha, parent=head.commit, at=at.isoformat(), again="yes" if again else "",
            log_head=past.head,
        )  # fmt: skip
        return Noted(ours | before(plan, push))

    def _only_ours(self, plan: Plan, head: Any, push: Push) -> None:
        """Other paths may have moved if that is deployed; the approved configuration may not."""
        if push.noted_as:
            return
        must_be_as_planned(plan, head.config_tree)
        if push.is_way_back:
            return
        brought = self.following.of(plan.site, head.commit)
        if brought is not None and brought.outcome != "success":
            raise PreconditionFailed(
                f"The head of {plan.site.environment} ({head.commit[:8]}) is not deployed: our"
                " deployment would release other people's work. Nothing was pushed.",
                hint="Wait until it is deployed, or put its deployment right, then press Retry.",
            )

    def poll(self, plan: Plan, waiting: Waiting, push: Push, *, now: datetime) -> Outcome:
        """Has the deployment ended?"""
        return self.following.poll(plan, waiting, now=now)


def before(plan: Plan, push: Push) -> dict[str, str]:
    """What the way back needs to know of the plan, noted with its first commit."""
    names = () if push.noted_as else ("before", "after", "kept", "ca_file")
    return {name: plan.inputs[name] for name in names}


def configuration(repository: Repository, site: Site) -> Configuration:
    """The configuration at the head of Platform.sh's own branch, or of its mirror."""
    head = repository.head(site.project, site.environment)
    entries = entries_of(repository.listing(head), lambda path: repository.read(head, path))
    return Configuration(head.commit, head.config_dir, head.config_tree, entries)


def must_be_as_planned(plan: Plan, config_tree: str) -> None:
    """Raise PlanVoid when somebody else changed the configuration meanwhile."""
    if config_tree != plan.inputs["config_tree"]:
        raise PlanVoid(
            "The configuration in the repository has changed since the plan was approved;"
            " nothing was pushed.",
            hint="Press Retry: the next card shows the change on the new head.",
        )
