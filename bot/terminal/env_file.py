"""The file that holds the settings, tokens included: for its owner's eyes only."""

import os
from collections.abc import Mapping
from pathlib import Path

_OWNER_ONLY = 0o600
_HEAD = "# Settings of mtls-bot. Tokens stand here: keep it out of git, and to yourself.\n"


def write(file: Path, values: Mapping[str, str]) -> None:
    """Put the values into `file` at once, readable by its owner alone, whatever was there."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(_HEAD + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items()))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
