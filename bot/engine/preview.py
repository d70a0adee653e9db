"""What the preflight says of a site before a run is opened. Only reads; nothing is recorded."""

from dataclasses import dataclass
from typing import Any

from steps.errors import PreconditionFailed
from steps.step import Past, Site, Step


@dataclass(frozen=True, slots=True)
class Preview:
    """What is there now: whose hosts, what is in the way, what else is worth knowing."""

    site: Site
    hosts: tuple[str, ...] = ()
    """Served through the site's zone."""
    neighbours: tuple[str, ...] = ()
    """Other hosts of the zone, which its settings act on too."""
    problems: tuple[str, ...] = ()
    """What blocks a run, a sentence each; without it the hosts are known."""
    notes: tuple[str, ...] = ()


def preview(site: Site, preflight: Step[Any]) -> Preview:
    """Observe and plan the preflight; no look, no probe. Raises ClientError when it cannot ask."""
    try:
        plan = preflight.plan(site, preflight.observe(site), Past())
    except PreconditionFailed as error:
        lines = error.for_people.splitlines()
        return Preview(site, problems=tuple(line.removeprefix("• ") for line in lines))
    hosts, neighbours = (plan.inputs.get(key, "").split() for key in ("hosts", "neighbours"))
    return Preview(site, tuple(hosts), tuple(neighbours), notes=plan.notes)
