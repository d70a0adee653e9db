"""How a change of the repository gets to a deployment: what every way in promises.

Which one a project has is found in its facts (`steps.ways`); the steps know only this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from steps.configuration import Configuration, Files
from steps.step import Change, Outcome, Past, Plan, Site, Waiting


def nothing_wrong() -> tuple[str, ...]:
    """Where nothing has to be so first."""
    return ()


@dataclass(frozen=True, slots=True)
class Push:
    """One commit on its way: what it changes, what must hold meanwhile, and how it is noted."""

    files: Callable[[], Files]
    """Asked only when the commit is made, so that what is on its way is followed regardless."""
    title: str
    why: str = ""
    """What a maintainer would write below the title."""
    noted_as: str = ""
    """Prefix of the notes, so that a change and its way back do not mix."""
    is_way_back: bool = False
    """Goes ahead on a head whose deployment has failed: that may be the very change."""
    expected: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each approved file by path, empty for one that is to be gone."""
    shown: Callable[[], bool] = field(default=lambda: False)
    """Does the deployment show the result, whoever brought it there?"""
    safe: Callable[[], tuple[str, ...]] = nothing_wrong
    """What makes it unsafe to bring this in now, a sentence each; looked at until it is live."""
    preview: str = ""
    """What a preview of this change does otherwise than production, for whoever reviews it."""

    def note(self, notes: Mapping[str, str], name: str) -> str:
        """One of this push's own notes; empty when it is not there."""
        return notes.get(f"{self.noted_as}{name}", "")

    def noting(self, **notes: str) -> dict[str, str]:
        """Notes under this push's own names."""
        return {f"{self.noted_as}{name}": text for name, text in notes.items()}


@dataclass(frozen=True, slots=True)
class Offered:
    """A request at a git host that one of the bot's branches stands behind."""

    number: str
    branch: str
    url: str


class WayIn(Protocol):
    """Brings a commit in once, whatever happens in between, and follows it to its deployment.

    Notes that `bring` asks for are committed before it is called again; each call makes at most
    one write that anybody can see. `poll` only looks; what it finds to write it notes.
    """

    @property
    def name(self) -> str:
        """Bound in the plan: another way in voids an approval."""
        ...

    def head(self, site: Site) -> Configuration:
        """The configuration at the branch's newest commit, where people push to it."""
        ...

    def place(self, site: Site) -> str:
        """The branch in people's words, for the targets of a plan."""
        ...

    def between(self, site: Site) -> tuple[Change, ...]:
        """What happens between the commit and its deployment, as changes of the plan."""
        ...

    def told(self, site: Site) -> tuple[str, ...]:
        """What the card must say of this way in, a sentence each."""
        ...

    def unfit(self, site: Site) -> tuple[str, ...]:
        """Why nothing can come in this way, a sentence each; for the preflight."""
        ...

    def back(self, site: Site) -> str:
        """Who must act on the way back, and how long it takes."""
        ...

    def offered(self, site: Site) -> tuple[Offered, ...]:
        """The bot's requests that are still open there."""
        ...

    def withdraw(self, offered: str) -> bool:
        """Close a request by its number; False when it has been merged already."""
        ...

    def bring(
        self, plan: Plan, notes: Mapping[str, str], push: Push, *, past: Past, now: datetime
    ) -> Outcome:
        """The next write towards the branch, or what is awaited."""
        ...

    def poll(self, plan: Plan, waiting: Waiting, push: Push, *, now: datetime) -> Outcome:
        """Look once; Done once the deployment of what was brought has ended well."""
        ...


def commit_message(push: Push, past: Past, head: str) -> str:
    """A message that a maintainer would write, with the run, who approved, and the log's `head`.

    The digest in a place that others keep shows later whether the log was cut or written anew.
    """
    parts = [push.title]
    if push.why:
        parts.append(push.why)
    if past.run:
        approved = f", approved by {past.approved_by}" if past.approved_by else ""
        until = f"\nIts log until here: {head}" if head else ""
        parts.append(f"mtls-bot run {past.run}{approved}.{until}")
    return "\n\n".join(parts) + "\n"
