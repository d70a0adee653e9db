"""The gallery's page is what the sandbox page's own renderer draws, all of it."""

import re

from tests.gallery import cases
from tests.gallery_page import drawn

KINDS = ("usual", "hostile")


def test_everything_is_drawn_and_nothing_is_unknown() -> None:
    """Each case has its part; no block or element that the page cannot draw; no script is left."""
    page = drawn(KINDS)
    chosen = [name for name in cases() if name.split("/")[0] in KINDS]
    assert len(re.findall(r'<section class="case">', page)) == len(chosen)
    assert "This page cannot draw" not in page
    assert "<script" not in page
    links = re.findall(r'href="([^"]*)"', page)
    assert links
    assert not [link for link in links if "evil" in link]
