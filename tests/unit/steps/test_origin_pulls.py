"""Authenticated Origin Pulls: on, nothing in the way, and off again in the right order."""

import pytest

from steps.errors import PreconditionFailed
from tests.unit.steps.bench import Engine, before, with_receipt

OVERRIDE = "www.example.com is pulled with a certificate of its own, whatever the switch says."


def test_on_is_set_and_not_yet_proven() -> None:
    """Nobody outside can see it while the origin does not ask."""
    bench, past = before("origin-pulls")
    ended = Engine(bench, past).run("origin-pulls")
    verdict = bench.verify(ended.plan, with_receipt(past, ended))
    assert (verdict.state, verdict.proven_by) == ("set", "client-authentication")


@pytest.mark.parametrize("already", ["on", "off"])
def test_an_override_blocks_whether_the_switch_is_on_or_not(already: str) -> None:
    """A switch that something overrides satisfies nobody."""
    bench, past = before("origin-pulls")
    bench.zone.settings["tls_client_auth"] = already
    bench.overrides = (OVERRIDE,)
    with pytest.raises(PreconditionFailed, match="a certificate of its own"):
        bench.plan("origin-pulls", past)
    bench.overrides = ()
    assert bench.plan("origin-pulls", past).nothing_to_do is (already == "on")


@pytest.mark.parametrize("mode", ["off", "flexible"])
def test_without_encryption_nothing_would_be_presented(mode: str) -> None:
    """The switch alone does nothing below Full."""
    bench, past = before("origin-pulls")
    bench.zone.settings["ssl"] = mode
    with pytest.raises(PreconditionFailed, match=mode):
        bench.plan("origin-pulls", past)


def test_it_is_not_switched_off_while_the_origin_still_asks() -> None:
    """Else every visitor would be refused."""
    bench, past = before("undo-client-authentication")
    with pytest.raises(PreconditionFailed, match="still requires"):
        bench.plan("undo-origin-pulls", past)
    ended = Engine(bench, past).run("undo-client-authentication")
    plan = bench.plan("undo-origin-pulls", with_receipt(past, ended))
    assert [change.after for change in plan.changes] == ["off"]
