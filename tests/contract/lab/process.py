"""Servers as processes: on ports of the system's choice, started once, always ended."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.contract.lab.case import Command, Kind, Place, Setting
from tests.contract.lab.material import write_material
from tests.contract.origins import origin

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_TRIES = 3
_PATIENCE = 30.0


class NotUpError(Exception):
    """A server did not come up; its own words are in the text."""


@dataclass(frozen=True, slots=True)
class Running:
    """The servers of one kind, up."""

    kind: Kind
    ports: Mapping[Setting, int]
    files: Mapping[str, Path]


def missing(kind: Kind) -> list[str]:
    """What a kind needs and this machine has not."""
    needs = (*kind.needs, "curl")  # shows of each that it works for whom it should let in
    return [need for need in needs if shutil.which(need, os.F_OK, _PATH) is None]


@contextmanager
def running(kind: Kind) -> Iterator[Running]:
    """Every setting of a kind on a port of its own, for the length of a block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="lab-")))
        folder.chmod(0o755)
        place = Place(folder, write_material(folder), {}, stack.enter_context(_backend()))
        for tries_left in reversed(range(_TRIES)):
            ports = _free_ports(len(kind.settings))
            place = replace(place, ports=dict(zip(kind.settings, ports, strict=True)))
            with ExitStack() as started, suppress(*(NotUpError,) * bool(tries_left)):
                _start(kind, place, started)
                stack.enter_context(started.pop_all())
                break
        yield Running(kind, place.ports, place.files)


def _start(kind: Kind, place: Place, stack: ExitStack) -> None:
    if kind.behaviour is not None:
        for setting, port in place.ports.items():
            stack.enter_context(origin(kind.behaviour(setting), port=port))
    log = place.folder / "servers.log"
    with log.open("wb") as out:
        processes = [
            stack.enter_context(_process(command, place.folder, out.fileno()))
            for command in kind.commands(place)
        ]
    for port in place.ports.values():
        _wait_for(port, processes, log)


@contextmanager
def _process(command: Command, folder: Path, out: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PATH": _PATH, **command.environment}
    process = subprocess.Popen(
        command.words, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _wait_for(port: int, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    give_up = time.monotonic() + _PATIENCE
    while not _listens(port):
        dead = [process for process in processes if process.poll() is not None]
        if dead or time.monotonic() > give_up:
            raise NotUpError(f"port {port}: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_ports(count: int) -> list[int]:
    """Free at this moment; whoever loses one to another program tries again."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing; the probe's own words are what is read."""


@contextmanager
def _backend() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="lab-backend")
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
