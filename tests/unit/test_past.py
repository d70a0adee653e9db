"""What a step is told of the run that it is carried out for."""

from bot.engine import events as e
from bot.engine.fold import fold
from steps.step import Change, Plan
from tests.toys import NOON, SITE

PLAN = Plan(step="lamp", site=SITE, changes=(Change("update", "lamp", "off", "on"),))


def test_a_step_knows_its_run_and_who_said_yes() -> None:
    """For what is written down elsewhere: a commit, a branch, a request."""
    opened = e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp", "bell"))
    shown = e.PlanShown(at=NOON, step="lamp", plan=PLAN, fingerprint=PLAN.fingerprint)
    approved = e.PlanApproved(at=NOON, by="U2", step="lamp", fingerprint=PLAN.fingerprint)
    past = fold("R1", [opened, shown, approved]).past
    assert (past.run, past.approved_by) == ("R1", "U2")


def test_nobody_said_yes_yet() -> None:
    """The control: before a yes there is none, and the next step has its own."""
    opened = e.RunOpened(at=NOON, by="U1", site=SITE, channel="C1", tasks=("lamp",))
    past = fold("R1", [opened]).past
    assert (past.run, past.approved_by) == ("R1", "")
