"""The patch that people apply by hand, with the real `git am` as the judge."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steps.patch import FileChange, Mail, keeps_returns, mbox

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MAIL = Mail("Jörg Müller", "joerg@example.com", "Require a certificate → überall\n\nWhy: so.\n", AT)
ROUTES = '"https://{default}/":\n  type: upstream\n  upstream: "app:http"\n'
TLS = '  tls:\n    client_authentication: "require"\n'
PATH = ".platform/routes.yaml"


def git(place: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Git in a place of its own."""
    who = {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", **who}
    done = subprocess.run(
        ["git", *arguments], cwd=place, input=stdin, capture_output=True, check=False,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode()


def applied(place: Path, changes: dict[str, FileChange]) -> dict[str, bytes | None]:
    """The files after `git am` of the patch, in a clone in which they were as before."""
    git(place, "init", "--quiet", "--initial-branch=main")
    for path, change in changes.items():
        if change.before is not None:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(change.before)
    (place / "app.py").write_bytes(b"print()\n")
    git(place, "add", "-A")
    git(place, "commit", "--quiet", "-m", "Before")
    options = ("--keep-cr",) if keeps_returns(changes) else ()
    git(place, "am", *options, stdin=mbox(changes, MAIL))
    return {p: (place / p).read_bytes() if (place / p).exists() else None for p in changes}


SHAPES = {
    "plain": (ROUTES, ROUTES + TLS),
    "CRLF": (ROUTES.replace("\n", "\r\n"), (ROUTES + TLS).replace("\n", "\r\n")),
    "mixed line ends": (ROUTES.replace("\n", "\r\n", 1), ROUTES.replace("\n", "\r\n", 1) + TLS),
    "no last line end before": (ROUTES[:-1], ROUTES + TLS),
    "no last line end after": (ROUTES, (ROUTES + TLS)[:-1]),
    "no last line end at all": (ROUTES[:-1], (ROUTES + TLS)[:-1]),
    "not ASCII": ("# Straße → ünïcode\n" + ROUTES, "# Straße → ünïcode\n" + ROUTES + TLS),
    "lines like a mail's": ("From me\n-- \n---\n" + ROUTES, "From me\n-- \n---\n" + ROUTES + TLS),
    "form feed and tabs": ("#\x0c\t\n" + ROUTES, "#\x0c\t\n" + ROUTES + TLS),
}


@pytest.mark.parametrize(("before", "after"), SHAPES.values(), ids=SHAPES.keys())
def test_git_am_gives_every_byte(tmp_path: Path, before: str, after: str) -> None:
    """The routes changed and the CA made, in one commit, byte for byte."""
    changes = {
        PATH: FileChange(before.encode(), after.encode()),
        ".platform/cloudflare-ca.crt": FileChange(None, b"-----BEGIN CERTIFICATE-----\nAA==\n"),
    }
    assert applied(tmp_path, changes) == {path: c.after for path, c in changes.items()}
    told = git(tmp_path, "log", "-1", "--format=%an|%ae|%aI|%s|%b").strip()
    assert told == (
        "Jörg Müller|joerg@example.com|2026-11-24T12:00:00+00:00|"
        "Require a certificate → überall|Why: so."
    )
    assert git(tmp_path, "status", "--porcelain") == ""


def test_the_way_back_takes_a_file_out(tmp_path: Path) -> None:
    """A deletion, and a path that git writes in quotes."""
    changes = {
        PATH: FileChange((ROUTES + TLS).encode(), ROUTES.encode()),
        '.platform/straße "1".crt': FileChange(b"PEM\n", None),
    }
    assert applied(tmp_path, changes) == {PATH: ROUTES.encode(), '.platform/straße "1".crt': None}


def test_a_file_that_is_otherwise_is_not_patched(tmp_path: Path) -> None:
    """The control: git refuses a patch that was made for other content."""
    changes = {PATH: FileChange(ROUTES.encode(), (ROUTES + TLS).encode())}
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".platform").mkdir()
    (tmp_path / PATH).write_text("{}\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "Before")
    with pytest.raises(AssertionError, match="patch does not apply"):
        git(tmp_path, "am", stdin=mbox(changes, MAIL))
