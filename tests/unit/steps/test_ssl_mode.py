"""SSL mode: at least Full and pinned, strict at the end, and back as before."""

from copy import deepcopy
from dataclasses import replace

import pytest

from steps.errors import PlanVoid, PreconditionFailed
from steps.origin.look import Look
from steps.origin.vantage import keep
from steps.step import Done, Past, Waiting
from steps.zone_settings import SettingFacts, baselines
from tests.doubles.world import NEIGHBOUR, NOON, SITE
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

CONCERN = f"{NEIGHBOUR} would break: 203.0.113.31 shows no certificate for it."


@pytest.mark.parametrize(
    ("mode", "automatic", "wanted"),
    [
        ("off", "auto", {"ssl_automatic_mode": "custom", "ssl": "full"}),
        ("flexible", "custom", {"ssl": "full"}),
        ("full", "auto", {"ssl_automatic_mode": "custom"}),
        ("full", "custom", {}),
        ("strict", "auto", {"ssl_automatic_mode": "custom"}),
        ("strict", "custom", {}),
        ("origin_pull", "custom", {}),
    ],
)
def test_at_least_full_and_pinned_first(mode: str, automatic: str, wanted: dict[str, str]) -> None:
    """A higher mode is never lowered, and the pin comes before the mode."""
    step = Bench().steps()["ssl-full"]
    facts = SettingFacts({"ssl_automatic_mode": automatic, "ssl": mode})
    plan = step.plan(SITE, facts, Past())
    assert list(wanted.items()) == list(plan.inputs.items())


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [("off", ["strict"]), ("full", ["strict"]), ("strict", []), ("origin_pull", [])],
)
def test_strict_or_what_validates_as_well(mode: str, wanted: list[str]) -> None:
    """SSL-only origin pull is strict already."""
    step = Bench().steps()["ssl-strict"]
    assert wanted == [c.after for c in step.plan(SITE, SettingFacts({"ssl": mode}), Past()).changes]


FULL = SettingFacts({"ssl_automatic_mode": "auto", "ssl": "off"})


@pytest.mark.parametrize(
    "other",
    [
        replace(FULL, values={**FULL.values, "ssl": "flexible"}),
        replace(FULL, values={**FULL.values, "ssl_automatic_mode": "custom"}),
        replace(FULL, locked=frozenset({"ssl_automatic_mode"})),
        replace(FULL, concerns=(CONCERN,)),
    ],
)
def test_other_facts_void_the_approval(other: SettingFacts) -> None:
    """The value from before, the pin and each concern are part of what was approved."""
    step = Bench().steps()["ssl-full"]
    prints = {step.plan(SITE, facts, Past()).fingerprint for facts in (FULL, other)}
    assert len(prints) == 2


def test_a_pin_that_cannot_be_set_is_told_and_not_tried() -> None:
    """Some plans of Cloudflare do not have it."""
    step = Bench().steps()["ssl-full"]
    plan = step.plan(SITE, replace(FULL, locked=frozenset({"ssl_automatic_mode"})), Past())
    assert list(plan.inputs) == ["ssl"]
    assert any("cannot be pinned" in note for note in plan.notes)


@pytest.mark.parametrize("key", ["ssl-full", "ssl-strict"])
def test_an_origin_that_would_break_blocks(key: str) -> None:
    """Problems at our own hosts are no matter of accepting."""
    bench, past = before(key)
    bench.problems = ("203.0.113.11 shows no certificate for www.example.com.",)
    with pytest.raises(PreconditionFailed, match="shows no certificate"):
        bench.plan(key, past)


@pytest.mark.parametrize("key", ["ssl-full", "ssl-strict"])
def test_a_mode_raised_meanwhile_is_not_lowered(key: str) -> None:
    """Between the yes and the write somebody set SSL-only origin pull: it stays."""
    bench, past = before(key)
    plan = bench.plan(key, past)
    bench.zone.settings["ssl"] = "origin_pull"
    step, notes = bench.steps()[key], {"begun": "yes"}
    for _ in plan.inputs:
        step.apply(plan, notes, past=past, now=NOON)
    assert bench.zone.settings["ssl"] == "origin_pull"


@pytest.mark.parametrize("accepted", [True, False])
def test_a_neighbour_whose_breaking_was_accepted_fails_no_proof(*, accepted: bool) -> None:
    """Accepted by name means accepted for every later look; others still count."""
    bench, past = before("ssl-strict")
    bench.concerns = (CONCERN,) if accepted else ()
    ended = Engine(bench, past).run("ssl-strict")
    bench.world.broken_hosts = {NEIGHBOUR}
    after = with_receipt(past, ended)
    assert bench.verify(ended.plan, after).holds is accepted
    bench.world.broken_hosts = {NEIGHBOUR, "www.example.com"}
    assert not bench.verify(ended.plan, after).holds


def test_strict_is_proven_by_certificates_and_not_by_the_setting() -> None:
    """The mode reads strict and visitors are served, and an address shows another certificate."""
    bench, past = before("ssl-strict")
    ended = Engine(bench, past).run("ssl-strict")
    bench.problems = ("203.0.113.12 for www.example.com: certificate has expired",)
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "failed"


def test_full_is_set_and_not_yet_proven() -> None:
    """What Full is worth shows at strict."""
    bench, past = before("ssl-full")
    ended = Engine(bench, past).run("ssl-full")
    verdict = bench.verify(ended.plan, with_receipt(past, ended))
    assert (verdict.state, verdict.proven_by) == ("set", "ssl-strict")


@pytest.mark.parametrize(
    ("mode", "receipt", "wanted"),
    [
        ("strict", {"installed": "custom-1"}, ["full"]),
        ("strict", {"public_key": "ab" * 32}, ["full"]),
        ("strict", {}, []),
        ("full", {"installed": "custom-1"}, []),
    ],
)
def test_held_at_full_while_the_certificate_goes(
    mode: str, receipt: dict[str, str], wanted: list[str]
) -> None:
    """Only where a certificate of this run is about to be taken away."""
    step = Bench().steps()["undo-ssl-hold"]
    past = Past({"origin-certificate": receipt})
    assert wanted == [c.after for c in step.plan(SITE, SettingFacts({"ssl": mode}), past).changes]


@pytest.mark.parametrize("key", ["undo-ssl-mode", "undo-automatic-ssl", "undo-origin-pulls"])
def test_a_setting_that_a_neighbour_needs_stays(key: str) -> None:
    """Another closed site of the zone relies on it; the reason names it."""
    bench, past = before(key)
    past = replace(past, receipts={**past.receipts, "undo-ssl-hold": {}})
    assert bench.plan(key, past).changes
    needed = replace(past, neighbours=("shop.example.com",))
    assert bench.plan(key, needed).nothing_to_do
    step = bench.steps()[key]
    (reason,) = step.satisfied(SITE, step.observe(SITE), needed)
    assert "shop.example.com" in reason


def test_a_mode_below_full_comes_back_with_a_warning() -> None:
    """The redirect loop from before the run comes back with it."""
    bench, past = before("undo-ssl-mode")
    assert any("circle" in note for note in bench.plan("undo-ssl-mode", past).notes)


def test_a_neighbour_does_not_keep_our_visitors_under_strict_while_the_certificate_goes() -> None:
    """Held at Full for the exchange, named on the card, and strict again once it is proven."""
    bench, past = before("undo-ssl-hold")
    needed = replace(past, neighbours=("shop.example.com",))
    held = Engine(bench, needed).run("undo-ssl-hold")
    assert (bench.zone.settings["ssl"], held.receipt["ssl"]) == ("full", "strict")
    assert any("shop.example.com" in note for note in held.plan.notes)
    after = with_receipt(needed, held)
    Engine(bench, after).run("undo-ssl-mode")
    assert bench.zone.settings["ssl"] == "strict"


def test_a_part_of_the_way_back_does_not_leave_a_neighbour_at_full() -> None:
    """Held only where the mode comes back behind it; the last step alone stays for its sake."""
    bench, past = before("undo-ssl-hold")
    part = replace(past, neighbours=("shop.example.com",), way_back=("undo-ssl-hold",))
    assert bench.plan("undo-ssl-hold", part).nothing_to_do
    step = bench.steps()["undo-ssl-hold"]
    assert "shop.example.com" in step.satisfied(SITE, step.observe(SITE), part)[0]
    alone = replace(part, neighbours=())
    assert bench.plan("undo-ssl-hold", alone).changes
    whole = replace(part, way_back=("undo-ssl-hold", "undo-ssl-mode"))
    assert bench.plan("undo-ssl-hold", whole).changes


def test_no_certificate_is_taken_off_under_a_mode_that_validates() -> None:
    """Raised again since the hold, by somebody or by Cloudflare itself: nothing is deleted."""
    bench, past = before("undo-origin-certificate")
    assert bench.plan("undo-origin-certificate", past).changes
    bench.zone.settings["ssl"] = "strict"
    with pytest.raises(PreconditionFailed, match="strict again"):
        bench.plan("undo-origin-certificate", past)


def test_a_retry_does_not_overwrite_what_nobody_was_shown() -> None:
    """The pin is written, the mode was refused; somebody changed it since: the plan is void."""
    bench, past = before("ssl-full")
    plan, step = bench.plan("ssl-full", past), bench.steps()["ssl-full"]
    bench.zone.settings.update(ssl_automatic_mode="custom", ssl="off")
    written = len(bench.world.writes)
    with pytest.raises(PlanVoid, match="was flexible when this was approved and is off now"):
        step.apply(plan, {"begun": "yes", "ssl_automatic_mode": "custom"}, past=past, now=NOON)
    assert len(bench.world.writes) == written


def test_a_settling_time_is_not_cut_short_by_a_clock() -> None:
    """Asked before its end, it goes on waiting: later steps rely on it."""
    bench, past = before("origin-pulls")
    plan, step = bench.plan("origin-pulls", past), bench.steps()["origin-pulls"]
    waiting = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(waiting, Waiting)
    early = step.poll(plan, waiting, past=past, now=NOON)
    assert isinstance(early, Waiting)
    assert early.look_again_at == waiting.look_again_at
    assert isinstance(step.poll(plan, waiting, past=past, now=waiting.look_again_at), Done)


def test_a_zone_without_automatic_ssl_is_told_of_and_not_pinned() -> None:
    """No source says that every zone has the setting: absent is not on, and not an end."""
    bench, past = before("ssl-full")
    del bench.zone.settings["ssl_automatic_mode"]
    plan = bench.plan("ssl-full", past)
    assert list(plan.inputs) == ["ssl"]
    assert any("cannot be pinned" in note for note in plan.notes)
    bench, past = before("undo-automatic-ssl")
    del bench.zone.settings["ssl_automatic_mode"]
    assert bench.plan("undo-automatic-ssl", past).nothing_to_do


@pytest.mark.parametrize("key", ["ssl-full", "ssl-strict", "client-authentication"])
def test_rules_that_override_the_mode_are_named_where_it_matters(key: str) -> None:
    """What the preflight saw, or could not see, stands on each card that it touches."""
    bench, past = before(key)
    told = "Whether page rules override the SSL mode could not be looked at."
    preflight = {**past.receipts["preflight"], "ssl_rules": told}
    assert told not in bench.plan(key, past).notes
    past = replace(past, receipts={**past.receipts, "preflight": preflight})
    assert told in bench.plan(key, past).notes


HOST = "www.example.com"
LOOP = Look(f"https://{HOST}/", status=301, headers=(("location", f"https://{HOST}/"),))


def test_a_mended_circle_is_judged_by_the_first_look_that_was_none() -> None:
    """Until the mode goes back: then the circle is what was there before the run."""
    bench, past = before("ssl-full")
    circling = {**past.receipts["preflight"], "baseline": keep({HOST: LOOP})}
    past = replace(past, receipts={**past.receipts, "preflight": circling})
    after = with_receipt(past, Engine(bench, past).run("ssl-full"))
    assert baselines(past) == {HOST: LOOP}
    assert baselines(after)[HOST].status == 200
    back = replace(after, receipts={**after.receipts, "undo-ssl-mode": {"ssl": "full"}})
    assert baselines(back) == {HOST: LOOP}


def test_a_circle_that_is_still_there_is_no_measure() -> None:
    """A node that has not adopted the mode yet, or a broken answer: the first look stays."""
    bench, past = before("ssl-full")
    circling = {**past.receipts["preflight"], "baseline": keep({HOST: LOOP})}
    past = replace(past, receipts={**past.receipts, "preflight": circling})
    for seen in (LOOP, replace(LOOP, status=525, headers=())):
        world = deepcopy(bench)
        world.world.first_look = seen
        after = with_receipt(past, Engine(world, past).run("ssl-full"))
        assert baselines(after) == {HOST: LOOP}


@pytest.mark.parametrize(("earlier", "blocks"), [("strict", True), ("flexible", False)])
def test_going_back_to_strict_asks_for_a_certificate_that_it_accepts(
    earlier: str, *, blocks: bool
) -> None:
    """The exchange may be days ago; what does not validate needs nothing of the kind."""
    bench, past = before("undo-ssl-mode")
    preflight = {**past.receipts["preflight"], "ssl": earlier}
    past = Past({**past.receipts, "preflight": preflight})
    assert bench.plan("undo-ssl-mode", past).changes
    bench.problems = ("203.0.113.12 for www.example.com: certificate has expired",)
    if not blocks:
        assert bench.plan("undo-ssl-mode", past).changes
        return
    with pytest.raises(PreconditionFailed, match="expired"):
        bench.plan("undo-ssl-mode", past)
