"""What the project is doing and did: activities with their states, logs and queues.

One runs at a time in each environment, in the order in which they were asked for.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sandbox.platformsh.state import Clock, new_id

Kind = Literal["failure", "slow"]
Ending = Literal["complete", "staged"]
_KEPT_FOR = timedelta(days=30)


class WorkFailedError(Exception):
    """The build or the deployment ended badly; the text goes to the log of the activity."""


class _StoppedError(Exception):
    """The stand-in is closing."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the next activity whose type contains `type` runs into."""

    kind: Kind
    type: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Activity:
    """One thing that was asked for. Its fields change while it runs."""

    id: str
    type: str
    environment: str
    parameters: Mapping[str, str]
    text: str
    created_at: datetime
    state: Literal["pending", "in_progress", "complete", "cancelled", "staged"] = "pending"
    result: Literal["success", "failure"] | None = None
    percent: int = 0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    log: list[tuple[datetime, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def is_over(self) -> bool:
        return self.state not in ("pending", "in_progress")

    @property
    def expires_at(self) -> datetime:
        return self.created_at + _KEPT_FOR


class Progress:
    """What the work of an activity may do while it runs."""

    def __init__(self, activity: Activity, trouble: Trouble | None, ways: "Activities") -> None:
        self.activity = activity
        self._trouble = trouble
        self._ways = ways

    def say(self, message: str) -> None:
        self.activity.log.append((self._ways.now(), message))

    def spend(self, seconds: float, *, percent: int) -> None:
        """Take time, then be so far."""
        self._ways.wait(seconds)
        self.activity.percent = max(self.activity.percent, percent)

    def meet_trouble(self, what: str) -> None:
        """The place where a queued trouble has its effect. Raises WorkFailedError."""
        if self._trouble is None:
            return
        if self._trouble.kind == "failure":
            raise WorkFailedError(what)
        self._ways.wait(self._trouble.seconds)


Work = Callable[[Progress], Ending]


class Activities:
    """All activities of the project, newest first when listed."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self._lock = threading.RLock()
        self._all: list[Activity] = []
        self._troubles: list[Trouble] = []
        self._queues: dict[str, queue.Queue[tuple[Activity, Work] | None]] = {}
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    def add_trouble(self, trouble: Trouble) -> None:
        with self._lock:
            self._troubles.append(trouble)

    def start(
        self, type_: str, environment: str, work: Work, *, text: str,
        parameters: Mapping[str, str] | None = None,
    ) -> Activity:  # fmt: skip
        """Queue the work behind what the environment already does."""
        with self._lock:
            activity = Activity(
                new_id(), type_, environment, parameters or {}, text, self._strictly_later()
            )
            self._all.append(activity)
            self._queue_of(environment).put((activity, work))
            return activity

    def record(self, type_: str, environment: str, text: str) -> Activity:
        """An activity that takes no time and changes nothing that is served."""
        with self._lock:
            now = self._strictly_later()
            activity = Activity(
                new_id(), type_, environment, {}, text, now, "complete", "success", 100, now, now
            )
            activity.over.set()
            self._all.append(activity)
            return activity

    def listed(self, environment: str | None = None) -> tuple[Activity, ...]:
        with self._lock:
            return tuple(a for a in reversed(self._all) if environment in (None, a.environment))

    def get(self, activity: str) -> Activity | None:
        with self._lock:
            return next((a for a in self._all if a.id == activity), None)

    def running(self, environment: str) -> bool:
        return any(not a.is_over for a in self.listed(environment))

    def cancel(self, activity: Activity) -> bool:
        """Only what has not begun can be cancelled here."""
        with self._lock:
            if activity.state != "pending":
                return False
            activity.state, activity.cancelled_at = "cancelled", self.now()
            activity.over.set()
            return True

    def release(self, activity: Activity) -> None:
        """What was staged has been deployed."""
        with self._lock:
            activity.state, activity.completed_at = "complete", self.now()

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is pending or in progress; False when the time is up first."""
        return all(a.over.wait(timeout) for a in self.listed())

    def wait(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise _StoppedError

    def close(self) -> None:
        self._closing.set()
        for waiting in self._queues.values():
            waiting.put(None)
        for thread in self._threads:
            thread.join(timeout=5)

    def _strictly_later(self) -> datetime:
        now = self.now()
        if self._all and now <= self._all[-1].created_at:
            return self._all[-1].created_at + timedelta(microseconds=1)
        return now

    def _queue_of(self, environment: str) -> "queue.Queue[tuple[Activity, Work] | None]":
        if environment not in self._queues:
            waiting: queue.Queue[tuple[Activity, Work] | None] = queue.Queue()
            self._queues[environment] = waiting
            thread = threading.Thread(
                target=self._serve, args=(waiting,), daemon=True, name=f"platformsh-{environment}"
            )
            self._threads.append(thread)
            thread.start()
        return self._queues[environment]

    def _serve(self, waiting: "queue.Queue[tuple[Activity, Work] | None]") -> None:
        while (item := waiting.get()) is not None and not self._closing.is_set():
            activity, work = item
            with self._lock:
                if activity.state != "pending":
                    continue
                trouble = self._take_trouble(activity.type)
                activity.state, activity.started_at = "in_progress", self.now()
            try:
                self._run(activity, Progress(activity, trouble, self), work)
            except _StoppedError:
                return

    def _run(self, activity: Activity, progress: Progress, work: Work) -> None:
        try:
            ending, result = work(progress), "success"
        except WorkFailedError as error:
            progress.say(str(error))
            ending, result = "complete", "failure"
        with self._lock:
            activity.state = ending
            activity.result = "success" if result == "success" else "failure"
            activity.percent, activity.completed_at = 100, self.now()
            activity.over.set()

    def _take_trouble(self, type_: str) -> Trouble | None:
        for at, trouble in enumerate(self._troubles):
            if trouble.type in type_:
                return self._troubles.pop(at)
        return None
