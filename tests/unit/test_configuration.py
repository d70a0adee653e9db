"""A configuration directory: changed, and restored to the bytes of before, or not at all."""

import json

import pytest

from steps.configuration import (
    Configuration,
    Entry,
    Files,
    Record,
    digest,
    digests,
    entries_of,
    kept,
)
from steps.routes import Mode

CA = b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
PLAIN = b'"https://{default}/":\n  type: upstream\n  upstream: "app:http"\n'
ANCHOR = (
    b'"https://{default}/":\n  type: upstream\n  upstream: "app:http"\n  tls: &tls\n'
    b'    min_version: TLSv1.3\n"https://www.{default}/":\n  type: redirect\n'
    b'  to: "https://{default}/"\n  tls: *tls\n'
)
UPSUN = b"applications:\n  app:\n    type: python:3.12\nroutes:\n  " + PLAIN.replace(b"\n", b"\n  ")
SHAPES = {
    "plain": (".platform", {".platform/routes.yaml": PLAIN}),
    "CRLF": (".platform", {".platform/routes.yaml": PLAIN.replace(b"\n", b"\r\n")}),
    "anchor": (".platform", {".platform/routes.yaml": ANCHOR}),
    "upsun": (".upsun", {".upsun/config.yaml": UPSUN.rstrip(b" ")}),
    "no routes": (".platform", {".platform.app.yaml": b"name: shop\ntype: python:3.12\n"}),
    "CA there": (".platform", {".platform/routes.yaml": PLAIN,
                               ".platform/cloudflare-ca.crt": CA}),
}  # fmt: skip
shapes = pytest.mark.parametrize(("directory", "files"), SHAPES.values(), ids=SHAPES.keys())


def at(directory: str, files: dict[str, bytes]) -> Configuration:
    entries = {path: Entry(0o100644, content) for path, content in files.items()}
    return Configuration("c" * 40, directory, "t" * 40, entries)


def brought(there: Configuration, mode: Mode) -> tuple[Configuration, Record]:
    """The directory after a change, and what is on record of it."""
    changed = there.asking(mode, CA)
    assert changed.files, changed.findings
    files: dict[str, bytes | None] = {c.path: c.after for c in changed.files}
    before: Files = {path: there.content(path) for path in (*files, there.ca_path)}
    values = {
        "before": digests(before), "after": digests({**before, **files}), "kept": kept(changed),
    }  # fmt: skip
    return with_files(there, files), Record.of(values)


def with_files(there: Configuration, files: Files) -> Configuration:
    entries = {p: e for p, e in there.entries.items() if files.get(p, b"") is not None}
    entries |= {p: Entry(0o100644, c) for p, c in files.items() if c is not None}
    return Configuration(there.commit, there.directory, there.tree, entries)


@shapes
def test_a_change_is_restored_to_the_byte(directory: str, files: dict[str, bytes]) -> None:
    """Asked, then required: the second step's way back, and both at once."""
    first = at(directory, files)
    asked, gate = brought(first, "request")
    required, client = brought(asked, "require")
    one_back = required.restored(client, CA)
    assert one_back is not None
    assert with_files(required, one_back).entries == asked.entries
    all_back = required.restored(client.since(gate), CA)
    assert all_back is not None
    assert with_files(required, all_back).entries == first.entries


@shapes
def test_a_twice_made_change_is_none(directory: str, files: dict[str, bytes]) -> None:
    """Satisfied means no files."""
    required, _ = brought(at(directory, files), "require")
    assert required.asking("require", CA).files == ()
    assert required.modes() == "client authentication require"


def test_what_somebody_else_changed_is_never_guessed() -> None:
    """No candidate has the digest: None, and only taking our lines out by meaning is left."""
    required, record = brought(at(*SHAPES["plain"]), "require")
    path = ".platform/routes.yaml"
    content = required.content(path)
    assert content is not None
    other = with_files(required, {path: content + b"# more\n"})
    assert other.restored(record, CA) is None
    out = {change.path: change.after for change in other.taken_out().files}
    assert out == {path: PLAIN + b"# more\n", other.ca_path: None}


def test_kept_texts_do_not_overwrite_what_came_later() -> None:
    """They count only while the file is as we left it."""
    required, record = brought(at(*SHAPES["no routes"]), "require")
    assert json.loads(json.dumps(dict(record.kept))) == {
        ".platform/routes.yaml": None, ".platform/cloudflare-ca.crt": None,
    }  # fmt: skip
    path = ".platform/routes.yaml"
    changed = with_files(required, {path: (required.content(path) or b"") + b"# more\n"})
    assert changed.restored(record, CA) is None


def test_only_what_matters_is_read() -> None:
    """Links and other files have their mode and no content."""
    read: list[str] = []

    def reading(path: str) -> bytes:
        read.append(path)
        return b"x"

    listed = {".platform/routes.yaml": 0o100644, ".platform/local": 0o100644,
              ".platform/services.yaml": 0o120000}  # fmt: skip
    found = entries_of(listed, reading)
    assert read == [".platform/routes.yaml"]
    assert found[".platform/services.yaml"] == Entry(0o120000)
    assert digest(None) == ""
