"""The audit of a run out of a store: its streams as they are, and whether the chains hold."""

from difflib import get_close_matches

from bot.engine.audit import Audit
from bot.engine.engine import cards_stream, visitors_stream
from bot.engine.ports import EventStore
from bot.store.findings import against, findings
from steps.errors import UnknownRun


def audit(store: EventStore, run: str, *, head: str = "") -> Audit:
    """Everything of one run. Raises UnknownRun; `head` is the digest that was written down."""
    lines = store.lines(run)
    if not lines:
        raise UnknownRun(f"There is no run {run} in this store.{_near(store, run)}")
    beside = {name: store.lines(name) for name in (visitors_stream(run), cards_stream(run))}
    found = list(findings(lines))
    found += [f"{name}: {said}" for name, every in beside.items() for said in findings(every)]
    if head and (said := against(lines, head)):
        found.append(said)
    return Audit(run, lines, tuple(line for every in beside.values() for line in every),
                 tuple(found))  # fmt: skip


def _near(store: EventStore, run: str) -> str:
    known = [entry.run for entry in store.newest(_MOST)]
    close = get_close_matches(run, known, n=1, cutoff=0.5)
    if close:
        return f" Is {close[0]} meant?"
    return f" The newest are {', '.join(known[:5])}." if known else " It has none at all."


_MOST = 200
