"""One world with the bot's steps in this process: what they read and write is asked of it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bot.settings import Settings
from bot.wiring import parts
from sandbox.world import World
from steps.step import Done, Noted, Past, Plan, Site, Step, Waiting
from tests.contract.preflight_world import Change


class Desk:
    """One world, and the preflight of the bot that its settings make."""

    def __init__(self, world: World) -> None:
        self.world = world
        made = parts(Settings.from_env(world.environment()))
        self.reading, self.steps = made.reading, made.steps
        self.step: Step[Any] = made.steps["preflight"]
        there = world.cloudflare.zone
        self.site = Site("www.example.com", there.name, there.id, world.platformsh.project.id,
                         "main")  # fmt: skip

    def plan(self, site: Site | None = None) -> Plan:
        site = site or self.site
        return self.step.plan(site, self.step.observe(site), Past())

    def hang_up(self) -> None:
        """Let go of the clients' connections."""
        vendor, certify = self.reading.platformsh.service, self.reading.repository.certify
        vendor.http.auth.close()  # type: ignore[union-attr]  # our ApiToken
        certify.__self__.service.close()  # type: ignore[attr-defined]  # the Certifier's method
        for service in (vendor, self.reading.cloudflare.service):
            service.close()

    @contextmanager
    def while_(self, change: Change) -> Iterator[None]:
        """The change is there for the block, and nobody writes to a vendor meanwhile."""
        writes = self.world.writes()
        changed = change(self.world)
        changed.__enter__()
        try:
            yield
            assert self.world.writes() == writes
        finally:
            changed.__exit__(None, None, None)  # put right whatever became of the test

    def carried_out(self, step: Step[Any], plan: Plan, past: Past) -> Mapping[str, str]:
        """The plan carried out as the engine does, and what is on record then."""
        notes: dict[str, str] = {}
        waiting: Waiting | None = None
        for _ in range(400):
            now = datetime.now(UTC)
            if waiting is None:
                outcome = step.apply(plan, notes, past=past, now=now)
            else:
                time.sleep(0.02)
                outcome = step.poll(plan, waiting, past=past, now=now)
            match outcome:
                case Done():
                    return {**notes, **outcome.receipt}
                case Noted():
                    notes, waiting = {**notes, **outcome.notes}, None
                case Waiting():
                    waiting = outcome
        raise AssertionError(f"{plan.step} does not come to an end")
