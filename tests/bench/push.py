"""The push without a clone, beside `git clone --depth 1`, a commit and `git push`."""

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from sandbox.authorities import Authorities
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.platformsh.stand_in import PlatformshStandIn
from sandbox.timings import Timings
from steps.clients.api_token import ApiToken
from steps.clients.git_objects import Author
from steps.clients.platformsh import certifier, platformsh
from steps.clients.repository import Repository
from tests.bench.measure import Measured, median

PROJECT, BRANCH = "q7x2m5kd3vw4t", "main"
_NUMBER = count()


def pushes() -> Iterator[Measured]:
    """Repositories of 1 and 100 MB; our cost does not depend on the size."""
    for megabytes in (1, 100):
        with tempfile.TemporaryDirectory() as directory:
            vendor = PlatformshStandIn(
                authorities=Authorities.create(), journal=Journal(), faults=Faults(),
                timings=Timings(0.0, 0.0, 0.0, 0.0, 0.0), seed=1,
            )  # fmt: skip
            try:
                vendor.commit(BRANCH, {f"media/{n}.bin": secrets.token_bytes(2**20)
                                       for n in range(megabytes)})  # fmt: skip
                vendor.settle()
                ours = median(partial(_push, vendor), 5)
                cloned = median(partial(clone_and_push, vendor, Path(directory)), 3)
            finally:
                vendor.close()
        yield Measured(f"push into {megabytes} MB, against clone and push", ours, "s", cloned, 1)


def _push(vendor: PlatformshStandIn) -> None:
    auth = ApiToken(SecretStr(vendor.api_token), vendor.auth_url)
    client = platformsh(auth, base=vendor.api_url)
    certify = certifier(auth, base=vendor.certifier_url).certify
    repository = Repository(
        client, certify, vendor.git_known_host, Author("Bench", "bench@example.com")
    )
    head = repository.head(PROJECT, BRANCH)
    content = f"# {next(_NUMBER)}\n".encode()
    made = repository.commit(
        head, {".platform/bench.txt": content}, message="Bench", at=datetime.now(UTC)
    )
    repository.push(PROJECT, BRANCH, made, expected=head.commit)


def clone_and_push(vendor: PlatformshStandIn, directory: Path) -> None:
    """What a script would do, with OpenSSH and a certificate of the certifier."""
    place = directory / f"clone-{next(_NUMBER)}"
    place.mkdir()
    environment = _environment(vendor, place)

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, cwd=place, env=environment,
                       capture_output=True)  # fmt: skip

    git("clone", "--quiet", "--depth", "1", vendor.project.repository_url, "work")
    (place / "work" / ".platform" / "bench.txt").write_text(f"{time.time()}\n")
    for arguments in (("add", "-A"), ("commit", "--quiet", "-m", "Bench"), ("push", "--quiet")):
        git("-C", "work", *arguments)


def _environment(vendor: PlatformshStandIn, place: Path) -> dict[str, str]:
    key = Ed25519PrivateKey.generate()
    openssh = serialization.Encoding.OpenSSH
    public = key.public_key().public_bytes(openssh, serialization.PublicFormat.OpenSSH).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()
    auth = ApiToken(SecretStr(vendor.api_token), vendor.auth_url)
    certificate = certifier(auth, base=vendor.certifier_url).certify(public)
    for name, text in (
        ("key", private), ("key-cert.pub", certificate), ("known_hosts", vendor.git_known_host),
    ):  # fmt: skip
        (place / name).write_text(f"{text}\n")
        (place / name).chmod(0o600)
    options = (
        f"-o CertificateFile={place}/key-cert.pub -o IdentityFile={place}/key -o IdentitiesOnly=yes"
        f" -o UserKnownHostsFile={place}/known_hosts -o SendEnv=PLATFORMSH_PUSH_NO_WAIT"
    )
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "Bench"), ("EMAIL", "bench@example.com"))}  # fmt: skip
    return who | {
        "PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_SSH_COMMAND": f"ssh -F none {options}", "PLATFORMSH_PUSH_NO_WAIT": "1",
    }  # fmt: skip
