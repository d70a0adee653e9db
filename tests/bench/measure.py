"""One measurement beside its baseline of the same run, as a line for people and for machines."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """`target` is of the ratio; `more_is_better` says which side of it is good."""

    name: str
    value: float
    unit: str
    baseline: float
    target: float
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        return self.value / self.baseline if self.baseline else float("inf")

    @property
    def line(self) -> str:
        good = self.ratio >= self.target if self.more_is_better else self.ratio <= self.target
        sign = ">=" if self.more_is_better else "<="
        return (
            f"{'  ' if good else '! '}{self.name:<44} {self.value:>9.3f} {self.unit:<3}"
            f" baseline {self.baseline:>9.3f}  ratio {self.ratio:>6.2f}  target {sign}"
            f" {self.target:g}"
        )

    @property
    def as_json(self) -> str:
        return json.dumps({**asdict(self), "ratio": round(self.ratio, 4)})


def median(do: Callable[[], object], times: int) -> float:
    """Seconds of the median of so many runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
