"""`make sandbox AUTO=1`: a whole run through the same Slack payloads, told as readable text."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.people_acting import Conversation, readable, reviewed
from sandbox.world import Scenario, World

CLOSED = "The origin is closed."
UNDONE = "Everything is as it was before."
ENDS = (CLOSED, UNDONE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the closing line says; measured by the sandbox, not by the bot."""

    sent: int
    failed: int
    access: tuple[str, ...]
    writes: dict[str, int]
    problems: tuple[str, ...]

    @property
    def line(self) -> str:
        w = self.writes
        result = "failed" if self.problems else "ok"
        return (
            f"visitors {self.sent} sent {self.failed} failed; direct access"
            f" {' -> '.join(self.access)}; writes cloudflare {w['cloudflare']} platformsh"
            f" {w['platformsh']} git {w['git']}; result {result}"
        )


def drive(scenario: Scenario, *, order: Literal["no-downtime", "published"], undo: bool) -> int:
    """Exit code 0 only if the origin ended as it should and every law held."""
    world = World(scenario)
    try:
        with reviewed(world.host.hosted if world.host else None, seconds=1.0):
            outcome = run(world, order=order, undo=undo, tell=_print)
    finally:
        world.close()
    for problem in outcome.problems:
        _print(f"PROBLEM: {problem}")
    _print(outcome.line)
    return 1 if outcome.problems else 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(
    world: World,
    *,
    order: Literal["no-downtime", "published"],
    undo: bool,
    tell: Callable[[str], None],
) -> Outcome:
    """One run, and with `undo` its way back, with visitors all the time."""
    world.bot.start()
    world.slack.wait_connected(30)
    world.visitors.start()
    access = [world.direct.measure()]
    problems: list[str] = []
    talk = Conversation(world.slack, tell)
    try:
        talk.start(order=order)
        tell(readable(talk.approve_until((CLOSED,))))
        access.append(world.direct.measure())
        if undo:
            talk.undo()
            tell(readable(talk.approve_until((UNDONE,))))
            access.append(world.direct.measure())
    except (RuntimeError, TimeoutError) as error:
        problems.append(str(error) or "nothing happened in time")
        access.append(world.direct.measure())
    threading.Event().wait(world.scenario.timings.edge_delay)
    world.visitors.stop()
    summary = world.visitors.summary()
    problems += _laws(world, order=order, undo=undo, access=access, failed=summary.failed)
    return Outcome(summary.sent, summary.failed, tuple(access), world.writes(), tuple(problems))


def _laws(world: World, *, order: str, undo: bool, access: Sequence[str], failed: int) -> list[str]:
    found = []
    wanted = ["open", "closed", "open"] if undo else ["open", "closed"]
    if list(access) != wanted:
        found.append(f"direct access went {' -> '.join(access)}, not {' -> '.join(wanted)}")
    if order == "no-downtime" and failed:
        first = world.visitors.summary().failures[:3]
        found.append(f"{failed} visitors were refused: {first}")
    if order == "published" and not failed and not undo:
        found.append("nobody was refused in the published order: the measure does not work")
    found += [f"a secret stands in {where}" for where in leaks(world)]
    return found


def leaks(world: World) -> list[str]:
    """Where a token or a private key shows that should not: log, store, and messages."""
    secrets = {
        world.slack.bot_token, world.slack.app_token, world.cloudflare.token,
        world.platformsh.api_token, "PRIVATE KEY-----", "only-in-the-sandbox",
        *({world.host.token} if world.host else ()),
    }  # fmt: skip
    places = {
        "the bot's log": world.bot.log().encode(),
        "the requests to Slack": b"".join(r.body for r in world.journal.all("slack")),
    }
    for path in world.directory.glob("log.sqlite3*"):
        places[path.name] = path.read_bytes()
    return [where for where, text in places.items() if any(s.encode() in text for s in secrets)]
