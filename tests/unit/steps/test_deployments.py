"""What a failed deployment is told with: the end of its log, short, and nothing secret in it."""

from dataclasses import replace

import pytest

from steps.deployments import log_tail, told_of
from steps.origin.evidence import Expect
from steps.route_step import DeployedRoute, unnamed
from steps.step import Plan
from tests.doubles.platformsh import Ends, Run
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

GITHUB = "github_pat_" + "A1" * 30


def test_the_end_of_the_log_is_told() -> None:
    """The last lines, not the first ones; each without blanks at its end."""
    log = "".join(f"line {n}  \n" for n in range(100))
    assert log_tail(log).splitlines() == [f"line {n}" for n in range(88, 100)]


def test_a_long_line_is_cut_at_its_front() -> None:
    """What went wrong stands at the end."""
    tail = log_tail("x " * 4500 + " E: no space left")
    assert len(tail) <= 1501
    assert tail.startswith("…")
    assert tail.endswith("E: no space left")


@pytest.mark.parametrize("secret", [GITHUB, "glpat-" + "b2" * 12, "Bearer abc.def", "xoxb-1-2-3"])
def test_secrets_in_a_log_are_not_told(secret: str) -> None:
    """Builds print their environment; the control is the word beside it."""
    tail = log_tail(f"TOKEN={secret}\nE: failed\n")
    assert secret not in tail
    assert "E: failed" in tail


def ran(*seconds: float, ends: Ends = "success") -> list[Run]:
    return [Run("r", "environment.push", "main", ends, polls=0, took=took) for took in seconds]


@pytest.mark.parametrize(
    ("earlier", "usual"),
    [
        (ran(90, 94, 600), "94"),
        (ran(0.2), "1"),
        ([*ran(5, ends="failure"), *ran(94)], "94"),
        (ran(5, ends="failure"), ""),
        ([], ""),
    ],
)
def test_what_is_usual_is_the_middle_of_those_that_ended_well(
    earlier: list[Run], usual: str
) -> None:
    """One that hung changes nothing; what failed early says nothing of how long one takes."""
    told = told_of(Run("now", "environment.push", "main"), earlier)
    assert told.pop("usual", "") == usual
    assert told == {"activity": "now", "state": "in_progress"}


def test_the_state_of_a_deployment_is_told_and_kept_in_no_receipt() -> None:
    """Each look brings it to the wait; what is kept of the step is what it was before."""
    bench, past = before("origin-certificate")
    engine = Engine(bench, past)
    ended = engine.run("origin-certificate")
    assert engine.waiting is not None
    assert engine.waiting.handle["state"] == "in_progress"
    assert not {"activity", "state", "usual"} & set(ended.receipt)


def silent(bench: Bench) -> None:
    """A platform whose deployments do not return the certificates of authorities."""
    told = bench.repository.deployed

    def deployed(site: object) -> tuple[DeployedRoute, ...]:
        return tuple(DeployedRoute(r.url, r.client_authentication, ()) for r in told(SITE))

    bench.repository.deployed = deployed  # type: ignore[method-assign]


def finished() -> tuple[Bench, Plan, object]:
    bench, past = before("client-authentication")
    silent(bench)
    ended = Engine(bench, past).run("client-authentication")
    return bench, ended.plan, with_receipt(past, ended)


def test_files_and_activity_stand_for_certificates_that_are_not_returned() -> None:
    """Proven by what is seen instead, and the report says so."""
    bench, plan, past = finished()
    verdict = bench.verify(plan, past)  # type: ignore[arg-type]
    assert verdict.state == "proven"
    assert "does not return the certificates" in " ".join(verdict.evidence)


def test_an_address_that_names_no_authority_proves_nothing_then() -> None:
    """The wire has to say which CA is asked for; the control is one that does."""
    bench, plan, past = finished()
    eyes, asked = bench.steps()[plan.step].vantage, []  # type: ignore[attr-defined]
    report = eyes.probe(["www.example.com"], "edge", expect=Expect())
    for names in ((), ("CN=Cloudflare Pull CA",)):
        attempts = tuple(replace(a, certificate_requested=True, authorities=names)
                         for a in report.attempts)  # fmt: skip
        facts = bench.steps()[plan.step].observe(SITE)
        asked.append(unnamed(facts, replace(report, attempts=attempts)))
    assert [len(told) for told in asked] == [len(report.attempts), 0]
    assert "names no authority on the wire" in asked[0][0]
    assert past is not None


def test_without_a_deployed_head_they_do_not() -> None:
    """A head whose activity did not end well proves nothing about what is deployed."""
    bench, plan, past = finished()
    newest = next(run for run in bench.project.runs if run.type == "environment.push")
    newest.ends = "failure"
    assert bench.verify(plan, past).state == "not-yet"  # type: ignore[arg-type]


def test_without_our_authority_in_the_files_they_do_not() -> None:
    """`require` without a list lets anybody in whom a public authority knows."""
    bench, plan, past = finished()
    head = bench.repository.head("", "main")
    text = bench.repository.files[".platform/routes.yaml"].decode()
    ours = ("authorities", "include", "type: string", "cloudflare-ca")
    kept = [line for line in text.splitlines() if not any(word in line for word in ours)]
    files = {".platform/routes.yaml": "\n".join(kept).encode() + b"\n"}
    bench.repository.arrive(bench.repository.commit(head, files, message="x", at=NOON))
    for _ in range(3):
        bench.project.activities("", environment="main", type="environment.push")
    assert bench.verify(plan, past).state == "not-yet"  # type: ignore[arg-type]
