"""A closed origin in a process of its own, so that it does not share a processor's lock with us."""

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.contract.origins import answer, context, origin, over_tls, says

ADDRESSES = [f"127.0.0.{number}" for number in range(1, 16)]


@contextmanager
def closed_origin() -> Iterator[int]:
    """The port, on all of `ADDRESSES`, of an origin that requires a client certificate."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.origin"], stdout=subprocess.PIPE, stdin=subprocess.PIPE,
        env=os.environ,
    )  # fmt: skip
    try:
        assert started.stdout is not None
        yield int(started.stdout.readline())
    finally:
        started.terminate()
        started.wait()
        for pipe in (started.stdout, started.stdin):
            if pipe is not None:
                pipe.close()


def main() -> None:
    """Serve until terminated; the port is the first line."""
    behaviour = over_tls(context("required", ssl.TLSVersion.TLSv1_3), says(answer(200)))
    with ExitStack() as held:
        first = held.enter_context(origin(behaviour, ADDRESSES[0]))
        for address in ADDRESSES[1:]:
            held.enter_context(origin(behaviour, address, first.port))
        sys.stdout.write(f"{first.port}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
