"""The guards of the test run hold: no other machine is reached, and CI skips nothing."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import ROOT
from tests.conftest import NotLoopbackError

SKIPPING = """
import pytest

def test_that_is_skipped() -> None:
    pytest.skip("{reason}")

@pytest.mark.xfail(reason="known", strict=True)
def test_that_is_known_to_fail() -> None:
    assert False
"""


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, ("192.0.2.1", 443)), (socket.AF_INET6, ("2001:db8::1", 443))],
)
def test_a_connection_to_another_machine_is_refused(
    family: socket.AddressFamily, address: tuple[str, int]
) -> None:
    """Before a packet leaves, over TCP and over UDP."""
    with socket.socket(family, socket.SOCK_STREAM) as tcp, pytest.raises(NotLoopbackError):
        tcp.connect(address)
    with socket.socket(family, socket.SOCK_DGRAM) as udp, pytest.raises(NotLoopbackError):
        udp.sendto(b"", address)


def test_the_name_of_another_machine_is_not_looked_up() -> None:
    """A question to the system's name server would leave this machine as well."""
    with pytest.raises(NotLoopbackError):
        socket.getaddrinfo("www.example.com", 443)


def test_loopback_is_reached() -> None:
    """The control: what listens here is connected to, by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, port), timeout=5) as connection:
                assert connection.getpeername()[1] == port


@pytest.mark.parametrize(
    ("ci", "reason", "failed"),
    [("1", "node is not here", 1), ("", "node is not here", 0), ("1", "no corpus at hand", 0)],
)
def test_a_skip_fails_on_ci_only(ci: str, reason: str, failed: int, tmp_path: Path) -> None:
    """Except for what compares with files outside the project; an expected failure stays one."""
    (tmp_path / "test_it.py").write_text(SKIPPING.format(reason=reason))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider",
         "-c", os.devnull, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == failed, done.stdout
    assert "1 xfailed" in done.stdout


def test_nothing_of_the_users_environment_reaches_a_test() -> None:
    """No proxy, no token of Slack, no setting of a real bot."""
    found = [n for n in os.environ if n.upper().startswith(("MTLS_", "SLACK_", "HTTPS_PROXY"))]
    assert found == []
