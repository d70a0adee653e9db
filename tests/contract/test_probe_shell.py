"""`python app.py probe` as a process, at real servers: exit codes, JSON, controls, addresses."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.architecture import ROOT
from tests.contract.lab.case import Setting
from tests.contract.lab.kinds.nginx import NGINX
from tests.contract.lab.process import Running, missing, running

HOST = "www.example.com"
KEYS = [
    "host", "address", "port", "verdict", "reason", "tls_version", "certificate_requested",
    "authorities", "alert", "status", "evidence", "ms",
]  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What the process printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def reasons(self) -> list[str]:
        return [one["reason"] for one in self.json["attempts"]]


def shell(*words: str) -> Told:
    done = subprocess.run(
        (sys.executable, "app.py", "probe", *words),
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return Told(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def nginx() -> Iterator[Running]:
    if absent := missing(NGINX):
        pytest.skip(f"not on this machine: {absent}")
    with running(replace(NGINX, cases=tuple(c for c in NGINX.cases if c.works))) as up:
        yield up


def at(up: Running, words: str) -> str:
    """`--address` for the first setting that begins so."""
    port = next(
        port for setting, port in up.ports.items() if _sort(setting).startswith(words)
    )  # fmt: skip
    return f"--address=127.0.0.1:{port}"


def _sort(setting: Setting) -> str:
    drops = "drops" if "return 444" in setting.words else setting.asks
    return f"{drops} {setting.words.partition('# ')[2]}"


def ask(*words: str) -> Told:
    return shell(f"--domain={HOST}", "--json", *words)


@pytest.mark.parametrize(
    ("which", "code", "verdict", "reason"),
    [
        ("required", 0, "closed", "refused-by-http"),
        ("not-asked", 1, "open", "answered"),
        ("requested", 1, "open", "answered"),
        ("drops", 2, "inconclusive", "eof-after-request"),
    ],
)
def test_the_exit_code_is_the_verdict(
    nginx: Running, which: str, code: int, verdict: str, reason: str
) -> None:
    """0 closed, 1 open, 2 inconclusive; one object of JSON, and nothing else is printed."""
    told = ask(at(nginx, which))
    assert (told.code, told.json["verdict"], told.json["reason"]) == (code, verdict, reason)
    assert told.err == ""


def test_the_json_has_what_scripts_may_rely_on(nginx: Running) -> None:
    """These names in one attempt an address; evidence in words, the rest as values."""
    told = ask(at(nginx, "required")).json
    assert list(told) == ["verdict", "reason", "attempts"]
    (attempt,) = told["attempts"]
    assert list(attempt) == KEYS
    assert (attempt["host"], attempt["address"], attempt["status"]) == (HOST, "127.0.0.1", 400)
    assert (attempt["tls_version"], attempt["certificate_requested"]) == ("TLSv1.2", True)
    assert attempt["authorities"] == ["CN=Test client authority"]
    assert (attempt["alert"], type(attempt["ms"])) == ("", int)
    assert f"--address=127.0.0.1:{attempt['port']}" == at(nginx, "required")


def test_people_read_sentences(nginx: Running) -> None:
    """Without --json: the verdict first, then where it was seen, and by what."""
    told = shell(f"--domain={HOST}", at(nginx, "not-asked"))
    assert told.code == 1
    assert told.out.startswith(f"{HOST}: open (answered)")
    assert "without asking for a client certificate" in told.out


def test_a_certificate_that_is_accepted_turns_an_end_into_a_refusal(nginx: Running) -> None:
    """With the right one closed; with one that the server does not take it stays unclear."""
    files = nginx.files
    right = (f"--cert={files['right']}", f"--key={files['right-key']}")
    wrong = (f"--cert={files['cert']}", f"--key={files['key']}")
    accepted, refused = (ask(at(nginx, "drops"), *pair) for pair in (right, wrong))
    assert (accepted.code, accepted.reasons) == (0, ["refused-by-eof"])
    assert (refused.code, refused.reasons) == (2, ["eof-after-request"])
    assert "It answers who has the right certificate" in accepted.out


def test_authorities_are_judged_only_when_ours_is_told(nginx: Running) -> None:
    """Two are named: closed if nothing or both are told, open if only one of them is ours."""
    both, where = nginx.files["cas"], at(nginx, "required two authorities")
    silent, ours, all_ours = (
        ask(where, *told) for told in ((), (f"--ca={nginx.files['ca']}",), (f"--ca={both}",))
    )
    assert (silent.code, silent.reasons) == (0, ["refused-by-http"])
    assert (ours.code, ours.reasons) == (1, ["other-authorities"])
    assert (all_ours.code, all_ours.reasons) == (0, ["refused-by-http"])
    alone = ask(at(nginx, "required one authority"), f"--ca={nginx.files['ca']}")
    assert (alone.code, "It names our authority only" in alone.out) == (0, True)


def test_many_addresses_have_one_verdict(nginx: Running) -> None:
    """Any open is open, else any inconclusive is inconclusive; each address is told."""
    closed, opened, unclear = (at(nginx, which) for which in ("required", "not-asked", "drops"))
    assert ask(closed, closed).code == 0
    worst = ask(closed, unclear, opened)
    assert (worst.code, worst.json["reason"]) == (1, "answered")
    assert worst.reasons == ["refused-by-http", "eof-after-request", "answered"]
    middling = ask(closed, unclear)
    assert (middling.code, middling.json["verdict"]) == (2, "inconclusive")


def test_the_plain_port_is_tried_only_where_no_port_is_named(nginx: Running) -> None:
    """443 and 80 of an address that stands alone; and of one with a port only that."""
    alone = ask("--address=127.0.0.1").json["attempts"]
    named = ask(at(nginx, "required")).json["attempts"]
    assert [one["port"] for one in alone] == [443, 80]
    assert len(named) == 1


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--domain=not a host",),
        (f"--domain={HOST}", "--address=127.0.0.1:0"),
        (f"--domain={HOST}", "--cert=/no/such/file"),
        (f"--domain={HOST}", "--no-such-option"),
    ],
)
def test_what_cannot_be_understood_ends_with_64(words: tuple[str, ...]) -> None:
    """Nothing is asked; why stands where errors are read."""
    told = shell(*words)
    assert (told.code, told.out) == (64, "")
    assert told.err.strip()
