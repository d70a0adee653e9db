"""The project's bare git repository on disk, read and written with the git program."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Files: TypeAlias = Mapping[str, bytes | None]
"""Path to content; None deletes."""
ZEROS = "0" * 40
_HOOK = '#!/bin/sh\n[ -n "$SANDBOX_RECEIVED" ] && cat >> "$SANDBOX_RECEIVED"\nexit 0\n'


class NoSuchObjectError(Exception):
    """The repository has no object of that kind under that name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree; mode in six digits."""

    mode: str
    path: str
    sha: str

    @property
    def type(self) -> str:
        return {"040000": "tree", "160000": "commit"}.get(self.mode, "blob")


def git_environment() -> dict[str, str]:
    """Nothing of the machine's own git settings reaches the stand-in."""
    return {
        "PATH": os.defpath,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


def git_program() -> str:
    program = shutil.which("git")
    if program is None:
        raise RuntimeError("The sandbox needs the git program; it is not on the PATH.")
    return program


class Repository:
    """A bare repository that refuses what rewrites history, as the vendor's does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.program = git_program()
        path.mkdir(parents=True)
        self.git("init", "--bare", "--quiet", "--initial-branch=main")
        for key, value in (
            ("receive.denyNonFastForwards", "true"),
            ("receive.denyDeletes", "true"),
            ("receive.fsckObjects", "true"),
            ("core.logAllRefUpdates", "false"),
            ("gc.auto", "0"),
        ):
            self.git("config", key, value)
        hook = path / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_HOOK)
        hook.chmod(0o755)

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.path, input=stdin, capture_output=True, check=True, env=git_environment(),
        )  # fmt: skip
        return done.stdout

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
        return {name: sha for sha, _, name in (line.partition(" ") for line in lines)}

    def head(self, branch: str) -> str | None:
        return self.refs().get(f"refs/heads/{branch}")

    def read(self, sha: str, kind: str) -> bytes:
        """The content of an object. Raises NoSuchObjectError."""
        answer = self.git("cat-file", "--batch", stdin=sha.encode() + b"\n")
        head, _, body = answer.partition(b"\n")
        words = head.decode().split()
        if len(words) != 3 or words[1] != kind:
            raise NoSuchObjectError(sha)
        return body[: int(words[2])]

    def tree(self, sha: str) -> tuple[Entry, ...]:
        """The entries in git's order. A name that is no UTF-8 arrives damaged, as through JSON."""
        raw, entries, at = self.read(sha, "tree"), [], 0
        while at < len(raw):
            space, end = raw.index(b" ", at), raw.index(b"\0", at)
            mode, path = raw[at:space].decode().zfill(6), raw[space + 1 : end]
            at = end + 21
            entries.append(Entry(mode, path.decode(errors="replace"), raw[end + 1 : at].hex()))
        return tuple(entries)

    def file(self, commit: str, path: str) -> bytes | None:
        """The file's bytes at that commit; None when there is none."""
        try:
            return self.read(f"{commit}:{path}", "blob")
        except NoSuchObjectError:
            return None

    def commit(self, branch: str, files: Files, *, message: str, start: str = "") -> str:
        """Add a commit to a branch behind everybody's back and return its SHA."""
        parent = self.head(start or branch)
        self.git("fast-import", "--quiet", stdin=fast_import(branch, files, message, parent))
        head = self.head(branch)
        assert head is not None
        return head


def fast_import(branch: str, files: Files, message: str, parent: str | None) -> bytes:
    """One commit as a stream for `git fast-import`; `*.sh` is made executable."""
    words = message.encode()
    parts = [f"commit refs/heads/{branch}\n".encode()]
    parts.append(b"committer Starter <starter@example.com> 1767225600 +0000\n")
    parts.append(b"data %d\n%s\n" % (len(words), words))
    if parent:
        parts.append(f"from {parent}\n".encode())
    for path, content in files.items():
        if content is None:
            parts.append(f"D {path}\n".encode())
        else:
            mode = "100755" if path.endswith(".sh") else "100644"
            parts.append(
                f"M {mode} inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
            )
    return b"".join(parts) + b"\n"
