"""What a new user waits for: the sandbox's page, and the effect of a click on it."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx

from sandbox.slack.people import APPROVER
from sandbox.world import Scenario, World
from tests.bench.measure import Measured
from tests.e2e.people_at_the_page import ROOT, Person, arrives, chromium
from tests.e2e.stage import Stage

START_LIMIT, CLICK_LIMIT = 3.0, 0.3
"""Seconds; the baseline of these two is what people put up with."""
_STARTS, _CLICKS = 3, 6


def page() -> Iterator[Measured]:
    """From the command to a usable page, and from a click to what it does."""
    starts = [_seconds_to_a_page() for _ in range(_STARTS)]
    yield Measured("make sandbox to a usable page (limit)", median(starts), "s", START_LIMIT, 1.0)
    yield Measured("click to its visible effect (limit)", _click(), "s", CLICK_LIMIT, 1.0)


def _seconds_to_a_page() -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "sandbox"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            said = running.stdout.readline()
        httpx.get(found[0]).raise_for_status()
        taken = time.perf_counter() - began
        running.terminate()
    return taken


def _click() -> float:
    """The median over the approvals of a run, as the page itself notices their effect."""
    with tempfile.TemporaryDirectory() as directory, chromium() as browser:
        world = World(Scenario.demo(), Path(directory))
        try:
            stage = Stage(world)
            stage.begin()
            stage.start()
            person = arrives(browser, world.slack.page_url, APPROVER)
            person.page.locator("#conversation .answers").first.wait_for()
            person.opens_thread()
            return median(_one_click(person) for _ in range(_CLICKS))
        finally:
            world.close()


def _one_click(person: Person) -> float:
    """The card is drawn anew without its button."""
    person.button("Approve", person.thread).last.wait_for()
    taken: float = person.page.evaluate(_TIMED)
    return taken / 1000


_TIMED = """() => new Promise((done) => {
  const thread = document.querySelector("#thread");
  const all = () => [...thread.querySelectorAll("button")];
  const buttons = () => all().filter((button) => button.textContent === "Approve");
  const began = performance.now();
  const watch = new MutationObserver(() => {
    if (buttons().length) return;
    watch.disconnect();
    done(performance.now() - began);
  });
  watch.observe(thread, { childList: true, subtree: true });
  buttons().at(-1).click();
  document.querySelector("#confirm[open] button.primary, #confirm[open] button.danger")?.click();
})"""
