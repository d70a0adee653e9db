"""Code that is hosted anywhere else: a patch for `git am`, brought in by people.

The patch is a note of the step; whoever shows the run hands it on as a file. What counts is the
deployment: it is looked at until it shows the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from steps.clients.git_objects import Author
from steps.configuration import Configuration, digest
from steps.deployments import must_have_succeeded
from steps.following import Following
from steps.patch import FileChange, Mail, keeps_returns, mbox
from steps.step import Change, Done, Noted, Outcome, Past, Plan, Site, Waiting
from steps.way_in import Offered, Push, commit_message
from steps.way_native import Repository, before, configuration, must_be_as_planned

FILE_NAME, FILE_TEXT = "file_name", "file_text"
"""The notes that hold a file for people (with the push's prefix before them)."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """The way in of a project that mirrors a repository which the bot does not reach."""

    where: str
    """Who hosts the code, in people's words."""
    mirror: Repository
    author: Author
    following: Following

    @property
    def name(self) -> str:
        """A patch, and for whom."""
        return f"patch:{self.where}"

    def head(self, site: Site) -> Configuration:
        """The mirror's head: the newest that Platform.sh has fetched."""
        return configuration(self.mirror, site)

    def place(self, site: Site) -> str:
        """The branch, as the plans name it."""
        return f"branch {site.environment} at {self.where}"

    def between(self, site: Site) -> tuple[Change, ...]:
        """A file in the thread."""
        return (Change("create", "patch in this thread", None, "ready for git am"),)

    def told(self, site: Site) -> tuple[str, ...]:
        """Who must act."""
        return (
            f"The code is at {self.where}, which the bot does not reach: after the approval the"
            f" change is put into this thread as a patch. Somebody brings it into"
            f" {site.environment} there (git am), and the run goes on once the deployment shows"
            " it.",
        )

    def unfit(self, site: Site) -> tuple[str, ...]:
        """Nothing that could be known beforehand."""
        return ()

    def back(self, site: Site) -> str:
        """By hand as well."""
        return (
            "A second patch takes it out again: it is put into this thread, and somebody must"
            f" bring it into {site.environment} at {self.where}. One approver is enough here,"
            " whoever started the run included. Then one deployment, usually a few minutes."
        )

    def offered(self, site: Site) -> tuple[Offered, ...]:
        """Whether somebody still means to apply a patch is not known."""
        return ()

    def withdraw(self, offered: str) -> bool:
        """There is nothing to withdraw."""
        return True

    def bring(
        self, plan: Plan, notes: Mapping[str, str], push: Push, *, past: Past, now: datetime
    ) -> Outcome:
        """The patch on record, then the wait for people."""
        if push.note(notes, "release"):
            return self.following.released(plan, notes, push, now=now)
        if not push.note(notes, FILE_TEXT):
            return self._noted(plan, push, past=past, now=now)
        handle = {
            "commit": "", "phase": "hand", "noted_as": push.noted_as,
            "parent": push.note(notes, "parent"),
        }  # fmt: skip
        what = f"somebody to bring in the patch {push.note(notes, FILE_NAME)} ({_how(notes, push)})"
        return self.following.rhythm.for_people(what, handle, now)

    def _noted(self, plan: Plan, push: Push, *, past: Past, now: datetime) -> Noted:
        head = self.head(plan.site)
        if not push.noted_as:
            must_be_as_planned(plan, head.tree)
        files = push.files()
        changes = {p: FileChange(head.content(p), after) for p, after in files.items()}
        mail = Mail(self.author.name, self.author.email, commit_message(push, past, past.head), now)
        text = mbox(changes, mail).decode()
        step = f"{plan.step}{'-back' if push.noted_as else ''}"
        # A patch of a later plan is another file, and must not be taken for this one.
        name = f"{past.run or 'mtls'}-{step}-{digest(text.encode())[:8]}.patch"
        ours = push.noting(
            parent=head.commit, at=now.replace(microsecond=0).isoformat(), commit="by-hand",
            keep_cr="yes" if keeps_returns(changes) else "", **{FILE_NAME: name, FILE_TEXT: text},
        )  # fmt: skip
        return Noted(ours | before(plan, push))

    def poll(self, plan: Plan, waiting: Waiting, push: Push, *, now: datetime) -> Outcome:
        """Does the deployment show it? Has one come to nothing? Is it still safe?"""
        if waiting.handle["phase"] == "deploy":
            return self.following.poll(plan, waiting, now=now)
        if push.shown():
            return Done({"commit": self.head(plan.site).commit})
        newest = self.following.newest(plan.site)
        if newest is not None and newest.pushed not in ("", waiting.handle["parent"]):
            if newest.outcome == "staged":
                return self.following.awaiting(push, newest.pushed, now)
            if newest.outcome in ("failure", "cancelled"):
                must_have_succeeded(self.following.platformsh, plan.site, newest)
        patient = self.following.rhythm.patient(waiting, now)
        plain = waiting.what.partition(". CAREFUL: ")[0]
        unsafe = push.safe()
        loud = f"{plain}. CAREFUL: {' '.join(unsafe)} Do not bring it in before this is put right"
        return replace(patient, what=loud if unsafe else plain)


def _how(notes: Mapping[str, str], push: Push) -> str:
    return "git am --keep-cr" if push.note(notes, "keep_cr") else "git am"
