"""People who use the sandbox's page in a real Chromium: they see, type and click."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

ROOT = Path(__file__).parents[2]
AXE = ROOT / "build" / "page-witness" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 45_000
"""Milliseconds until a test gives up waiting for something to be seen."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; a test that needs it is skipped where it is not."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Person:
    """One person in front of the page. `complaints` is all that the browser's console said."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)

    def _said(self, message: ConsoleMessage) -> None:
        # The browser's own word for a press on what was drawn anew meanwhile: it does not count.
        stale = "status of 409" in message.text
        if message.type in ("error", "warning") and not stale:
            self.complaints.append(message.text)

    def says(self, text: str) -> None:
        """Types a line in the channel and sends it."""
        self.page.get_by_role("textbox", name="Message #site-ops").fill(text)
        self.page.keyboard.press("Enter")

    def goes_home(self) -> None:
        """The app's home tab."""
        home = self.page.get_by_role("tab", name="Home")
        self.presses(
            lambda: self.page.locator("#rooms button").filter(has_text="mtls").click(),
            home.is_visible,
        )
        home.click()

    def opens_thread(self) -> None:
        """The newest thread of the channel, unless it is open already."""
        if not self.thread.is_visible():
            self.page.locator("#conversation .answers").last.click()

    @property
    def thread(self) -> Locator:
        return self.page.locator("#thread")

    @property
    def world(self) -> Locator:
        return self.page.locator("#world")

    @property
    def modal(self) -> Locator:
        return self.page.locator("#modal")

    def sees(self, text: str, within: Locator | None = None) -> None:
        """Waits until a text is to be seen."""
        place = within or self.page.locator("body")
        place.get_by_text(re.compile(text)).last.wait_for()

    def until(self, condition: Callable[[], bool]) -> None:
        """Looks again and again for something that is not to be seen on the page."""
        for _ in range(PATIENCE // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise TimeoutError("it did not come about")

    def clicks(self, name: str, within: Locator | None = None) -> None:
        """The newest button that says so, and the second yes where Slack asks for one."""
        self.button(name, within).last.click()
        self.says_yes_again()

    def says_yes_again(self) -> None:
        """Where Slack asks whether one is sure."""
        again = self.page.locator("#confirm[open] button.primary, #confirm[open] button.danger")
        if again.count():
            again.last.click()

    def presses(self, press: Callable[[], None], happened: Callable[[], object]) -> None:
        """Pressed until it has happened; on a busy machine, more than once."""
        for _ in range(PATIENCE // 5_000):
            press()
            for _ in range(100):
                if happened():
                    return
                self.page.wait_for_timeout(50)
        raise TimeoutError("it did not come about")

    def sends(self, press: Callable[[], object]) -> None:
        """A form is sent until its run stands in the channel; on a busy machine, more than once."""
        answers = self.page.locator("#conversation .answers").first
        for _ in range(PATIENCE // 5_000):
            press()
            with suppress(NotInTime):
                answers.wait_for(timeout=5_000)
                return
            if not self.modal.is_visible():
                break
        answers.wait_for()

    def button(self, name: str, within: Locator | None = None) -> Locator:
        """All buttons that say so; what is read out may be more."""
        place = within or self.page.locator("body")
        return place.locator("button").filter(has_text=re.compile(f"^{re.escape(name)}$"))

    def approves_until(self, end: str) -> None:
        """Presses each Approve that comes, until the thread says `end`."""
        ending = self.thread.get_by_text(re.compile(end))
        button = self.button("Approve", self.thread)
        while True:
            ending.or_(button).first.wait_for()
            if ending.count():
                return
            card = button.last.locator("xpath=ancestor::*[@data-key][1]")
            key = str(card.get_attribute("data-key"))
            self.clicks("Approve", self.thread)
            with suppress(NotInTime):  # a press that did not count is made again, as people do
                self.page.wait_for_function(_PRESSED, arg=key, timeout=5_000)
            self.says_yes_again()

    def violations(self) -> list[str]:
        """What axe-core finds: rule, and the first element that breaks it."""
        self.page.evaluate(AXE.read_text())
        found: Any = self.page.evaluate("axe.run().then((result) => result.violations)")
        return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]

    def sideways(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )


# The card that was pressed has no Approve any more, or is gone.
_PRESSED = """(key) => {
  const cards = [...document.querySelectorAll("#thread [data-key]")];
  const card = cards.find((node) => node.dataset.key === key);
  return !card || ![...card.querySelectorAll("button")].some((b) => b.textContent === "Approve");
}"""


def arrives(
    browser: Browser, url: str, who: str, *, width: int = 1360, height: int = 1000,
    scheme: Literal["light", "dark"] = "light",
) -> Person:  # fmt: skip
    """Somebody opens the page."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    person = Person(context.new_page())
    person.page.goto(f"{url}/?as={who}")
    person.page.get_by_text("site-ops").first.wait_for()
    return person
