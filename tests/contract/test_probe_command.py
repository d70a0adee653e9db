"""`python app.py probe` in one process: what is asked, what is told, and which exit code it has."""

import json
import ssl
import subprocess
import sys
from typing import Any

import pytest

from bot.terminal.probe import probe
from bot.terminal.usage import Commands
from steps.errors import NotFound, Unreachable
from tests.contract import origins
from tests.contract.origins import answer, origin, over_tls, says

TLS13 = ssl.TLSVersion.TLSv1_3
ARGUMENTS: dict[str, Any] = {
    "domain": "www.example.com", "address": (), "cert": None, "key": None, "ca": None,
    "as_json": True,
}  # fmt: skip
KEYS = ["host", "address", "port", "verdict", "reason", "tls_version", "certificate_requested",
        "authorities", "alert", "status", "evidence", "ms"]  # fmt: skip


def exit_of(**options: Any) -> object:
    with pytest.raises(SystemExit) as left:
        probe(**(ARGUMENTS | options))
    return left.value.code


@pytest.mark.parametrize(
    ("asks", "code", "verdict"),
    [("required", 0, "closed"), ("not-asked", 1, "open"), ("requested", 1, "open")],
)
def test_the_verdict_is_the_exit_code_and_one_object(
    capsys: pytest.CaptureFixture[str], asks: origins.Asks, code: int, verdict: str
) -> None:
    """With a port that port alone is asked, over TLS."""
    with origin(over_tls(origins.context(asks, TLS13), says(answer(200)))) as running:
        assert exit_of(address=(f"127.0.0.1:{running.port}",)) == code
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["verdict", "reason", "attempts"]
    (attempt,) = told["attempts"]
    assert list(attempt) == KEYS
    assert (told["verdict"], attempt["verdict"]) == (verdict, verdict)
    assert told["reason"] == attempt["reason"]
    refused = ("certificate_required", None)
    assert (attempt["alert"], attempt["status"]) == (refused if code == 0 else ("", 200))
    assert (attempt["tls_version"], attempt["port"]) == ("TLSv1.3", running.port)
    assert attempt["certificate_requested"] is (asks != "not-asked")


def test_words_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Verdict, each address with its evidence, and what to do."""
    with origin(over_tls(origins.context("required", TLS13), origins.closes)) as running:
        address = f"127.0.0.1:{running.port}"
        assert exit_of(as_json=False, address=(address, "[::1]:1")) == 2
    told = capsys.readouterr().out
    assert told.startswith("www.example.com: inconclusive (connection-refused), closed on 1 of 2")
    assert f"  {address}  closed (refused-by-alert)" in told
    assert "  [::1]:1  inconclusive" in told
    assert "It asked for a client certificate (TLSv1.3)" in told
    for seen in ("TLSv1.3 · shows ", "for www.example.com, example.com, until ", " bytes"):
        assert seen in told


def test_an_address_without_a_port_means_both(capsys: pytest.CaptureFixture[str]) -> None:
    """443 over TLS and 80 in the clear."""
    exit_of(address=("127.0.0.254", "127.0.0.254"))
    told = json.loads(capsys.readouterr().out)
    assert [attempt["port"] for attempt in told["attempts"]] == [443, 80]


def test_a_name_server_may_not_lead_to_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """Only whoever types an address may."""
    with origin(origins.closes) as running:
        assert exit_of(look_up=lambda _: ("127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1")) == 2
        assert running.connections == 0
    told = json.loads(capsys.readouterr().out)
    assert {attempt["reason"] for attempt in told["attempts"]} == {"address-not-allowed"}
    assert len(told["attempts"]) == 6


@pytest.mark.parametrize("private", ["10.0.0.1", "192.168.1.1:443", "[fe80::1]:443", "169.254.1.1"])
def test_other_private_addresses_are_not_asked(
    capsys: pytest.CaptureFixture[str], private: str
) -> None:
    """Loopback alone is."""
    assert exit_of(address=(private,)) == 2
    assert json.loads(capsys.readouterr().out)["reason"] == "address-not-allowed"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (NotFound("It has no address.", service="dns", doing="looking up"), "no-addresses"),
        (Unreachable("Nobody answers.", service="dns", doing="looking up"), "lookup-failed"),
    ],
)
def test_a_name_that_leads_nowhere_is_inconclusive(
    capsys: pytest.CaptureFixture[str], failure: Exception, reason: str
) -> None:
    """And is told as the same object, with nobody asked."""

    def fails(_host: str) -> tuple[str, ...]:
        raise failure

    assert exit_of(look_up=fails) == 2
    told = json.loads(capsys.readouterr().out)
    assert told == {"verdict": "inconclusive", "reason": reason, "attempts": []}
    assert exit_of(look_up=fails, as_json=False) == 2
    assert str(failure) in capsys.readouterr().out


def test_an_interrupt_is_no_verdict() -> None:
    """Whoever presses Ctrl-C, also while it is being imported, is not told that it is open."""
    group = Commands("app")

    @group.command()
    def probe() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as left:
        group.main(["probe"])
    assert left.value.code == 130


def test_a_terminal_of_any_encoding_is_told() -> None:
    """What it cannot show is no reason to end with another exit code."""
    with origin(over_tls(origins.context("not-asked", TLS13), says(answer(200)))) as running:
        done = subprocess.run(
            [sys.executable, "app.py", "probe", "--domain", "a.example",
             "--address", f"127.0.0.1:{running.port}"],
            capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"TLSv1.3 \\xb7 shows" in done.stdout


@pytest.mark.parametrize("words", [(), ("--json",)])
@pytest.mark.parametrize("out", [">&-", ">/dev/full", "| true"])
def test_a_verdict_that_nobody_reads_is_the_same(words: tuple[str, ...], out: str) -> None:
    """Standard output is closed, full or read by nobody; Python's own 1 would say open."""
    with origin(over_tls(origins.context("required", TLS13), says(answer(200)))) as running:
        ask = f"app.py probe --domain a.example --address 127.0.0.1:{running.port}"
        line = f"{sys.executable} {ask} {' '.join(words)} {out}; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_command_imports_only_what_it_needs() -> None:
    """A person waits for it: no Slack, no settings, nothing that it does not use."""
    with origin(over_tls(origins.context("required", TLS13), origins.closes)) as running:
        words = ["app.py", "probe", "--domain", "a.example",
                 "--address", f"127.0.0.1:{running.port}"]  # fmt: skip
        script = (
            f"import sys, runpy; sys.argv = {words!r}\n"
            "try: runpy.run_path('app.py', run_name='__main__')\n"
            "finally: print(*sys.modules, file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                              check=False)  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert (done.returncode, "OpenSSL" in loaded) == (0, True)
    slow = {"slack_sdk", "slack_bolt", "pydantic", "pydantic_settings", "httpx", "structlog", "dns",
            "stamina", "ruamel", "h2", "sqlite_utils", "paramiko", "dulwich"}  # fmt: skip
    assert loaded & slow == set()
