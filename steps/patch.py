"""A commit as a patch in mbox form, ready for `git am`. Pure text; no git, no network.

`git am` reads a mail: header, message, `---`, one diff a file. Its diff keeps every byte, so the
body is 8 bit; a carriage return at a line's end needs `git am --keep-cr`, which is said.
"""

import difflib
import hashlib
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

_SHORT = 10


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; None where there is none."""

    before: bytes | None
    after: bytes | None
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class Mail:
    """Who says what of the change, and when (aware)."""

    author: str
    address: str
    message: str
    at: datetime
    commit: str = "0" * 40
    """Whatever stands in the first line; git reads only its form."""


def mbox(changes: Mapping[str, FileChange], mail: Mail) -> bytes:
    """The patch as bytes. Paths are as in the repository; nothing but text files is expected."""
    subject, _, body = mail.message.strip().partition("\n")
    head = [
        f"From {mail.commit} Mon Sep 17 00:00:00 2001",
        f"From: {_encoded(mail.author)} <{mail.address}>",
        f"Date: {format_datetime(mail.at)}",
        f"Subject: [PATCH] {_encoded(subject)}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        "",
    ]
    text = "\n".join(head).encode() + b"\n"
    if body.strip():
        text += body.strip().encode() + b"\n"
    diffs = [_diff(path, change) for path, change in sorted(changes.items())]
    return text + b"---\n\n" + b"".join(diffs) + b"-- \nmtls-bot\n\n"


def keeps_returns(changes: Mapping[str, FileChange]) -> bool:
    """Whether `git am` must be told to keep carriage returns."""
    sides = (side for change in changes.values() for side in (change.before, change.after))
    return any(b"\r\n" in (side or b"") for side in sides)


def _encoded(words: str) -> str:
    return words if words.isascii() else Header(words, "utf-8", maxlinelen=10_000).encode()


def _diff(path: str, change: FileChange) -> bytes:
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    lines = [f"diff --git {old} {new}"]
    if change.before is None:
        lines.append(f"new file mode {change.mode}")
    if change.after is None:
        lines.append(f"deleted file mode {change.mode}")
    kept = f" {change.mode}" if change.before is not None and change.after is not None else ""
    lines.append(f"index {_blob(change.before)}..{_blob(change.after)}{kept}")
    lines.append(f"--- {old if change.before is not None else '/dev/null'}")
    lines.append(f"+++ {new if change.after is not None else '/dev/null'}")
    return "\n".join(lines).encode() + b"\n" + b"".join(_hunks(change))


def _hunks(change: FileChange) -> Iterator[bytes]:
    """The hunks of a unified diff, byte by byte, with git's words for a missing last line end."""
    # Latin-1 gives each byte a character of its own, so that nothing is lost on the way.
    before, after = (
        (side or b"").decode("latin-1").split("\n") for side in (change.before, change.after)
    )
    old, new = ([*(f"{line}\n" for line in side[:-1]), *filter(None, side[-1:])]
                for side in (before, after))  # fmt: skip
    for number, line in enumerate(difflib.unified_diff(old, new)):
        if number < 2:  # noqa: PLR2004 - the two lines that name the files
            continue
        yield line.encode("latin-1")
        if not line.endswith("\n"):
            yield b"\n\\ No newline at end of file\n"


def _blob(content: bytes | None) -> str:
    if content is None:
        return "0" * _SHORT
    made = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return made.hexdigest()[:_SHORT]


def _quoted(path: str) -> str:
    """Git writes an unusual path in quotes, its bytes in octal."""
    special = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\t"): "\\t", ord("\n"): "\\n"}
    plain = path.isascii() and path.isprintable() and not any(ord(c) in special for c in path)
    if plain:
        return path
    written = "".join(
        special.get(b) or (chr(b) if chr(b) in string.printable else f"\\{b:03o}")
        for b in path.encode()
    )
    return f'"{written}"'
