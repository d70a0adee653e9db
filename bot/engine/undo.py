"""How far an undo goes: which ways back, in their one order, and what it takes along. Pure."""

from dataclasses import dataclass

from bot.engine.itinerary import Itinerary, Laws
from bot.engine.state import FINISHED, RunState, Task
from steps.errors import AlreadyDecided, NothingToUndo, Rejected

WHOLE, LAST = "run", "last"
"""The scopes of an undo; anything else is the key of the step to go back to."""


@dataclass(frozen=True, slots=True)
class Way:
    """A planned undo. Every way back in it is shown and approved by itself all the same."""

    tasks: tuple[str, ...]
    """The ways back, in the one order that refuses nobody."""
    reach: tuple[str, ...]
    """The steps that are taken back, in the run's order."""
    along: tuple[tuple[str, str], ...] = ()
    """What has to go back as well: that step, and the asked-for one that forces it."""
    for_good: tuple[str, ...] = ()
    """What nobody can undo afterwards, a sentence each."""


def standing(state: RunState, laws: Laws) -> tuple[str, ...]:
    """The steps of this run that changed something and are not taken back, in its order."""
    back_of = laws.back_of
    return tuple(
        task.key for task in state.tasks
        if task.key in back_of and touched(task)
        and not _taken_back(state, back_of[task.key]) and not _over(state, task.key, laws)
    )  # fmt: skip


def _over(state: RunState, key: str, laws: Laws) -> bool:
    """Whether a later step of the run itself has ended what this one did."""
    ending = state.task(laws.ended_by.get(key, ""))
    return ending is not None and ending.status == "done"


def touched(task: Task) -> bool:
    """Whether it may have written: begun with something to change, or something on record."""
    return task.begun or bool(task.notes) or bool(task.receipt)


def _taken_back(state: RunState, ways: tuple[str, ...]) -> bool:
    found = [state.task(way) for way in ways]
    return all(t is not None and t.status in FINISHED and not (t.skipped_by or t.left)
               for t in found)  # fmt: skip


def way_of(state: RunState, scope: str, itinerary: Itinerary) -> Way:
    """The undo of `scope`. Raises Rejected, in words, when there is none."""
    _may_turn(state)
    there = standing(state, itinerary.laws)
    if scope == WHOLE:
        return _whole(state, there, itinerary)
    if not there:
        raise NothingToUndo("Nothing that this run did still stands, so there is nothing to undo.")
    return _extended(_asked(state, scope, there), there, itinerary)


def _may_turn(state: RunState) -> None:
    if state.direction == "back" and not state.outcome:
        raise AlreadyDecided(f"<@{state.undo_by}> has already turned this run round.")
    if state.outcome == "undone":
        raise NothingToUndo("This run has been taken back already.")


def _whole(state: RunState, there: tuple[str, ...], itinerary: Itinerary) -> Way:
    """Every way back there is; what needs none is found right and skipped when its turn comes."""
    if not state.changed:
        raise NothingToUndo(
            "This run has changed nothing, so there is nothing to undo.",
            hint="Where an earlier run has, name that one by its id: /mtls list shows them.",
        )
    back = itinerary.back
    if not (state.site and state.site.access_environments):
        back = tuple(key for key in back if key != "undo-http-access")
    issued = tuple(
        k for k in back if k in itinerary.laws.for_good and _concerns(k, there, itinerary)
    )
    return Way(back, there, for_good=tuple(itinerary.laws.for_good[k] for k in issued))


def _concerns(way: str, there: tuple[str, ...], itinerary: Itinerary) -> bool:
    return any(way in itinerary.laws.back_of[key] for key in there)


def _asked(state: RunState, scope: str, there: tuple[str, ...]) -> tuple[str, ...]:
    if scope == LAST:
        return there[-1:]
    order = [task.key for task in state.tasks]
    if scope not in order:
        raise Rejected(f"This run has no step {scope}.")
    found = tuple(key for key in there if order.index(key) > order.index(scope))
    if not found:
        raise NothingToUndo("After that step nothing was changed that could be undone.")
    return found


def _extended(asked: tuple[str, ...], there: tuple[str, ...], itinerary: Itinerary) -> Way:
    """The least set of ways back that holds the laws: what a way back needs goes before it."""
    laws = itinerary.laws
    reach, along = list(asked), dict[str, str]()
    ways = _ways(reach, itinerary)
    while more := [(key, by) for key in there if key not in reach
                   and (by := _forcing(key, reach, ways, itinerary))]:  # fmt: skip
        along.update(more)
        reach += [key for key, _ in more]
        ways = _ways(reach, itinerary)
    tasks = tuple(key for key in itinerary.back if key in ways)
    return Way(
        tasks, tuple(key for key in there if key in reach), tuple(along.items()),
        tuple(laws.for_good[key] for key in tasks if key in laws.for_good),
    )  # fmt: skip


def _ways(reach: list[str], itinerary: Itinerary) -> set[str]:
    """The ways back of these steps, with all that have to come before or after them."""
    laws = itinerary.laws
    found: set[str] = set()
    left = [way for key in reach for way in laws.back_of[key]]
    while left:
        way = left.pop()
        if way not in found:
            found.add(way)
            left += (*laws.needs.get(way, ()), *laws.follows.get(way, ()))
    return found


def _forcing(key: str, reach: list[str], ways: set[str], itinerary: Itinerary) -> str:
    """The step of `reach` that cannot go back without `key`; empty when none is bound to it."""
    if not ways.intersection(itinerary.laws.back_of[key]):
        return ""
    return next(
        (one for one in reach
         if _ways([one], itinerary).intersection(itinerary.laws.back_of[key])), "",
    )  # fmt: skip
