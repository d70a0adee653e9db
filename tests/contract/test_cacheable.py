"""What the cache answers, found on a real page over real TLS; and that it no longer is."""

import socket
from collections import Counter

import pytest

from steps.errors import Unreachable
from steps.origin.cacheable import cached_url, files_of, is_hit, page
from tests.contract.origins import answer, closes, origin, says
from tests.contract.test_look import edge, way

FRONT = "https://www.example.com/"
HTML = b"""<!doctype html><title>Shop</title>
<link rel="stylesheet" href="https://cdn.example.net/all.css">
<link rel=stylesheet href="/style.css?v=3#top"><script src="app.js"></script>
<img src="//www.example.com/logo.svg"><img src="data:image/png;base64,AA=="><a href="/x.css">x</a>
<script src="/api/session"></script><img src="https://[::1/x.png"><img src="/style.css?v=3">"""


def test_only_files_of_the_same_host_that_caches_keep_count() -> None:
    """Style sheets, scripts and pictures; no other host, no link, nothing else."""
    assert files_of(HTML.decode(), FRONT) == (
        f"{FRONT}style.css?v=3", f"{FRONT}app.js", f"{FRONT}logo.svg",
    )  # fmt: skip
    assert files_of("", FRONT) == ()


class Shop:
    """A site behind an edge whose cache keeps the given paths, from their second request on."""

    def __init__(self, *kept: str) -> None:
        self.kept = kept
        self.asked: Counter[str] = Counter()
        self.caches = True

    def __call__(self, conn: socket.socket) -> None:
        path = conn.recv(65536).split(b" ")[1].decode().partition("?")[0]
        self.asked[path] += 1
        hit = self.caches and path in self.kept and self.asked[path] > 1
        status = f"CF-Cache-Status: {'HIT' if hit else 'DYNAMIC'}\r\n"
        conn.sendall(answer(200, HTML if path == "/" else b"x", headers=status))


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (("/style.css",), f"{FRONT}style.css?v=3"),
        (("/logo.svg",), f"{FRONT}logo.svg"),
        (("/", "/style.css"), FRONT),
        ((), ""),
    ],
)
def test_the_first_url_that_is_a_hit_is_found(kept: tuple[str, ...], found: str) -> None:
    """The page itself where it is cached, else a file that it names; none is an answer too."""
    shop = Shop(*kept)
    with origin(edge(shop)) as running:
        by = way(running)
        assert cached_url("www.example.com", by) == found
        shop.caches = False
        assert not found or not is_hit(found, by)


def test_a_page_that_cannot_be_read_names_nothing() -> None:
    """No answer, no address, another kind of answer: nothing is found and nothing is raised."""

    def unknown(_host: str) -> list[str]:
        raise Unreachable("No answer.", service="dns", doing="looking up")

    with origin(edge(closes)) as running:
        assert page("www.example.com", way(running)) == ""
        assert cached_url("www.example.com", way(running, resolve=unknown)) == ""
    with origin(edge(says(b"SSH-2.0-x\r\n"))) as running:
        assert page("www.example.com", way(running)) == ""
