"""Rounds through all cases of a kind: what was not right, as sentences."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.contract.lab.ask import ask, wrong
from tests.contract.lab.case import Case, Kind
from tests.contract.lab.others import answers_the_right_one
from tests.contract.lab.process import Running, running

_AT_ONCE = 8


T = TypeVar("T")


def of_each(kind: Kind, act: Callable[[Running, Case], T]) -> list[tuple[Case, T]]:
    """Start the servers of a kind and do the same with each case, some at once."""
    with running(kind) as up, ThreadPoolExecutor(_AT_ONCE) as pool:
        done = pool.map(lambda case: act(up, case), kind.cases)
        return list(zip(kind.cases, done, strict=True))


def faults(kind: Kind, times: int = 1) -> list[str]:
    """Ask each case so many times in a row; empty when all was right."""
    each = of_each(kind, lambda up, case: list(_case(up, case, times)))
    return [f"{case.label}: {fault}" for case, found in each for fault in found]


def _case(up: Running, case: Case, times: int) -> Iterator[str]:
    if case.works and (said := answers_the_right_one(up, case)):
        yield f"the right certificate gets no answer: {said}"
    for _ in range(times):
        yield from wrong(case, ask(up, case))
