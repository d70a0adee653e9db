"""The laboratory: real servers of many kinds, each setting judged right (`make probe-lab`)."""

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from steps.origin.evidence import Attempt
from tests.contract.lab.__main__ import main
from tests.contract.lab.ask import ask, wrong
from tests.contract.lab.case import Command, Kind, Place
from tests.contract.lab.kinds import KINDS
from tests.contract.lab.kinds.openssl import OPENSSL
from tests.contract.lab.kinds.python import PYTHON
from tests.contract.lab.process import NotUpError, missing, running
from tests.contract.lab.rounds import faults
from tests.contract.lab.table import PAGE, Row, listed, table, with_table

SMALL = replace(OPENSSL, cases=OPENSSL.cases[:1])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_setting_of_a_real_server_is_judged_right(kind: Kind) -> None:
    """Verdict, reason, version and whether it asked; and the right certificate gets an answer."""
    if absent := missing(kind):
        pytest.skip(f"not on this machine: {absent}")
    assert "\n".join(faults(kind)) == ""


def test_the_settings_that_matter_are_in_the_laboratory() -> None:
    """Each verdict, both versions alone, HTTP/2 alone, all three ways to ask; no label twice."""
    cases = [case for kind in KINDS for case in kind.cases]
    assert {"closed", "open", "inconclusive"} == {case.verdict for case in cases}
    assert {"1.1", "1.2", "1.3", "both"} == {case.setting.tls for case in cases}
    assert {"h1", "h2"} == {case.setting.http for case in cases}
    assert {"required", "requested", "not-asked"} == {case.setting.asks for case in cases}
    labels = [(kind.name, case.label) for kind in KINDS for case in kind.cases]
    assert len(labels) == len(set(labels))


def test_what_servers_need_is_installed_by_make() -> None:
    """Every program and module is named where packages are installed."""
    script = (Path(__file__).parents[1] / "needs.sh").read_text()
    listed = script.partition("lab=(")[2].partition(")")[0]
    named = {*listed.split(), *re.findall(r"^    (/\S+)\)", script, re.MULTILINE)}
    needs = {need for kind in KINDS for need in kind.needs}
    assert len(needs) > 15
    assert needs - named == set()
    assert "no-such-server" not in named


def test_a_wrong_judgement_would_be_noticed() -> None:
    """The negative control: another verdict, reason, version or request than what was seen."""
    (case,) = SMALL.cases
    with running(SMALL) as up:
        seen: Attempt = ask(up, case)
    assert list(wrong(case, seen)) == []
    for other in (
        replace(case, verdict="open"),
        replace(case, reason="refused-by-http"),
        replace(case, setting=replace(case.setting, tls="1.3")),
        replace(case, setting=replace(case.setting, asks="not-asked")),
    ):
        assert len(list(wrong(other, seen))) == 1


def test_the_table_in_the_docs_has_the_cases_of_the_laboratory() -> None:
    """Not their volatile words; after a change of cases `make probe-table` makes it anew."""
    cases = [(kind.name, case.label) for kind in KINDS for case in kind.cases]
    assert listed(PAGE.read_text()) == cases


def test_a_table_is_read_as_it_is_made() -> None:
    """What is made stands between the marks, once, and everything else stays."""
    one = Row("nginx", "a · TLS 1.2", "closed", "0: HTTP 400", "0: HTTP 400", "**closed**")
    made = table([one, replace(one, label="b", verdict="open")], ["curl 1"])
    page = with_table("# Top\n<!-- made -->\nold\n<!-- /made -->\nend\n", made)
    assert listed(page) == [("nginx", "a · TLS 1.2"), ("nginx", "b")]
    assert "says the same of closed and of open ones with: *0: HTTP 400*" in page
    assert (page[:6], page[-5:], "old" in page) == ("# Top\n", "\nend\n", False)


def test_servers_are_gone_afterwards() -> None:
    """Whatever happens in the block."""
    ports: list[int] = []

    def broken() -> None:
        with running(SMALL) as up:
            ports.extend(up.ports.values())
            raise InterruptedError

    with pytest.raises(InterruptedError):
        broken()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_port_that_is_lost_to_another_program_is_replaced() -> None:
    """A server that ends at once is started again on other ports, three times in all."""
    tried: list[int] = []

    def first_fails(place: Place) -> tuple[Command, ...]:
        tried.extend(place.ports.values())
        return SMALL.commands(place) if len(tried) > 1 else (Command(("false",)),)

    with running(replace(SMALL, commands=first_fails)) as up:
        assert [*up.ports.values()] == tried[1:]
    with (
        pytest.raises(NotUpError),
        running(replace(SMALL, commands=lambda place: (Command(("false",)),))),
    ):
        pass


def test_the_rounds_end_with_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    """`make probe-lab`: 0 when all was right; a name that is no kind is no success."""
    assert main(2, PYTHON.name) == 0
    count = len(PYTHON.cases)
    said = f"{count} cases \N{MULTIPLICATION SIGN} 2: all right\n"
    assert capsys.readouterr().out.endswith(said)
    assert main(2, "no such kind") == 1
    assert "nginx" in capsys.readouterr().out
