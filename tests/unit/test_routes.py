"""The edit of a routes file: what is put in, what stays, and the way back."""

import pytest

from steps.errors import EditError
from steps.routes import Authority, diff, findings, require, routes, undo

CA = "cloudflare-ca.crt"
BLOCK = """\
  tls:
    client_authentication: "require"
    client_certificate_authorities:
      - !include
        type: string
        path: cloudflare-ca.crt
"""
PLAIN = """\
# Routes of the shop.
"https://{default}/":
  type: upstream
  upstream: "app:http"
  cache:
    enabled: true # for a minute
    cookies: ['*']
  # a comment that stays

"https://www.{default}/":
  type: redirect
  to: "https://{default}/"

"http://{default}/":
  type: redirect
  to: "https://{default}/"
"""


def put_in(text: str) -> str:
    """The edited text, after the proofs that hold for every edit."""
    after = require(text, ca_path=CA).text
    assert require(after, ca_path=CA).text == after
    assert require(after, ca_path=CA).routes == ()
    assert undo(after, ca_path=CA).text == text
    asked = require(text, mode="request", ca_path=CA).text
    assert require(asked, ca_path=CA).text == after
    assert all(
        (route.client_authentication, route.authorities) == ("require", (Authority(path=CA),))
        for route in routes(after)
        if route.scheme == "https"
    )
    return after


def test_the_block_is_put_at_the_end_of_every_https_route() -> None:
    """Redirects too; plain redirects, comments and blank lines stay as they are."""
    after = put_in(PLAIN)
    assert after == PLAIN.replace("    cookies: ['*']\n", "    cookies: ['*']\n" + BLOCK).replace(
        '  to: "https://{default}/"\n', '  to: "https://{default}/"\n' + BLOCK, 1
    )
    assert require(PLAIN, ca_path=CA).routes == ("https://{default}/", "https://www.{default}/")


@pytest.mark.parametrize("ending", ["\n", ""])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_breaks_and_a_missing_last_one_stay(newline: str, ending: str) -> None:
    """What is put in is broken as the file is, and the end of the file is as it was."""
    text = '"https://{default}/":\n  type: upstream\n  upstream: "app:http"'
    before = text.replace("\n", newline) + ending.replace("\n", newline)
    after = put_in(before)
    assert after == (text + "\n" + BLOCK.rstrip()).replace("\n", newline) + (
        newline if ending else ""
    )


def test_the_indentation_is_the_files_own() -> None:
    """Four columns where the file has four."""
    after = put_in('https://{default}/:\n    type: upstream\n    upstream: "app:http"\n')
    assert '\n    tls:\n        client_authentication: "require"\n' in after
    assert "\n            - !include\n              type: string\n" in after


def test_a_tls_block_with_other_keys_is_added_to() -> None:
    """HSTS and the lowest version stay; the two keys come after them."""
    before = """\
"https://{default}/":
  type: upstream
  tls:
    strict_transport_security:
      enabled: true
    min_version: TLSv1.2 # agreed
  upstream: "app:http"
"""
    after = put_in(before)
    ours = "".join(f"{line}\n" for line in BLOCK.splitlines()[1:])
    assert after == before.replace("# agreed\n", "# agreed\n" + ours)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff'https://{all}/':\n  type: upstream\n  upstream: 'app:http'\n",
        "---\nhttps://*.{default}/:\n type: upstream\n upstream: app:http\n...\n",
        "https://a.example/:\n  upstream: app:http\n  type: upstream\n\n\n# the end",
        "https://a.example/:\n  type: redirect\n  redirects:\n    paths: !include x.yaml\n",
        "https://a.example/:\n  type: redirect\n  to: >-\n    https://\n    b.example/\n\n\n",
        "https://a/:\n  type: upstream\n  cache: &c {enabled: true}\nhttps://b/:\n  cache: *c\n",
        "https://a/:\n  type: upstream\n  to:\nhttps://b/:\n  type: upstream\n  upstream: b\n",
        "? https://a/\n:\n  type: upstream\n  upstream: b\n",
        'https://a/:\n  type: upstream\n  upstream: "a\n    b"   # c\n',
        "  https://a/:\n      type: upstream\n      upstream: ü\n",
        "https://a/:\t# c\n  type:\tupstream\t# d\n\t\n  upstream: x\t\n \t# e\n",
    ],
)
def test_other_ways_to_write_a_plain_block_are_edited(text: str) -> None:
    """Byte order mark, document marks, tags, aliases, folded and open values, tabs that part."""
    before, after = text.splitlines(), put_in(text).splitlines()
    assert all(line in after for line in before)


def test_a_mode_of_ours_is_changed_in_its_place() -> None:
    """From request to require only that word changes, whatever the quotes."""
    asked = require(PLAIN, mode="request", ca_path=CA).text
    assert require(asked, ca_path=CA).text == asked.replace('"request"', '"require"')
    single = asked.replace('"request"', "'request'")
    assert require(single, ca_path=CA).text == single.replace("request", "require")


def test_a_path_with_odd_letters_is_quoted() -> None:
    """It means the same when it is read again; a word could be a truth value."""
    after = require(PLAIN, ca_path="our ca: 1.crt").text
    assert 'path: "our ca: 1.crt"' in after
    assert routes(after)[0].authorities == (Authority(path="our ca: 1.crt"),)
    assert 'path: "on"' in require(PLAIN, ca_path="on").text


def test_what_was_changed_by_hand_since_is_not_taken_out() -> None:
    """Removing lines that are not as they were put in would be a guess."""
    after = require(PLAIN, ca_path=CA).text.replace("type: string", "type: string # by hand", 1)
    with pytest.raises(EditError) as refused:
        undo(after, ca_path=CA)
    assert (refused.value.line, refused.value.column) == (12, 21)


def test_undo_of_a_file_without_our_lines_changes_nothing() -> None:
    """Another authority's block is not ours."""
    after = require(PLAIN, ca_path="other.crt").text
    assert undo(PLAIN, ca_path=CA).routes == ()
    assert undo(after, ca_path=CA).text == after


def test_only_what_is_selected_is_changed_and_a_host_is_changed_as_a_whole() -> None:
    """TLS is agreed on per host: its other paths come along, other hosts do not."""
    text = "".join(
        f"https://{name}:\n  type: upstream\n  upstream: x\n" for name in ("a/", "a/x", "b/")
    )
    edited = require(text, ca_path=CA, selected=lambda route: route.url == "https://a/x")
    assert edited.routes == ("https://a/", "https://a/x")
    assert [route.has_tls for route in routes(edited.text)] == [True, True, False]
    assert undo(edited.text, ca_path=CA).text == text


def test_an_accepted_way_around_does_not_block() -> None:
    """By its code only; what nobody can accept goes on blocking."""
    text = PLAIN.replace("type: redirect", "type: upstream")
    assert [one.code for one in findings(text) if one.blocking] == ["http-upstream"]
    found = findings(text, accepted={"http-upstream"})[0]
    assert (found.acceptable, found.blocking) == (True, False)
    twice = PLAIN + '"https://{default}":\n  type: upstream\n'
    assert [one.blocking for one in findings(twice, accepted={"same-route"})] == [True]


def test_require_is_never_lowered_to_request() -> None:
    """Neither ours nor somebody else's."""
    after = require(PLAIN, ca_path=CA).text
    assert require(after, mode="request", ca_path=CA).text == after
    theirs = 'https://a/:\n  type: upstream\n  tls:\n    client_authentication: "require"\n'
    asked = require(theirs, mode="request", ca_path=CA).text
    assert asked.startswith(theirs)
    assert routes(asked)[0].client_authentication == "require"


def test_a_gate_before_somebody_elses_request_leaves_the_way_back() -> None:
    """Their mode stays written beside ours until it is taken out."""
    theirs = "https://a/:\n  type: upstream\n  tls:\n    client_authentication: request\n"
    asked = require(theirs, mode="request", ca_path=CA).text
    after = require(asked, ca_path=CA).text
    assert 'client_authentication: "require" # was request\n' in after
    assert undo(after, ca_path=CA).text == theirs
    assert undo(asked, ca_path=CA).text == theirs


@pytest.mark.parametrize(
    ("item", "ours"),
    [
        (f"{{type: string, path: ./{CA}}}", True),
        (f"{{type: binary, path: {CA}}}", False),
        (f"{{path: {CA}}}", False),
        (CA, False),
    ],
)
def test_only_the_text_of_our_file_is_our_authority(item: str, ours: bool) -> None:
    """By whichever way its path is written; as anything but a text it lets nobody in."""
    text = (
        "https://a/:\n  type: proxy\n  tls:\n    client_authentication: require\n"
        f"    client_certificate_authorities:\n    - !include {item}\n"
    )
    assert (require(text, ca_path=CA).routes == ()) is ours


def test_a_mode_that_somebody_wrote_between_braces_stays_theirs() -> None:
    """We write it in quotes; without them it is not ours to take out."""
    text = "https://a/: {type: proxy, tls: {client_authentication: require}}\n"
    edited = require(text, ca_path=CA)
    assert edited.exact
    assert undo(edited.text, ca_path=CA).text == text


def test_a_list_that_somebody_wrote_like_ours_stays_theirs() -> None:
    """Only the mode was changed, so only that goes back."""
    theirs = """\
https://a/:
  type: upstream
  tls:
    client_authentication: "request"
    client_certificate_authorities:
        - !include
            type: string
            path: cloudflare-ca.crt
"""
    edited = require(theirs, ca_path=CA)
    assert edited.text == theirs.replace('"request"', '"require" # was "request"')
    assert edited.exact
    assert undo(edited.text, ca_path=CA).text == theirs


def test_of_mixed_modes_everything_is_taken_out() -> None:
    """One route still asks, the other requires already."""
    asked = require(PLAIN, mode="request", ca_path=CA).text
    mixed = asked.replace('"request"', '"require"', 1)
    assert undo(mixed, ca_path=CA).text == PLAIN


def test_an_edit_that_only_the_old_text_undoes_says_so() -> None:
    """Between braces there is no room for a note."""
    text = "https://a/: {type: upstream, tls: &t {min_version: TLSv1.2}}\n"
    assert require(text, ca_path=CA).exact
    shared = text + "http://a/: {type: redirect, to: x, tls: *t}\n"
    edited = require(shared, ca_path=CA)
    assert not edited.exact
    assert "http://a/: {type: redirect, to: x, tls: {min_version: TLSv1.2}}\n" in edited.text


def test_routes_are_told_as_written() -> None:
    """Address, kind, target, line; without tls nothing of it."""
    first, second, third = routes(PLAIN)
    assert (first.url, first.scheme, first.host) == ("https://{default}/", "https", "{default}")
    assert (first.type, first.target, first.line) == ("upstream", "app:http", 2)
    assert (second.type, second.target) == ("redirect", "https://{default}/")
    assert (third.scheme, third.has_tls, third.authorities) == ("http", False, ())


def test_a_certificate_written_into_the_file_is_told() -> None:
    """So that the wrong authority can be found there."""
    text = (
        "https://a/:\n  tls:\n    client_authentication: require\n"
        "    client_certificate_authorities:\n      - |\n        PEM\n        TEXT\n"
    )
    assert routes(text)[0].authorities == (Authority(pem="PEM\nTEXT\n"),)


def test_the_diff_shows_added_lines_only() -> None:
    """For the card; nothing when nothing changed."""
    shown = diff(PLAIN, require(PLAIN, ca_path=CA).text, ".platform/routes.yaml").splitlines()
    assert shown[:2] == ["--- a/.platform/routes.yaml", "+++ b/.platform/routes.yaml"]
    assert [line[1:] for line in shown[2:] if line[0] == "+"] == BLOCK.splitlines() * 2
    assert not [line for line in shown[2:] if line[0] == "-"]
    assert diff(PLAIN, PLAIN, "x") == ""


def test_a_wildcard_is_told_and_does_not_stop_the_edit() -> None:
    """A finding that people should know."""
    (found,) = findings("https://*.{default}/:\n  type: upstream\n  upstream: app:http\n")
    assert (found.code, found.blocking, found.line) == ("wildcard", False, 1)
    assert findings(PLAIN) == ()
