"""Trouble on the page's order: each with one sentence on what one should see of it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.bot_process import BotProcess
from sandbox.cloudflare.stand_in import CloudflareStandIn
from sandbox.faults import Faults
from sandbox.platformsh.activities import Trouble as Activity
from sandbox.platformsh.stand_in import PlatformshStandIn

DEAD_SECONDS = 3.0
"""How long the killed bot stays dead, so that it can be seen."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One control: an act that is done once, or a state that lasts until it is ended."""

    key: str
    title: str
    promise: str
    """What one should see, a sentence."""
    act: Callable[[bool], None]
    """Told whether the state is to begin; an act that is done once is always told so."""
    lasts: Callable[[], bool] | None = None
    """Whether the state lasts at the moment; None for an act that is done once."""

    def as_json(self) -> dict[str, Any]:
        lasts = self.lasts() if self.lasts else None
        return {"key": self.key, "title": self.title, "promise": self.promise, "lasts": lasts}


class Troubles:
    """All that can be made to go wrong, in the order of the page."""

    def __init__(
        self, platformsh: PlatformshStandIn, cloudflare: CloudflareStandIn, faults: Faults,
        bot: BotProcess, *, slow_seconds: float,
    ) -> None:  # fmt: skip
        self._platformsh = platformsh
        self._zone = cloudflare.zone
        self._faults = faults
        self._bot = bot
        self._slow = slow_seconds
        self._again: threading.Timer | None = None
        made = (*self._deployments(), *self._behind_the_back(), *self._outages(), self._killing())
        self._all: Mapping[str, Trouble] = {trouble.key: trouble for trouble in made}

    def listed(self) -> list[dict[str, Any]]:
        return [trouble.as_json() for trouble in self._all.values()]

    def press(self, key: str) -> None:
        """Do it, or begin or end it. Raises KeyError for one that there is not."""
        trouble = self._all[key]
        trouble.act(not (trouble.lasts and trouble.lasts()))

    def close(self) -> None:
        """Nobody is started any more."""
        if self._again is not None:
            self._again.cancel()

    def _deployments(self) -> tuple[Trouble, ...]:
        def next_one(trouble: Activity) -> Callable[[bool], None]:
            return lambda _: self._platformsh.trouble(trouble)

        return (
            Trouble(
                "deployment-fails", "Fail the next deployment",
                "The step's card says that it failed; visitors stay served, and Retry goes on.",
                next_one(Activity("failure")),
            ),
            Trouble(
                "deployment-slow", "Slow the next deployment down",
                f"The card says what it waits for, for {self._slow:.0f} seconds more;"
                " nothing else starts meanwhile.",
                next_one(Activity("slow", seconds=self._slow)),
            ),
        )  # fmt: skip

    def _behind_the_back(self) -> tuple[Trouble, ...]:
        def change(_: bool) -> None:
            mode = self._zone.setting("ssl")
            self._zone.set("ssl", "full" if mode == "strict" else "strict")

        return (
            Trouble(
                "zone-changed", "Change the SSL mode behind the bot's back",
                "A yes to a card that shows the old mode is void: a new card says what changed."
                " After a run, its thread tells of it within a minute.",
                change,
            ),
            Trouble(
                "certificate-expired", "Let the origin's certificate run out",
                "With SSL mode Full nobody notices; with Full (strict) visitors get error 526.",
                lambda begin: self._platformsh.expire_certificate(expired=begin),
                lambda: self._platformsh.certificate_expired,
            ),
        )  # fmt: skip

    def _outages(self) -> tuple[Trouble, ...]:
        told = (
            ("slack", "Slack", "Cards come late; no step waits for them, and none is lost."),
            ("cloudflare", "Cloudflare's API",
             "The card says that it does not answer; the bot goes on by itself when it is back."),
            ("platformsh", "Platform.sh's API",
             "The card says that it does not answer; visitors are served all the same."),
        )  # fmt: skip
        return tuple(self._outage(*each) for each in told)

    def _outage(self, service: str, name: str, promise: str) -> Trouble:
        return Trouble(
            f"{service}-down", f"Take {name} down", promise,
            lambda begin: self._faults.outage(service, lasts=begin),
            lambda: service in self._faults.down,
        )  # fmt: skip

    def _killing(self) -> Trouble:
        def kill(_: bool) -> None:
            if not self._bot.running:
                return
            self._bot.kill()
            self._again = threading.Timer(DEAD_SECONDS, self._bot.start)
            self._again.daemon = True
            self._again.start()

        return Trouble(
            "bot-killed", "Kill the bot",
            f"SIGKILL, and a start {DEAD_SECONDS:.0f} seconds later: the run goes on where it was,"
            " and nothing is done twice.",
            kill,
        )  # fmt: skip
