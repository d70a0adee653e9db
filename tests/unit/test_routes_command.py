"""`python app.py routes`: bytes on standard output, words on standard error, the file untouched."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli

ROOT = Path(__file__).parents[2]
TEXT = b'"https://{default}/":\r\n  type: upstream\r\n  upstream: "app:http" # \xc3\xbc'
UPSUN = b"applications: {}\nroutes:\n  https://a/: {type: upstream, upstream: x}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "routes.yaml"


def call(file: Path, *arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(cli, ["routes", str(file), *arguments])


def test_the_edit_comes_out_byte_for_byte_and_goes_back(file: Path) -> None:
    """As a process, with CRLF, letters and no last line break; asked for by name or by nothing."""
    file.write_bytes(TEXT)
    command = [sys.executable, "app.py", "routes", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.startswith(TEXT + b"\r\n  tls:\r\n")
    assert not done.stdout.endswith(b"\n")
    assert (done.stderr, file.read_bytes()) == (b"", TEXT)
    assert call(file, "--require").stdout_bytes == done.stdout
    file.write_bytes(done.stdout)
    assert call(file).stdout_bytes == done.stdout
    assert call(file, "--undo").stdout_bytes == TEXT


def test_the_kind_of_file_is_seen_from_its_content(file: Path) -> None:
    """An Upsun file under any name, and another name of the CA."""
    file.write_bytes(UPSUN)
    done = call(file, "--ca-path", "our.crt")
    assert b"[!include {type: string, path: our.crt}]" in done.stdout_bytes
    file.write_bytes(done.stdout_bytes)
    assert call(file, "--undo").stdout_bytes == file.read_bytes()
    assert call(file, "--undo", "--ca-path", "our.crt").stdout_bytes == UPSUN


def test_check_is_a_table_of_routes_and_findings(file: Path) -> None:
    """Exit 0 when nothing stands in the way, 1 when something does."""
    file.write_bytes(UPSUN + b"  'https://*.a/': {type: redirect, to: https://a/}\n")
    fine = call(file, "--check")
    kind, *lines = fine.stdout.splitlines()
    assert kind == "Upsun configuration"
    assert [line.split() for line in lines[:3]] == [
        ["ROUTE", "TYPE", "TO", "CLIENT", "AUTHENTICATION", "LINE"],
        ["https://a/", "upstream", "x", "none", "3"],
        ["https://*.a/", "redirect", "https://a/", "none", "4"],
    ]
    assert lines[3].startswith(f"{file}:4:3: note: https://*.a/ stands for every name below it")
    assert (fine.exit_code, fine.stderr) == (0, "")
    file.write_bytes(UPSUN + b"  http://a/: {type: upstream, upstream: x}\n")
    blocked = call(file, "--check")
    assert (blocked.exit_code, f"{file}:4:3: http://a/ serves" in blocked.stdout) == (1, True)
    file.write_bytes(TEXT)
    assert call(file, "--check").stdout.startswith("Platform.sh routes file\n")
    file.write_bytes(call_on(file, UPSUN).stdout_bytes)
    assert "require cloudflare-ca.crt" in call(file, "--check").stdout


def call_on(file: Path, content: bytes) -> Result:
    """The edit of other bytes under the same name."""
    file.write_bytes(content)
    return call(file)


@pytest.mark.parametrize("ask", ["--require", "--undo", "--check"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"https://a/: [\n", "2:1: This is not valid YAML"),
        (b"https://a/:\n  type: x\n  type: y\n", "3:3: The key 'type' stands twice"),
        (b"https://a/:\n  \xff: x\n", "2:3: The file is not written in UTF-8"),
        (b"# https://a/:\n", "1:1: The file holds no routes"),
        (b"", "1:1: The file holds no routes"),
    ],
)
def test_a_bad_file_is_told_with_its_place(file: Path, ask: str, content: bytes, told: str) -> None:
    """Nothing on standard output, exit 2."""
    file.write_bytes(content)
    done = call(file, ask)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}:{told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a/:\n  type: upstream\nhttps://b/:\n  type: proxy\n", "1:1: 'a/' is no address"),
        ("“https://a/”:\n  type: upstream\n".encode(), "1:1: The address “https://a/”"),
    ],
)
def test_a_file_with_something_in_the_way_is_not_edited(
    file: Path, content: bytes, told: str
) -> None:
    """Readable, and still nothing on standard output."""
    done = call_on(file, content)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}:{told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"https://b/:\n  type: proxy\nhttp://a/:\n  type: upstream\n", "3:1: http://a/ serves"),
        (b"services: {}\n", "1:1: The file holds no routes"),
    ],
)
def test_what_keeps_the_site_open_is_told_beside_the_edit(
    file: Path, content: bytes, told: str
) -> None:
    """The text is edited for whoever asks; only the step of a rollout, and the check, say no."""
    done = call_on(file, content)
    assert done.stdout_bytes.startswith(content[:11])
    assert (done.exit_code, done.stderr.startswith(f"{file}:{told}")) == (0, True)
    checked = call(file, "--check")
    assert (checked.exit_code, f"{file}:{told}" in checked.stdout) == (1, True)
    file.write_bytes(done.stdout_bytes)
    assert call(file, "--undo").stdout_bytes == content


def test_what_must_be_known_is_told_beside_the_edit(file: Path) -> None:
    """Another authority that stays; a text that only the old file gives back."""
    flow = b'https://a/: {tls: {client_certificate_authorities: [PEM]}, type: "x\n  y"}\n'
    done = call_on(file, flow)
    assert done.exit_code == 0
    assert ":1:53: note: https://a/ lets in the holders of another authority's" in done.stderr
    assert "keep the file from before" in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As an error of the file, not of the program."""
    done = call(tmp_path / "none.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path / 'none.yaml'}: No such file or directory\n"


def test_the_command_imports_little() -> None:
    """It edits a text: no Slack, no HTTP, no settings."""
    code = "import sys, bot.terminal.routes; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert "ruamel.yaml" in loaded
    heavy = {"httpx", "slack_sdk", "slack_bolt", "pydantic", "pydantic_settings", "structlog"}
    assert not heavy & set(loaded)
