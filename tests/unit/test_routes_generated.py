"""Routes files in many styles, generated and real: the same proofs hold for every one."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.errors import EditError
from steps.routes import diff, findings, require, undo

CA = "cloudflare-ca.crt"
CORPUS = sorted((Path(__file__).parents[3] / "shared" / "corpus").glob("*routes.yaml"))


class Loader(yaml.SafeLoader):
    """A second reader that shares no code with the editor's."""


Loader.add_constructor(
    "!include",
    lambda loader, node: (
        "include",
        loader.construct_mapping(node)
        if isinstance(node, yaml.MappingNode)
        else loader.construct_scalar(node),  # type: ignore[arg-type]
    ),
)


def prove(before: str) -> None:
    """Parsed anew it is the old meaning and our keys; twice is once; undo gives the old bytes."""
    edited = require(before, ca_path=CA)
    expected = yaml.load(before, Loader)
    for url, route in expected.items():
        if url.startswith("https://"):
            route["tls"] = dict(route.get("tls") or {}) | {
                "client_authentication": "require",
                "client_certificate_authorities": [("include", {"type": "string", "path": CA})],
            }
    assert yaml.load(edited.text, Loader) == expected
    assert require(edited.text, ca_path=CA).text == edited.text
    assert undo(edited.text, ca_path=CA).text == before
    changed = diff(before, edited.text, "routes.yaml").splitlines()[2:]
    assert not [line for line in changed if line.startswith("-")]


HOSTS = ["{default}", "{all}", "www.{default}", "*.{default}", "example.com", "a.b.example.com"]
NOISE = st.lists(st.sampled_from(["", "# a comment", "    # indented: comment", "  "]), max_size=2)


@st.composite
def route(draw: st.DrawFn, host: str, step: int) -> list[str]:
    """One route as lines, without their breaks."""
    url = f"{draw(st.sampled_from(['https', 'https', 'http']))}://{host}/"
    quote = draw(st.sampled_from(['"', "'", ""]))
    pad = " " * step
    kinds = ["redirect"] if url.startswith("http:") else ["upstream", "redirect", "proxy"]
    kind = draw(st.sampled_from(kinds))
    keys = [[f"{pad}type: {kind}"]]
    target = "upstream" if kind == "upstream" else "to"
    value = draw(st.sampled_from(["app:http", '"a:http"', "'b'"]))
    keys.append([f"{pad}{target}: {value}"])
    keys += draw(
        st.lists(
            st.sampled_from([
                [f"{pad}cache:", f"{pad}{pad}enabled: true", f"{pad}{pad}cookies: ['*']"],
                [f"{pad}id: |", f"{pad}{pad}some", f"{pad}{pad}words"],
                [f"{pad}kept: |+", f"{pad}{pad}words", "", ""],
                [f"{pad}nothing:"],
                [f"{pad}list:", f"{pad}- one", f"{pad}-"],
                [f"{pad}ssi: {{enabled: false}}  # flow"],
                [f"{pad}redirects:", f"{pad}{pad}paths: !include x.yaml"],
                [f"{pad}tls:", f"{pad}{pad}min_version: TLSv1.2"],
            ]),
            max_size=3, unique_by=lambda lines: lines[0],
        )
    )  # fmt: skip
    lines = [f"{quote}{url}{quote}:"]
    for key in draw(st.permutations(keys)):
        lines += [*draw(NOISE), *key]
    return [*draw(NOISE), *lines]


@st.composite
def routes_file(draw: st.DrawFn) -> str:
    """A whole file in one style of indentation, breaks and ending."""
    hosts = draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=5, unique=True))
    step = draw(st.sampled_from([1, 2, 3, 4, 8]))
    lines = [line for host in hosts for line in draw(route(host, step))]
    lines += draw(NOISE)
    if draw(st.booleans()):
        lines.insert(0, "---")
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, *([""] * draw(st.booleans()))])


@settings(max_examples=100, deadline=None)
@given(routes_file())
def test_the_proofs_hold_for_every_plain_file(text: str) -> None:
    """Whatever the style; a file without any https route is refused, and nothing else is."""
    if "https://" in "".join(line for line in text.splitlines() if line.endswith(":")):
        prove(text)
    else:
        assert [found.code for found in findings(text) if found.blocking] == ["no-https-route"]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("https:/a{}[]&*!|>-?#'\"\\ \n\t\r%@`,U0\u2028\ufeff\x85")))
def test_any_text_is_edited_with_proof_or_refused(text: str) -> None:
    """No text makes the editor raise anything but its own error."""
    found = findings(text)
    try:
        edited = require(text, ca_path=CA)
    except EditError:
        return
    assert not [one for one in found if one.blocking]
    assert undo(edited.text, ca_path=CA).text == text


@pytest.mark.skipif(not CORPUS, reason="THE CORPUS IS NOT HERE: real routes files were not tried")
def test_real_files_are_edited_with_proof_or_refused_with_a_place() -> None:
    """Most are edited; the rest serve content without TLS or are no YAML."""
    refused = []
    for path in CORPUS:
        try:
            prove(path.read_bytes().decode())
        except EditError as error:
            refused.append(error)
    assert all(error.line for error in refused)
    assert len(refused) <= len(CORPUS) // 10
