"""`make bench`: each figure beside its baseline of the same run; JSON=FILE writes them as well."""

import logging
import os
import sys
from pathlib import Path

import structlog

from tests.bench.edit import edits
from tests.bench.page import page
from tests.bench.probe import probes
from tests.bench.push import pushes
from tests.bench.rollout import rollout_overhead
from tests.bench.status import statuses
from tests.bench.wide import wide_tree


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    lines = []
    for group in (probes, rollout_overhead, pushes, edits, wide_tree, page, statuses):
        for measured in group():
            sys.stdout.write(f"{measured.line}\n")
            sys.stdout.flush()
            lines.append(measured.as_json)
    if os.environ.get("JSON"):
        Path(os.environ["JSON"]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
