"""A run of two toys and their ways back, in each of its states, with people who steer it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.itinerary import Itinerary, Laws
from bot.engine.state import RunState
from sandbox.people_acting import buttons
from sandbox.slack import Ack
from sandbox.slack.people import APPROVER, SITE_OPS, STARTER
from steps.errors import Denied
from tests.contract.desk_stand import Office, office
from tests.toys import SITE, Bell, BellBack, Lamp, LampBack

LAWS = Laws(
    needs={"bell": ("lamp",), "undo-lamp": ("undo-bell",)},
    optional=frozenset({"bell"}),
    kept={"lamp": "The bell cannot be seen in the dark."},
    back_of={"lamp": ("undo-lamp",), "bell": ("undo-bell",)},
    for_good={"undo-lamp": "A lamp that was lit is used up."},
)
WAY = Itinerary(("lamp", "bell"), ("lamp", "bell"), ("undo-bell", "undo-lamp"), LAWS)
RUN = "R1"


@dataclass
class Steered:
    """The office, and the toys of its one run."""

    office: Office
    world: dict[str, str]
    lamp: Lamp
    bell: Bell
    lamp_back: LampBack
    bell_back: BellBack

    @property
    def state(self) -> RunState:
        return self.office.engine.view(RUN)

    def type(self, text: str, user: str = STARTER) -> Ack:
        return self.office.slack.command(user, "/mtls", text, SITE_OPS)

    def told(self, words: str, user: str = STARTER) -> str:
        """What only this person sees, once it holds the words."""

        def found() -> str | None:
            texts = [m["text"] for m in self.office.slack.ephemerals(user)]
            return next((t for t in texts if words in t and not t.startswith("Heard")), None)

        text: str = self.office.slack.wait_for(found)
        return text

    def said(self, words: str) -> str:
        """A message of the channel that holds the words, once it is there."""

        def found() -> str | None:
            texts = [m["text"] for m in self.office.slack.messages(SITE_OPS)]
            return next((text for text in texts if words in text), None)

        text: str = self.office.slack.wait_for(found)
        return text

    def press(self, action: str, user: str = STARTER) -> None:
        """The first such button of the channel, once there is one."""

        def found() -> tuple[str, str] | None:
            for message in self.office.slack.messages(SITE_OPS):
                for button in buttons(message):
                    if button["action_id"] == action:
                        return message["ts"], message["text"]
            return None

        ts, _ = self.office.slack.wait_for(found)
        self.office.slack.press(user, SITE_OPS, ts, action)

    def form(self, callback: str, user: str = STARTER) -> dict[str, Any]:
        def shown() -> dict[str, Any] | None:
            views = self.office.slack.open_views(user)
            return next((v for v in views if v["callback_id"] == callback), None)

        found: dict[str, Any] = self.office.slack.wait_for(shown)
        return found

    def approve(self) -> None:
        """The approver says yes to what waits, and the driver does it."""
        task = self.state.current
        assert task is not None
        assert task.status == "shown"
        self.office.engine.submit(RUN, c.Approve(APPROVER, task.key, task.fingerprint))
        self.office.drive()

    def until(self, condition: Callable[[RunState], bool]) -> RunState:
        """Drive until the run is so, and what was asked by Slack has arrived."""
        deadline = time.monotonic() + 10
        while not condition(self.state):
            assert time.monotonic() < deadline, self.state.status
            self.office.drive()
            time.sleep(0.01)
        return self.state

    def look_again_now(self) -> None:
        """What is awaited is looked at now, not in ten seconds."""
        now, task = self.office.engine.clock(), self.state.current
        assert task is not None
        assert task.waiting is not None
        due = e.StepWaiting(
            at=now, step=task.key, what=task.waiting.what, handle=task.waiting.handle,
            look_again_at=now, give_up_at=task.waiting.give_up_at,
        )  # fmt: skip
        self.office.engine.store.append(RUN, [due], after=self.state.seq)

    def approve_all(self) -> RunState:
        """Every card that comes is approved, to the run's end."""
        self.until(lambda s: bool(s.outcome) or bool(s.current and s.current.status == "shown"))
        while not self.state.outcome:
            self.approve()
        return self.state


@contextmanager
def steered() -> Iterator[Steered]:
    """A run that has just shown its first card."""
    world: dict[str, str] = {}
    lamp, bell, lamp_back, bell_back = Lamp(world), Bell(world), LampBack(world), BellBack(world)
    with office(itinerary=WAY, steps=(lamp, bell, lamp_back, bell_back)) as made:
        run = Steered(made, world, lamp, bell, lamp_back, bell_back)
        made.engine.start(c.Start(STARTER, SITE, SITE_OPS))
        made.drive()
        yield run


def denied() -> None:
    raise Denied(
        "The bell's token lacks a right.", service="bell", doing="ring", hint="Give it.",
        vendor_code="10000", request_id="ray-1",
    )  # fmt: skip


def untouched(_run: Steered) -> None:
    """Its first card waits; nothing was done."""


def waiting(run: Steered) -> None:
    """The first step is done, and the second one's card waits."""
    run.approve()


def in_a_deployment(run: Steered) -> None:
    """The second step has written, and waits for something outside."""
    run.approve()
    run.bell.waits = True
    run.approve()
    assert run.state.current is not None
    assert run.state.current.waiting is not None


def failed(run: Steered) -> None:
    """The second step cannot go on."""
    run.approve()
    run.bell.before_write = denied
    run.approve()
    assert run.state.status == "needs-help"


def declined(run: Steered) -> None:
    """Somebody said no to the second step."""
    run.approve()
    task = run.state.current
    assert task is not None
    run.office.engine.submit(RUN, c.Decline(APPROVER, task.key, task.fingerprint, "no"))


def paused(run: Steered) -> None:
    """Somebody holds it before the second step."""
    run.approve()
    run.office.engine.submit(RUN, c.Pause(STARTER))


def finished(run: Steered) -> None:
    """Both steps are done."""
    run.approve()
    run.approve()
    assert run.state.outcome == "closed"


def stopped(run: Steered) -> None:
    """Ended between its steps."""
    run.approve()
    run.office.engine.submit(RUN, c.Stop(STARTER))
    assert run.state.outcome == "stopped"
