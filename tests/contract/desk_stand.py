"""The Slack side of the bot on a real socket, with toy steps behind it, for the tests."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.engine.approvals import Rules
from bot.engine.driver import Driver
from bot.engine.engine import Engine
from bot.engine.forecast import Forecast, ForecastLine
from bot.engine.itinerary import Itinerary
from bot.engine.policy import Policy
from bot.engine.preview import Preview
from bot.engine.work import Patience, Worker
from bot.slack.app_factory import connection, slack_app, web_client
from bot.slack.cards import run_messages
from bot.slack.desk import Desk, Outside
from bot.slack.outbox import Outbox
from bot.slack.people import People
from bot.slack.words import Frame
from bot.store.auditing import audit
from bot.store.memory import MemoryStore
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.slack import SlackStandIn
from sandbox.slack.people import APPROVERS
from steps.errors import Conflict, UnknownSite
from steps.step import Change, Plan, Site, Verdict
from tests.contract.slack_stand import hang_up
from tests.toys import SITE, Lamp

ORDER = Itinerary(("lamp",), ("lamp",), ())


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Places:
    """A directory; sites outside of example.com are unknown."""

    listed: tuple[Choice, ...] = (Choice(SITE.project, "The shop"),)

    def zones(self) -> tuple[Choice, ...]:
        return (Choice("example.com", "example.com"), Choice("shop.example.com", "a zone below"))

    def projects(self) -> tuple[Choice, ...]:
        return self.listed

    def environments(self, project: str) -> tuple[Choice, ...]:
        if project == "blog4x7k2m":
            return (Choice("live", "live (production)"), Choice("try", "try (development)"))
        return (Choice("main", "main (production)"), Choice("staging", "staging (staging)"))

    def site(self, name: str, project: str, environment: str) -> Site:
        if not name.endswith("example.com"):
            raise UnknownSite(f"No zone of this token covers {name}.")
        return Site(name, "example.com", "z" * 32, project, environment or "main")


class RiskyLamp(Lamp):
    """A lamp that can take the site down."""

    def plan(self, site: Site, facts: str, past: object) -> Plan:
        changes = (Change("update", "lamp", facts, "on", "outage-if-wrong"),)
        return Plan(step=self.key, site=site, changes=() if facts == "on" else changes)


@dataclass
class Office:
    """Slack, the engine behind the desk, and the driver of its toy step."""

    slack: SlackStandIn
    faults: Faults
    journal: Journal
    engine: Engine
    driver: Driver
    outbox: Outbox
    lamp: Lamp

    def types(self) -> list[str]:
        return [e.type for r in self.engine.store.runs() for e in self.engine.store.read(r.run)]

    def drive(self) -> None:
        """The unit of work that is due, twice: what a yes needs."""
        for entry in self.engine.store.runs(open_only=True):
            for _ in range(4):
                with suppress(Conflict):  # as the driver's loop does: read again, go on
                    self.driver.work(entry.run)


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def office(
    *, connect: bool = True, risky: bool = True, itinerary: Itinerary = ORDER,
    steps: tuple[Lamp, ...] = (), places: Places | None = None,
) -> Iterator[Office]:  # fmt: skip
    """Everything of `bot.slack` on the stand-in, without retries' pauses.

    One lamp, or the `steps` of an `itinerary`.
    """
    numbers = itertools.count(1)
    faults, journal = Faults(), Journal()
    with ExitStack() as closing:
        slack = SlackStandIn(journal=journal, faults=faults)
        closing.callback(slack.close)
        store = MemoryStore()
        policy = Policy(frozenset(), (APPROVERS,))
        engine = Engine(
            store, _now, itinerary, new_id=lambda: f"R{next(numbers)}", rules=Rules(policy)
        )
        lamp = RiskyLamp({}) if risky else Lamp({})
        keyed = {one.key: one for one in steps or (lamp,)}
        titles = {key: one.title for key, one in keyed.items()}
        frame = Frame(titles, policy, _now(), itinerary.laws)
        client = web_client(slack.bot_token, slack.api_url)
        driver = Driver(engine, Worker(keyed, Patience()))
        outbox = Outbox(
            engine, client, lambda s: run_messages(frame, s), lambda: f"op{next(numbers)}",
            pause=0.01,
        )  # fmt: skip
        engine.changed.append(outbox.nudge)
        made = Office(slack, faults, journal, engine, driver, outbox, lamp)
        if connect:
            _connect(made, frame, closing, places or Places())
        yield made


def _connect(made: Office, frame: Frame, closing: ExitStack, places: Places) -> None:
    web = web_client(made.slack.bot_token, made.slack.api_url)
    outside = Outside(
        places, lambda site: Forecast(site, (ForecastLine("lamp", "The lamp", problem="later"),)),
        lambda _site: Verdict("failed", ("The origin answered.",)),
        lambda site: Preview(site, (site.name,), ("status.example.com",)),
        lambda run: audit(made.engine.store, run),
    )  # fmt: skip
    clock = made.engine.clock
    desk = Desk(made.engine, web, People(web, clock), outside, lambda: frame, clock)
    desk.returned.append(made.outbox.returned)
    app = slack_app(web, desk)
    handler = connection(app, web, made.slack.app_token)
    handler.connect()  # type: ignore[no-untyped-call]
    made.slack.wait_connected()
    made.outbox.start()
    closing.callback(made.outbox.stop)
    closing.callback(desk.pool.shutdown)
    closing.callback(desk.homes.stop)
    closing.callback(hang_up, made.slack, handler)
