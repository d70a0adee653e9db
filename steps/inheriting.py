"""What other environments can do about client authentication, which they inherit. Pure.

Routes are in git, so every branch that is made or merged from production carries the block, and
nobody presents Cloudflare's certificate there. Which ways out there are depends on the environment:
HTTP access control helps only where the block is kept off the branch; a domain of its own needs a
plan that has it, and previews of pull requests cannot have one (docs: domains/cdn/cloudflare).
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inheriting:
    """One active environment that is not production."""

    name: str
    pull_request: bool
    """A preview that the git integration made."""
    protected: bool
    """HTTP access control is on and lets somebody in."""


def offers(environments: Iterable[Inheriting], own_domains: bool | None) -> tuple[str, ...]:
    """The environments with what each may do, those with the same choice together.

    `own_domains`: whether more environments than production may have domains; None when that
    could not be read.
    """
    grouped: dict[str, list[str]] = {}
    for one in sorted(environments, key=lambda one: one.name):
        grouped.setdefault(_choice(one, own_domains), []).append(one.name)
    return tuple(f"{', '.join(names)} ({choice})" for choice, names in grouped.items())


def _choice(one: Inheriting, own_domains: bool | None) -> str:
    access = "its HTTP access control" if one.protected else "HTTP access control"
    found = ["leave it closed", f"{access} with the block kept off the branch"]
    if one.pull_request:
        return f"a pull request's: {' or '.join(found)}"
    if own_domains is None:
        found.append("a domain of its own behind Cloudflare, if the plan has that")
    elif own_domains:
        found.append("a domain of its own behind Cloudflare")
    return ", or ".join(found)
