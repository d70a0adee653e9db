"""Files in many styles, real files and any text: edited with proof, or refused with a place.

PyYAML reads along: a second reader that shares no code with the editor's.
"""

import difflib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steps.errors import EditError
from steps.routes import findings, require, routes, undo

CA = "cloudflare-ca.crt"
OURS = ("!include", {"type": "string", "path": CA})
CORPUS = sorted((Path(__file__).parents[3] / "shared" / "corpus").glob("*.yaml"))


class Loader(yaml.SafeLoader):
    """Keeps what it does not know as its tag and its value."""


def _kept(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> tuple[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return f"!{suffix}", loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return f"!{suffix}", loader.construct_sequence(node, deep=True)
    return f"!{suffix}", node.value


Loader.add_multi_constructor("!", _kept)


def meaning(text: str) -> list[Any]:
    """Every document that holds something, nothing shared between its parts."""
    return [_apart(one) for one in yaml.load_all(text, Loader) if one is not None]


def _apart(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: sorted(map(_apart, one), key=repr) if key == "client_certificate_authorities"
            else _apart(one)
            for key, one in value.items()
        }  # fmt: skip
    if isinstance(value, list | tuple):
        return type(value)(_apart(one) for one in value)
    return value


def wanted(text: str) -> list[Any]:
    """What the file must mean afterwards, by a reading of its own."""
    documents = meaning(text)
    for document in documents:
        addresses = any(key.startswith("http") for key in document)
        for url, route in (document if addresses else document.get("routes", {})).items():
            if url.lower().startswith("https://"):
                tls = dict(route.get("tls") or {})
                listed = list(tls.get("client_certificate_authorities") or [])
                tls["client_certificate_authorities"] = sorted(
                    [*listed, *[OURS] * (OURS not in listed)], key=repr
                )
                route["tls"] = tls | {"client_authentication": "require"}
    return documents


def prove(before: str, *, exact: bool = True) -> None:
    """The old meaning and our keys; twice is once; undo gives the old bytes."""
    edited = require(before, ca_path=CA)
    assert meaning(edited.text) == wanted(before)
    again = require(edited.text, ca_path=CA)
    assert (again.text, again.routes) == (edited.text, ())
    if exact or edited.exact:
        assert edited.exact
        assert undo(edited.text, ca_path=CA).text == before


CHANGEABLE = re.compile(r"[{*~]|client_authentication:|to: x #")
"""Lines that may be rewritten: with braces, an alias, a null, or a mode."""


def removed(before: str, after: str) -> list[str]:
    """The lines of the old text that the diff takes out."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in lines if line.startswith("- ")]


HOSTS = ["{default}", "{all}", "www.{default}", "*.{default}", "example.com", "a.b.example.com"]
NOISE = st.lists(st.sampled_from(["", "# a comment", "    # indented: comment", "  "]), max_size=2)
BLOCKS = [
    "cache:\n{pad}enabled: true\n{pad}cookies: ['*']", "id: |\n{pad}some\n{pad}words",
    "kept: |+\n{pad}words\n\n", "blank: |\n{pad}words  \n{pad}\n{pad} \n",
    "folded: >-\n{pad}a\n\n{pad}b", "nothing:", "list:\n- one\n-",
    "deep:\n{pad}- one\n{pad}- two: 2", "ssi: {{enabled: false}}  # flow",
    "redirects:\n{pad}paths: !include x.yaml", '"quoted key": "a: b # c"', "ü: ☃ # snow",
    "long: one\n{pad}two\n{pad}three", "? odd\n: key",
]  # fmt: skip
TLS = [
    "tls:\n{pad}min_version: TLSv1.2", "tls:\n{pad}min_version: TLSv1.2 # agreed\n{pad}# why\n",
    "tls: {{min_version: TLSv1.2}}", "tls: {{ min_version: TLSv1.2, }} # x", "tls:", "tls: # none",
    "tls: {{}}", "tls: ~", "tls:\n{pad}strict_transport_security:\n{pad}{pad}enabled: true",
    "tls:\n{pad}client_authentication: !!str request", "tls: {{client_authentication: request}}",
    "tls: {{client_authentication: 'require', client_certificate_authorities: [PEM]}} # both",
    "tls:\n{pad}client_authentication: request", 'tls:\n{pad}client_authentication: "require"',
    "tls:\n{pad}client_authentication: 'request' # soft\n{pad}min_version: TLSv1.2",
    "tls:\n{pad}client_authentication: require\n{pad}client_certificate_authorities:\n"
    "{pad}- !include\n{pad}  type: string\n{pad}  path: other.crt",
    "tls:\n{pad}client_certificate_authorities: [!include {{type: string, path: o.crt}}]",
    "tls:\n{pad}client_authentication: require\n{pad}client_certificate_authorities:\n"
    "{pad}{pad}- |\n{pad}{pad}  PEM\n{pad}{pad}  TEXT",
]  # fmt: skip
FLOW_TLS = ["", ", tls: {min_version: TLSv1.2}", ", tls: { min_version: TLSv1.2 }", ", tls: {}"]


@st.composite
def url(draw: st.DrawFn, host: str) -> tuple[str, str]:
    """An address, and how it is written."""
    name = f"{draw(st.sampled_from(['https', 'https', 'https', 'http']))}://{host}/"
    quote = draw(st.sampled_from(['"', "'", ""]))
    return name, f"{quote}{name}{quote}"


@st.composite
def block_route(draw: st.DrawFn, host: str, step: int) -> list[str]:
    """One route as lines, without their breaks."""
    name, written = draw(url(host))
    kinds = ["redirect"] if name.startswith("http:") else ["upstream", "redirect", "proxy"]
    kind = draw(st.sampled_from(kinds))
    value = draw(st.sampled_from(["app:http", '"a:http"', "'b'"]))
    keys = [f"type: {kind}", f"{'upstream' if kind == 'upstream' else 'to'}: {value}"]
    keys += draw(st.lists(st.sampled_from(BLOCKS), max_size=3, unique=True))
    keys += draw(st.lists(st.sampled_from(TLS), max_size=1))
    pad = " " * step
    lines = [f"? {written}\n:" if draw(st.integers(0, 9)) == 0 else f"{written}:"]
    lines = lines[0].split("\n")
    for key in draw(st.permutations(keys)):
        told = key.format(pad=pad).split("\n")
        lines += [*draw(NOISE), *(f"{pad}{line}" if line else "" for line in told)]
    return [*draw(NOISE), *lines]


@st.composite
def flow_route(draw: st.DrawFn, host: str) -> list[str]:
    """One route between braces, in one line or in several."""
    name, written = draw(url(host))
    kind = "redirect" if name.startswith("http:") else draw(st.sampled_from(["upstream", "proxy"]))
    pad = draw(st.sampled_from(["", " "]))
    tls = draw(st.sampled_from(FLOW_TLS))
    if draw(st.booleans()):
        return [f"{written}: {{{pad}type: {kind}, to: 'x'{tls}{pad}}}"]
    comma = draw(st.sampled_from(["", ","])) if not tls else ""
    rest = [f"  {tls[2:]}"] if tls else []
    last = "," if tls else comma
    return [f"{written}: {{", f"  type: {kind}, # c", f"  to: x{last} # d", *rest, "  }"]


@st.composite
def routes_file(draw: st.DrawFn) -> str:
    """A whole file in one style of indentation, breaks and ending."""
    hosts = draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=5, unique=True))
    step = draw(st.sampled_from([1, 2, 3, 4, 8]))
    lines: list[str] = []
    for host in hosts:
        kind = draw(st.integers(0, 3))
        lines += draw(flow_route(host) if kind == 0 else block_route(host, step))
    lines += draw(NOISE)
    if draw(st.booleans()):
        margin = draw(st.sampled_from([2, 4]))
        lines = [" " * margin + line if line else line for line in lines]
        lines = ["applications:", "  app: {type: 'php:8.3'}", "routes:", *lines]
        lines += draw(st.sampled_from([[], ["services: {}"], ["", "# the end"]]))
    if draw(st.booleans()):
        lines.insert(0, "---")
    text = draw(st.sampled_from(["\n", "\r\n"])).join([*lines, *([""] * draw(st.booleans()))])
    return draw(st.sampled_from(["", "", "", "\ufeff"])) + text


@settings(max_examples=150, deadline=None)
@given(routes_file())
def test_the_proofs_hold_for_every_style(text: str) -> None:
    """A file without any https route stays as it is."""
    prove(text)
    rewritten = removed(text, require(text, ca_path=CA).text)
    assert [line for line in rewritten if not CHANGEABLE.search(line)] == []


@settings(max_examples=15, deadline=None)
@given(routes_file())
def test_no_line_is_put_in_without_need(text: str) -> None:
    """Without any one of the new lines the file means something else, or nothing."""
    if not any(route.scheme == "https" for route in routes(text)):
        return
    after = require(text, ca_path=CA).text.splitlines(keepends=True)
    lines = list(difflib.ndiff(text.splitlines(keepends=True), after))
    for n, line in enumerate(lines):
        if line.startswith("+ "):
            rest = "".join(one[2:] for m, one in enumerate(lines) if m != n and one[0] in "+ ")
            try:
                found = meaning(rest)
            except yaml.YAMLError:
                continue
            assert found != wanted(text), line


SHARED = [
    "type: upstream\n  upstream: x",
    "type: upstream\n  upstream: x\n  tls:\n    min_version: TLSv1.2",
    "type: redirect\n  to: x\n  tls: {min_version: TLSv1.2}", "type: redirect\n  to: x\n  tls:",
]  # fmt: skip
USES = ["*a", "\n  <<: *a\n  id: i", "\n  <<: *a\n  tls:\n    min_version: TLSv1.3",
        "{<<: *a, type: redirect}", "\n  type: redirect\n  to: z\n  tls: *t",
        "{type: redirect, to: z, tls: *t}"]  # fmt: skip


@st.composite
def sharing_file(draw: st.DrawFn) -> str:
    """Routes that share mappings and tls blocks by anchors, aliases and merge keys."""
    first = draw(st.sampled_from(["https://a/", "http://a/", ".template"]))
    body = draw(st.sampled_from(SHARED)).replace("type: upstream", "type: redirect")
    named = "tls:\n    &t" not in body and "tls:" in body
    body = body.replace("tls:\n", "tls: &t\n").replace("tls: {", "tls: &t {") if named else body
    uses = [use for use in USES if "*t" not in use or "&t" in body]
    lines = [f"{first}: &a\n  {body}"]
    for n, use in enumerate(draw(st.lists(st.sampled_from(uses), min_size=1, max_size=4))):
        scheme = draw(st.sampled_from(["https", "https", "http"]))
        lines.append(f"{scheme}://h{n}/: {use}".replace(": \n", ":\n"))
    return "\n".join([*lines, "https://last/:\n  type: upstream\n  upstream: x\n"])


@settings(max_examples=100, deadline=None)
@given(sharing_file())
def test_what_is_shared_changes_only_for_those_who_want_it(text: str) -> None:
    """Plain redirects and templates mean what they did, whoever holds the anchor."""
    prove(text, exact=False)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("https:/a{}[]&*!|>-?#'\"\\ \n\t\r%@`,U0\u2028\ufeff\x85<")))
@example("https://a/: &a\n  <<: *a\n")
def test_any_text_is_edited_with_proof_or_refused(text: str) -> None:
    """No text makes the editor raise anything but its own error."""
    found = findings(text)
    try:
        edited = require(text, ca_path=CA)
    except EditError:
        return
    assert not [one for one in found if one.stops_the_edit]
    assert not edited.exact or undo(edited.text, ca_path=CA).text == text


@pytest.mark.skipif(not CORPUS, reason="THE CORPUS IS NOT HERE: real routes files were not tried")
def test_every_real_file_is_edited_with_proof_unless_it_is_no_yaml() -> None:
    """Two of 65 are no YAML. Three more block the step, though their text is edited."""
    blocked = []
    for path in CORPUS:
        text = path.read_bytes().decode()
        blocked += [found.code for found in findings(text) if found.blocking]
        if not _is_broken(text):
            prove(text)
    assert sorted(set(blocked)) == ["http-upstream", "no-https-route", "no-routes", "unreadable"]
    assert blocked.count("unreadable") == 2


def _is_broken(text: str) -> bool:
    try:
        return not meaning(text)
    except yaml.YAMLError:
        return True
