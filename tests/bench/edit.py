"""The edit of a routes file, beside ruamel.yaml's own round trip (load, set the keys, dump)."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial

from ruamel.yaml import YAML

from steps.routes import require
from steps.routes_tree import read
from tests.bench.measure import Measured, median

ROUTE = """\
"https://h{n}.{{default}}/":
  type: upstream
  upstream: "app:http"
  cache:
    enabled: true # for a minute
    cookies: ['*']

"""
APP = """\
  app{n}:
    type: "php:8.3"
    hooks:
      build: |
        set -e
        composer install --no-dev
    variables: {{env: {{A: 1, B: two}}}}
"""
CA = "cloudflare-ca.crt"


def edits() -> Iterator[Measured]:
    """300 routes, which is the platform's limit, and an Upsun file of many applications."""
    many = "".join(ROUTE.format(n=n) for n in range(300))
    one = "routes:\n" + "".join(f"  {line}\n" for line in ROUTE.format(n=0).splitlines() if line)
    large = "applications:\n" + "".join(APP.format(n=n) for n in range(1000)) + one
    for name, text in (("300 routes", many), (f"{len(large.encode()) >> 10} KB", large)):
        ours, theirs = partial(_edited, text), partial(_round_trip, text)
        yield Measured(f"edit of {name}, against a round trip", median(ours, 3), "s",
                       median(theirs, 3), 1.5)  # fmt: skip
        yield Measured(f"memory for {name}, against a round trip", _peak(ours), "MB",
                       _peak(theirs), 1.5)  # fmt: skip


def _edited(text: str) -> str:
    """As the first time: nothing of an earlier run is kept."""
    read.cache_clear()
    return require(text, ca_path=CA).text


def _round_trip(text: str) -> str:
    yaml = YAML()
    tree = yaml.load(text)
    for url, route in tree.get("routes", tree).items():
        if url.startswith("https://"):
            route["tls"] = {"client_authentication": "require"}
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue()


def _peak(do: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
