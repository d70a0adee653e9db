"""What stands in the way of the change is told, and nothing is planned then."""

import pytest

from steps.certificates import ORIGIN_CA_ROOTS
from steps.errors import PreconditionFailed
from steps.pinned import origin_ca_roots
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
    "an http route": ({".platform/routes.yaml": PLAIN + PLAIN.replace("https", "http")}, "http://"),
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
