"""Client authentication: the watch after it, the way back by itself, and what stands in its way."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from steps.client_authentication import ClientAuthentication
from steps.errors import PreconditionFailed, StepError, WayBackTaken
from steps.origin.evidence import Attempt, Bounds, Expect, ProbeReport
from steps.origin.look import Way
from steps.origin.probe import summed_up
from steps.origin.reasons import UnclearReason
from steps.origin.resolve import Resolver
from steps.origin.vantage import Vantage
from steps.step import Done, Noted, Outcome, Past, Plan, Waiting
from tests.doubles.repository import Made
from tests.doubles.world import HOSTS, NOON, SITE
from tests.unit.steps.bench import BACK, Bench, Engine, before, with_receipt

KEY = "client-authentication"
ROUTES = ".platform/routes.yaml"


def watching() -> tuple[Bench, Past, Plan, Waiting]:
    """The change is deployed, and visitors are being watched."""
    bench, past = before(KEY)
    plan = bench.plan(KEY, past)
    until = NOON + BACK.within
    handle = {"commit": "c" * 40, "phase": "watch", "until": until.isoformat(), "failed": "0"}
    return bench, past, plan, Waiting("visitors", handle, NOON, until + timedelta(hours=1))


def poll(bench: Bench, past: Past, plan: Plan, waiting: Waiting, after: timedelta) -> Outcome:
    return bench.steps()[KEY].poll(plan, waiting, past=past, now=NOON + after)


def test_visitors_who_are_served_end_the_watch_in_time() -> None:
    """The control of the two below."""
    assert isinstance(poll(*watching(), BACK.within), Done)


def test_a_watch_that_sees_nothing_does_not_run_out() -> None:
    """Could-not-look is not served: three failed looks after the blindness push the way back."""
    bench, past, plan, waiting = watching()
    bench.world.visitors = "inconclusive"
    later = BACK.within + timedelta(minutes=5)
    outcome = poll(bench, past, plan, waiting, later)
    bench.world.visitors = "broken"
    for _ in range(BACK.looks):
        assert isinstance(outcome, Waiting)
        outcome = poll(bench, past, plan, outcome, later)
    assert isinstance(outcome, Noted)
    assert outcome.notes["way_back"] == "taken"


def test_a_watch_that_stays_blind_leaves_it_to_the_proof() -> None:
    """In the end people are told what could not be seen; nothing is claimed."""
    bench, past, plan, waiting = watching()
    bench.world.visitors = "inconclusive"
    assert isinstance(poll(bench, past, plan, waiting, BACK.within + BACK.blind), Done)


def test_the_way_back_overtakes_whoever_pushes_meanwhile() -> None:
    """Visitors are refused and somebody pushes other work: nobody has to press Retry."""
    bench, past = before(KEY)
    bench.world.presents = False
    push, others = bench.repository.push, iter([b"1", b"2"])

    def overtaken(project: str, environment: str, commit: object, *, expected: str) -> None:
        if bench.repository.mode() == "require":
            for content in others:
                bench.repository.somebody_pushes("app.py", content)
        push(project, environment, commit, expected=expected)  # type: ignore[arg-type]

    bench.repository.push = overtaken  # type: ignore[method-assign]
    with pytest.raises(WayBackTaken):
        Engine(bench, past).run(KEY)
    assert bench.repository.mode() != "require"
    assert bench.repository.files["app.py"] == b"2"


@pytest.mark.parametrize("order", ["no-downtime", "published"])
def test_a_host_whose_visitors_come_past_cloudflare_blocks(order: str) -> None:
    """Attached or switched to DNS-only since the preflight: its visitors would be refused."""
    bench, past = before(KEY)
    site = replace(SITE, order=order)  # type: ignore[arg-type]
    step = bench.steps()[KEY]
    assert step.plan(site, step.observe(site), past).changes
    bench.unserved = ("www.example.com is DNS-only: its visitors come to the origin directly.",)
    step = bench.steps()[KEY]
    with pytest.raises(PreconditionFailed, match="DNS-only"):
        step.plan(site, step.observe(site), past)


@dataclass(frozen=True)
class EndsWithoutAWord(Vantage):
    """A vantage whose origin ends each connection in one way."""

    reason: UnclearReason = "eof-after-request"

    def probe(
        self, hosts: object, edge_hostname: str, *, expect: Expect, sessions: int = 1
    ) -> ProbeReport:
        return summed_up(
            tuple(
                Attempt(host, "203.0.113.11", 443, "inconclusive", self.reason, "It ended.")
                for host in HOSTS
            )
        )


@pytest.mark.parametrize(
    ("order", "reason", "state"),
    [
        ("published", "eof-after-request", "set"),
        ("published", "alert-after-request", "not-yet"),
        ("published", "connect-timeout", "not-yet"),
        ("no-downtime", "eof-after-request", "not-yet"),
    ],
)
def test_in_the_published_order_nobody_is_served_who_could_be_the_control(
    order: str, reason: UnclearReason, state: str
) -> None:
    """An end without a word is proven by the later probe; else the run could not go on at all."""
    bench, past = before(KEY)
    ended = Engine(bench, past).run(KEY)
    step = bench.steps()[KEY]
    assert isinstance(step, ClientAuthentication)
    way = Way(resolve=lambda _host: (), fresh=lambda: "")
    step.vantage = EndsWithoutAWord(Resolver(()), way, 443, 80, Bounds(), (), "", reason=reason)
    plan = replace(ended.plan, site=replace(SITE, order=order))  # type: ignore[arg-type]
    verdict = step.verify(plan, with_receipt(past, ended), now=NOON)
    assert verdict.state == state
    assert verdict.proven_by == ("origin-probe" if state == "set" else "")


def test_a_file_that_is_not_utf_8_is_told() -> None:
    """In words, where the driver stumbled for ever."""
    bench, past = before(KEY)
    bench.repository.somebody_pushes(".platform/routes.yaml", b"# caf\xe9\n")
    bench.repository.deployed = lambda site: ()  # type: ignore[method-assign]
    with pytest.raises(PreconditionFailed, match="not written in UTF-8"):
        bench.plan(KEY, past)


def test_what_a_hook_printed_is_not_told_with_its_secrets() -> None:
    """The end of a failed deployment's log goes into the event and onto the card."""
    bench, past = before(KEY)
    bench.project.ends = ["failure"]
    bench.project.log = "curl -H 'Authorization: Bearer abcdefgh.12345678'\nno space left"
    with pytest.raises(StepError, match="no space left") as told:
        Engine(bench, past).run(KEY)
    assert "abcdefgh" not in str(told.value)


def test_a_gate_opens_no_route_that_is_closed() -> None:
    """A drifted site: one route lost its block. Asking everywhere would open the others."""
    bench, past = before("gate")
    assert bench.plan("gate", past).changes
    half, *rest = bench.repository.deployed(SITE)
    closed = replace(half, client_authentication="require")
    bench.repository.deployed = lambda site: (closed, *rest)  # type: ignore[method-assign]
    step = bench.steps()["gate"]
    facts = step.observe(SITE)
    assert step.plan(SITE, facts, past).nothing_to_do
    assert "would open it" in step.satisfied(SITE, facts, past)[0]


def test_an_undo_during_the_deployment_does_not_take_the_certificate_away_before_it() -> None:
    """Turned round while our push is deployed and the branch does not show it yet: it is awaited.

    Skipped, the way back would switch origin pulls off, and then the deployment would land.
    """
    bench, past = before(KEY)
    step, plan = bench.steps()[KEY], bench.plan(KEY, past)
    noted = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    turned = replace(past, receipts={**past.receipts, KEY: noted.notes, "gate": {}})
    pushed = bench.project.start(
        "environment.push", "main", lambda _project: None, pushed=noted.notes["commit"]
    )
    pushed.polls = 4
    with pytest.raises(PreconditionFailed, match="deployment is under way"):
        bench.plan("undo-client-authentication", turned)
    pushed.polls = 0
    assert bench.plan("undo-client-authentication", turned).nothing_to_do


def test_the_way_back_goes_through_a_file_that_somebody_has_changed_meanwhile() -> None:
    """Exactly our lines are taken out of it, theirs stay: nobody waits for a person."""
    bench, past = before(KEY)
    bench.world.presents = False
    theirs = b"# ours since today\n"
    push = bench.repository.push

    def followed(project: str, environment: str, commit: Made, *, expected: str) -> None:
        push(project, environment, commit, expected=expected)
        text = commit.files[ROUTES]
        if b"require" in text and theirs not in text:
            bench.repository.somebody_pushes(ROUTES, theirs + text)

    bench.repository.push = followed  # type: ignore[method-assign]
    with pytest.raises(WayBackTaken):
        Engine(bench, past).run(KEY)
    assert bench.repository.mode() == ""
    assert bench.repository.files[ROUTES].startswith(theirs)
