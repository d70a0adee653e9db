"""A team in Slack with a run of toy steps: real payloads and messages, a clock that tests move."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from bot.engine import commands as c
from bot.engine.approval_events import Window
from bot.engine.approvals import Rules
from bot.engine.aside import Aside, Lasting
from bot.engine.driver import Driver
from bot.engine.engine import Engine
from bot.engine.itinerary import Itinerary
from bot.engine.policy import Policy, policy_stream
from bot.engine.ports import EventStore
from bot.engine.preview import Preview
from bot.engine.state import Task
from bot.engine.work import Patience, Worker
from bot.slack.app_factory import connection, slack_app, web_client
from bot.slack.cards import run_messages
from bot.slack.desk import Desk, Outside
from bot.slack.outbox import Outbox
from bot.slack.people import People
from bot.slack.words import Frame
from bot.store.auditing import audit
from bot.store.memory import MemoryStore
from bot.watch import Reminding, Watch
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.people_acting import buttons
from sandbox.slack import SlackStandIn
from sandbox.slack.people import APPROVER, APPROVERS, SITE_OPS, STARTER, Person
from steps.step import Change, Past, Plan, Risk, Site
from tests.contract.desk_stand import Places
from tests.contract.slack_stand import hang_up
from tests.toys import SITE, Bell, Glance, Lamp, LampBack, TickingClock

SECOND = "U0APPROVER2"
RISK: Risk = "outage-if-wrong"
TITLES = {"glance": "A glance", "lamp": "The lamp", "bell": "The bell", "chime": "The chime",
          "undo-lamp": "The lamp as before", "policy": "Who may approve"}  # fmt: skip


@dataclass
class RiskyLamp(Lamp):
    """A lamp of any risk."""

    risk: Risk = RISK

    def plan(self, site: Site, facts: str, past: Past) -> Plan:
        changes = (Change("update", "lamp", facts, "on", self.risk),)
        return Plan(step=self.key, site=site, changes=() if facts == "on" else changes)


@dataclass
class Chime(Lamp):
    """A third toy without risk."""

    key: ClassVar[str] = "chime"
    title: ClassVar[str] = "The chime"


@dataclass
class Require(RiskyLamp):
    """The way back that must be quick."""

    key: ClassVar[str] = "undo-client-authentication"
    title: ClassVar[str] = "Client authentication off"


@dataclass
class Team:
    """Slack, the bot behind it, and its clock."""

    slack: SlackStandIn
    faults: Faults
    clock: TickingClock
    engine: Engine
    driver: Driver
    watch: Watch
    outbox: Outbox
    world: dict[str, str]
    lamp: RiskyLamp
    bell: Bell

    def open(self, *, window: Window | None = None) -> None:
        """A run whose first card waits in Slack."""
        self.engine.start(c.Start(STARTER, SITE, SITE_OPS, window))
        self.drive()

    def drive(self) -> None:
        """Everything that is due now."""
        for entry in self.engine.store.runs(open_only=True):
            for _ in range(40):
                if self.driver.work(entry.run) > self.clock():
                    break

    def tick(self, **span: float) -> None:
        """Time passes, and whoever watches the clock looks at it."""
        self.clock.now += timedelta(**span)
        self.watch.round()
        self.drive()

    def task(self, key: str = "lamp", run: str = "R1") -> Task:
        task = self.engine.view(run).task(key)
        assert task is not None
        return task

    def card(self, action: str = "approve", step: str = "lamp") -> dict[str, Any]:
        """The newest message with this button of this step."""

        def found() -> dict[str, Any] | None:
            listed = [m for m in self.slack.messages(SITE_OPS) if _has(m, action, step)]
            return listed[-1] if listed else None

        message: dict[str, Any] = self.slack.wait_for(found)
        return message

    def press(self, user: str, action: str = "approve", step: str = "lamp") -> None:
        """A press that waits until the bot has answered it."""
        message = self.card(action, step)
        before = len(self.answers(user))
        self.slack.press(user, SITE_OPS, message["ts"], action)
        self.slack.wait_for(lambda: len(self.answers(user)) > before)

    def because(self, user: str, action: str, reason: str, step: str = "lamp") -> None:
        """A press that asks for a reason, and the reason."""
        message = self.card(action, step)
        self.slack.press(user, SITE_OPS, message["ts"], action)
        view = self.slack.wait_for(lambda: self.slack.open_views(user))[-1]
        before = len(self.answers(user))
        self.slack.submit(user, view["id"], {("reason", "reason"): reason})
        self.slack.wait_for(lambda: len(self.answers(user)) > before)

    def type(self, user: str, text: str) -> str:
        """A slash command that is answered in words."""
        before = len(self.answers(user))
        self.slack.command(user, "/mtls", text, SITE_OPS)
        self.slack.wait_for(lambda: len(self.answers(user)) > before)
        return self.answer(user)

    def answers(self, user: str) -> list[str]:
        """What only this person was told, beside that a command was heard."""
        texts = [str(m["text"]) for m in self.slack.ephemerals(user)]
        return [text for text in texts if not text.startswith("Heard: ")]

    def answer(self, user: str) -> str:
        """What only this person was told last."""
        return self.answers(user)[-1]

    def said(self, words: str) -> str:
        """The newest message for all that holds the words."""

        def found() -> str | None:
            texts = [m["text"] for m in self.slack.messages(SITE_OPS) if words in m["text"]]
            return texts[-1] if texts else None

        text: str = self.slack.wait_for(found)
        return text

    def settled(self) -> tuple[str, ...]:
        """Every message for all, once Slack shows what the logs say."""

        def shown() -> tuple[str, ...] | None:
            texts = tuple(m["text"] for m in self.slack.messages(SITE_OPS))
            return texts if sorted(texts) == sorted(self.wanted()) else None

        texts: tuple[str, ...] = self.slack.wait_for(shown)
        return texts

    def wanted(self) -> list[str]:
        """The text of every message as the logs say it now."""
        policy = self.engine.rules.policy
        streams = [r.run for r in self.engine.store.runs()] + [policy_stream(SITE)]
        frame = Frame(TITLES, policy, self.clock())
        cards = [run_messages(frame, self.engine.view(s)).values() for s in streams]
        return [card.text for some in cards for card in some]

    def types(self, stream: str = "R1") -> list[str]:
        return [event.type for event in self.engine.store.read(stream)]

    def hire(self, user: str, *, group: bool = True) -> str:
        """One more person in the channel, an approver unless told otherwise."""
        with self.slack.workspace.changing():
            self.slack.people[user] = Person(user, user.title())
            self.slack.workspace.channels[SITE_OPS].members.add(user)
            if group:
                self.slack.workspace.groups[APPROVERS].members.append(user)
        return user


def _has(message: dict[str, Any], action: str, step: str) -> bool:
    return any(
        b["action_id"] == action and b["value"].split("|")[1] == step for b in buttons(message)
    )


@dataclass(frozen=True)
class Setting:
    """What a test may want otherwise."""

    policy: Policy = field(default_factory=lambda: Policy(groups=(APPROVERS,)))
    tasks: tuple[str, ...] = ("lamp",)
    risk: Risk = RISK
    reminding: Reminding = field(default_factory=lambda: Reminding(every=timedelta(0)))
    lasting: Mapping[str, Lasting] = field(default_factory=dict)
    store: EventStore | None = None
    now: datetime | None = None


@contextmanager
def team(setting: Setting | None = None) -> Iterator[Team]:
    """Everything of the bot but the vendors, on the stand-in."""
    given = setting or Setting()
    with ExitStack() as closing:
        made = _made(given, closing)
        _connect(made, given, closing)
        made.hire(SECOND)
        yield made


def _made(given: Setting, closing: ExitStack) -> Team:
    numbers = itertools.count(1)
    faults, world = Faults(), dict[str, str]()
    clock = TickingClock(given.now) if given.now else TickingClock()
    slack = SlackStandIn(journal=Journal(), faults=faults, clock=lambda: clock().timestamp())
    closing.callback(slack.close)
    order = Itinerary(given.tasks, given.tasks, ("undo-lamp",))
    engine = Engine(
        given.store or MemoryStore(),
        clock,
        order,
        new_id=lambda: f"R{next(numbers)}",
        rules=Rules(given.policy),
    )
    lamp = RiskyLamp(world, risk=given.risk)
    bell = Bell(world)
    toys = (Glance(world), lamp, bell, Chime(world), LampBack(world), Require(world))
    steps = {s.key: s for s in toys}
    driver = Driver(
        engine,
        Worker(steps, Patience()),
        Aside(steps, lasting=given.lasting, foreseeable=frozenset(steps)),
    )
    web = web_client(slack.bot_token, slack.api_url)
    outbox = Outbox(
        engine, web, lambda s: run_messages(Frame(TITLES, given.policy, clock()), s),
        lambda: f"op{next(numbers)}", pause=0.0,
    )  # fmt: skip
    engine.changed.append(outbox.nudge)
    watch = Watch(engine, given.reminding)
    return Team(slack, faults, clock, engine, driver, watch, outbox, world, lamp, bell)


def _connect(made: Team, given: Setting, closing: ExitStack) -> None:
    web = web_client(made.slack.bot_token, made.slack.api_url)
    outside = Outside(
        Places(), _nothing, _nothing, Preview, lambda run: audit(made.engine.store, run)
    )
    desk = Desk(
        made.engine, web, People(web, made.clock), outside,
        lambda: Frame(TITLES, given.policy, made.clock()), made.clock,
    )  # fmt: skip
    handler = connection(slack_app(web, desk), web, made.slack.app_token)
    handler.connect()  # type: ignore[no-untyped-call]
    made.slack.wait_connected()
    made.outbox.start()
    closing.callback(made.outbox.stop)
    closing.callback(desk.pool.shutdown)
    closing.callback(desk.homes.stop)
    closing.callback(hang_up, made.slack, handler)


def _nothing(_site: Site) -> Any:
    raise AssertionError("no test of approvals asks the vendors")


__all__ = ["APPROVER", "SECOND", "STARTER", "Setting", "Team", "team"]
