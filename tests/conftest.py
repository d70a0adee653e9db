"""What holds for every test: loopback only, a scrubbed environment, and no skip on CI."""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_SCRUBBED = ("MTLS_", "SLACK_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy",
             "https_proxy", "all_proxy")  # fmt: skip
MAY_SKIP = "corpus"
"""Only what compares with files outside the project may be skipped on CI."""


class NotLoopbackError(AssertionError):
    """A test tried to reach another machine."""


def _loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    """Every connection of the process is seen here, whoever makes it."""
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
        raise NotLoopbackError(f"a test tried to connect to {address[0]}")


sys.addaudithook(_loopback_only)


@pytest.fixture(autouse=True)
def _scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_SCRUBBED):
            monkeypatch.delenv(name)


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
