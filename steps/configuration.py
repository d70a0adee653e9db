"""A configuration directory at one commit: what a change makes of it, and what was before. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from steps import routes_files
from steps.routes import Mode, RouteEntry, diff
from steps.routes_directory import CA_NAME, Entry
from steps.routes_files import Changed
from steps.routes_findings import ACCEPTABLE

__all__ = ["CA_NAME", "Changed", "Configuration", "Entry", "Files", "Mode", "digest", "entries_of"]
Files = Mapping[str, bytes | None]
"""Path to content; None takes the file out, or says that there is none."""
_PLAIN = (0o100644, 0o100755)
_APP = ".platform.app.yaml"


def digest(content: bytes | None) -> str:
    """SHA-256 of a file, empty for one that is not there."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def digests(files: Files) -> str:
    """The digest of each file by its path, as one value of a plan."""
    return json.dumps({path: digest(files[path]) for path in sorted(files)})


def read_digests(text: str) -> dict[str, str]:
    """What `digests` wrote; nothing for an empty text."""
    found: dict[str, str] = json.loads(text) if text else {}
    return found


def entries_of(listed: Mapping[str, int], read: Callable[[str], bytes | None]) -> dict[str, Entry]:
    """The entries of a directory by their path; only files that matter here are read."""
    found = {}
    for path, mode in listed.items():
        wanted = mode in _PLAIN and path.endswith((".yaml", ".yml", CA_NAME))
        found[path] = Entry(mode, (read(path) or b"") if wanted else b"")
    return found


@dataclass(frozen=True, slots=True)
class Configuration:
    """What stands in the directory, and the commit that it was read at."""

    commit: str
    directory: str
    tree: str
    """The id of the directory's tree: any change in it is another one."""
    entries: Mapping[str, Entry] = field(repr=False)

    @property
    def ca_path(self) -> str:
        return f"{self.directory}/{CA_NAME}"

    def content(self, path: str) -> bytes | None:
        """A file's bytes; None when there is none."""
        entry = self.entries.get(path)
        return entry.content if entry is not None else None

    def asking(self, mode: Mode, ca: bytes) -> Changed:
        """The change that puts `mode` and our CA on every https route.

        What an approver may accept by name stops it not; whoever plans it must say so.
        """
        return routes_files.change(
            self.entries, directory=self.directory, ca=ca, mode=mode, accepted=ACCEPTABLE
        )

    def taken_out(self) -> Changed:
        """The change that takes out what `asking` puts in, by its meaning."""
        return routes_files.takes_out(self.entries, directory=self.directory)

    def routes(self) -> tuple[RouteEntry, ...]:
        """Every route of the directory; those of files that cannot be read are left out."""
        return routes_files.routes_of(self.entries, directory=self.directory)

    def modes(self) -> str:
        """What the https routes ask now, in people's words."""
        there = (route for route in self.routes() if route.scheme == "https")
        found = sorted({route.client_authentication or "none" for route in there})
        return f"client authentication {' and '.join(found) or 'none'}"

    def diff(self, files: Files) -> str:
        """A unified diff of every text that changes, the CA file left out."""
        parts = [
            diff(_text(self.content(path)), _text(after), path)
            for path, after in sorted(files.items()) if path != self.ca_path
        ]  # fmt: skip
        return "".join(parts)

    def restored(self, record: "Record", ca: bytes) -> Files | None:
        """The files as the record has them from before; found by digest, never guessed.

        None when they are lost: somebody else changed them meanwhile.
        """
        for candidate in self._earlier(record, ca):
            files = {path: candidate.get(path, self.content(path)) for path in record.before}
            if all(digest(files[path]) == wanted for path, wanted in record.before.items()):
                return files
        return None

    def _earlier(self, record: "Record", ca: bytes) -> Iterator[Files]:
        yield {}
        out = {change.path: change.after for change in self.taken_out().files}
        yield out
        yield {path: after for path, after in out.items() if path != self.ca_path}
        without = {p: e for p, e in self.entries.items() if out.get(p, b"") is not None}
        without |= {p: Entry(0o100644, after) for p, after in out.items() if after is not None}
        asked = replace(self, entries=without).asking("request", ca)
        yield {**out, **{change.path: change.after for change in asked.files}}
        ours = all(digest(self.content(path)) == now for path, now in record.after.items())
        if record.kept and ours:
            yield {path: None if text is None else text.encode()
                   for path, text in record.kept.items()}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """What a plan or a receipt says of the files: digests before and after, and kept texts."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    kept: Mapping[str, str | None] = field(default_factory=dict)
    """The texts from before, where taking our lines out would not give them."""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Record":
        """From a plan's inputs or a receipt."""
        kept = json.loads(values.get("kept") or "{}")
        return cls(
            read_digests(values.get("before", "")), read_digests(values.get("after", "")), kept
        )

    def since(self, earlier: "Record") -> "Record":
        """An earlier change and then this one, as one."""
        return Record(
            {**self.before, **earlier.before}, {**earlier.after, **self.after},
            {**self.kept, **earlier.kept},
        )  # fmt: skip


def kept(changed: Changed) -> str:
    """The texts from before for the plan, where the edit cannot be taken out byte by byte."""
    if changed.exact:
        return ""
    return json.dumps(
        {c.path: None if c.before is None else c.before.decode() for c in changed.files}
    )


def _text(content: bytes | None) -> str:
    return "" if content is None else content.decode(errors="replace")
