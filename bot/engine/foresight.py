"""The later steps of a run that would change something without any risk, planned ahead. Reads only.

A yes to such a plan is bound to its fingerprint: when the step's turn comes and the plan is
another, it is shown on a card of its own.
"""

from bot.engine.approval_events import Foreseen
from bot.engine.ports import Steps
from bot.engine.state import RunState, Task
from steps.errors import RolloutError
from steps.step import Site


def may_lead(task: Task) -> bool:
    """Whether a card may offer the later steps too: what can cause an outage stands alone."""
    risky = task.plan is None or task.plan.risk == "outage-if-wrong" or bool(task.plan.accepting)
    return task.status == "shown" and not risky and not task.foreseen


def foresee(state: RunState, task: Task, steps: Steps) -> tuple[Foreseen, ...]:
    """The plans of the steps after `task` that have no risk and ask nobody to accept anything.

    A step that cannot be planned yet, or could not be asked about, is left for its own turn.
    """
    assert state.site is not None
    later = state.tasks[state.tasks.index(task) + 1 :]
    found = (_ahead(state, state.site, one, steps) for one in later if one.status == "next")
    return tuple(one for one in found if one is not None)


def _ahead(state: RunState, site: Site, task: Task, steps: Steps) -> Foreseen | None:
    step = steps.get(task.key)
    if step is None or step.kind == "look" or task.approvals:
        return None
    try:
        plan = step.plan(site, step.observe(site), state.past)
    except RolloutError:
        return None
    if plan.nothing_to_do or plan.risk != "none" or plan.accepting:
        return None
    return Foreseen(task.key, plan, plan.fingerprint)
