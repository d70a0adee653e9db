"""The page in a real Chromium: a whole rollout by clicks, each trouble as promised, no mouse."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from sandbox.slack.people import APPROVER, OUTSIDER, STARTER
from tests.e2e.people_at_the_page import Person, arrives, chromium
from tests.e2e.stage import Stage, stage

TITLES = ("Development mode on", "Origin certificate", "SSL mode Full")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def on(tmp_path: Path, browser: Browser) -> Iterator[Stage]:
    with stage(tmp_path) as made:
        made.begin()
        yield made
        for context in browser.contexts:
            context.close()


def comes(browser: Browser, on: Stage, who: str = STARTER) -> Person:
    return arrives(browser, on.world.slack.page_url, who)


def starts(person: Person) -> None:
    person.says("/mtls start www.example.com")
    person.modal.get_by_role("button", name="Start", exact=False).last.wait_for()
    person.sends(lambda: person.modal.locator('[type="submit"]').click())


def test_a_rollout_and_its_undo_by_clicks(browser: Browser, on: Stage) -> None:
    """Started by one, approved by another, seen closed, and open again after the way back."""
    starter, approver = comes(browser, on), comes(browser, on, APPROVER)
    starts(starter)
    starter.page.evaluate("document.querySelector('#rooms button').was = 'there before'")
    approver.opens_thread()
    approver.approves_until("The origin is closed")
    # A press under way is lost on what is drawn anew: what did not change is not.
    there = starter.page.evaluate("document.querySelector('#rooms button').was")
    assert there == "there before"
    assert on.world.direct.measure() == "closed"
    starter.sees("closed", starter.world)
    starter.presses(
        lambda: starter.clicks("Undo", starter.page.locator("#conversation")),
        lambda: on.events("undo-asked"),
    )
    approver.approves_until("Everything is as it was before")
    assert on.world.direct.measure() == "open"
    starter.sees("open", starter.world)
    assert starter.complaints + approver.complaints == []


def test_a_form_that_is_not_right_says_so_at_its_field(browser: Browser, on: Stage) -> None:
    """And takes the focus there; corrected, it is taken."""
    starter = comes(browser, on)
    starter.says("/mtls start")
    site = starter.modal.get_by_role("textbox").first
    site.fill("not a host")
    starter.modal.locator('[type="submit"]').click()
    starter.modal.locator(".refused").first.wait_for()
    site.fill("www.example.com")
    starter.sends(lambda: starter.modal.locator('[type="submit"]').click())


def test_the_form_says_what_is_known_before_it_is_sent(browser: Browser, on: Stage) -> None:
    """Enter in the site's field asks the preflight; a block stands in the form, nothing is lost."""
    starter = comes(browser, on)
    starter.says("/mtls start")
    site = starter.modal.get_by_role("textbox").first
    site.fill("www.example.com")
    site.press("Enter")
    _tab_to(starter, "Start")
    starter.sees("Nothing is known that stands in the way.", starter.modal)
    assert starter.page.evaluate("document.activeElement.type") == "submit"  # drawn anew, kept
    assert site.input_value() == "www.example.com"
    zone = starter.modal.get_by_role("combobox").first
    zone.fill("exam")
    starter.modal.get_by_role("option", name="example.com").first.click()
    starter.sends(lambda: starter.modal.locator('[type="submit"]').click())
    assert starter.complaints == []


def test_the_home_tab_is_for_its_reader(browser: Browser, on: Stage) -> None:
    """First steps, a run begun from there, and what waits, with whoever may decide."""
    starter = comes(browser, on)
    starter.goes_home()
    starter.sees("First steps")
    assert starter.violations() == []
    starter.clicks("Start a run …", starter.page.locator("#conversation"))
    starter.modal.locator("select").first.select_option(label="site-ops")
    starter.modal.get_by_role("textbox").first.fill("www.example.com")
    starter.modal.locator('[type="submit"]').click()
    approver = comes(browser, on, APPROVER)
    on.card("Development mode on", "Waiting for a yes")
    approver.goes_home()
    approver.sees(r"Waits for you \(1\)")
    assert approver.violations() == []
    assert approver.sideways() <= 0
    starter.sees("Nothing waits for you.")
    assert starter.complaints + approver.complaints == []


def test_it_can_be_used_without_a_mouse(browser: Browser, on: Stage) -> None:
    """From the skip link to the approval of a step, by keys alone."""
    starter = comes(browser, on)
    keys = starter.page.keyboard
    keys.press("Tab")
    keys.press("Enter")  # the skip link
    _tab_to(starter, "Message #site-ops")
    keys.type("/mtls start www.example.com")
    keys.press("Enter")
    starter.modal.locator('[type="submit"]').wait_for()

    def by_keys() -> None:
        _tab_to(starter, "Start")
        keys.press("Enter")

    starter.sends(by_keys)
    approver = comes(browser, on, APPROVER)
    approver.page.locator("#conversation .answers").first.wait_for()
    approver.page.keyboard.press("Tab")
    _tab_to(approver, "repl")
    approver.page.keyboard.press("Enter")
    approver.button("Approve", approver.thread).last.wait_for()
    _tab_to(approver, "Approve")
    approver.page.keyboard.press("Enter")
    on.wait(lambda: on.events("plan-approved"))


def _tab_to(person: Person, name: str) -> None:
    """Tab until what has the focus is named so."""
    named = "(e => e.ariaLabel || e.textContent || '')(document.activeElement)"
    for _ in range(80):
        found = str(person.page.evaluate(named)).strip()
        if name in found and len(found) < 60:
            return
        person.page.keyboard.press("Tab")
    raise AssertionError(f"{name} is not reached by Tab")


def test_nothing_is_hidden_from_who_cannot_see(browser: Browser, on: Stage) -> None:
    """axe-core finds no violation: empty, with a form, with a card and with the world."""
    person = comes(browser, on)
    assert in_light_and_dark(person) == []
    person.says("/mtls start www.example.com")
    person.modal.locator('[type="submit"]').wait_for()
    assert in_light_and_dark(person) == []
    person.sends(lambda: person.modal.locator('[type="submit"]').click())
    person.opens_thread()
    person.sees("Waiting for a yes", person.thread)
    assert in_light_and_dark(person) == []
    person.page.evaluate("document.body.append(document.createElement('img'))")
    assert [v.split(":")[0] for v in person.violations()] != []  # it would have been found


def in_light_and_dark(person: Person) -> list[str]:
    """What axe-core finds in either."""
    found: list[str] = []
    for scheme in ("dark", "light"):
        person.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += person.violations()
    return found


def test_no_width_needs_to_be_scrolled_sideways(browser: Browser, on: Stage) -> None:
    """With the channel, a thread and the world open."""
    on.start()
    on.card("Development mode on", "Waiting for a yes")
    for width in (360, 800, 1600):
        person = arrives(browser, on.world.slack.page_url, APPROVER, width=width, height=800)
        assert person.sideways() <= 0
        person.opens_thread()
        person.sees("Waiting for a yes", person.thread)
        assert person.sideways() <= 0
        if person.page.locator("#world-toggle").is_visible():
            person.page.locator("#world-toggle").click()
        person.sees("The world", person.world)
        assert person.sideways() <= 0
        person.page.context.close()


class TestTroubles:
    """Each control does what its sentence says."""

    def test_a_change_behind_the_back_voids_a_yes(self, browser: Browser, on: Stage) -> None:
        on.world.cloudflare.zone.set("ssl", "flexible")
        on.world.cloudflare.settle()
        approver = self._until(browser, on, "SSL mode Full")
        self._makes(approver, "Change the SSL mode behind the bot's back")
        approver.clicks("Approve", approver.thread)
        on.wait(lambda: on.events("plan-drifted") or on.events("step-skipped"))
        assert not [b for _, b in on.events("step-started") if "ssl-full" in b]

    def test_a_deployment_that_fails_is_told_and_tried_again(
        self, browser: Browser, on: Stage
    ) -> None:
        approver = self._until(browser, on, "Origin certificate")
        self._makes(approver, "Fail the next deployment")
        approver.clicks("Approve", approver.thread)
        approver.sees("Cannot go on", approver.thread)
        approver.clicks("Retry", approver.thread)
        approver.sees("SSL mode Full", approver.thread)

    def test_a_vendor_may_be_down(self, browser: Browser, on: Stage) -> None:
        approver = self._until(browser, on, "Development mode on")
        self._makes(approver, "Take Cloudflare's API down")
        approver.clicks("Approve", approver.thread)
        approver.sees("goes on trying by itself", approver.thread)
        self._makes(approver, "Take Cloudflare's API down")
        on.card("Origin certificate", "Waiting for a yes")

    def test_no_step_waits_for_slack(self, browser: Browser, on: Stage) -> None:
        approver = self._until(browser, on, "Origin certificate")
        self._makes(approver, "Slow the next deployment down")  # so that Slack is down before it
        approver.clicks("Approve", approver.thread)
        on.wait(lambda: "origin-certificate" in str(on.events("step-started")))
        self._makes(approver, "Take Slack down")
        approver.until(lambda: "origin-certificate" in str(on.events("step-finished")))
        assert approver.button("Approve", approver.thread).count() == 0
        self._makes(approver, "Take Slack down")
        approver.button("Approve", approver.thread).wait_for()

    def test_the_bot_may_be_killed(self, browser: Browser, on: Stage) -> None:
        approver = self._until(browser, on, "Development mode on")
        self._makes(approver, "Kill the bot")
        approver.sees("down", approver.world)
        on.world.slack.wait_connected(30)
        on.wait(lambda: on.world.bot.starts == 2 and on.world.slack.socket.connections)
        approver.clicks("Approve", approver.thread)
        on.card("Origin certificate", "Waiting for a yes")
        assert len(on.events("plan-approved")) == 1

    def test_an_expired_certificate_matters_to_strict_only(
        self, browser: Browser, on: Stage
    ) -> None:
        outsider = comes(browser, on, OUTSIDER)
        on.world.visitors.start()
        self._makes(outsider, "Let the origin's certificate run out")
        outsider.sees("expired", outsider.world)
        before = on.world.visitors.summary()
        outsider.until(lambda: on.world.visitors.summary().sent > before.sent + 40)
        assert on.world.visitors.summary().failed == 0
        self._makes(outsider, "Change the SSL mode behind the bot's back")
        outsider.until(lambda: on.world.visitors.summary().failed > 0)
        assert set(on.world.visitors.summary().reasons) == {"status 526"}

    def test_a_slow_deployment_and_a_silent_platform_are_told(
        self, browser: Browser, on: Stage
    ) -> None:
        approver = self._until(browser, on, "Origin certificate")
        on.world.visitors.start()
        self._makes(approver, "Slow the next deployment down")
        approver.clicks("Approve", approver.thread)
        approver.sees(
            "Waiting for the redeploy, since .* Platform.sh says: in progress", approver.thread
        )
        assert approver.button("Approve", approver.thread).count() == 0
        assert approver.thread.get_by_text("does not answer").count() == 0
        self._makes(approver, "Take Platform.sh's API down")
        approver.sees("Waiting for the redeploy, .* goes on trying by itself", approver.thread)
        approver.until(lambda: on.world.visitors.summary().sent > 20)
        assert on.world.visitors.summary().failed == 0
        self._makes(approver, "Take Platform.sh's API down")
        approver.sees("SSL mode Full", approver.thread)
        card = on.card("Origin certificate")
        bodies = (r.body for r in on.world.journal.all("slack") if "chat.update" in r.path)
        assert 0 < sum(card["ts"].encode() in body for body in bodies) <= 8

    def _until(self, browser: Browser, on: Stage, waiting: str) -> Person:
        """A run whose cards before one are approved; the approver has the thread before him."""
        on.start()
        for title in TITLES[: TITLES.index(waiting)]:
            on.approve(title)
        on.card(waiting, "Waiting for a yes")
        approver = comes(browser, on, APPROVER)
        approver.opens_thread()
        approver.sees(re.escape(waiting), approver.thread)
        return approver

    def _makes(self, person: Person, trouble: str) -> None:
        person.world.get_by_role("button", name=trouble).click()
        person.page.wait_for_timeout(100)
