"""A look judged against its own baseline: every kind of difference, and none."""

from dataclasses import replace

import pytest

from steps.origin.baseline import Look, cut_off, hint_for, judge, loops

URL = "https://www.example.com/"
PLATFORM = ("x-platform-router", "r1")
DYNAMIC = ("cf-cache-status", "DYNAMIC")
BASELINE = Look(URL, "192.0.2.1", 200, (PLATFORM, DYNAMIC), "page")


def changed(**changes: object) -> Look:
    return replace(BASELINE, **changes)  # type: ignore[arg-type]


def test_the_same_answer_is_fine() -> None:
    """Other address, other time: the same to a visitor."""
    assert judge(changed(address="192.0.2.2", milliseconds=7), BASELINE).state == "fine"


@pytest.mark.parametrize(
    "seen",
    [
        changed(status=status, headers=(), body_class="error")
        for status in (500, 502, 520, 521, 522, 523, 524, 525, 526, 530)
    ],
)
def test_a_server_error_is_broken(seen: Look) -> None:
    """Cloudflare's own errors come with what its troubleshooting pages say."""
    judged = judge(seen, BASELINE)
    assert judged.state == "broken"
    assert bool(judged.hint) == (seen.status not in (500, 502))


def test_nginx_words_tell_which_side_is_wrong() -> None:
    """No certificate came, or one that is not accepted: different hints, both broken."""
    none = changed(status=400, refusal="no required ssl certificate was sent")
    bad = changed(status=400, refusal="the ssl certificate error")
    assert {judge(none, BASELINE).state, judge(bad, BASELINE).state} == {"broken"}
    assert "none came" in judge(none, BASELINE).hint
    assert "does not accept it" in judge(bad, BASELINE).hint


@pytest.mark.parametrize(
    "seen",
    [
        changed(headers=(PLATFORM, ("cf-cache-status", "HIT"))),
        changed(headers=(PLATFORM, ("cf-cache-status", "STALE"))),
        changed(status=403, headers=(("cf-mitigated", "challenge"),)),
        changed(headers=()),
        changed(status=403, headers=()),
        changed(status=429, headers=()),
        changed(body_class="another"),
        changed(status=302, headers=(PLATFORM, ("location", "/login"))),
        changed(status=None, error="unreachable"),
        changed(status=None, error="no-route"),
        changed(status=None, error="unresolved"),
    ],
)
def test_what_does_not_show_the_origin_is_inconclusive(seen: Look) -> None:
    """A hit, a challenge, somebody else's page, no way to ask: neither fine nor broken."""
    assert judge(seen, BASELINE).state == "inconclusive"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 421])
def test_a_client_error_from_the_origin_is_broken_unless_it_was_so_before(status: int) -> None:
    """The baseline says what is normal for this page."""
    seen = changed(status=status)
    assert judge(seen, BASELINE).state == "broken"
    assert judge(seen, seen).state == "fine"


def test_trouble_from_before_the_run_is_not_laid_on_the_run() -> None:
    """A page that failed in the baseline can show neither success nor harm."""
    for before in (changed(status=503), changed(status=None, error="tls-name")):
        assert judge(before, before).state == "inconclusive"
        assert judge(before, BASELINE).state == "broken"


def test_a_redirect_to_itself_is_broken_with_its_hint() -> None:
    """The loop of flexible with an origin that redirects; another redirect is no loop."""
    here = changed(status=301, headers=(PLATFORM, ("location", f"{URL}?mtls-look=1")))
    relative = changed(status=302, headers=(("location", "/"),))
    upward = replace(here, url="http://www.example.com/")
    away = changed(status=301, headers=(PLATFORM, ("location", "https://example.com/")))
    assert (judge(here, BASELINE).state, judge(relative, BASELINE).state) == ("broken", "broken")
    assert "Full" in judge(here, BASELINE).hint
    assert (loops(upward), loops(away), judge(away, away).state) == (False, False, "fine")


def test_a_hint_can_be_had_without_a_baseline() -> None:
    """For a site that was broken from the start."""
    assert "handshake" in hint_for(changed(status=525))
    assert hint_for(BASELINE) == ""


def test_a_baseline_survives_being_kept_as_strings() -> None:
    """A receipt holds strings only."""
    for before in (BASELINE, changed(status=None, error="cut", headers=())):
        receipt = before.to_receipt()
        assert Look.from_receipt(receipt) == before
        assert {type(value) for value in receipt.values()} == {str}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (changed(status=520), "HTTP 520."),
        (changed(status=526), "HTTP 526."),
        (changed(status=400, refusal="no required ssl certificate was sent"), "none came"),
        (changed(status=None, error="tls-handshake", detail="EOF"), "tls-handshake EOF."),
        (changed(status=500), ""),
        (changed(status=404), ""),
        (changed(status=403, headers=(("cf-mitigated", "challenge"),)), ""),
        (changed(status=None, error="timeout"), ""),
        (changed(status=None, error="no-route"), ""),
        (changed(), ""),
    ],
)
def test_only_what_is_about_tls_cuts_visitors_off(seen: Look, told: str) -> None:
    """The site's own errors are its own matter, long after a run."""
    assert told in cut_off(seen)
    assert bool(cut_off(seen)) is bool(told)
