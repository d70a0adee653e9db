"""What a node makes of the zone, and what a shared cache may keep."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.authorities import Issued
from sandbox.cloudflare.cache import Cache, cacheable, lifetime
from sandbox.cloudflare.edge_config import picture
from sandbox.cloudflare.state import HostPull, PullCertificate, Zone
from sandbox.exchange import Answer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SHARED = Issued("shared", "key")


def zone() -> Zone:
    made = Zone(clock=lambda: NOW)
    made.point("www.example.com", "origin.example.net")
    return made


def uploaded(name: str, *, active_on: datetime = NOW) -> PullCertificate:
    return PullCertificate(name, "key", NOW, active_on, id=name)


def presented(made: Zone, now: datetime = NOW) -> str:
    found = picture(made).identity("www.example.com", now, shared=SHARED)
    return found.certificate_pem if found else "nothing"


def test_the_nearest_switch_decides_what_is_presented() -> None:
    """Nothing, the shared one, the zone's, the host's, nothing for an exempted host."""
    made = zone()
    seen = [presented(made)]
    made.set("tls_client_auth", "on")
    seen.append(presented(made))
    made.change(zone_pulls=True, zone_pull_certificates=[uploaded("zone's")])
    seen.append(presented(made))
    pull = HostPull("www.example.com", "host's", enabled=True, updated_at=NOW)
    made.change(host_certificates=[uploaded("host's")], host_pulls={pull.hostname: pull})
    seen.append(presented(made))
    pull.enabled = False
    seen.append(presented(made))
    made.change(host_pulls={}, pretend_aop=True)
    seen.append(presented(made))
    assert seen == ["nothing", "shared", "zone's", "host's", "nothing", "nothing"]


def test_of_two_active_certificates_the_latest_is_presented() -> None:
    """One that is not active yet waits; one that is being deleted is out at once."""
    made = zone()
    new = uploaded("new", active_on=LATER)
    made.change(zone_pulls=True, zone_pull_certificates=[uploaded("old"), new])
    assert (presented(made), presented(made, LATER)) == ("old", "new")
    new.deleted_on = LATER
    assert presented(made, LATER) == "old"


def test_a_picture_does_not_change_with_the_zone() -> None:
    """It is taken anew for every change."""
    made = zone()
    before = picture(made)
    made.set("ssl", "strict")
    made.point("new.example.com", "origin.example.net")
    assert (before.ssl, before.record("new.example.com")) == ("full", None)
    assert picture(made).record("new.example.com") is not None


def test_a_zone_that_is_paused_or_pending_serves_nothing() -> None:
    """Its records are DNS only."""
    made = zone()
    assert picture(made).record("www.example.com")
    made.change(paused=True)
    assert picture(made).record("www.example.com") is None
    made.change(paused=False, status="pending")
    assert picture(made).record("www.example.com") is None


def test_a_misspelt_change_is_refused() -> None:
    """Silence would make a test prove nothing."""
    with pytest.raises(AttributeError):
        zone().change(pretend=True)


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [("GET", "/a/app.css?v=1", True), ("HEAD", "/x.JPG", True), ("GET", "/", False),
     ("GET", "/css", False), ("POST", "/app.css", False), ("GET", "/page.html", False),
     ("GET", "/v1.2/page?x=.css", False)],
)  # fmt: skip
def test_only_static_files_are_cached(method: str, target: str, expected: bool) -> None:
    """By the extension of the path."""
    assert cacheable(method, target) is expected


@pytest.mark.parametrize(
    ("control", "seconds"),
    [("", 7200), ("max-age=60", 60), ("public, max-age=60, s-maxage=5", 5), ("max-age=0", 0),
     ("private, max-age=60", 0), ("no-store", 0), ("no-cache", 0)],
)  # fmt: skip
def test_an_answer_is_kept_as_long_as_the_origin_says(control: str, seconds: int) -> None:
    """Nothing said: two hours."""
    assert lifetime(Answer(200, (("Cache-Control", control),), b"")) == seconds
    assert lifetime(Answer(404, (("Cache-Control", control),), b"")) == 0
    assert lifetime(Answer(200, (("Set-Cookie", "a=b"), ("Cache-Control", control)), b"")) == 0


def test_what_is_kept_grows_old_and_ends() -> None:
    """HIT with its age until the end, EXPIRED from then on."""
    now = 100.0
    cache = Cache(lambda: now)
    kept = cache.keep("u", Answer(200, (("Cache-Control", "max-age=60"),), b"x"))
    now = 159.0
    found, status = cache.find("u")
    assert (kept, status, found and found.header("age")) == (True, "HIT", "59")
    now = 160.0
    assert cache.find("u") == (None, "EXPIRED")
    cache.clear()
    assert cache.find("u") == (None, "MISS")
