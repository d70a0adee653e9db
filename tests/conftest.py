"""What holds for every test: loopback only, a scrubbed environment, and no skip on CI."""

import gc
import os
import sys
from collections.abc import Generator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

_SCRUBBED = ("MTLS_", "SLACK_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
MAY_SKIP = "corpus"
"""Only what compares with files outside the project may be skipped on CI."""

gc.set_threshold(50_000)
"""As in `app.py`: thousands of tests are collected, and none is garbage."""

for _name in [name for name in os.environ if name.upper().startswith(_SCRUBBED)]:
    del os.environ[_name]


class NotLoopbackError(AssertionError):
    """A test tried to reach another machine."""


def _is_here(host: object) -> bool:
    """Loopback, or no host at all; a name would be asked for at a name server elsewhere."""
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name == "localhost":
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    # Nobody connects to a multicast address: the kernel says at once that there is no way.
    return address.is_loopback or address.is_multicast


def _loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    """Every connection of the process is seen here, whoever makes it."""
    host: object = None
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    elif event == "socket.getaddrinfo":
        host = None if _is_address(arguments[0]) else arguments[0]
    if not _is_here(host):
        raise NotLoopbackError(f"a test tried to reach {host!r}")


def _is_address(host: object) -> bool:
    try:
        ip_address(str(host))
    except ValueError:
        return False
    return True


sys.addaudithook(_loopback_only)


@pytest.fixture
def corpus() -> Path:
    """Real route files, where they are at hand."""
    found = Path(__file__).parent.parent.parent / "shared" / "corpus"
    if not found.is_dir():
        pytest.skip("corpus: the real route files are not at hand")
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI a skip is a failure: what was not run was not shown."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "")
        if MAY_SKIP not in reason.lower():
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped on CI: {reason}"
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the long tests; what is short fills the gaps."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if "/e2e/" in str(item.path)]
    short = [item for item in items if "/e2e/" not in str(item.path)]
    share = -(-len(short) // workers) if short else 0
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *short[worker * share : (worker + 1) * share])
    ]
