"""What other tools say of a running case: `curl` and `openssl s_client`."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator

from tests.contract.lab.case import Case
from tests.contract.lab.process import Running

HOST = "www.example.com"
_REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
_PATIENCE = 3
# It has no bounds of its own, and some of the servers have none either.
_BOUNDED = 'set -o pipefail; timeout "$1" "${@:2}" | head -c 100000'
_STOPPED = {124: "still waiting", 141: "still reading"}
_STATUS = re.compile(r"^HTTP/[\d.]+ (\d{3})", re.MULTILINE)
_FAILED = re.compile(r"^[0-9A-F]+:error:[0-9A-F]*:[^:]*:[^:]*:([^:]+):", re.MULTILINE)
_ADDRESS = re.compile(r"(localhost|www\.example\.com|127\.0\.0\.1):\d+")


def curl(running: Running, case: Case, *more: str) -> "subprocess.CompletedProcess[str]":
    """`curl` at the same address, without verifying what the server shows; `more` are options."""
    port = running.ports[case.setting]
    words = ("curl", "--silent", "--show-error", "--insecure", "--max-time", str(_PATIENCE),
             "--noproxy", "*", "--resolve", f"{HOST}:{port}:127.0.0.1", "--output", "/dev/null",
             "--write-out", "%{http_code}", *more, f"https://{HOST}:{port}/")  # fmt: skip
    return _run(words)


def answers_the_right_one(running: Running, case: Case) -> str:
    """Empty when the right certificate gets an answer; else what `curl` said."""
    files = running.files
    done = curl(
        running, case, "--cert", str(files["right"]), "--key", str(files["right-key"]),
        "--tlsv1.0", "--ciphers", "DEFAULT:@SECLEVEL=0",
    )  # fmt: skip
    return "" if done.returncode == 0 and done.stdout == "200" else f"{done.stdout} {done.stderr}"


def curl_says(running: Running, case: Case) -> str:
    """The exit code, and the status or the message."""
    done = curl(running, case)
    said = _ADDRESS.sub("…", done.stderr.strip().partition(") ")[2])
    said = re.sub(r" after \d+ milliseconds.*", "", said)
    said = re.sub(r"OpenSSL/[\d.]+: error:[0-9A-F]+:", "error:", said)
    return f"{done.returncode}: {said or f'HTTP {done.stdout}'}"


def s_client_says(running: Running, case: Case) -> str:
    """The exit code, the status or the errors, and what it tells of authorities."""
    port = running.ports[case.setting]
    words = ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST,
             "-ign_eof")  # fmt: skip
    done = _run(("bash", "-c", _BOUNDED, "bounded", str(_PATIENCE), *words), _REQUEST)
    heard = ", ".join(_heard(done.stdout, done.stderr))
    return f"{_STOPPED.get(done.returncode, done.returncode)}: {heard}"


def _heard(said: str, errors: str) -> Iterator[str]:
    status = _STATUS.search(said)
    failed = Counter(_FAILED.findall(errors))
    yield from [f"HTTP {status[1]}"] if status else failed or ["no answer"]
    if "No client certificate CA names sent" in said:
        yield "“No client certificate CA names sent”"
    elif "Acceptable client certificate CA names" in said:
        yield "names authorities"


def _run(words: tuple[str, ...], given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words, input=given, capture_output=True, text=True, check=False, errors="replace"
    )
