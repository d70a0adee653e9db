"""Lines that say beside them what they were, and people's own words that look alike."""

import pytest

from steps.routes import require, undo
from steps.routes_notes import with_notes, without_notes
from steps.routes_text import Cut, apply

CA = "cloudflare-ca.crt"
OURS = f"!include {{type: string, path: {CA}}}"


@pytest.mark.parametrize(
    "tls",
    [
        "{client_authentication: request}", '{"client_authentication": "require"}', "null",
        "{client_authentication: request, client_certificate_authorities: [PEM]}",
        '{client_certificate_authorities: [], client_authentication: "require"}',
        "{client_certificate_authorities: , client_authentication: }", "{\n  }", "{ # none\n }",
        "{\n    min_version: TLSv1.2,\n    client_authentication: request\n  }",
        '{\n    client_certificate_authorities: [\n      "PEM"\n    ],\n    '
        "client_authentication: request, # soft\n  }",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "text",
    ["https://a/: {{type: x, tls: {tls}}} # c  \n", "https://a/:\n  tls: {tls}\n  type: x",
     "\ufeff{{https://a/: {{type: x, tls: {tls}}}, https://b/: {{type: x, tls: {tls}}}}}\n"],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_value_between_braces_comes_back(text: str, tls: str, newline: str) -> None:
    """Whatever it was: there, no note can stand beside the value itself."""
    before = text.format(tls=tls).replace("\n", newline)
    edited = require(before, ca_path=CA)
    assert (edited.exact, undo(edited.text, ca_path=CA).text) == (True, before)
    assert require(edited.text, ca_path=CA).routes == ()


def test_a_note_is_only_left_where_it_is_needed() -> None:
    """Not where the way back is read from the keys themselves, nor beside request of our own."""
    line = "https://a/: {type: x, tls: {client_authentication: request}}"
    assert require(line, ca_path=CA).text.endswith(f" # was: {line}")
    for flow in ("https://a/: {type: x}", "https://a/: {type: x, tls: {min_version: TLSv1.2}}"):
        first = require(flow, mode="request", ca_path=CA).text
        assert "#" not in require(first, ca_path=CA).text


@pytest.mark.parametrize(
    "text",
    [
        'https://a/:\n  type: x\n  cache:\n    cookies: ["*"] # was [a]\n    on: true # was no\n',
        "https://a/: {type: x} # was http://a/\n",
        "https://a/: # was http\n  type: x\n",
        "https://a/:\n  type: x\n  tls: # was none\n    min_version: TLSv1.2\n",
        "https://a/:\n  type: x\n  tls: {min_version: TLSv1.2} # was null\n",
        "https://a/:\n  tls:\n    client_authentication: request # was require\n",
        "https://a/:\n  tls:\n    client_certificate_authorities: # was x\n      - PEM # was y\n",
        "https://a/:\n  tls: # new\n    min_version: x # new\n"
        "    client_certificate_authorities: # new\n    - PEM # new\n",
        "https://a/:\n  tls:\n    client_authentication: request # new\n",
        "https://a/:\n  type: x # was: y\n  tls: {client_authentication: request}\n# b # added\n",
    ],
)
def test_the_notes_of_others_are_left_alone(text: str) -> None:
    """A comment that begins as ours do says nothing about our edit."""
    edited = require(text, ca_path=CA)
    assert (edited.exact, undo(edited.text, ca_path=CA).text) == (True, text)


def test_a_line_that_was_added_below_a_noted_one_goes_with_it() -> None:
    """And any other line stays, though it ends alike."""
    text = "tls: {\n  a: 1 \n  }\n# x # added\n"
    at = text.index(" \n")
    cuts = [Cut(at - 1, at, "client_authentication,"), Cut(at + 1, at + 1, f"\n  - {OURS}")]
    noted = apply(text, with_notes(text, cuts))
    assert f"client_authentication,  # was: a: 1 \n  - {OURS} # added\n" in noted
    assert without_notes(noted) == text
