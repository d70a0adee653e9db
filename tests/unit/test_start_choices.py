"""The lists of the start form are kept for a minute, and nobody waits for a vendor."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.slack.start_choices import Choices
from steps.errors import ClientError, Unreachable
from steps.step import Site
from tests.contract.desk_stand import Choice
from tests.toys import NOON, TickingClock


class Later(Executor):
    """Work that is done when the test says so."""

    def __init__(self) -> None:
        self.held: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> "Future[Any]":
        self.held.append(lambda: fn(*args, **more))
        return Future()

    def work(self) -> None:
        held, self.held = self.held, []
        for one in held:
            one()


@dataclass
class Vendors:
    """A directory that counts, and fails on order."""

    found: tuple[Choice, ...] = (Choice("abc", "The shop"),)
    failing: ClientError | None = None
    asked: list[str] = field(default_factory=list)

    def zones(self) -> tuple[Choice, ...]:
        return self._answer("zones")

    def projects(self) -> tuple[Choice, ...]:
        return self._answer("projects")

    def environments(self, project: str) -> tuple[Choice, ...]:
        return self._answer(project)

    def site(self, name: str, project: str, environment: str) -> Site:
        raise NotImplementedError

    def _answer(self, what: str) -> tuple[Choice, ...]:
        self.asked.append(what)
        if self.failing:
            raise self.failing
        return self.found


@dataclass
class Desk:
    vendors: Vendors
    pool: Later
    clock: TickingClock
    choices: Choices


@pytest.fixture
def desk() -> Desk:
    vendors, pool, clock = Vendors(), Later(), TickingClock(NOON)
    return Desk(vendors, pool, clock, Choices(vendors, pool, clock))


def test_a_list_that_is_not_there_yet_says_so_and_is_asked_for_once(desk: Desk) -> None:
    """Whoever types meanwhile starts no second question, and hears for how long it lasts."""
    assert desk.choices.projects().state == "asking"
    desk.clock.now += timedelta(seconds=7)
    assert "was asked 7 s ago" in desk.choices.projects().words
    desk.pool.work()
    assert [one.value for one in desk.choices.projects().options] == ["abc"]
    assert desk.vendors.asked == ["projects"]


def test_an_answer_is_good_for_a_minute_and_then_asked_anew_behind_the_old_one(desk: Desk) -> None:
    """The old list stands while the new one is on its way."""
    desk.choices.projects()
    desk.pool.work()
    desk.clock.now += timedelta(seconds=59)
    assert desk.choices.projects().state == "known"
    desk.clock.now += timedelta(seconds=2)
    desk.vendors.found = (Choice("new", "Another"),)
    old = desk.choices.projects()
    assert (old.state, [one.value for one in old.options]) == ("asking", ["abc"])
    desk.pool.work()
    assert [one.value for one in desk.choices.projects().options] == ["new"]


def test_a_vendor_that_is_down_is_told_and_asked_again_in_seconds(desk: Desk) -> None:
    """What was known before is offered beside the trouble."""
    desk.choices.zones()
    desk.pool.work()
    desk.clock.now += timedelta(minutes=2)
    desk.vendors.failing = Unreachable("It did not answer.", service="Cloudflare", doing="list")
    desk.choices.zones()
    desk.pool.work()
    found = desk.choices.zones()
    assert (found.state, [one.value for one in found.options]) == ("trouble", ["abc"])
    assert found.words == "Cloudflare could not be asked: It did not answer."
    desk.vendors.failing = None
    desk.clock.now += timedelta(seconds=6)
    desk.choices.zones()
    desk.pool.work()
    assert desk.choices.zones().state == "known"


def test_each_project_has_its_own_environments(desk: Desk) -> None:
    """And waiting for them ends in time when they do not come."""
    assert desk.choices.settled(lambda: desk.choices.environments("a"), 0.01).state == "asking"
    desk.choices.environments("b")
    desk.pool.work()
    assert desk.vendors.asked == ["a", "b"]
    assert desk.choices.settled(lambda: desk.choices.environments("a"), 5).state == "known"
