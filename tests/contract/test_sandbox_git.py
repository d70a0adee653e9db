"""Git over SSH at the stand-in: the real git and OpenSSH as witnesses, and who is refused."""

import base64
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.faults import Fault
from sandbox.platformsh import Trouble
from sandbox.platformsh.auth import Authority
from sandbox.platformsh.state import PROJECT, utc_now
from tests.contract.platformsh_stand import Stand, standing

needs_ssh = pytest.mark.skipif(
    not (shutil.which("ssh") and shutil.which("git")),
    reason="ssh or git is not here: the real programs did NOT bear witness",
)


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    with standing() as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    """As it is at the start; put back after the test."""
    yield running
    running.reset()


@dataclass(frozen=True)
class Key:
    """A fresh key pair as OpenSSH text."""

    private: str
    public: str


def fresh_key() -> Key:
    key = Ed25519PrivateKey.generate()
    openssh, none = serialization.Encoding.OpenSSH, serialization.NoEncryption()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, none
    )
    public = key.public_key().public_bytes(openssh, serialization.PublicFormat.OpenSSH)
    return Key(private.decode(), public.decode())


def certified(stand: Stand, key: Key) -> str:
    """A certificate from the certifier, over HTTP."""
    answer = stand.api.post(f"{stand.platformsh.certifier_url}/ssh", json={"key": key.public})
    assert answer.status_code == 200
    return str(answer.json()["certificate"])


@dataclass(frozen=True)
class Clone:
    """A working copy that goes to the stand-in through the OpenSSH client."""

    path: Path
    environment: dict[str, str]

    def git(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments], env=self.environment | environment,
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

    def commit(self, content: str, path: str = "note.txt") -> str:
        (self.path / path).write_text(content)
        assert self.git("add", path).returncode == 0
        assert self.git("commit", "--quiet", "--message", content).returncode == 0
        return self.git("rev-parse", "HEAD").stdout.strip()

    def push(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.git("push", "origin", *options, **environment)


@pytest.fixture
def clone(stand: Stand, tmp_path: Path) -> Clone:
    """Cloned from the stand-in with a certificate and the pinned host key."""
    key = fresh_key()
    for name, text in (
        ("key", key.private), ("key-cert.pub", certified(stand, key)),
        ("known_hosts", stand.platformsh.git_known_host),
    ):  # fmt: skip
        (tmp_path / name).write_text(text + "\n")
        (tmp_path / name).chmod(0o600)
    options = (
        f"-o CertificateFile={tmp_path}/key-cert.pub -o IdentityFile={tmp_path}/key"
        f" -o IdentitiesOnly=yes -o UserKnownHostsFile={tmp_path}/known_hosts"
        " -o StrictHostKeyChecking=yes -o SendEnv=PLATFORMSH_PUSH_NO_WAIT"
    )
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "Starter"), ("EMAIL", "starter@example.com"))}  # fmt: skip
    environment = who | {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_SSH_COMMAND": f"ssh -F none {options}", "LC_ALL": "C",
    }  # fmt: skip
    made = Clone(tmp_path, environment)
    cloned = made.git("clone", "--quiet", stand.platformsh.project.repository_url, "clone")
    assert cloned.returncode == 0, cloned.stderr
    return Clone(tmp_path / "clone", environment)


@needs_ssh
def test_a_real_clone_has_what_the_api_shows(stand: Stand, clone: Clone) -> None:
    """The same head, tree and bytes through git and through the git data API."""
    head = clone.git("rev-parse", "HEAD").stdout.strip()
    assert head == stand.get(stand.main)["head_commit"]
    commit = stand.get(f"{stand.path}/git/commits/{head}")
    assert commit["tree"] == clone.git("rev-parse", "HEAD^{tree}").stdout.strip()
    assert commit["parents"] == [clone.git("rev-parse", "HEAD^").stdout.strip()]
    tree = stand.get(f"{stand.path}/git/trees/{commit['tree']}")["tree"]
    listed = clone.git("-c", "core.quotePath=false", "ls-tree", "HEAD").stdout.splitlines()
    assert [f"{e['mode']} {e['type']} {e['sha']}\t{e['path']}" for e in tree] == listed
    blob = next(e["sha"] for e in tree if e["path"] == "README.md")
    shown = stand.get(f"{stand.path}/git/blobs/{blob}")
    content = base64.b64decode(shown["content"])
    assert content == (clone.path / "README.md").read_bytes()
    assert (shown["encoding"], shown["size"]) == ("base64", len(content))


@needs_ssh
def test_a_push_starts_an_activity_that_names_its_commits(stand: Stand, clone: Clone) -> None:
    """Returned at once when asked to; the activity is found by the new commit."""
    old = stand.platformsh.head("main")
    new = clone.commit("one")
    pushed = clone.push("HEAD:refs/heads/main", PLATFORMSH_PUSH_NO_WAIT="1")
    assert (pushed.returncode, "Building" in pushed.stderr) == (0, False)
    activity = stand.get(f"{stand.main}/activities", type="environment.push", count="1")[0]
    assert activity["parameters"] == {
        "user": "bot", "environment": "main", "old_commit": old, "new_commit": new,
    }  # fmt: skip
    assert stand.platformsh.settle()
    assert stand.get(stand.main)["head_commit"] == new
    recorded = stand.journal.writes("git")[-1]
    assert recorded.headers == (("PLATFORMSH_PUSH_NO_WAIT", "1"),)
    assert recorded.body.decode() == f"{old} {new} refs/heads/main\n"


@needs_ssh
def test_the_same_commit_again_is_no_push(stand: Stand, clone: Clone) -> None:
    """Everything up-to-date: no activity, nothing recorded as written."""
    before = len(stand.platformsh.activities.listed())
    writes = len(stand.journal.writes("git"))
    assert "up-to-date" in clone.push("HEAD:refs/heads/main").stderr
    assert len(stand.platformsh.activities.listed()) == before
    assert len(stand.journal.writes("git")) == writes


@needs_ssh
def test_a_push_that_waits_tells_the_log_and_ends_well_though_the_build_fails(
    stand: Stand, clone: Clone
) -> None:
    """The exit code is git's own: only the activity knows that the deployment failed."""
    stand.platformsh.trouble(Trouble("failure", "push"))
    clone.commit("two")
    pushed = clone.push("HEAD:refs/heads/main")
    assert pushed.returncode == 0
    assert "Error building project" in pushed.stderr
    activity = stand.get(f"{stand.main}/activities", count="1")[0]
    assert activity["result"] == "failure"


@needs_ssh
def test_history_is_neither_rewritten_nor_deleted(stand: Stand, clone: Clone) -> None:
    """Forced or not; the branch stays where it was and no activity starts."""
    head = stand.platformsh.head("main")
    before = len(stand.platformsh.activities.listed())
    assert clone.git("reset", "--hard", "--quiet", "HEAD^").returncode == 0
    clone.commit("rewritten")
    forced = clone.push("--force", "HEAD:refs/heads/main")
    assert (forced.returncode, "non-fast-forward" in forced.stderr) == (1, True)
    assert clone.push("--delete", "staging").returncode == 1
    assert stand.platformsh.head("main") == head
    assert stand.platformsh.head("staging")
    assert len(stand.platformsh.activities.listed()) == before


@needs_ssh
@pytest.mark.parametrize(("kind", "moved"), [("cut-before", False), ("cut-after", True)])
def test_a_push_can_be_cut_before_or_after_its_effect(
    stand: Stand, clone: Clone, kind: str, moved: bool
) -> None:
    """Either way the client hears of no success; only one of them has moved the branch."""
    stand.faults.add(Fault("git", "POST", "/git-receive-pack", kind))  # type: ignore[arg-type]
    new = clone.commit(kind)
    assert clone.push("HEAD:refs/heads/main").returncode != 0
    assert (stand.platformsh.head("main") == new) is moved
    assert stand.platformsh.settle()
    newest = stand.get(f"{stand.main}/activities", type="environment.push", count="1")[0]
    assert (newest["parameters"]["new_commit"] == new) is moved


def connected(stand: Stand, key: Key, certificate: str, *, user: str = PROJECT) -> (
    paramiko.Transport
):  # fmt: skip
    """An authenticated transport. Raises paramiko.AuthenticationException."""
    transport = paramiko.Transport(("127.0.0.1", stand.platformsh.git_host.port))
    loaded = paramiko.Ed25519Key(file_obj=io.StringIO(key.private))
    if certificate:
        loaded.load_certificate(certificate)
    try:
        transport.start_client(timeout=5)
        transport.auth_publickey(user, loaded)
    except paramiko.SSHException:
        transport.close()
        raise
    return transport


def test_the_pinned_host_key_is_the_one_that_is_shown(running: Stand) -> None:
    """The known_hosts line and the key of the handshake are the same."""
    transport = connected(running, key := fresh_key(), certified(running, key))
    try:
        shown = transport.get_remote_server_key().get_base64()
    finally:
        transport.close()
    host, kind, pinned = running.platformsh.git_known_host.split(" ")[:3]
    assert host == f"[127.0.0.1]:{running.platformsh.git_host.port}"
    assert (kind, pinned) == ("ssh-ed25519", shown)


def test_who_holds_no_living_certificate_for_the_name_is_refused(running: Stand) -> None:
    """No certificate, one of another authority, an expired one, another user name."""
    auth, key = running.platformsh.auth, fresh_key()
    connected(running, key, certified(running, key)).close()  # the control
    for certificate in ("", Authority(utc_now).certify(key.public)):
        with pytest.raises(paramiko.AuthenticationException):
            connected(running, key, certificate)
    auth.certificate_seconds = -60
    try:
        expired = certified(running, key)
    finally:
        auth.certificate_seconds = 3600
    with pytest.raises(paramiko.AuthenticationException):
        connected(running, key, expired)
    with pytest.raises(paramiko.AuthenticationException):
        connected(running, key, certified(running, key), user="otherproject1")


def test_a_certificate_for_another_principal_is_refused(running: Stand) -> None:
    """The principal must be the user name of the project."""
    auth, key = running.platformsh.auth, fresh_key()
    auth.certificate_principals = ("otherproject1",)
    try:
        other = certified(running, key)
    finally:
        auth.certificate_principals = (PROJECT,)
    with pytest.raises(paramiko.AuthenticationException):
        connected(running, key, other)


def test_nothing_but_git_on_this_project_is_run(running: Stand) -> None:
    """Another program, a shell and another repository end with an error."""
    transport = connected(running, key := fresh_key(), certified(running, key))
    try:
        for command in ("ls /", "git-upload-pack '/other.git'", "git-upload-archive '/x'", "'"):
            channel = transport.open_session(timeout=5)
            channel.exec_command(command)
            assert channel.recv_exit_status() == 1
            channel.close()
    finally:
        transport.close()


def test_the_certifier_wants_a_token_and_a_key(running: Stand) -> None:
    """And names the authority that it signs with."""
    url = running.platformsh.certifier_url
    key = fresh_key().public
    refused = running.api.post(f"{url}/ssh", json={"key": key}, headers={"Authorization": "no"})
    assert refused.status_code == 401
    assert running.api.post(f"{url}/ssh", json={"key": "nothing"}).status_code == 400
    named = running.api.get(f"{url}/ssh/authority").json()["authorities"]
    assert named == [running.platformsh.auth.public_line]
