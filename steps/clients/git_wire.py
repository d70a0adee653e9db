"""Git's own protocol over a signed-in session: a push of a few objects, a fetch of one commit.

dulwich leaves two things to us: the check of the old SHA, and reading what became of the ref.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from steps.clients import ssh
from steps.clients.git_objects import MadeCommit
from steps.clients.redaction import redacted
from steps.errors import PushRefused, UnexpectedReply, Unreachable

if TYPE_CHECKING:
    import paramiko
    from dulwich.client import SSHGitClient
    from dulwich.objects import Commit, Tree


def push(
    transport: paramiko.Transport, where: ssh.Remote, made: MadeCommit, *, branch: str,
    expected: str,
) -> None:  # fmt: skip
    """Bring a commit to a branch that is at `expected`, never forced; done already is done.

    Raises PushRefused when the server says no, Unreachable when it did not say.
    """
    from dulwich.pack import pack_objects_to_data  # noqa: PLC0415 - slow to import

    ref = f"refs/heads/{branch}".encode()

    def only_from_expected(refs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        # dulwich sends as "old" whatever the server advertised: this check is ours.
        there = refs.get(ref, b"").decode()
        if there not in (expected, made.sha):
            place = f"at {there[:8]}" if there else "gone"
            raise _refused(f"The branch {branch} is {place}, no longer at {expected[:8]}.")
        return {ref: made.sha.encode()}

    def pack(_have: object, _want: object, **_more: Any) -> Any:
        return pack_objects_to_data([(o, None) for o in made.objects])

    with _told("push"):
        result = _client(transport, where).send_pack(
            where.path.encode(), only_from_expected, pack  # type: ignore[arg-type]
        )  # fmt: skip
    # A refusal is no exception there; an empty status means that it was there already.
    for told in (result.ref_status or {}).values():
        if told:
            raise _refused(f"The server did not take the commit: {told}")


def fetch(
    transport: paramiko.Transport, where: ssh.Remote, sha: str, config_dir: str
) -> tuple[Tree, Tree | None]:
    """Root tree and configuration tree of a branch's head, by a fetch of depth 1."""
    from dulwich.objects import Commit, Tree  # noqa: PLC0415 - slow to import
    from dulwich.repo import MemoryRepo  # noqa: PLC0415

    def the_head(refs: Mapping[bytes, bytes], _depth: int | None = None) -> Sequence[bytes]:
        if sha.encode() not in refs.values():
            raise UnexpectedReply(
                f"The commit {sha[:8]} is no longer the head of a branch.",
                service=ssh.SERVICE, doing="fetch", hint="Press Retry: the new head is read.",
            )  # fmt: skip
        return [sha.encode()]

    memory = MemoryRepo()
    with _told("fetch"):
        _client(transport, where).fetch(
            where.path.encode(), memory, depth=1, determine_wants=the_head  # type: ignore[arg-type]
        )  # fmt: skip
    root = memory[_commit(memory[sha.encode()], Commit).tree]
    assert isinstance(root, Tree)
    name = config_dir.encode()
    config = memory[root[name][1]] if name in root else None
    return root, config if isinstance(config, Tree) else None


def _commit(found: object, kind: type[Commit]) -> Commit:
    assert isinstance(found, kind)
    return found


def _client(transport: paramiko.Transport, where: ssh.Remote) -> SSHGitClient:
    from dulwich.client import SSHGitClient  # noqa: PLC0415 - slow to import

    vendor: Any = ssh.Vendor(transport)
    return SSHGitClient(where.host, port=where.port, username=where.user, vendor=vendor)


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Dulwich's errors as ours. A connection that ended says nothing of what took effect."""
    from dulwich.errors import GitProtocolError, HangupException, SendPackError  # noqa: PLC0415

    try:
        yield
    except SendPackError as error:
        raise _refused(f"The server did not take the commit: {error}") from error
    except HangupException as error:
        lines = b"\n".join(error.stderr_lines or ()).decode(errors="replace")
        raise ssh.refusal(lines) or _ended(lines, doing) from error
    except GitProtocolError as error:
        raise ssh.refusal(str(error)) or _ended(str(error), doing) from error


def _ended(words: str, doing: str) -> Unreachable:
    said = f": {words.strip()}" if words.strip() else "."
    return Unreachable(
        redacted(f"The git host ended the connection without an answer{said}"),
        service=ssh.SERVICE, doing=doing,
        hint="Whether the commit arrived is looked at before it is tried again.",
    )  # fmt: skip


def _refused(words: str) -> PushRefused:
    return PushRefused(
        redacted(words), service=ssh.SERVICE, doing="push",
        hint="The branch is as it was. Press Retry: the change is planned anew on its head.",
    )  # fmt: skip
