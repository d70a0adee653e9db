"""The proof of an edit: a text that means anything else than what was wanted is not accepted."""

import pytest

from steps.routes import require
from steps.routes_proof import proven
from steps.routes_read import sections

CA = "cloudflare-ca.crt"
BEFORE = """\
https://a/: &a
  type: upstream
  upstream: x
  cache: {enabled: true, ttl: 8}
http://a/:
  type: redirect
  to: https://a/
https://b/: *a
"""
AFTER = require(BEFORE, ca_path=CA).text
URLS = {"https://a/", "https://b/"}


def holds(after: str) -> bool:
    return proven(sections(BEFORE), sections(after), URLS, "require", CA)


def test_the_edit_is_proven() -> None:
    """So is one that is written otherwise and means the same."""
    assert holds(AFTER)
    assert holds(AFTER.replace('"require"', "require").replace("type: string", "'type': string"))
    assert not holds(BEFORE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("upstream: x", "upstream: y"),
        ("ttl: 8", 'ttl: "8"'),
        ("enabled: true", "enabled: false"),
        ('"require"', '"request"'),
        ("type: string", "type: binary"),
        (f"path: {CA}", "path: other.crt"),
        ("- !include", "- !other"),
        ("- !include", "- PEM\n      - !include"),
        ("  to: https://a/", "  to: https://a/\n  tls: {min_version: TLSv1.2}"),
        ("https://b/: *a", "https://b/: {type: upstream}"),
        ("https://b/: *a", "https://b/: *a\nhttps://c/: *a"),
        ("https://b/: *a\n", ""),
        ("type: upstream", "type: upstream\n  id: new"),
        ("https://b/: *a", "https://b/: *a\n---\nhttps://b/: {type: proxy}"),
    ],
)
def test_anything_else_is_not(old: str, new: str) -> None:
    """A route that was not meant, a value, a type, an authority too many, a document too many."""
    assert old in AFTER
    assert not holds(AFTER.replace(old, new))
