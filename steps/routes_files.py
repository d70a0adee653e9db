"""The change in a configuration directory: from its files to the files of one commit. Pure.

A `.platform` has its routes in `routes.yaml`; a `.upsun` in whichever YAML files at its first level
have a `routes:` key, which the platform merges. Without any route the default one is written out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from steps import routes
from steps.errors import EditError
from steps.routes import Finding, Mode, RouteEntry, every_https
from steps.routes_default import application_names, routes_file, with_route
from steps.routes_directory import (
    CA_NAME,
    Directory,
    Entry,
    applications,
    ca_in_the_way,
    read_directory,
    unreadable,
)

__all__ = ["CA_NAME", "Changed", "Entry", "FileChange", "change", "routes_of", "takes_out"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of the commit; None for one that is not there."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What the commit would do. No files when a finding blocks, or when it is done already."""

    kind: Literal["platformsh", "upsun", "none"]
    """``none``: no file holds a route, and the default one is written out."""
    files: tuple[FileChange, ...]
    ca_path: str
    """From the repository's root."""
    routes: tuple[str, ...] = ()
    """The URLs that get the block, or lose it."""
    open: tuple[str, ...] = ()
    """The https routes that were not selected, and the ways around that were accepted."""
    findings: tuple[Finding, ...] = ()
    exact: bool = True
    """`takes_out` gives the original bytes. If not, only the files from before do."""

    @property
    def blocked(self) -> bool:
        return any(finding.blocking for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What `change` was asked for."""

    mode: Mode
    selected: Callable[[RouteEntry], bool]


def change(
    entries: Mapping[str, Entry],
    *,
    directory: str,
    ca: bytes,
    mode: Mode = "require",
    selected: Callable[[RouteEntry], bool] = every_https,
    accepted: Collection[str] = (),
) -> Changed:
    """Client authentication on every selected https route, and the CA beside them.

    `entries` are those of the directory's first level by their path from the root, and the
    `.platform.app.yaml` files of a project without routes. Never raises: see `Changed.findings`.
    """
    found = read_directory(entries, directory)
    told = (*found.findings(accepted), *ca_in_the_way(entries, found.ca_path, ca))
    blank = Changed(found.kind if found.routes else "none", (), found.ca_path, findings=told)
    if blank.blocked:
        return blank
    wanted = _Wanted(mode, selected)
    try:
        done = _edited(found, wanted) if found.routes else _default(entries, found, wanted)
    except EditError as refused:
        return replace(blank, findings=(*told, unreadable(refused, directory)))
    files = list(done.files)
    if files and found.ca_path not in entries:
        files.append(FileChange(found.ca_path, None, ca))
    return replace(done, kind=blank.kind, files=tuple(files), findings=told,
                   open=_open(found, wanted))  # fmt: skip


def takes_out(entries: Mapping[str, Entry], *, directory: str) -> Changed:
    """The way back without the files from before: what `change` puts in, and the CA file.

    The file stays when something of ours could not be taken out.
    """
    found = read_directory(entries, directory)
    files: list[FileChange] = []
    urls: list[str] = []
    refusals = list(found.unread)
    for path in found.routes:
        try:
            edited = routes.undo(found.texts[path], ca_path=CA_NAME)
        except EditError as refused:
            refusals.append(unreadable(refused, path))
            continue
        if edited.routes:
            files.append(_changed(path, found.texts[path], edited.text))
            urls += edited.routes
    if found.ca_path in entries and files:
        files.append(FileChange(found.ca_path, entries[found.ca_path].content, None))
    blank = Changed(found.kind if found.routes else "none", (), found.ca_path,
                    findings=tuple(refusals))  # fmt: skip
    return blank if blank.blocked else replace(blank, files=tuple(files), routes=tuple(urls))


def routes_of(entries: Mapping[str, Entry], *, directory: str) -> tuple[RouteEntry, ...]:
    """Every route of the directory; those of files that cannot be read are left out."""
    return read_directory(entries, directory).entries


def _changed(path: str, before: str, after: str) -> FileChange:
    return FileChange(path, before.encode(), after.encode())


def _edited(found: Directory, wanted: _Wanted) -> Changed:
    """The files that have routes, with the block put in."""
    files: list[FileChange] = []
    urls: list[str] = []
    exact = True
    for path, there in found.routes.items():
        if not any(map(every_https, there)):
            continue
        edited = routes.require(
            found.texts[path], mode=wanted.mode, ca_path=CA_NAME,
            selected=_by_host(found, wanted),
        )  # fmt: skip
        if edited.routes:
            files.append(_changed(path, found.texts[path], edited.text))
            urls += edited.routes
            exact = exact and edited.exact
    return Changed(found.kind, tuple(files), found.ca_path, tuple(urls), exact=exact)


def _by_host(found: Directory, wanted: _Wanted) -> Callable[[RouteEntry], bool]:
    """A host is closed in every file that has routes of it."""
    every = filter(every_https, found.entries)
    hosts = {route.host for route in every if wanted.selected(route)}
    return lambda route: route.host in hosts


def _default(entries: Mapping[str, Entry], found: Directory, wanted: _Wanted) -> Changed:
    """The route that the platform deploys by itself, written out and closed."""
    names = applications(entries, found)
    if len(names) != 1:
        raise EditError(
            "There are no routes, and the default route's application is not certain: "
            + (f"there are {', '.join(names)}." if names else "none was found."),
            hint="Write the routes out and deploy them, then press Retry.",
        )
    path, before = _place(found)
    put = routes_file if found.kind == "platformsh" else with_route
    edited = routes.require(put(before or "", names[0]), mode=wanted.mode, ca_path=CA_NAME)
    file = FileChange(path, None if before is None else before.encode(), edited.text.encode())
    return Changed("none", (file,), found.ca_path, edited.routes, exact=False)


def _place(found: Directory) -> tuple[str, str | None]:
    """Where the default route goes: into the file of the applications, or one of its own."""
    if found.kind == "platformsh":
        path = f"{found.path}/routes.yaml"
        return path, found.texts.get(path)
    for path, text in found.texts.items():
        if application_names(text):
            return path, text
    raise EditError(
        f"There are no routes, and no file in {found.path} configures the application.",
        hint="Write the routes out and deploy them, then press Retry.",
    )


def _open(found: Directory, wanted: _Wanted) -> tuple[str, ...]:
    closed = _by_host(found, wanted)
    return tuple(
        route.url for route in found.entries
        if (every_https(route) and not closed(route))
        or (route.scheme == "http" and route.type != "redirect")
    )  # fmt: skip
