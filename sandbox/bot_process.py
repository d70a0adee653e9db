"""The bot as a user would start it: a process with an environment, and nothing shared."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")
ROOT = Path(__file__).resolve().parent.parent


class BotProcess:
    """Starts, kills and restarts `python app.py`; its output goes to one file."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        inherited = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._environment = {**inherited, **environment, "PYTHONUNBUFFERED": "1"}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self.starts = 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._output = self._log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")], env=self._environment, cwd=ROOT,
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
        )  # fmt: skip
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL: what a power cut or an out-of-memory leaves."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        self.kill()
        self.start()

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Another command of the same bot, to its end: ``check``; `typed` is its input."""
        return subprocess.run(
            [sys.executable, str(ROOT / "app.py"), *arguments], env=self._environment, cwd=ROOT,
            capture_output=True, text=True, check=False, timeout=120, input=typed,
        )  # fmt: skip

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._output is not None:
            self._output.close()
            self._output = None
