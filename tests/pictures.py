"""The pictures of the README and of docs/cards.md, from the real page during real runs.

``python -m tests.pictures [DIRECTORY [PART …]]``; parts are ``run``, ``cards`` and ``terminal``.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from sandbox.slack.people import APPROVER, STARTER
from sandbox.world import Scenario, World
from tests.e2e.people_at_the_page import Person, arrives, chromium
from tests.e2e.stage import Stage
from tests.pictures_terminal import terminal

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
TALL = 3000
"""A window in which no card has to be scrolled: what is not in the window is cut off."""
COLOURS = 256
SETTLED = 1500
"""Milliseconds until no more messages come and move what is in the window."""
Scheme: TypeAlias = Literal["light", "dark"]
CERTIFICATE, MODE = "Origin certificate", "SSL mode Full"


@dataclass(frozen=True)
class Shot:
    """A whole sandbox, the browser, and where the pictures go."""

    stage: Stage
    browser: Browser
    directory: Path

    def arrives(
        self, who: str, *, width: int = 1360, height: int = 1080, scheme: Scheme = "light"
    ) -> Person:  # fmt: skip
        url = self.stage.world.slack.page_url
        return arrives(self.browser, url, who, width=width, height=height, scheme=scheme)

    def of(self, what: Page | Locator, name: str) -> None:
        what.screenshot(path=self.directory / f"{name}.png")

    def message(self, person: Person, title: str, words: str) -> Locator:
        """The card where the person sees it."""
        ts = self.stage.card(title, words)["ts"]
        message = person.thread.locator(f'li.message[data-ts="{ts}"]')
        message.get_by_text(words).first.wait_for()
        return message

    def card(self, person: Person, title: str, words: str, name: str) -> None:
        """The step's newest card alone, once it says so."""
        message = self.message(person, title, words)
        person.page.mouse.move(0, 0)
        person.page.wait_for_timeout(SETTLED)
        self.of(message, name)


@contextmanager
def shots(browser: Browser, directory: Path) -> Iterator[Shot]:
    """A world of its own, slow enough to be watched."""
    world = World(Scenario.demo())
    try:
        yield Shot(Stage(world), browser, directory)
    finally:
        world.close()


def run(shot: Shot) -> None:
    """A finished run, and the picture that the bot draws of it."""
    shot.stage.begin(visitors=True)
    world = shot.stage.world
    world.direct.measure()
    starter = shot.arrives(STARTER)
    shot.stage.close_origin()
    world.direct.measure()
    starter.page.wait_for_timeout(1500)
    starter.opens_thread()
    _scrolled_to_its_picture(starter.page)
    shot.of(starter.page, "run")
    (picture,) = world.slack.workspace.files.values()
    (shot.directory / "report.png").write_bytes(picture.content)


def _scrolled_to_its_picture(page: Page) -> None:
    """The last message of the thread, with the picture as large as it is."""
    picture = page.locator("#thread img").last
    picture.wait_for()
    picture.evaluate("(image) => image.decode()")
    page.locator("#thread .log").evaluate("(log) => { log.scrollTop = log.scrollHeight; }")
    page.wait_for_timeout(300)


def cards(shot: Shot) -> None:
    """A step's card in each of its states, then the places where one meets it."""
    shot.stage.begin(visitors=True)
    shot.stage.start()
    shot.stage.card("Development mode on", "Waiting for a yes")
    approver = shot.arrives(APPROVER, width=1530, height=TALL)
    approver.opens_thread()
    _left_out(shot, approver)
    _troubled(shot, approver)
    _places(shot)


def _left_out(shot: Shot, approver: Person) -> None:
    _because(approver, "Decline", "Not during the sale.")
    shot.card(approver, "Development mode on", "Declined by", "card-declined")
    _because(approver, "Skip …", "The cache is not in the way.")
    shot.card(approver, "Development mode on", "Skipped by", "card-skipped")


def _because(person: Person, button: str, reason: str) -> None:
    """A button that asks why, and the reason."""
    person.clicks(button, person.thread)
    person.modal.get_by_role("textbox").fill(reason)
    person.modal.locator('[type="submit"]').click()


def _troubled(shot: Shot, approver: Person) -> None:
    """Its deployment fails, and the next one is slow."""
    shot.card(approver, CERTIFICATE, "Waiting for a yes", "card-waiting")
    shot.stage.world.troubles.press("deployment-fails")
    shot.stage.approve(CERTIFICATE)
    shot.card(approver, CERTIFICATE, "looks through Cloudflare were served", "card-failed")
    shot.stage.world.troubles.press("deployment-slow")
    shot.stage.press(shot.stage.card(CERTIFICATE, "Cannot go on"), "retry")
    shot.card(approver, CERTIFICATE, "Waiting for", "card-running")
    shot.card(approver, CERTIFICATE, "Done and proven", "card-done")


def _places(shot: Shot) -> None:
    """The home tab, the page in the dark, and a telephone; while a card waits."""
    shot.stage.world.direct.measure()
    shot.stage.card(MODE, "Waiting for a yes")
    home = shot.arrives(APPROVER, width=1100, height=510)
    home.goes_home()
    home.sees("Waits for you")
    shot.of(home.page, "home")
    dark = shot.arrives(APPROVER, width=1300, height=800, scheme="dark")
    phone = shot.arrives(APPROVER, width=360, height=800)
    for person, name in ((dark, "dark"), (phone, "phone")):
        person.opens_thread()
        waiting = shot.message(person, MODE, "Waiting for a yes")
        person.page.wait_for_timeout(SETTLED)
        waiting.evaluate("(card) => card.scrollIntoView({ block: 'start' })")
        shot.of(person.page, name)


def of_terminal(shot: Shot) -> None:
    """What `check` and `probe` print, before and after an origin is closed."""
    shot.stage.begin()
    terminal(shot.stage, shot.browser, shot.directory)


PARTS: Mapping[str, Callable[[Shot], None]] = {
    "run": run, "cards": cards, "terminal": of_terminal,
}  # fmt: skip


def smaller(path: Path) -> None:
    """A third of its size: a page has few colours, and a browser writes all there could be.

    Without the k-means the paper turns pink.
    """
    with Image.open(path) as seen:  # matplotlib brings Pillow
        if seen.mode == "P":
            return  # of another part, and small already
        few = seen.convert("RGB").quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
        )
    few.save(path, optimize=True)


def main(directory: Path, parts: list[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for part in parts or PARTS:
            with shots(browser, directory) as shot:
                PARTS[part](shot)
    for path in directory.glob("*.png"):
        smaller(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES, sys.argv[2:])
