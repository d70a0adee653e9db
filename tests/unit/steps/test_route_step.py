"""What stands in the way of the change is told, and nothing is planned then."""

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from steps.certificates import ORIGIN_CA_ROOTS
from steps.errors import PreconditionFailed
from steps.origin.evidence import Attempt, ProbeReport
from steps.origin.probe import summed_up
from steps.pinned import origin_ca_roots
from tests.doubles.vantage import Eyes
from tests.doubles.world import CLIENT_CA, NOON, ORIGIN_CA, root_pem
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

KEY = "client-authentication"
FOREIGN = (
    '  tls:\n    client_authentication: "require"\n    client_certificate_authorities:\n'
    "      - !include\n        type: string\n        path: other.crt\n"
)
PLAIN = '"https://{default}/":\n  type: upstream\n  upstream: "app:http"\n'
WRONG = {
    "an Origin CA root": ({".platform/cloudflare-ca.crt": origin_ca_roots()}, "classic mistake"),
    "another certificate": ({".platform/cloudflare-ca.crt": root_pem(ORIGIN_CA)}, "something else"),
    "somebody else's authority": ({".platform/routes.yaml": PLAIN + FOREIGN}, "another authority"),
    "typographic quotes": ({".platform/routes.yaml": PLAIN.replace('"https', "\u201chttps", 1)
                            .replace('/":', "/\u201d:", 1)}, "quotes"),
    "no YAML": ({".platform/routes.yaml": '"https://{default}/\n'}, "not valid YAML.*line 2"),
}  # fmt: skip


def with_files(files: dict[str, str]) -> tuple[Bench, object]:
    """The gate is not there, and somebody has pushed these."""
    bench, past = before("gate")
    bench.gate_path = ""
    for path, text in files.items():
        bench.repository.somebody_pushes(path, text.encode())
    bench.repository.deployed = lambda site: ()  # type: ignore[method-assign]
    return bench, past


@pytest.mark.parametrize(("files", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_stands_in_the_way_is_told(files: dict[str, str], words: str) -> None:
    """By its name, with what to do; no commit is planned."""
    bench, past = with_files(files)
    with pytest.raises(PreconditionFailed, match=words) as told:
        bench.plan(KEY, past)  # type: ignore[arg-type]
    assert told.value.hint


def test_our_authority_that_is_there_already_stays_as_it_is_written() -> None:
    """The same certificate in other words; the plan binds it all the same."""
    assert ORIGIN_CA_ROOTS
    ours = "# Cloudflare\n" + root_pem(CLIENT_CA)
    bench, past = with_files({".platform/cloudflare-ca.crt": ours})
    plan = bench.plan(KEY, past)  # type: ignore[arg-type]
    assert plan.changes[0].target.endswith("routes.yaml")
    assert not [c for c in plan.changes if c.verb == "create"]
    assert "cloudflare-ca.crt" in plan.inputs["after"]
    assert plan.inputs["ca_file"] == ""


def test_a_commit_says_what_for_and_who_said_yes() -> None:
    """As a maintainer writes it, with the run and the approver at its end."""
    bench, past = before(KEY)
    seen: list[str] = []
    plain = bench.repository.commit

    def commit(snapshot: object, changes: object, *, message: str, at: object) -> object:
        seen.append(message)
        return plain(snapshot, changes, message=message, at=at)  # type: ignore[arg-type]

    bench.repository.commit = commit  # type: ignore[method-assign, assignment]
    ended = Engine(bench, past).run(KEY)
    assert seen[0].startswith(
        "Require Cloudflare's client certificate at the origin\n\nEvery https"
    )
    assert seen[0].endswith("\n\nmtls-bot run R1, approved by U1.\n")
    assert max(map(len, seen[0].splitlines())) <= 72
    assert bench.verify(ended.plan, with_receipt(past, ended)).holds
    assert NOON.tzinfo is not None


@dataclass(frozen=True)
class Port80(Eyes):
    """An origin whose plain port answers with more than a redirect."""

    def probe(self, *given: Any, **more: Any) -> ProbeReport:
        plain = Attempt("example.com", "203.0.113.11", 80, "open", "http-content", "It answers.")
        return summed_up((*super().probe(*given, **more).attempts, plain))


def at_port_80(bench: Bench, key: str) -> Any:
    step: Any = bench.steps()[key]
    eyes = step.vantage
    return replace(step, vantage=Port80(**{f.name: getattr(eyes, f.name) for f in fields(eyes)}))


def test_a_way_around_is_left_open_only_by_name() -> None:
    """The plan names what is accepted; the proof and the probe name it again, and never as closed.

    The control: without the acceptance the same answer is an open origin.
    """
    bench, past = before(KEY)
    text = bench.repository.files[".platform/routes.yaml"].decode()
    plain = text + PLAIN.replace("https://{default}", "http://shop.{default}")
    bench.repository.somebody_pushes(".platform/routes.yaml", plain.encode())
    plan = bench.plan(KEY, past)
    assert "http://shop.{default}/" in plan.accepting[0]
    ended = Engine(bench, past).run(KEY)
    after = with_receipt(past, ended)
    proven = at_port_80(bench, KEY).verify(plan, after, now=NOON)
    assert proven.state == "proven"
    assert "Open by acceptance: http://shop.{default}/." in proven.evidence
    probed = at_port_80(bench, "origin-probe").verify(plan, after, now=NOON)
    assert (probed.state, probed.acceptable) == ("inconclusive", True)
    assert probed.evidence[0].startswith("Left open by acceptance: http://shop")
    unaccepted = replace(plan, inputs={**plan.inputs, "open": ""})
    assert at_port_80(bench, KEY).verify(unaccepted, after, now=NOON).state == "not-yet"
    assert at_port_80(bench, "origin-probe").verify(plan, past, now=NOON).state == "failed"
