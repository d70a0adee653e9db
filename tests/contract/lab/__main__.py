"""`make probe-lab`: every case, so many times in a row; exits 1 when one was not right.

Arguments: how many times, and names of kinds when not all are meant.
"""

import sys

from tests.contract.lab.case import Kind
from tests.contract.lab.kinds import KINDS
from tests.contract.lab.process import NotUpError, missing
from tests.contract.lab.rounds import faults

_TIMES = "\N{MULTIPLICATION SIGN}"


def main(times: int, *names: str) -> int:
    """Print what was not right; the exit code."""
    kinds = [kind for kind in KINDS if not names or kind.name in names]
    if not kinds:
        _say(f"no such kind; there are {', '.join(kind.name for kind in KINDS)}")
        return 1
    cases = sum(len(kind.cases) for kind in kinds)
    found = [fault for kind in kinds for fault in _told(kind, times)]
    verdict = "all right" if not found else f"NOT right, {len(found)} times"
    _say(f"{cases} cases {_TIMES} {times}: {verdict}")
    return int(bool(found))


def _told(kind: Kind, times: int) -> list[str]:
    found = _found(kind, times)
    state = "right" if not found else f"NOT right, {len(found)} times"
    _say(f"{kind.name}: {len(kind.cases)} cases {_TIMES} {times}: {state}")
    for fault in dict.fromkeys(found):
        _say(f"  {found.count(fault)} {_TIMES} {fault}")
    return found


def _found(kind: Kind, times: int) -> list[str]:
    if absent := missing(kind):
        return [f"not on this machine: {', '.join(absent)}"]
    try:
        return faults(kind, times)
    except NotUpError as down:
        return [f"it did not come up: {down}"]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
