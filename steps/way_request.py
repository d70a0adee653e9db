"""GitHub and GitLab: a branch, a commit, a request; merged by people, then followed like a push.

The request is opened only when merging it at once would be safe, and that is looked at until its
deployment: when it stops being so, the bot closes its request before anybody merges it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from steps.clients.git_host import GitHost, HostSnapshot, NewCommit, Request
from steps.clients.git_objects import Author
from steps.configuration import Configuration, digest, entries_of
from steps.errors import NotAsApproved, NotFound, PreconditionFailed, RequestClosed
from steps.following import Following
from steps.request_text import request_text
from steps.step import Change, Noted, Outcome, Past, Plan, Site, Waiting
from steps.way_in import Offered, Push, commit_message
from steps.way_native import before, must_be_as_planned

BRANCHES = "mtls-bot/"
_MOST_TRIES = 50


@dataclass(frozen=True, slots=True)
class ByRequest:
    """The way in of a project that mirrors a repository at a git host."""

    host: GitHost
    repository: str
    config_dir: Callable[[Site], str]
    author: Author
    following: Following

    @property
    def name(self) -> str:
        """Vendor and repository."""
        return f"{self.host.vendor.lower()}:{self.repository}"

    @property
    def _where(self) -> str:
        return f"{self.repository} at {self.host.vendor}"

    def head(self, site: Site) -> Configuration:
        """The branch at the git host, which is what the next merge stands on."""
        head = self._head(site)
        entries = entries_of(head.listing(), lambda path: self._read(head, path))
        return Configuration(head.commit, head.config_dir, head.config_tree, entries)

    def _head(self, site: Site) -> HostSnapshot:
        tip = self.host.tip(self.repository, site.environment)
        if tip is None:
            raise NotFound(
                f"There is no branch {site.environment} in {self._where}.",
                service=self.host.vendor, doing="read the branch",
            )  # fmt: skip
        return self.host.snapshot(self.repository, tip, self.config_dir(site))

    def _read(self, snapshot: HostSnapshot, path: str) -> bytes | None:
        sha = snapshot.blob(path)
        return None if sha is None else self.host.read(self.repository, sha)

    def place(self, site: Site) -> str:
        """The branch, as the plans name it."""
        return f"branch {site.environment} of {self._where}"

    def between(self, site: Site) -> tuple[Change, ...]:
        """The request, which people merge."""
        return (
            Change("create", f"{self.host.noun} in {self._where}", None, "open until it is merged"),
        )

    def told(self, site: Site) -> tuple[str, ...]:
        """Who must act, and what the bot does when merging stops being safe."""
        return (
            f"The code is in {self._where}: after the approval somebody who may merge into"
            f" {site.environment} there must merge the {self.host.noun}; any method is fine. What"
            " was merged is compared with what is approved here, byte for byte.",
        )

    def unfit(self, site: Site) -> tuple[str, ...]:
        """A token that may not make branches there; a mirror that is behind."""
        found = []
        if self.host.may_push(self.repository) is False:
            found.append(
                f"The {self.host.vendor} token may not make branches in {self.repository}, so no"
                f" {self.host.noun} can be opened."
            )
        tip = self.host.tip(self.repository, site.environment)
        newest = self.following.newest(site)
        if tip is not None and newest is not None and newest.pushed not in ("", tip):
            found.append(
                f"{site.environment} is at {tip[:8]} in {self._where}, and the newest that"
                f" Platform.sh has fetched is {newest.pushed[:8]}: the integration is behind."
            )
        return tuple(found)

    def back(self, site: Site) -> str:
        """A second request, and the minutes of people on top."""
        return (
            f"A second {self.host.noun} takes it out again. One approver is enough here, whoever"
            f" started the run included; somebody who may merge into {site.environment} of"
            f" {self._where} must merge it. Then one deployment, usually a few minutes."
        )

    def offered(self, site: Site) -> tuple[Offered, ...]:
        """The bot's requests that are still open."""
        return tuple(
            Offered(r.number, r.branch, r.url)
            for r in self.host.open_requests(self.repository)
            if r.branch.startswith(BRANCHES)
        )

    def withdraw(self, offered: str) -> bool:
        """Close a request; False when it has been merged already."""
        return self.host.close_request(self.repository, offered).state != "merged"

    def bring(
        self, plan: Plan, notes: Mapping[str, str], push: Push, *, past: Past, now: datetime
    ) -> Outcome:
        """The next of: note the branch, make it, open the request, await its merge."""
        if push.note(notes, "release"):
            return self.following.released(plan, notes, push, now=now)
        branch = push.note(notes, "branch")
        if not branch:
            return self._noted(plan, push, past=past, now=now)
        there = self.host.requests(self.repository, branch)
        if push.note(notes, "unsafe"):
            return self._withdrawn(plan, push, there, push.note(notes, "unsafe"), now=now)
        if there:
            return self._awaiting(plan, push, there[0], now=now)
        tip = self.host.tip(self.repository, branch)
        if tip is None:
            return self._made(plan, notes, push, past=past)
        return self._opened(plan, branch, tip, push, past=past, now=now)

    def _noted(self, plan: Plan, push: Push, *, past: Past, now: datetime) -> Noted:
        """A free name for the branch and what it begins at, on record before it is made."""
        head = self._checked(plan, push)
        ours = push.noting(
            branch=self._free(f"{BRANCHES}{past.run or 'run'}-{plan.step}"
                              f"{'-back' if push.noted_as else ''}"),
            parent=head.commit, at=now.replace(microsecond=0).isoformat(), log_head=past.head,
        )  # fmt: skip
        return Noted(ours | before(plan, push))

    def _free(self, name: str) -> str:
        """A name that neither a branch nor a request of any state has: later ones are ours."""
        for number in range(1, _MOST_TRIES):
            tried = name if number == 1 else f"{name}-{number}"
            if self.host.tip(self.repository, tried) is None and not self.host.requests(
                self.repository, tried
            ):
                return tried
        raise PreconditionFailed(
            f"{self._where} has {_MOST_TRIES} branches of the name {name} already.",
            hint="Delete the old ones there, then press Retry.",
        )

    def _checked(self, plan: Plan, push: Push) -> HostSnapshot:
        """The branch's head; raises where merging at once would not be what was approved."""
        head = self._head(plan.site)
        if not push.noted_as:
            must_be_as_planned(plan, head.config_tree)
        if unsafe := push.safe():
            raise PreconditionFailed(
                f"{' '.join(unsafe)} No {self.host.noun} was opened: merging it would not be safe.",
                hint="Put this right, then press Retry.",
            )
        return head

    def _made(self, plan: Plan, notes: Mapping[str, str], push: Push, *, past: Past) -> Noted:
        self._checked(plan, push)
        parent = self.host.snapshot(
            self.repository, push.note(notes, "parent"), self.config_dir(plan.site)
        )
        at = datetime.fromisoformat(push.note(notes, "at"))
        message = commit_message(push, past, push.note(notes, "log_head"))
        commit = NewCommit(parent, push.files(), message, self.author, at)
        sha = self.host.begin_branch(self.repository, push.note(notes, "branch"), commit)
        return Noted(push.noting(commit=sha))

    def _opened(
        self, plan: Plan, branch: str, tip: str, push: Push, *, past: Past, now: datetime
    ) -> Waiting:
        self._checked(plan, push)
        self._must_be_approved(plan, push, tip, "The branch of the request")
        text = request_text(plan, push, past, noun=self.host.noun)
        made = self.host.open_request(
            self.repository, branch, into=plan.site.environment, title=push.title, text=text
        )
        return self._awaiting(plan, push, made, now=now)

    def _awaiting(self, plan: Plan, push: Push, request: Request, *, now: datetime) -> Waiting:
        handle = {
            "commit": "", "phase": "merge", "noted_as": push.noted_as, "number": request.number,
            "request": request.url,
        }  # fmt: skip
        what = f"somebody to merge the {self.host.noun} {request.url}"
        return self.following.rhythm.for_people(what, handle, now)

    def _withdrawn(
        self, plan: Plan, push: Push, there: tuple[Request, ...], why: str, *, now: datetime
    ) -> Waiting:
        """The open request closed, so that nobody merges it. Raises RequestClosed."""
        for request in there[:1]:
            if request.state == "merged" or not self.withdraw(request.number):
                return self._awaiting(plan, push, request, now=now)
            raise RequestClosed(
                f"{why} So the {self.host.noun} {request.url} was closed before anybody merged it.",
                hint="Put this right, then press Retry: a new one is opened.",
            )
        raise RequestClosed(f"{why} There is no {self.host.noun} of ours any more.")

    def poll(self, plan: Plan, waiting: Waiting, push: Push, *, now: datetime) -> Outcome:
        """Merged? As approved? Deployed? And is it still safe?"""
        if waiting.handle["phase"] == "deploy":
            return self._deploying(plan, waiting, push, now=now)
        request = self.host.request(self.repository, waiting.handle["number"])
        if request.state == "closed":
            raise RequestClosed(
                f"The {self.host.noun} {request.url} was closed and not merged: declined there."
                " Nothing has changed.",
                hint="Press Retry to offer it again, or Stop.",
            )
        if request.state == "open":
            unsafe = push.safe()
            if unsafe:
                return Noted(push.noting(unsafe=" ".join(unsafe)))
            return self.following.rhythm.patient(waiting, now)
        self._must_be_approved(plan, push, request.merged_as, "What was merged")
        merged = self.following.awaiting(push, request.merged_as, now, request=request.url)
        return _loud(merged, push.safe())

    def _deploying(self, plan: Plan, waiting: Waiting, push: Push, *, now: datetime) -> Outcome:
        """The deployment of the merge, told loudly where it has become unsafe meanwhile.

        The mirror may fetch it together with later commits, and a failed build is put right by
        another commit: then it counts that the deployment shows the result.
        """
        activity = self.following.of(plan.site, waiting.handle["commit"])
        elsewhere = activity is None or activity.outcome in ("failure", "cancelled")
        if elsewhere and push.shown():
            return self.following.done(waiting)
        outcome = self.following.poll(plan, waiting, now=now)
        return _loud(outcome, push.safe()) if isinstance(outcome, Waiting) else outcome

    def _must_be_approved(self, plan: Plan, push: Push, sha: str, what: str) -> None:
        """Raise NotAsApproved unless every approved file is at that commit, byte for byte."""
        snapshot = self.host.snapshot(self.repository, sha, self.config_dir(plan.site))
        unlike = [path for path, wanted in sorted(push.expected.items())
                  if digest(self._read(snapshot, path)) != wanted]  # fmt: skip
        if unlike:
            raise NotAsApproved(
                f"{what} ({sha[:8]}) is not what was approved: {' and '.join(unlike)} are"
                " otherwise. The approval does not count for it.",
                hint="What was merged is deployed by Platform.sh all the same: look at the site."
                " Retry plans on what is there now; Undo takes our lines out.",
            )


def _loud(waiting: Waiting, unsafe: tuple[str, ...]) -> Waiting:
    """The wait for a deployment, which says so when it would refuse visitors once it is live."""
    plain = f"the deployment of {waiting.handle['commit'][:8]}"
    loud = f"{plain}. CAREFUL: {' '.join(unsafe)} Put this right before it is live"
    return replace(waiting, what=loud if unsafe else plain)
