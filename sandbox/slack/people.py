"""Who and what is in the workspace from the start. No behaviour."""

from dataclasses import dataclass, field

TEAM = "T0SANDBOX1"
FOREIGN_TEAM = "T0ELSEWHERE"
APP = "A0MTLSBOT01"
BOT_USER = "U0MTLSBOT01"
BOT = "B0MTLSBOT01"

STARTER = "U0STARTER01"
APPROVER = "U0APPROVER1"
OUTSIDER = "U0OUTSIDER1"
FOREIGN = "U0FOREIGN01"
GUEST = "U0GUEST0001"

SITE_OPS = "C0SITEOPS01"
GENERAL = "C0GENERAL01"
PRIVATE = "C0PRIVATE01"
APPROVERS = "S0APPROVERS"


@dataclass(frozen=True, slots=True)
class Person:
    """A member as `users.info` tells of them. `tz` is an IANA name, `tz_offset` in seconds."""

    id: str
    name: str
    team: str = TEAM
    restricted: bool = False
    bot: bool = False
    deleted: bool = False
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600


@dataclass(slots=True)
class Channel:
    """A conversation; `direct_with` is the person when it is a direct message to the bot."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    private: bool = False
    archived: bool = False
    shared: bool = False
    direct_with: str | None = None


@dataclass(slots=True)
class Group:
    """A user group, mentioned as `<!subteam^ID>`."""

    id: str
    handle: str
    name: str
    members: list[str] = field(default_factory=list)


def people() -> dict[str, Person]:
    """The people of the demo world by id, the bot's own user included."""
    everybody = (
        Person(STARTER, "Starter"),
        Person(APPROVER, "Approver", tz="Europe/London", tz_offset=0),
        Person(OUTSIDER, "Outsider"),
        Person(FOREIGN, "Foreign guest", team=FOREIGN_TEAM),
        Person(GUEST, "Invited guest", restricted=True),
        Person(BOT_USER, "mtls", bot=True),
    )
    return {person.id: person for person in everybody}


def channels() -> dict[str, Channel]:
    """One channel with the bot, a public and a private one without it."""
    team = {STARTER, APPROVER, OUTSIDER}
    found = (
        Channel(SITE_OPS, "site-ops", {*team, FOREIGN, GUEST, BOT_USER}, shared=True),
        Channel(GENERAL, "general", set(team)),
        Channel(PRIVATE, "leads", {APPROVER}, private=True),
    )
    return {channel.id: channel for channel in found}


def groups() -> dict[str, Group]:
    return {APPROVERS: Group(APPROVERS, "approvers", "Approvers", [APPROVER])}
