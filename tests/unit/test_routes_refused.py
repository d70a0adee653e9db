"""Shapes of a routes file that are not edited: each with words, a place, and no change."""

import pytest

from steps.errors import EditError
from steps.routes import findings, require, routes, undo

CA = "cloudflare-ca.crt"
ROUTE = "https://a/:\n  type: upstream\n  upstream: app:http\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("x: {}\nhttps://a/:\n  type: upstream\n", "unknown-route", 1, "no address"),
        ("https://a/:\n  <<: *x\n  type: upstream\n", "unreadable", 2, "alias"),
        ("https://a/: &a\n  <<: *a\n", "unreadable", 2, "alias"),
        ("https://a/:\n  <<: 3\n", "unreadable", 2, "merge key"),
        ("<<: &x {https://a/: {type: upstream}}\n", "not-edited", 1, "comes from elsewhere"),
        (ROUTE + "  tls: no\n", "tls-no-block", 4, "no block"),
        (ROUTE + "  tls:\n    client_certificate_authorities: pem\n", "authorities-no-list", 5,
         "no list"),
        (ROUTE + "  tls:\n    client_authentication: [a]\n", "not-edited", 5, "no word"),
        (ROUTE + "  tls:\n    client_authentication: a b\n", "not-edited", 5, "more than a word"),
        (ROUTE + "https://b/:\n", "empty-route", 4, "says nothing"),
        (ROUTE + "https://b/: !include {type: yaml, path: b}\n", "included-route", 4,
         "elsewhere"),
        (ROUTE + "https://b/: !include b.yaml\n", "included-route", 4, "elsewhere"),
        (ROUTE + "  tls: !include\n    type: yaml\n    path: b\n", "included-route", 4,
         "elsewhere"),
        ("routes: !include {type: yaml, path: r.yaml}\n", "unreadable", 1, "no mapping"),
        ("!include {type: yaml, path: r.yaml}\n", "unreadable", 1, "no mapping"),
        (ROUTE + "https://b/: *a\n".replace("*a", "text"), "empty-route", 4, "says nothing"),
        ("\u201chttps://a/\u201d:\n  type: upstream\n", "typographic-quotes", 1, "typographic"),
        ("https://a/:\n  type: upstream\n  upstream: \u201ca:http\u201d\n", "typographic-quotes", 2,
         "typographic"),
        (ROUTE + "#" * 131072, "too-large", 0, "128 KB"),
        ("", "unreadable", 1, "no routes"),
        ("# nothing\n---\n", "unreadable", 1, "no routes"),
        ("routes: [a]\n", "unreadable", 1, "no mapping"),
        ("- https://a/\n", "unreadable", 1, "no mapping"),
        (ROUTE + "  type: proxy\n", "unreadable", 4, "stands twice"),
        (ROUTE + "\ttls: x\n", "unreadable", 4, "not valid YAML"),
        ('"https://a/:\n  type: upstream\n', "unreadable", 3, "not valid YAML"),
        ("a: " + "[" * 60 + "]" * 60, "unreadable", 1, "too deeply"),
        ("https://a/:\n  b: \x07\n", "unreadable", 2, "not valid YAML"),
    ],
)  # fmt: skip
def test_a_shape_that_is_not_edited_is_refused(text: str, code: str, line: int, words: str) -> None:
    """The finding blocks, and the edit raises its words at its place."""
    blocking = [(found.code, found.line) for found in findings(text) if found.blocking]
    assert blocking[:1] == ([] if code == "not-edited" else [(code, line)])
    with pytest.raises(EditError, match=words) as refused:
        require(text, ca_path=CA)
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        (ROUTE + "http://a/:\n  type: upstream\n  upstream: x\n", "http-upstream", 4, "way around"),
        (ROUTE + "http://a/:\n  upstream: x\n", "http-upstream", 4, "way around"),
        (ROUTE + "http://a/: &p\n  type: proxy\n", "http-upstream", 4, "way around"),
        (ROUTE + "https://a:\n  type: upstream\n", "same-route", 4, "same route"),
        ("http://a/:\n  type: redirect\n  to: https://a/\n", "no-https-route", 0, "no https"),
        ("applications: {a: {type: x}}\n", "no-routes", 0, "no routes"),
        ("services: {}\nroutes:\n", "no-routes", 0, "no routes"),
    ],
)
def test_what_keeps_the_site_open_blocks_the_step_and_not_the_text(
    text: str, code: str, line: int, words: str
) -> None:
    """Every https route that is there gets the block; a file without any stays as it is."""
    blocking = [found for found in findings(text) if found.blocking]
    assert [(found.code, found.line) for found in blocking] == [(code, line)]
    assert words in blocking[0].message
    edited = require(text, ca_path=CA)
    assert edited.routes == tuple(one.url for one in routes(text) if one.scheme == "https")
    assert bool(edited.routes) is (edited.text != text)
    assert undo(edited.text, ca_path=CA).text == text


def test_the_lines_to_add_by_hand_are_in_the_hint() -> None:
    """Whoever edits it knows what the route must end up with."""
    with pytest.raises(EditError) as refused:
        require("<<: &x {https://a/: {type: upstream}}\n", ca_path=CA)
    for key in ("tls:", 'client_authentication: "require"', "- !include", f"path: {CA}"):
        assert key in refused.value.hint


def test_an_edit_that_makes_the_file_too_large_is_refused() -> None:
    """It is within the limit before and would be over it after; one shared block is not."""
    alike = "".join(f"https://h{n}/: {{type: redirect, to: x}}\n" for n in range(1000))
    assert not [found for found in findings(alike) if found.blocking]
    with pytest.raises(EditError, match="over the platform's limit"):
        require(alike, ca_path=CA)
    shared = alike.replace("{type", "&a {type", 1).replace(": {type: redirect, to: x}", ": *a")
    assert len(require(shared, ca_path=CA).text) < len(shared) + 200


def test_undo_of_an_unreadable_file_is_refused() -> None:
    """It has the same eyes."""
    with pytest.raises(EditError):
        undo("a: [", ca_path=CA)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ROUTE.replace("//a/", "//*.a/"), "wildcard"),
        (".x: &x {type: upstream}\n" + ROUTE, "template"),
        (ROUTE + "---\n" + ROUTE, "several-documents"),
        (ROUTE + "  tls:\n    client_authentication: require\n", "no-authorities"),
        (ROUTE + "  tls:\n    client_authentication: requires\n", "unknown-mode"),
        (ROUTE + "  tls:\n    client_certificate_authorities: [PEM]\n", "other-authorities"),
    ],
)
def test_what_is_only_told_does_not_stop_the_edit(text: str, code: str) -> None:
    """It is named with its line, and the routes are closed all the same."""
    assert [(found.code, found.blocking) for found in findings(text)] == [(code, False)]
    assert require(text, ca_path=CA).routes
