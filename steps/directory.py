"""What the tokens see, for the form that opens a run: projects, environments, and the zone."""

from dataclasses import dataclass

from steps.clients.cloudflare import CloudflareClient
from steps.clients.platformsh import PlatformshClient
from steps.errors import NotFound, UnknownSite
from steps.step import Site


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick: what is stored, and what is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Asks both vendors; may be slow."""

    cloudflare: CloudflareClient
    platformsh: PlatformshClient

    def zones(self) -> tuple[Choice, ...]:
        """Zones that the Cloudflare token sees, by name."""
        found = sorted(self.cloudflare.zones(), key=lambda zone: zone.name)
        return tuple(Choice(zone.name, _state(zone.name, zone.status)) for zone in found)

    def projects(self) -> tuple[Choice, ...]:
        """Projects that the Platform.sh token sees, by title."""
        found = self.platformsh.projects()
        named = [Choice(p.id, f"{p.title} ({p.id})" if p.title else p.id) for p in found]
        return tuple(sorted(named, key=lambda choice: choice.label.lower()))

    def environments(self, project: str) -> tuple[Choice, ...]:
        """Active environments, production first."""
        active = [e for e in self.platformsh.environments(project) if e.active]
        active.sort(key=lambda e: (e.type != "production", e.id))
        return tuple(Choice(e.id, f"{e.id} ({e.type or 'unknown'})") for e in active)

    def site(self, name: str, project: str, environment: str) -> Site:
        """The site with its zone by longest suffix; an empty environment means production.

        Raises UnknownSite when no zone of the token covers the name.
        """
        try:
            zone = self.cloudflare.zone(name)
        except NotFound as error:
            raise UnknownSite(error.for_people, hint=error.hint) from error
        if not environment:
            production = self.environments(project)
            environment = production[0].value if production else "main"
        return Site(name, zone.name, zone.id, project, environment)


def _state(name: str, status: str) -> str:
    return name if status in ("", "active") else f"{name} ({status})"
