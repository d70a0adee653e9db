"""The site's visitors: a steady load through the edge, judged by what the site was at first."""

import hashlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.cloudflare.cache import cacheable
from sandbox.direct_access import Access, DirectAccess
from sandbox.exchange import DIED, Answer, Line, client_context, connect, secured

__all__ = [
    "Access", "Baseline", "DirectAccess", "Failure", "Page", "Summary", "Visitors",
]  # fmt: skip
PATIENCE = 10.0
"""Seconds after which a visitor has gone."""
_WORKERS = 16


@dataclass(frozen=True, slots=True)
class Page:
    """One URL of the site, over https."""

    host: str
    path: str

    def __str__(self) -> str:
        return f"https://{self.host}{self.path}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that a visitor would complain of; `at` in seconds of the visitors' clock."""

    at: float
    page: Page
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened to all requests between start and stop."""

    seconds: float
    sent: int
    from_cache: int
    failures: tuple[Failure, ...]
    by_second: tuple[tuple[int, int, int], ...]
    """Second since the start, sent, failed."""

    @property
    def failed(self) -> int:
        return len(self.failures)

    @property
    def rate(self) -> float:
        """Requests a second that no cache answered."""
        return (self.sent - self.from_cache) / self.seconds if self.seconds else 0.0

    @property
    def outage_seconds(self) -> int:
        """Seconds in which at least one visitor failed."""
        return sum(1 for _, _, failed in self.by_second if failed)

    @property
    def reasons(self) -> dict[str, int]:
        return dict(Counter(failure.reason for failure in self.failures))


class Baseline:
    """What each page was when the load began. A page that was none becomes one by its first 200."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: dict[Page, str] = {}
        self._others: dict[Page, set[tuple[int, str]]] = {}
        """Status and where it leads to, of answers that are no pages."""

    def learn(self, page: Page, answer: Answer) -> None:
        with self._lock:
            others = self._others.setdefault(page, set())
            if answer.status == 200:
                self._bodies[page] = _digest(answer.body)
            else:
                others.add(_leads(answer))

    def judge(self, page: Page, answer: Answer) -> str:
        """Why this answer is a failure; "" when it is none."""
        if answer.status >= 500:
            return f"status {answer.status}"
        with self._lock:
            if answer.status == 200:
                known = self._bodies.setdefault(page, _digest(answer.body))
                return "" if known == _digest(answer.body) else "wrong body"
            others, here = self._others[page], _leads(answer)
            if here not in others and (answer.status, str(page)) in others:
                others.add(here)  # it led to itself at first: this is the mended site
            if here in others:
                return ""
            known_status = any(status == answer.status for status, _ in others)
            return "leads elsewhere" if known_status else f"status {answer.status}"


def _leads(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.header("location")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Visitors:
    """`rate` requests a second for pages that no cache may hold, and as many for the others.

    So at least `rate` a second reach the origins whatever the cache does. Every other request
    comes on a fresh connection, the rest on kept ones; each edge address gets its share. `hosts`:
    each host and its paths, at least one of which no cache may hold.
    """

    def __init__(
        self, *, addresses: Sequence[str], https_port: int, hosts: Mapping[str, Sequence[str]],
        roots_pem: str, rate: float = 25.0, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._addresses = tuple(addresses)
        self._port = https_port
        self._clock = clock
        self._turns = _interleaved([Page(host, path) for host in hosts for path in hosts[host]])
        self._pause = 1 / (rate * 2)
        self._context = client_context([roots_pem])
        self._baseline = Baseline()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._next = 0
        self._due = self._started = self._ended = 0.0
        self._sent: Counter[int] = Counter()
        self._cached = 0
        self._failures: list[Failure] = []
        self._workers: list[threading.Thread] = []

    def start(self) -> None:
        """Learn the baseline by one visit to each page, then go on until `stop`."""
        for page in dict.fromkeys(self._turns):
            line = self._opened(page, self._addresses[0])
            try:
                self._baseline.learn(page, _asked(line, page))
            finally:
                line.close()
        self._started = self._due = self._clock()
        for _ in range(_WORKERS):
            worker = threading.Thread(target=self._work, name="visitor", daemon=True)
            self._workers.append(worker)
            worker.start()

    def stop(self) -> Summary:
        """Let the requests under way end, and sum up. Once is enough, twice does no harm."""
        self._stopping.set()
        for worker in self._workers:
            worker.join(timeout=2 * PATIENCE)
        self._ended = self._ended or self._clock()
        return self.summary()

    def summary(self) -> Summary:
        """All until now."""
        with self._lock:
            failed = Counter(int(f.at - self._started) for f in self._failures)
            return Summary(
                seconds=(self._ended or self._clock()) - self._started if self._workers else 0.0,
                sent=self._sent.total(),
                from_cache=self._cached,
                failures=tuple(self._failures),
                by_second=tuple((s, n, failed[s]) for s, n in sorted(self._sent.items())),
            )

    def _work(self) -> None:
        kept: dict[tuple[str, str], Line] = {}
        try:
            while (turn := self._turn()) is not None:
                self._visit(turn, kept)
        finally:
            for line in kept.values():
                line.close()

    def _turn(self) -> int | None:
        """Wait for the next request's time; None at the end."""
        with self._lock:
            now = self._clock()
            self._due = max(self._due + self._pause, now - 1)  # lost time is not made up for
            wait, turn = self._due - now, self._next
            self._next += 1
        return None if self._stopping.wait(max(0, wait)) else turn

    def _visit(self, turn: int, kept: dict[tuple[str, str], Line]) -> None:
        page = self._turns[turn % len(self._turns)]
        lap = turn // len(self._turns) + turn
        address = self._addresses[lap % len(self._addresses)]
        fresh = lap // len(self._addresses) % 2 == 0
        began = self._clock()
        line = None if fresh else kept.pop((address, page.host), None)
        try:
            line = line or self._opened(page, address)
            answer = _asked(line, page)
        except DIED as error:
            self._note(page, began, None, f"{type(error).__name__}: {error}")
            return
        if fresh or not line.usable:
            line.close()
        else:
            kept[address, page.host] = line
        slow = self._clock() - began > PATIENCE
        self._note(page, began, answer, "too slow" if slow else self._baseline.judge(page, answer))

    def _note(self, page: Page, began: float, answer: Answer | None, reason: str) -> None:
        with self._lock:
            self._sent[int(began - self._started)] += 1
            if answer is not None and answer.header("cf-cache-status") == "HIT":
                self._cached += 1
            if reason:
                self._failures.append(Failure(began, page, reason))

    def _opened(self, page: Page, address: str) -> Line:
        plain = connect(address, self._port, seconds=PATIENCE)
        return Line(secured(plain, self._context, page.host))


def _asked(line: Line, page: Page) -> Answer:
    headers = (("Host", page.host), ("User-Agent", "visitor"), ("Accept", "*/*"))
    return line.ask("GET", page.path, headers)


def _interleaved(site: Sequence[Page]) -> tuple[Page, ...]:
    """One that no cache may hold, one that a cache may hold, and so on."""
    held = [page for page in site if cacheable("GET", page.path)]
    fresh = [page for page in site if page not in held]
    if not fresh:
        raise ValueError("without a page that no cache holds the origins may see nobody")
    longest = max(len(fresh), len(held))
    pairs = zip(itertools.cycle(fresh), itertools.cycle(held or fresh), range(longest))
    return tuple(page for one, other, _ in pairs for page in (one, other))
