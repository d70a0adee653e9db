"""Shapes of a routes file that are not edited: each with words, a place, and no change."""

import pytest

from steps.errors import EditError
from steps.routes import findings, require, undo

CA = "cloudflare-ca.crt"
ROUTE = "https://a/:\n  type: upstream\n  upstream: app:http\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("https://a/: {type: upstream, upstream: x}\n", "not-plain", 1, "plain block"),
        ("{https://a/: {type: upstream}}\n", "not-plain", 1, "plain block"),
        ("https://a/: &a\n  type: upstream\nhttps://b/: *a\n", "not-plain", 1, "plain block"),
        ("x: &x {}\nhttps://a/:\n  <<: *x\n  type: upstream\n", "unknown-route", 1, "no address"),
        ("https://a/:\n  <<: *x\n  type: upstream\n", "unreadable", 2, "alias"),
        (ROUTE + "  tls: {min_version: TLSv1.2}\n", "tls-not-plain", 4, "tls block"),
        (ROUTE + "  tls:\n", "tls-not-plain", 4, "tls block"),
        (ROUTE + "  tls: &t\n    min_version: TLSv1.2\n", "tls-not-plain", 4, "anchor"),
        (ROUTE + "  tls:\n    client_authentication: require\n", "no-authorities", 5, "any client"),
        (ROUTE + "  tls:\n    client_certificate_authorities: []\n", "other-authorities", 5,
         "already names"),
        (ROUTE + "http://a/:\n  type: upstream\n  upstream: x\n", "http-upstream", 4, "way around"),
        (ROUTE + "http://a/:\n  upstream: x\n", "http-upstream", 4, "way around"),
        (ROUTE + "https://a:\n  type: upstream\n", "same-route", 4, "same route"),
        (ROUTE + "https://b/:\n", "not-plain", 4, "plain block"),
        ("\u201chttps://a/\u201d:\n  type: upstream\n", "typographic-quotes", 1, "typographic"),
        ("http://a/:\n  type: redirect\n  to: https://a/\n", "no-https-route", 0, "no https"),
        (ROUTE + "#" * 131072, "too-large", 0, "128 KB"),
        ("", "unreadable", 0, "no routes"),
        ("# nothing\n---\n", "unreadable", 0, "no routes"),
        ("- https://a/\n", "unreadable", 1, "no mapping"),
        ("routes:\n  https://a/:\n    type: upstream\n", "unreadable", 1, "Upsun"),
        (ROUTE + "---\n" + ROUTE, "unreadable", 4, "several YAML documents"),
        (ROUTE + "  type: proxy\n", "unreadable", 4, "stands twice"),
        (ROUTE + "\ttls: x\n", "unreadable", 4, "not valid YAML"),
        ('"https://a/:\n  type: upstream\n', "unreadable", 3, "not valid YAML"),
        ("a: " + "[" * 60 + "]" * 60, "unreadable", 1, "too deeply"),
        ("https://a/: \x07\n", "unreadable", 0, "not valid YAML"),
    ],
)  # fmt: skip
def test_a_shape_that_is_not_edited_is_refused(text: str, code: str, line: int, words: str) -> None:
    """The finding blocks, and the edit raises its words at its place."""
    blocking = [found for found in findings(text) if found.blocking]
    assert (blocking[0].code, blocking[0].line) == (code, line)
    with pytest.raises(EditError, match=words) as refused:
        require(text, ca_path=CA)
    assert refused.value.line == line


def test_the_lines_to_add_by_hand_are_in_the_hint() -> None:
    """Whoever edits it knows what the route must end up with."""
    with pytest.raises(EditError) as refused:
        require("https://a/: {type: upstream}\n", ca_path=CA)
    for key in ("tls:", 'client_authentication: "require"', "- !include", f"path: {CA}"):
        assert key in refused.value.hint


def test_undo_of_an_unreadable_file_is_refused() -> None:
    """It has the same eyes."""
    with pytest.raises(EditError):
        undo("a: [", ca_path=CA)
