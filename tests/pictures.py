"""The pictures of the README, from the real page during a real run in the sandbox."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from sandbox.auto import CLOSED
from sandbox.slack.people import APPROVER, STARTER
from sandbox.world import Scenario, World
from tests.e2e.people_at_the_page import chromium
from tests.e2e.stage import Stage

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDE = {"width": 1360, "height": 1080}


def page_of(browser: Browser, world: World, person: str, *, dark: bool = False) -> Page:
    """The sandbox's page as one person sees it."""
    context = browser.new_context(viewport=WIDE, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{world.slack.page_url}/?as={person}")
    page.wait_for_selector("text=site-ops")
    return page


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    world = World(Scenario.demo())
    try:
        stage = Stage(world)
        stage.begin(visitors=True)
        world.direct.measure()
        with chromium() as browser:
            page = page_of(browser, world, STARTER)
            stage.start()
            for title in ("Development mode on", "Origin certificate", "SSL mode Full",
                          "Authenticated Origin Pulls on", "Gate"):  # fmt: skip
                stage.approve(title)
            stage.card("Client authentication at the origin", "Waiting for a yes")
            approver = page_of(browser, world, APPROVER)
            _open_thread(approver)
            approver.wait_for_timeout(800)
            approver.screenshot(path=directory / "card.png")
            stage.talk.approve_until((CLOSED,))
            world.direct.measure()
            page.wait_for_timeout(1500)
            _open_thread(page)
            page.wait_for_timeout(800)
            _scrolled_to_its_picture(page)
            page.screenshot(path=directory / "run.png")
            (picture,) = world.slack.workspace.files.values()
            (directory / "report.png").write_bytes(picture.content)
    finally:
        world.close()


def _scrolled_to_its_picture(page: Page) -> None:
    """The last message of the thread, with the picture as large as it is."""
    picture = page.locator("#thread img").last
    picture.wait_for()
    picture.evaluate("(image) => image.decode()")
    page.locator("#thread .log").evaluate("(log) => { log.scrollTop = log.scrollHeight; }")
    page.wait_for_timeout(300)


def _open_thread(page: Page) -> None:
    page.locator("text=/\\d+ repl/").first.click()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
