"""The probe beside curl, beside the time-out of one dead address, and beside its own imports."""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_network

from steps.origin.evidence import Bounds, ProbeReport
from steps.origin.probe import probe
from tests.bench.measure import Measured, median
from tests.bench.origin import ADDRESSES, closed_origin
from tests.contract.dead import dead_address

HOST = "www.example.com"
LOOPBACK = (ip_network("127.0.0.0/8"),)
DEAD = "127.0.0.16"
TIME_OUT = 2.0


def probes() -> Iterator[Measured]:
    """All three against the same closed origin."""
    with closed_origin() as port:
        # Curl stops at the refusal; ours also shows a foreign certificate before it says closed.
        ours = median(partial(_attempt, port), 30)
        yield Measured(
            "probe: one attempt, against curl", ours, "s", median(partial(_curl, port), 30), 1
        )
        with dead_address(DEAD, port):
            began = time.perf_counter()
            report = _ask([*ADDRESSES, DEAD], port)
            taken = time.perf_counter() - began
        assert [one.reason for one in report.attempts].count("connect-timeout") == 1
        yield Measured("probe: 16 addresses, one of them dead", taken, "s", TIME_OUT, 1.2)
        shell = median(partial(_shell, port), 9)
        yield Measured("probe: from the shell, against imports", shell, "s", median(_imports, 9), 2)


def _attempt(port: int) -> None:
    assert _ask(ADDRESSES[:1], port).verdict == "closed"


def _ask(addresses: list[str], port: int) -> ProbeReport:
    return probe(
        [HOST], addresses, https_port=port, http_port=None, settings=Bounds(connect=TIME_OUT),
        allowed=LOOPBACK,
    )  # fmt: skip


def _curl(port: int) -> None:
    where = f"{HOST}:{port}:{ADDRESSES[0]}"
    done = subprocess.run(
        ["curl", "--silent", "--insecure", "--noproxy", "*", "--resolve", where,
         f"https://{HOST}:{port}/"],
        check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode != 0


def _shell(port: int) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", "probe", "--domain", HOST, "--address",
         f"{ADDRESSES[0]}:{port}", "--json"],
        check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0


def _imports() -> None:
    subprocess.run([sys.executable, "-c", "import OpenSSL.SSL, dns.resolver"], check=True)
