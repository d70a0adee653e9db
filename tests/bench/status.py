"""`/mtls status` with a hundred finished runs in the store, and with a hundred thousand."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.engine import events as e
from bot.engine.approvals import Rules
from bot.engine.engine import Engine
from bot.engine.policy import Policy
from bot.slack.status import MOST, overview_card, site_card
from bot.slack.words import Frame
from bot.store import chain, lists
from bot.store.sqlite import SqliteStore
from bot.wiring import itinerary
from steps.step import Site, Verdict
from tests.bench.measure import Measured, median

FEW, MANY, SITES = 100, 100_000, 50
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_TIMES = 200


def statuses() -> Iterator[Measured]:
    """The overview, one site and a name that nobody has; the log is the bot's own, on disk."""
    few, many = _timed(FEW), _timed(MANY)
    for name in few:
        yield Measured(
            f"{name}: {MANY} runs, against {FEW}", many[name] * 1000, "ms", few[name] * 1000, 1.5
        )


def _timed(runs: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory) / "log.sqlite3")
        _fill(store, runs)
        engine = Engine(store, lambda: _FIRST, itinerary(), lambda: "R0", rules=Rules(Policy()))
        frame = Frame({}, Policy(), _FIRST, engine.itinerary.laws)

        def overview() -> object:
            views = [engine.view(entry.run) for entry in store.runs(open_only=True)[: MOST + 1]]
            return overview_card(frame, views, store.sites(MOST + 1))

        def one() -> object:
            site = store.site("h7.example.com")
            assert site is not None
            return site_card(frame, site, engine.view(site.run))

        found = {
            "status": median(overview, _TIMES), "status of a site": median(one, _TIMES),
            "list closed": median(lambda: store.newest(MOST, outcome="closed"), _TIMES),
        }  # fmt: skip
        store.close()
        return found


def _fill(store: SqliteStore, runs: int) -> None:
    """Finished runs on fifty sites, each site protected, and one open run; in one transaction.

    Each append by itself is made durable: a hundred thousand of them would take minutes.
    """
    database = store._database()
    database.execute("begin immediate")
    for number in range(runs):
        at = _FIRST + timedelta(minutes=number)
        lines = chain.chained(f"R{number}", _life(number % SITES, at), behind=())
        for line in lines:
            database.execute(
                "insert into events values (?, ?, ?, ?, ?, ?, ?)",
                [line.stream, line.seq, line.at, line.by, line.type, line.body, line.digest],
            )
        lists.follow(database, f"R{number}", _life(number % SITES, at))
    database.execute("commit")
    store.append("R-open", _life(1, _FIRST)[:1], after=0)


def _life(place: int, at: datetime) -> list[e.Event]:
    name = f"h{place}.example.com"
    site = Site(name, f"zone{place}.example.com", "z" * 32, f"p{place}", "main")
    closed = Verdict("proven", ("Closed.",))
    return [
        e.RunOpened(at=at, by="U1", site=site, channel="C1", tasks=("preflight", "origin-probe")),
        e.StepStarted(at=at, step="client-authentication", fingerprint="f"),
        e.StepFinished(at=at, step="origin-probe", verdict=closed),
        e.RunClosed(at=at, outcome="closed"),
    ]
