"""Development mode: on while something is to be changed, off again if the run switched it on."""

import pytest

from steps.step import Noted, Past
from steps.zone_settings import SettingFacts
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import Bench, Engine, before, with_receipt


@pytest.mark.parametrize(
    ("value", "missing", "wanted"),
    [
        ("off", ("SSL mode Full",), ["on"]),
        ("on", ("SSL mode Full",), []),
        ("off", (), []),
        ("on", (), []),
    ],
)
def test_on_only_while_a_later_change_is_missing(
    value: str, missing: tuple[str, ...], wanted: list[str]
) -> None:
    """The facts decide; a finished site gets no card."""
    step = Bench().steps()["development-mode"]
    facts = SettingFacts({"development_mode": value}, missing=missing)
    assert wanted == [change.after for change in step.plan(SITE, facts, Past()).changes]


def test_which_later_changes_are_missing_voids_no_approval() -> None:
    """The list shrinks while the run goes on; the yes is for the switch."""
    step = Bench().steps()["development-mode"]
    plans = [
        step.plan(SITE, SettingFacts({"development_mode": "off"}, missing=missing), Past())
        for missing in (("SSL mode Full", "Origin certificate"), ("SSL mode Full",))
    ]
    assert plans[0].fingerprint == plans[1].fingerprint


@pytest.mark.parametrize(
    ("value", "earlier", "wanted"),
    [("on", "off", ["off"]), ("on", "on", []), ("off", "off", []), ("off", "on", [])],
)
@pytest.mark.parametrize("key", ["development-mode-off", "undo-development-mode"])
def test_off_unless_it_was_on_before_the_run(
    key: str, value: str, earlier: str, wanted: list[str]
) -> None:
    """What somebody else had switched on stays on."""
    step = Bench().steps()[key]
    past = Past({"preflight": {"development_mode": earlier}})
    facts = SettingFacts({"development_mode": value})
    assert wanted == [change.after for change in step.plan(SITE, facts, past).changes]


def test_a_page_from_the_cache_is_not_yet_the_proof() -> None:
    """The switch reads on, and a cacheable page is still a HIT: look again."""
    bench, past = before("development-mode")
    ended = Engine(bench, past).run("development-mode")
    after = with_receipt(past, ended)
    assert bench.verify(ended.plan, after).state == "proven"
    bench.world.cache_sticks = True
    assert bench.verify(ended.plan, after).state == "not-yet"


def test_switched_off_by_somebody_else_is_no_proof() -> None:
    """The reading contradicts the plan."""
    bench, past = before("development-mode")
    ended = Engine(bench, past).run("development-mode")
    bench.zone.settings["development_mode"] = "off"
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "failed"


def test_without_anything_cached_it_is_set_and_says_so() -> None:
    """Nothing that the cache answered before: nothing outside can show the difference."""
    bench, past = before("development-mode")
    bench.cached = False
    ended = Engine(bench, past).run("development-mode")
    verdict = bench.verify(ended.plan, with_receipt(past, ended))
    assert verdict.state == "set"
    assert "Nothing was found that the cache answered before" in verdict.evidence[0]


def test_what_the_cache_answers_is_noted_before_the_switch() -> None:
    """Afterwards nobody could tell what was a HIT."""
    bench, past = before("development-mode")
    plan, step = bench.plan("development-mode", past), bench.steps()["development-mode"]
    written = len(bench.world.writes)
    noted = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    assert noted.notes["cached"].splitlines() == [
        "https://example.com/logo.png", "https://img.cdn.example.com/logo.png",
    ]  # fmt: skip
    assert len(bench.world.writes) == written
