"""The origin certificate: planned by what the wire shows, one at each vendor, no key anywhere."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from steps.errors import PreconditionFailed, StepError
from steps.origin_certificate import CertificateFacts
from steps.step import Noted, Past, Waiting
from tests.doubles.world import HOSTS, NOON, ORIGIN_CA, PUBLIC, SITE, issued, root_pem
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

KEY = "origin-certificate"
NAMES = ("example.com", "*.example.com", "img.cdn.example.com")
FACTS = CertificateFacts(HOSTS, NAMES, lasting=False, shown="issued by CN=Public Web CA")


def wire(bench: Bench, pem: str, *, listed: bool = True) -> None:
    """Every address shows this certificate from now on."""
    bench.world.live = pem
    if listed:
        bench.zone.certificates["there-before"] = pem


@pytest.mark.parametrize(
    ("pem", "listed", "satisfied"),
    [
        (lambda: issued(NAMES, issuer=ORIGIN_CA), True, True),
        (lambda: issued(NAMES, issuer=ORIGIN_CA), False, False),
        (lambda: issued(NAMES[:2], issuer=ORIGIN_CA), True, False),
        (lambda: issued(NAMES, issuer=ORIGIN_CA, days=10), True, False),
        (lambda: issued(HOSTS, issuer=PUBLIC), False, False),
    ],
    ids=["listed and lasting", "revoked", "a name missing", "ends soon", "public"],
)
def test_satisfied_by_what_every_address_shows(
    pem: Callable[[], str], *, listed: bool, satisfied: bool
) -> None:
    """Listed, for all names, and lasting; anything else is issued anew."""
    bench, past = before(KEY)
    wire(bench, pem(), listed=listed)
    assert bench.plan(KEY, past).nothing_to_do is satisfied


def test_an_origin_without_addresses_satisfies_nobody() -> None:
    """Nothing seen is not the same as everything in order."""
    bench, past = before(KEY)
    wire(bench, issued(NAMES, issuer=ORIGIN_CA))
    bench.world.addresses = ()
    assert not bench.plan(KEY, past).nothing_to_do


def test_an_address_without_a_way_from_here_stops_nothing_and_is_named() -> None:
    """IPv6 where this machine has none; seen by IPv4 it is proven, and by neither it is not."""
    bench, past = before(KEY)
    bench.world.no_way_to = ("2001:db8::11",)
    ended = Engine(bench, past).run(KEY)
    proven = bench.verify(ended.plan, with_receipt(past, ended))
    assert (proven.state, "2001:db8::11" in " ".join(proven.evidence)) == ("proven", True)
    bench.world.addresses = ()
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "not-yet"


def test_a_list_with_something_unreadable_is_read_all_the_same() -> None:
    """Cloudflare lists a certificate without its text: it is none of ours, and no reason to end."""
    bench, past = before(KEY)
    bench.zone.certificates["odd"] = ""
    ended = Engine(bench, past).run(KEY)
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "proven"


@pytest.mark.parametrize(
    "other",
    [
        replace(FACTS, names=NAMES[:2]),
        replace(FACTS, hosts=HOSTS[:2]),
        replace(FACTS, shown="issued by CN=Cloudflare Origin CA"),
        replace(FACTS, lasting=True),
    ],
)
def test_other_facts_void_the_approval(other: CertificateFacts) -> None:
    """Names, hosts and what is shown today are what was approved."""
    step = Bench().steps()[KEY]
    assert len({step.plan(SITE, facts, Past()).fingerprint for facts in (FACTS, other)}) == 2


def test_a_renewed_public_certificate_voids_no_approval() -> None:
    """Let's Encrypt renews while the card waits: another serial and end, the same plan."""
    bench, past = before(KEY)
    first = bench.plan(KEY, past).fingerprint
    wire(bench, issued(HOSTS, issuer=PUBLIC, days=88), listed=False)
    assert first == bench.plan(KEY, past).fingerprint


def test_the_public_key_is_noted_before_anybody_signs_it() -> None:
    """The first answer is a note, and nothing was written then."""
    bench, past = before(KEY)
    written = len(bench.world.writes)
    plan = bench.plan(KEY, past)
    noted = bench.steps()[KEY].apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    assert len(noted.notes["public_key"]) == 64
    assert written == len(bench.world.writes)


def test_a_certificate_without_its_key_is_revoked_and_issued_anew() -> None:
    """Killed between the issue and the install: exactly one valid one is left at each vendor."""
    bench, past = before(KEY)
    engine = Engine(bench, past, lose=1)  # the answer to the issue is lost with the process
    ended = engine.run(KEY)
    assert bench.zone.made == 2
    assert list(bench.zone.certificates) == [ended.receipt["issued"]] == ["origin-2"]
    assert list(bench.project.custom) == [ended.receipt["installed"]]


def test_no_key_is_on_record_or_in_a_repr() -> None:
    """Notes, receipt, plan and the step itself say nothing of it."""
    bench, past = before(KEY)
    steps, plan = bench.steps(), bench.plan(KEY, past)
    notes: dict[str, str] = {}
    said = [repr(plan)]
    while isinstance(outcome := steps[KEY].apply(plan, notes, past=past, now=NOON), Noted):
        notes |= outcome.notes
        said += [repr(outcome), repr(steps[KEY])]
    assert "PRIVATE" not in "".join(said)
    assert isinstance(outcome, Waiting)
    assert not steps[KEY]._keys  # type: ignore[attr-defined]


def test_verify_asks_the_wire_and_not_the_list() -> None:
    """Listed at the project, and an address shows another one: not yet."""
    bench, past = before(KEY)
    ended = Engine(bench, past).run(KEY)
    after = with_receipt(past, ended)
    bench.world.live = bench.project.provided
    verdict = bench.verify(ended.plan, after)
    assert verdict.state == "not-yet"
    assert "203.0.113.11 shows another certificate for example.com" in verdict.evidence
    bench.world.addresses = ()
    assert bench.verify(ended.plan, after).state == "inconclusive"


@pytest.mark.parametrize("ends", ["failure", "staged", "cancelled"])
def test_a_redeploy_that_comes_to_nothing_is_told_and_tried_again(ends: str) -> None:
    """The card says what the log says; Retry starts another redeploy, and only then."""
    bench, past = before(KEY)
    bench.project.ends = [ends]  # type: ignore[list-item]
    engine = Engine(bench, past)
    with pytest.raises(StepError, match="staged" if ends == "staged" else "no space left"):
        engine.run(KEY)
    ended = engine.resume(KEY)
    assert [run.ends for run in bench.project.runs] == ["success", ends]
    assert bench.verify(ended.plan, with_receipt(past, ended)).state == "proven"


def test_the_roots_of_the_tests_are_not_the_same() -> None:
    """The control of everything that asks who issued a certificate."""
    assert root_pem(PUBLIC) != root_pem(ORIGIN_CA)


def test_a_redeploy_that_would_release_other_peoples_work_is_not_planned() -> None:
    """Staged since the preflight, or a deployment that failed since."""
    bench, past = before("origin-certificate")
    assert bench.plan("origin-certificate", past).changes
    bench.others_work = ("Changes are staged on main: ours would release them.",)
    with pytest.raises(PreconditionFailed, match="staged"):
        bench.plan("origin-certificate", past)


@pytest.mark.parametrize("late", [False, True])
def test_every_certificate_of_a_lost_key_is_revoked_once(*, late: bool) -> None:
    """An answer was lost and the list was late: two were issued for one key, then a kill.

    A list that goes on naming what is revoked does not have it revoked again and again.
    """
    bench, past = before("origin-certificate")
    plan, step = bench.plan("origin-certificate", past), bench.steps()["origin-certificate"]
    noted = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    step.apply(plan, noted.notes, past=past, now=NOON)
    ((_, issued),) = bench.zone.certificates.items()
    bench.zone.certificates["origin-twice"] = issued
    revoked: list[str] = []

    def revoke(certificate_id: str) -> None:
        revoked.append(certificate_id)
        if not late:
            del bench.zone.certificates[certificate_id]

    bench.zone.revoke_origin_certificate = revoke  # type: ignore[method-assign]
    notes, steps = dict(noted.notes), bench.steps()
    while notes["public_key"] == noted.notes["public_key"]:
        outcome = steps["origin-certificate"].apply(plan, notes, past=past, now=NOON)
        assert isinstance(outcome, Noted)
        notes |= outcome.notes
    assert sorted(revoked) == ["origin-1", "origin-twice"]
