"""The change in a configuration directory: which files, and what is in the way."""

import pytest

from steps.routes_files import CA_NAME, Changed, Entry, change, routes_of, takes_out

CA = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
FILE, LINK, SUBMODULE, TREE = 0o100644, 0o120000, 0o160000, 0o040000
ROUTES = b'"https://{default}/":\n  type: upstream\n  upstream: "app:http"\n'
BLOCK = b"""\
  tls:
    client_authentication: "require"
    client_certificate_authorities:
      - !include
        type: string
        path: cloudflare-ca.crt
"""
APPS = b"applications:\n  app:\n    type: php:8.3\n"
UPSUN = APPS + b"routes:\n" + b"".join(b"  " + line for line in ROUTES.splitlines(keepends=True))


def closed(files: dict[str, Entry], directory: str = ".platform") -> Changed:
    return change(files, directory=directory, ca=CA)


def after(found: Changed, files: dict[str, Entry]) -> dict[str, Entry]:
    """The entries once the commit is made; what it says was before is what was there."""
    result = dict(files)
    for one in found.files:
        there = result.pop(one.path, None)
        assert one.before == (there.content if there else None)
        if one.after is not None:
            result[one.path] = Entry(FILE, one.after)
    return result


def test_platformsh_changes_its_routes_file_and_gets_the_ca_beside_it() -> None:
    """Twice is once, and the way back gives the old files."""
    files = {".platform/routes.yaml": Entry(FILE, ROUTES), ".platform/services.yaml": Entry(FILE)}
    found = closed(files)
    assert (found.kind, found.routes, found.exact) == ("platformsh", ("https://{default}/",), True)
    assert [(one.path, one.after) for one in found.files] == [
        (".platform/routes.yaml", ROUTES + BLOCK), (".platform/cloudflare-ca.crt", CA),
    ]  # fmt: skip
    done = after(found, files)
    assert closed(done).files == ()
    back = takes_out(done, directory=".platform")
    assert back.routes == found.routes
    assert after(back, done) == files
    assert takes_out(files, directory=".platform").files == ()


def test_upsun_changes_whichever_files_hold_routes() -> None:
    """Files of other things and of deeper folders stay; the CA is included from the directory."""
    more = b'routes:\n  "https://{default}/x/":\n    type: redirect\n    to: y\n'
    files = {
        ".upsun/config.yaml": Entry(FILE, UPSUN), ".upsun/more.yml": Entry(FILE, more),
        ".upsun/services.yaml": Entry(FILE, b"services: {}\n"),
        ".upsun/anchors.yaml": Entry(FILE, b"x-thing: &thing {a: b}\n"),
        ".upsun/deep/routes.yaml": Entry(FILE, more), ".upsun/readme.md": Entry(FILE, b"{"),
    }  # fmt: skip
    found = closed(files, ".upsun")
    assert found.kind == "upsun"
    assert [one.path for one in found.files] == [
        ".upsun/config.yaml", ".upsun/more.yml", f".upsun/{CA_NAME}",
    ]  # fmt: skip
    done = after(found, files)
    assert {route.client_authentication for route in routes_of(done, directory=".upsun")} == {
        "require"
    }
    assert after(takes_out(done, directory=".upsun"), done) == files


def test_a_host_of_two_files_is_closed_in_both() -> None:
    """And one that was not selected is told as open."""
    other = b"routes:\n  https://b/: {type: redirect, to: x}\n  https://a/x: {type: proxy, to: y}\n"
    first = b"routes:\n  https://a/: {type: upstream, upstream: x}\n"
    files = {".upsun/a.yaml": Entry(FILE, first), ".upsun/b.yaml": Entry(FILE, other)}
    found = change(
        files, directory=".upsun", ca=CA, selected=lambda route: route.url == "https://a/"
    )
    assert (found.routes, found.open) == (("https://a/", "https://a/x"), ("https://b/",))


@pytest.mark.parametrize(
    "app",
    [
        {".platform.app.yaml": b"name: app\ntype: php:8.3\n"},
        {"sub/.platform.app.yaml": b"name: app\n"},
        {".platform/applications.yaml": b"- name: app\n  type: x\n"},
        {".platform/applications.yaml": b"app:\n  type: x\n"},
        {".platform.app.yaml": b"name: app\n", ".platform/routes.yaml": b""},
        {".platform.app.yaml": b"name: app\n", ".platform/routes.yaml": b"# none yet"},
    ],
)
def test_without_routes_the_default_one_is_written_out(app: dict[str, bytes]) -> None:
    """With the name of the application, wherever that stands."""
    files = {path: Entry(FILE, content) for path, content in app.items()}
    found = closed(files)
    assert (found.kind, found.exact, found.routes) == ("none", False, ("https://{default}/",))
    written = found.files[0]
    start = b"# none yet\n" if written.before else b""
    assert (written.path, written.after) == (".platform/routes.yaml", start + ROUTES + BLOCK)
    assert closed(after(found, files)).files == ()


@pytest.mark.parametrize("end", [b"", b"\n\n# the end\n", b"services: {}\n", b"routes:\n"])
def test_an_upsun_file_without_routes_gets_them(end: bytes) -> None:
    """At its end, in the file of the applications."""
    text = APPS + end if end else APPS.rstrip()
    files = {".upsun/config.yaml": Entry(FILE, text), ".upsun/more.yaml": Entry(FILE, b"x: {}\n")}
    found = closed(files, ".upsun")
    assert found.kind == "none"
    inner = b"".join(b"  " + line for line in (ROUTES + BLOCK).splitlines(keepends=True)).rstrip()
    assert b"routes:\n" + inner in (found.files[0].after or b"")
    assert [route.target for route in routes_of(after(found, files), directory=".upsun")] == [
        "app:http"
    ]


@pytest.mark.parametrize(
    "apps", [b"", b"applications: {}\n", b"applications:\n  a: {type: x}\n  b: {type: y}\n"]
)
def test_the_default_route_is_not_guessed(apps: bytes) -> None:
    """None or several applications: people must write the route."""
    found = closed({".upsun/config.yaml": Entry(FILE, apps)}, ".upsun")
    assert (found.blocked, found.files) == (True, ())
    assert "application is not certain" in found.findings[-1].message


@pytest.mark.parametrize("mode", [LINK, SUBMODULE, TREE])
@pytest.mark.parametrize("path", [".platform/routes.yaml", f".platform/{CA_NAME}"])
def test_what_is_no_plain_file_is_not_edited(path: str, mode: int) -> None:
    """A link, a submodule or a directory at either place: nothing is written."""
    files = {".platform/routes.yaml": Entry(FILE, ROUTES), path: Entry(mode, b"elsewhere")}
    found = closed(files)
    assert (found.blocked, found.files) == (True, ())
    assert "a link, a directory or a submodule" in found.findings[0].message


def test_a_directory_that_is_a_submodule_is_not_edited() -> None:
    """Its files belong to another repository."""
    found = closed({".platform": Entry(SUBMODULE), ".platform.app.yaml": Entry(FILE, b"name: a\n")})
    assert [finding.code for finding in found.findings] == ["link-in-the-way"]
    assert found.files == ()


@pytest.mark.parametrize(
    ("content", "words", "line", "column"),
    [
        (b"https://a/:\n  type: \xff\n", "not written in UTF-8", 2, 9),
        (b"https://a/: [\n", "not valid YAML", 2, 1),
        (b"http://a/:\n  type: upstream\n", "a way around", 1, 1),
    ],
)
def test_a_bad_file_is_told_with_its_path_and_place(
    content: bytes, words: str, line: int, column: int
) -> None:
    """And nothing of the directory is written."""
    more = {".upsun/a.yaml": Entry(FILE, UPSUN)}
    directory = ".platform" if b"http:" in content else ".upsun"
    path = f"{directory}/routes.yaml"
    found = closed({**more, path: Entry(FILE, content)}, directory)
    told = found.findings[0]
    assert (told.path, told.line, told.column, found.files) == (path, line, column, ())
    assert words in told.message


def test_something_else_at_the_place_of_the_ca_is_told() -> None:
    """Ours with other blank space is ours."""
    there = {".platform/routes.yaml": Entry(FILE, ROUTES)}
    other = closed({**there, f".platform/{CA_NAME}": Entry(FILE, b"other")})
    assert [finding.code for finding in other.findings] == ["other-ca-file"]
    same = closed({**there, f".platform/{CA_NAME}": Entry(FILE, CA.replace(b"\n", b"\r\n"))})
    assert [one.path for one in same.files] == [".platform/routes.yaml"]


def test_an_accepted_way_around_is_reported_as_open() -> None:
    """Nobody can say later that it was closed."""
    text = ROUTES + b"http://a/:\n  type: upstream\n  upstream: x\n"
    found = change({".platform/routes.yaml": Entry(FILE, text)}, directory=".platform", ca=CA,
                   accepted={"http-upstream"})  # fmt: skip
    assert (found.blocked, found.open) == (False, ("http://a/",))
    assert found.files


def test_what_cannot_be_taken_out_is_told() -> None:
    """Lines of ours that were changed by hand since: nothing is taken out, the CA stays."""
    text = (ROUTES + BLOCK).replace(b"type: string", b"type: string # mine")
    files = {".platform/routes.yaml": Entry(FILE, text), f".platform/{CA_NAME}": Entry(FILE, CA)}
    found = takes_out(files, directory=".platform")
    assert (found.files, found.blocked) == ((), True)
