"""The way back from the origin certificate: off the origin, a public one seen, then revoked."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from steps.errors import PreconditionFailed
from steps.step import Past
from tests.doubles.world import HOSTS, ORIGIN_CA, PUBLIC, issued
from tests.unit.steps.bench import Bench, Engine, Lost, before, killing, with_receipt

BACK, REVOKE = "undo-origin-certificate", "undo-certificate-revoke"
FOREIGN = issued(HOSTS, issuer=ORIGIN_CA)


def test_only_the_certificate_of_this_run_is_touched() -> None:
    """Others of the project and of the zone stay, whoever put them there."""
    bench, past = before(BACK)
    bench.zone.certificates["foreign"] = bench.project.custom["foreign"] = FOREIGN
    bench.project.custom = dict(reversed(bench.project.custom.items()))
    bench.world.live = bench.project.provided
    ended = Engine(bench, past).run(BACK)
    assert list(bench.project.custom) == ["foreign"]
    bench.project.custom.clear()
    bench.world.live = bench.project.provided
    Engine(bench, with_receipt(past, ended)).run(REVOKE)
    assert list(bench.zone.certificates) == ["foreign"]


@pytest.mark.parametrize("key", [BACK, REVOKE])
def test_without_a_receipt_nothing_is_taken_away(key: str) -> None:
    """A run that has issued nothing takes nothing back."""
    bench, past = before(key)
    assert bench.plan(key, past).changes
    bare = Past({"preflight": past.receipts["preflight"]})
    assert bench.plan(key, bare).nothing_to_do


@pytest.mark.parametrize("written", [0, 1])
def test_a_run_turned_round_just_after_a_write_takes_it_back(written: int) -> None:
    """Killed before the id was noted, then undone: found by the public key that was noted."""
    bench, past = before("origin-certificate")
    bench.world.after_write = killing(bench, len(bench.world.writes) + written)
    engine = Engine(bench, past, stays_down=True)
    with pytest.raises(Lost):
        engine.run("origin-certificate")
    bench.world.after_write = lambda: None

    past = replace(past, receipts={**past.receipts, "origin-certificate": engine.notes})
    for key in (BACK, REVOKE):
        if bench.plan(key, past).changes:
            past = with_receipt(past, Engine(bench, past).run(key))
    assert not bench.zone.certificates
    assert not bench.project.custom


def test_without_a_public_certificate_the_way_back_ends_in_words() -> None:
    """Deleted and redeployed, and the old one is still shown: not yet, and the site works."""
    bench, past = before(BACK)
    served = bench.world.live
    ended = Engine(bench, past).run(BACK)
    after = with_receipt(past, ended)
    assert bench.verify(ended.plan, after).state == "proven"
    bench.world.live = served
    verdict = bench.verify(ended.plan, after)
    assert verdict.state == "not-yet"
    assert "203.0.113.11 for example.com: issued by nobody you know" in verdict.evidence
    assert "The site works" in verdict.hint


def test_an_address_without_a_way_from_here_is_named_and_stops_nothing() -> None:
    """IPv6 where this machine has none: what was not seen is not claimed."""
    bench, past = before(BACK)
    bench.world.no_way_to = ("2001:db8::11",)
    ended = Engine(bench, past).run(BACK)
    verdict = bench.verify(ended.plan, with_receipt(past, ended))
    assert verdict.state == "proven"
    assert "2001:db8::11" in " ".join(verdict.evidence)


def test_an_origin_without_addresses_proves_nothing() -> None:
    """No certificate seen is not a trusted one seen."""
    bench, past = before(BACK)
    ended = Engine(bench, past).run(BACK)
    bench.world.addresses = ()
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "inconclusive"


def still_installed(bench: Bench) -> None:
    bench.project.custom["custom-9"] = next(iter(bench.zone.certificates.values()))


def still_shown(bench: Bench) -> None:
    bench.world.live = next(iter(bench.zone.certificates.values()))


def not_seen(bench: Bench) -> None:
    bench.world.dark = True


@pytest.mark.parametrize("spoil", [still_installed, still_shown, not_seen])
def test_nothing_in_use_is_revoked(spoil: Callable[[Bench], None]) -> None:
    """Installed, shown, or not to be seen: revoking waits, since nobody can take it back."""
    bench, past = before(REVOKE)
    assert bench.plan(REVOKE, past).changes
    spoil(bench)
    with pytest.raises(PreconditionFailed):
        bench.plan(REVOKE, past)


def test_which_certificate_is_revoked_is_part_of_the_approval() -> None:
    """Another id is another plan; a foreign certificate beside it is not."""
    bench, past = before(REVOKE)
    first = bench.plan(REVOKE, past).fingerprint
    bench.zone.certificates["foreign"] = issued(HOSTS, issuer=PUBLIC)
    assert first == bench.plan(REVOKE, past).fingerprint
    bench.zone.certificates["origin-9"] = bench.zone.certificates.pop("origin-1")
    assert first != bench.plan(REVOKE, past).fingerprint
