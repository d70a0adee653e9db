"""Git over SSH: only certificates of the stand-in's own authority, on the real bare repository."""

import asyncio
import shlex
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from sandbox.faults import Fault, Faults
from sandbox.journal import Journal, Recorded
from sandbox.platformsh.activities import Activity
from sandbox.platformsh.auth import Authority
from sandbox.platformsh.repository import Repository, git_environment

SERVICE = "git"
NO_WAIT = "PLATFORMSH_PUSH_NO_WAIT"
_COMMANDS = {"git-receive-pack": "POST", "git-upload-pack": "GET"}
_CHUNK = 65536

Pushed = Callable[[str, str, str], Activity]
"""Branch, old and new commit → the activity that the push started."""
_Process = asyncssh.SSHServerProcess[bytes]


class _Server(asyncssh.SSHServer):
    """Lets in who holds a certificate of the authority for this user name; nobody else."""

    def __init__(self, authority: Authority) -> None:
        self._authority = asyncssh.import_public_key(authority.public_line)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        _ = username, key
        return False

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        _ = username
        return bool(key.public_data == self._authority.public_data)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One command of a git client."""

    program: str
    no_wait: bool

    @property
    def path(self) -> str:
        return f"/{self.program}"


@dataclass(slots=True)
class _Mouth:
    """Whether the client is still told anything: not after it went away, and for a cut after the
    effect not once it has begun to send.
    """

    shuts_when_fed: bool
    shut: bool = False


class GitHost:
    """The host that pushes go to; its own thread and loop."""

    def __init__(
        self, repository: Repository, authority: Authority, *, project: str, pushed: Pushed,
        journal: Journal, faults: Faults,
    ) -> None:  # fmt: skip
        self._repository = repository
        self._authority = authority
        self._project = project
        self._pushed = pushed
        self._journal = journal
        self._faults = faults
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._sessions: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="platformsh-git", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    @property
    def known_host(self) -> str:
        """The line for a known_hosts file."""
        public = self._key.export_public_key().decode().strip()
        return f"[127.0.0.1]:{self.port} {public}"

    @property
    def url(self) -> str:
        """`ssh://` with a port: the vendor's scp-like form has no place for one."""
        return f"ssh://{self._project}@127.0.0.1:{self.port}/{self._project}.git"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncssh.create_server(
            lambda: _Server(self._authority), "127.0.0.1", 0,
            server_host_keys=[self._key], process_factory=self._session, encoding=None,
        )  # fmt: skip
        self.port = server.get_port()
        self._ready.set()
        await self._stop.wait()
        server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await server.wait_closed()

    async def _session(self, process: _Process) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            process.exit(await self._command(process))
        except (asyncssh.Error, OSError):
            process.close()  # the client went away in the middle
        finally:
            self._sessions.discard(task)

    async def _command(self, process: _Process) -> int:
        words = _words(process.command or "")
        if len(words) != 2 or words[0] not in _COMMANDS:
            process.stderr.write(b"This host runs git only.\n")
            return 1
        if words[1].strip("/") != f"{self._project}.git":
            process.stderr.write(
                b"Hello, you successfully authenticated, but could not connect to service "
                b"(reason: service doesn't exist or you do not have access to it)\n"
            )
            return 1
        return await self._git(process, _Ask(words[0], bool(process.env.get(NO_WAIT))))

    async def _git(self, process: _Process, ask: _Ask) -> int:
        method = _COMMANDS[ask.program]
        fault = self._faults.take(SERVICE, method, ask.path)
        if fault and await _stops(fault, process):
            await asyncio.to_thread(fault.on_hit)
            return 1
        with tempfile.TemporaryDirectory(prefix="sandbox-push-") as directory:
            received = Path(directory) / "received"
            cut = fault is not None and fault.kind == "cut-after"
            code = await self._exchange(process, ask, received, mouth=_Mouth(cut))
            updates = received.read_text() if received.exists() else ""
        activities = self._accepted(updates)
        if activities or method == "GET":
            self._note(method, ask, updates)
        if cut:
            assert fault is not None
            await asyncio.to_thread(fault.on_hit)
            return 1
        if not ask.no_wait:
            for activity in activities:
                await _stream(process, activity)
        return code

    async def _exchange(
        self, process: _Process, ask: _Ask, received: Path, *, mouth: _Mouth
    ) -> int:
        """Own pumps: asyncssh's `redirect` leaves a coroutine that nobody awaits.

        A client that goes away does not stop git: a pack that came whole is still taken.
        """
        child = await asyncio.create_subprocess_exec(
            self._repository.program, ask.program.removeprefix("git-"), str(self._repository.path),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=git_environment() | {"SANDBOX_RECEIVED": str(received)},
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        feeding = asyncio.create_task(_feed(process, child.stdin, mouth))
        try:
            await asyncio.gather(
                _drain(child.stdout, process.stdout, mouth),
                _drain(child.stderr, process.stderr, mouth),
            )
            return await child.wait()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            if child.returncode is None:
                child.kill()
                await child.wait()

    def _accepted(self, updates: str) -> list[Activity]:
        """The hook noted each accepted update: old, new, ref."""
        started = []
        for line in updates.splitlines():
            old, new, ref = line.split(" ", 2)
            if ref.startswith("refs/heads/"):
                started.append(self._pushed(ref.removeprefix("refs/heads/"), old, new))
        return started

    def _note(self, method: str, ask: _Ask, updates: str) -> None:
        headers = ((NO_WAIT, "1"),) if ask.no_wait else ()
        now = self._journal.now()
        self._journal.add(
            Recorded(SERVICE, method, ask.path, "", headers, updates.encode(), 200, now)
        )


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


async def _stops(fault: Fault, process: _Process) -> bool:
    """A fault before the exchange; True when there is to be none."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "status":
        process.stderr.write((fault.body or "Error: Access denied\n").encode())
    return fault.kind in ("status", "cut-before")


async def _feed(process: _Process, stdin: asyncio.StreamWriter, mouth: _Mouth) -> None:
    try:
        while data := await process.stdin.read(_CHUNK):
            mouth.shut = mouth.shut or mouth.shuts_when_fed
            stdin.write(data)
            await stdin.drain()
    except (ConnectionError, asyncssh.Error):
        pass  # git has said what it had to say, or the client went away
    finally:
        stdin.close()


async def _drain(
    source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes], mouth: _Mouth
) -> None:
    while data := await source.read(_CHUNK):
        if mouth.shut:
            continue
        try:
            sink.write(data)
            await sink.drain()
        except (OSError, asyncssh.Error):
            mouth.shut = True


async def _stream(process: _Process, activity: Activity) -> None:
    """Tell the log of the deployment while it goes on. The exit code stays git's own: 0."""
    told = 0
    while True:
        over = activity.is_over
        for _, message in activity.log[told:]:
            process.stderr.write(f"  {message}\n".encode())
            told += 1
        if over:
            return
        await asyncio.sleep(0.05)
