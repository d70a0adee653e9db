"""What a configuration directory holds of routes, read from its git entries. Changes nothing."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from steps import routes
from steps.errors import EditError
from steps.routes import Finding, RouteEntry
from steps.routes_default import application_names
from steps.routes_read import those_with_routes

CA_NAME = "cloudflare-ca.crt"
"""Beside the routes; `!include` resolves it in the configuration directory."""
Kind: TypeAlias = Literal["platformsh", "upsun"]
_PLAIN_FILES = (0o100644, 0o100755)
_TREE = 0o040000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a git tree: its mode (a link is 0o120000, a submodule 0o160000), its bytes."""

    mode: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Directory:
    """The texts that may hold routes, by path; those with routes; and what could not be read."""

    path: str
    texts: Mapping[str, str]
    routes: Mapping[str, tuple[RouteEntry, ...]]
    unread: tuple[Finding, ...]

    @property
    def kind(self) -> Kind:
        return kind_of(self.path)

    @property
    def ca_path(self) -> str:
        return f"{self.path}/{CA_NAME}"

    @property
    def entries(self) -> tuple[RouteEntry, ...]:
        return tuple(route for found in self.routes.values() for route in found)

    def findings(self, accepted: Collection[str]) -> Iterator[Finding]:
        """Those of each file; having no https route is only wrong for all of them together."""
        yield from self.unread
        found = [
            replace(finding, path=path)
            for path in self.routes
            for finding in routes.findings(self.texts[path], ca_path=CA_NAME, accepted=accepted)
        ]
        some = any(route.scheme == "https" for route in self.entries)
        yield from (one for one in found if not (some and one.code == "no-https-route"))


def kind_of(directory: str) -> Kind:
    """By the directory's name; the platform calls it `project_config_dir`."""
    return "upsun" if PurePosixPath(directory).name == ".upsun" else "platformsh"


def read_directory(entries: Mapping[str, Entry], directory: str) -> Directory:
    """The routes of a directory. Never raises: what cannot be read is a finding."""
    texts: dict[str, str] = {}
    found: dict[str, tuple[RouteEntry, ...]] = {}
    unread: list[Finding] = []
    for path in sorted(path for path in entries if _may_hold_routes(path, directory)):
        if entries[path].mode not in _PLAIN_FILES:
            unread.append(in_the_way(path))
            continue
        try:
            texts[path] = decoded(entries[path].content)
            entries_there = _routes(texts[path], kind_of(directory))
        except EditError as refused:
            unread.append(unreadable(refused, path))
        else:
            found |= {path: entries_there} if entries_there else {}
    if entries.get(directory, Entry(_TREE)).mode != _TREE:
        unread.append(in_the_way(directory))
    return Directory(directory, texts, found, tuple(unread))


def applications(entries: Mapping[str, Entry], directory: Directory) -> tuple[str, ...]:
    """The names of the project's applications, from wherever they are configured."""
    names: list[str] = []
    for path, entry in sorted(entries.items()):
        beside = PurePosixPath(path) == PurePosixPath(directory.path) / "applications.yaml"
        if PurePosixPath(path).name == ".platform.app.yaml" or beside or path in directory.texts:
            try:
                names += application_names(decoded(entry.content))
            except EditError:
                continue
    return tuple(dict.fromkeys(names))


def _may_hold_routes(path: str, directory: str) -> bool:
    at = PurePosixPath(path)
    if at.parent != PurePosixPath(directory):
        return False
    if kind_of(directory) == "upsun":
        return at.suffix in (".yaml", ".yml")
    return at.name == "routes.yaml"


def decoded(content: bytes) -> str:
    """The text of a file. Raises EditError with the place of the first byte that is no UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as wrong:
        raise EditError(
            "The file is not written in UTF-8.", hint="Save it in UTF-8.",
            line=content.count(b"\n", 0, wrong.start) + 1,
            column=wrong.start - content.rfind(b"\n", 0, wrong.start),
        ) from wrong  # fmt: skip


def _routes(text: str, kind: Kind) -> tuple[RouteEntry, ...]:
    """The routes of one file; in a `.upsun` directory only what stands under `routes:`."""
    parts = those_with_routes(text)
    return tuple(
        route for part in parts if kind == "platformsh" or part.kind == "upsun"
        for route in part.entries.values()
    )  # fmt: skip


def unreadable(refused: EditError, path: str) -> Finding:
    """An error as a finding about one file."""
    return Finding("unreadable", refused.for_people, refused.line, refused.column,
                   hint=refused.hint, path=path)  # fmt: skip


def in_the_way(path: str) -> Finding:
    """What is no plain file where one is needed."""
    return Finding(
        "link-in-the-way", f"{path} is a link, a directory or a submodule, and is not edited.",
        hint="Put a plain file in its place.", path=path,
    )  # fmt: skip


def ca_in_the_way(entries: Mapping[str, Entry], path: str, ca: bytes) -> Iterator[Finding]:
    """Something else at the place of our CA file."""
    there = entries.get(path)
    if there is not None and there.mode not in _PLAIN_FILES:
        yield in_the_way(path)
    elif there is not None and there.content.split() != ca.split():
        yield Finding("other-ca-file", f"{path} is there already and holds something else.",
                      hint="Move it out of the way, or put our CA into it.",
                      path=path)  # fmt: skip
