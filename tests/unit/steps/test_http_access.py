"""HTTP access: what proves it, who cannot be asked, and a vendor that deploys nothing for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from pydantic import SecretStr

from steps.http_access import AccessState, Stranger
from steps.step import Past
from tests.doubles.platformsh import Run
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

BOTH = ("http-access", "undo-http-access")
both = pytest.mark.parametrize("key", BOTH)


def changed(bench: Bench, **fields: object) -> None:
    """The environment that the run chose, in another state."""
    access = bench.project.access
    access["staging"] = replace(access["staging"], **fields)  # type: ignore[arg-type]


@both
def test_an_environment_that_nobody_can_enter_proves_nothing(key: str) -> None:
    """It has inherited `require`: could not be asked, named, and only to be accepted."""
    bench, past = before(key)
    ended = Engine(bench, past).run(key)
    after = with_receipt(past, ended)
    assert bench.verify(ended.plan, after).state == "proven"
    changed(bench, shut=True)
    verdict = bench.verify(ended.plan, after)
    assert (verdict.state, verdict.acceptable) == ("inconclusive", True)
    assert "nobody can present" in verdict.evidence[0]


def test_the_card_names_an_environment_that_nobody_can_enter() -> None:
    """Before anybody approves it, and not for the others."""
    bench, past = before("http-access")
    assert not any("staging" in note for note in bench.plan("http-access", past).notes)
    changed(bench, shut=True)
    assert any("staging has inherited" in note for note in bench.plan("http-access", past).notes)


@both
@pytest.mark.parametrize("saw", ["could not be asked (answered nothing)", "answered HTTP 503"])
def test_whoever_could_not_be_asked_is_no_proof(key: str, saw: str) -> None:
    """Silence is not a refusal, and on the way back it is not being let in either."""
    bench, past = before(key)
    ended = Engine(bench, past).run(key)
    silent = Stranger("unclear", saw)
    bench.project.answers_strangers = lambda url: silent  # type: ignore[method-assign]
    verdict = bench.verify(ended.plan, with_receipt(past, ended))
    assert (verdict.state, verdict.acceptable) == ("not-yet", False)
    assert saw in verdict.evidence[0]


def test_an_environment_that_is_gone_proves_nothing() -> None:
    """Deleted while it deployed."""
    bench, past = before("http-access")
    ended = Engine(bench, past).run("http-access")
    del bench.project.access["staging"]
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "not-yet"


@pytest.mark.parametrize("shows", [True, False])
def test_a_change_that_deploys_nothing_is_made_once(*, shows: bool) -> None:
    """No activity in the answer, whether it shows at once or not: no second request, no loop."""
    bench, past = before("http-access")
    set_access, made = bench.project.set_http_access, []

    def quiet(
        project: str, environment: str, *, enabled: bool, basic_auth: Mapping[str, SecretStr]
    ) -> Sequence[Run]:
        made.append(environment)
        if shows:
            set_access(project, environment, enabled=enabled, basic_auth=basic_auth)
        return ()

    bench.project.set_http_access = quiet  # type: ignore[method-assign]
    Engine(bench, past).run("http-access")
    assert made == ["staging"]


def test_users_that_would_be_lost_are_named() -> None:
    """Nobody can read their passwords, so the way back cannot put them back."""
    bench, past = before("http-access")
    changed(bench, users=("old", "guest"))
    (change,) = bench.plan("http-access", past).changes
    assert change.before == "off; the users guest, old are replaced, for good"


def test_the_vendors_order_of_environments_voids_no_approval() -> None:
    """Lists come in any order; a plan has one."""
    bench, past = before("http-access")
    step = bench.steps()["http-access"]
    site = replace(SITE, access_environments=("staging", "review"))
    states = step.observe(site)
    assert len(states) == 2
    plans = {step.plan(site, order, past).fingerprint for order in (states, states[::-1])}
    assert len(plans) == 1


def test_nothing_effective_is_replaced() -> None:
    """An environment that is protected already is left alone."""
    step = Bench().steps()["http-access"]
    there = AccessState("staging", False, True, True, ("own",), (), "https://x/")  # noqa: FBT003
    assert step.plan(SITE, (there,), Past()).nothing_to_do
    assert NOON.tzinfo is not None
