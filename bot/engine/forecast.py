"""The dry run: what each step would do now. Nothing is claimed, nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.engine.ports import Steps
from steps.errors import RolloutError
from steps.step import Past, Plan, Receipt, Site


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """One step of the forecast: a plan, or why it would be skipped, or what stands in its way."""

    step: str
    title: str
    plan: Plan | None = None
    skipped: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    """What a look has found already."""
    problem: str = ""
    code: str = ""
    """The problem's code."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would show, in its order. Only the plan on a card binds."""

    site: Site
    lines: tuple[ForecastLine, ...]


def forecast(site: Site, steps: Steps, keys: tuple[str, ...]) -> Forecast:
    """Observe and plan every step of `keys` against the site as it is now. Only reads."""
    receipts: dict[str, Receipt] = {}
    return Forecast(site, tuple(_line(site, steps, key, receipts) for key in keys))


def _line(site: Site, steps: Steps, key: str, receipts: Mapping[str, Receipt]) -> ForecastLine:
    step = steps[key]
    past = Past(receipts=receipts)
    try:
        facts = step.observe(site)
        plan = step.plan(site, facts, past)
        if step.kind == "look":
            return ForecastLine(key, step.title, evidence=plan.notes)
        if plan.nothing_to_do:
            return ForecastLine(key, step.title, skipped=step.satisfied(site, facts, past))
    except RolloutError as error:
        problem = f"{error.for_people} {error.hint}".strip()
        return ForecastLine(key, step.title, problem=problem, code=error.code)
    return ForecastLine(key, step.title, plan=plan)
