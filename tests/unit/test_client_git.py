"""Git objects made without a repository, and the words of addresses, host keys and refusals."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from dulwich.objects import Blob, Commit, Tree

from steps.clients import git_objects, ssh
from steps.clients.git_objects import Author, MadeCommit, Snapshot
from steps.clients.platformsh_models import GitTree, TreeEntry
from steps.clients.repository import is_external
from steps.errors import Denied, PushRefused, UnexpectedReply
from steps.pinned import git_host_keys

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
US = Author("mTLS bot", "bot@example.com")
SUBMODULE = "b" * 40
ENTRIES = (
    ("a0", "100644"), ("a", "040000"), ("a.b", "100755"), ("link", "120000"),
    ('\u00fc "quoted"', "100644"), ("vendor", "160000"),
)  # fmt: skip


def _told(tree: Tree) -> GitTree:
    """A tree as the API tells it, in whatever order."""
    entries = [
        TreeEntry(path=e.path.decode(), mode=f"{e.mode:06o}", sha=e.sha.decode())
        for e in tree.items()
    ]
    return GitTree(sha=tree.id.decode(), tree=tuple(reversed(entries)))


def _tree(*entries: tuple[str, str]) -> Tree:
    tree, blob = Tree(), Blob.from_string(b"x")
    for path, mode in entries:
        sha = SUBMODULE.encode() if mode == "160000" else blob.id
        tree.add(path.encode(), int(mode, 8), sha)  # type: ignore[arg-type]
    return tree


def _snapshot(config: Tree | None = None) -> Snapshot:
    config = config or _tree(("routes.yaml", "100644"), ("hook.sh", "100755"))
    root = _tree(*ENTRIES)
    root.add(b".platform", 0o040000, config.id)
    return Snapshot("p", "c" * 40, ".platform", config.id.decode(), root, config)


def _made(files: Mapping[str, bytes | None], snapshot: Snapshot | None = None) -> MadeCommit:
    return git_objects.commit(
        snapshot or _snapshot(), files, message="Require client certificates", author=US, at=AT
    )


def test_a_tree_is_rebuilt_to_the_very_id_of_the_server() -> None:
    """Executables, links, submodules, odd names, and the order of `a`, `a.b` and `a0`."""
    tree = _tree(*ENTRIES)
    assert git_objects.rebuilt(_told(tree), tree.id.decode()).id == tree.id


@pytest.mark.parametrize(
    "change",
    [{"sha": None}, {"sha": "x" * 40}, {"sha": "ab"}, {"mode": "blob"}, {"path": ""},
     {"path": "a/b"}, {"path": "\ufffd"}, {"mode": "100755"}, {"path": "a\0b"}],
)  # fmt: skip
def test_a_tree_that_is_not_told_whole_is_refused_and_not_guessed(
    change: dict[str, str | None],
) -> None:
    """Entries without a SHA exist, and names that JSON cannot hold arrive damaged."""
    tree = _tree(*ENTRIES)
    first, *rest = _told(tree).tree
    told = GitTree(sha=tree.id.decode(), tree=(first.model_copy(update=change), *rest))
    with pytest.raises(UnexpectedReply):
        git_objects.rebuilt(told, tree.id.decode())


def test_another_tree_than_the_one_asked_for_is_refused() -> None:
    """What the answer says of itself proves nothing."""
    tree = _tree(*ENTRIES)
    with pytest.raises(UnexpectedReply):
        git_objects.rebuilt(_told(tree), "0" * 40)


def test_a_file_must_have_the_content_that_its_id_names() -> None:
    """A lossy encoding on the way would be seen, not edited."""
    sha = hashlib.sha1(b"blob 2\0\xffx").hexdigest()
    assert git_objects.proven(b"\xffx", sha) == b"\xffx"
    with pytest.raises(UnexpectedReply):
        git_objects.proven("\ufffdx".encode(), sha)


def test_a_commit_is_a_function_of_its_inputs() -> None:
    """Made again after a kill it has the same SHA, whatever zone the clock is in."""
    files = {".platform/routes.yaml": b"new\n", ".platform/ca.crt": b"PEM"}
    made = _made(files)
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    again = git_objects.commit(
        _snapshot(), dict(reversed(files.items())), message="Require client certificates\n\n",
        author=US, at=elsewhere,
    )  # fmt: skip
    assert made.sha == again.sha
    assert made.parent == "c" * 40
    later = git_objects.commit(
        _snapshot(), files, message="Require client certificates", author=US,
        at=AT + timedelta(seconds=1),
    )  # fmt: skip
    assert later.sha != made.sha


def test_only_the_named_files_change_and_modes_stay() -> None:
    """Created plain, replaced in its mode, deleted; everything else is as it was."""
    before = _snapshot()
    made = _made({".platform/ca.crt": b"PEM", ".platform/hook.sh": b"y",
                  ".platform/routes.yaml": None, ".platform/never.there": None})  # fmt: skip
    commit, root, config = made.objects[:3]
    assert isinstance(commit, Commit)
    assert isinstance(root, Tree)
    assert isinstance(config, Tree)
    assert {e.path: e.mode for e in config.items()} == {b"ca.crt": 0o100644, b"hook.sh": 0o100755}
    changed = {e.path for e in root.items()} ^ {e.path for e in before.root.items()}
    assert changed == set()
    assert {p for p in before.root if before.root[p] != root[p]} == {b".platform"}
    assert len(made.objects) == 5
    assert before.entry(".platform/routes.yaml") is not None


def test_a_directory_that_becomes_empty_goes_away() -> None:
    """Git knows no empty directories."""
    made = _made({".platform/only": None}, _snapshot(_tree(("only", "100644"))))
    root = made.objects[1]
    assert isinstance(root, Tree)
    assert b".platform" not in root


@pytest.mark.parametrize("path", ["routes.yaml", ".platform/a/b", ".platform/", "/etc/passwd", ""])
def test_a_path_outside_the_configuration_directory_is_refused(path: str) -> None:
    """Neither "not there" nor written somewhere else."""
    with pytest.raises(ValueError, match="not directly in"):
        _snapshot().entry(path)
    with pytest.raises(ValueError, match="not directly in"):
        _made({path: b""})


def test_a_name_cannot_add_lines_to_a_commit() -> None:
    """What would end the line is taken out of the author."""
    author = Author("Bot\ncommitter Evil <e@x>", "bot@example.com>\n")
    assert author.line == b"Botcommitter Evil e@x <bot@example.com>"
    snapshot = replace(_snapshot(), commit="d" * 40)
    made = git_objects.commit(snapshot, {}, message="m", author=author, at=AT)
    assert made.objects[0].as_raw_string().count(b"\n") == 6


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("q7x@git.eu-5.platform.sh:q7x.git", ("q7x", "git.eu-5.platform.sh", 22, "q7x.git")),
        ("ssh://q7x@127.0.0.1:2222/q7x.git", ("q7x", "127.0.0.1", 2222, "/q7x.git")),
        ("ssh://q7x@git.us.platform.sh/q7x.git", ("q7x", "git.us.platform.sh", 22, "/q7x.git")),
    ],
)
def test_both_forms_of_a_git_address_are_read(url: str, remote: tuple[str, str, int, str]) -> None:
    """The vendor's scp-like form, and a URL where a port is needed."""
    found = ssh.remote(url)
    assert (found.user, found.host, found.port, found.path) == remote


def test_an_address_that_is_not_ssh_is_refused_without_its_password() -> None:
    """`https://user:token@…` occurs with source integrations."""
    with pytest.raises(PushRefused) as caught:
        ssh.remote("https://bot:hunter22@git.example.com/a.git")
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("q7x@git.eu-5.platform.sh:q7x.git", ""),
        ("ssh://q7x@127.0.0.1:2222/q7x.git", ""),
        ("git@github.com:org/repo.git", "github.com"),
        ("git@evil-platform.sh:org/repo.git", "evil-platform.sh"),
        ("https://bot:hunter22@gitlab.example.com/org/repo.git", "gitlab.example.com"),
        ("", "another host"),
    ],
)
def test_code_that_is_hosted_elsewhere_is_recognised_by_its_host(url: str, host: str) -> None:
    """A push to the mirror would be overwritten."""
    assert is_external(url) == host


def test_the_shipped_host_keys_are_the_sixteen_published_ones() -> None:
    """RSA keys of the git hosts, byte for byte."""
    text = git_host_keys()
    digest = "ca70a6f4d173e64d52433ed9bb11a633a0fa38395e47d9e74754faf50ab9dd59"
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    hosts = ssh.pinned(text)
    assert len(hosts) == 16
    assert {kind for keys in hosts.values() for kind in keys} == {"ssh-rsa"}
    assert "git.eu-5.platform.sh" in hosts


def test_only_hosts_that_are_named_are_pinned() -> None:
    """Comments, marked lines and hashed names pin nothing; one host may have several keys."""
    text = (
        "# a comment of three words\n\n@cert-authority *.platform.sh ssh-rsa AAAA\n"
        "|1|abc= ssh-rsa AAAA\nshort line\n"
        "one,[two]:2222 ssh-rsa AAAA comment\none ssh-ed25519 BBBB\n"
    )
    assert ssh.pinned(text) == {
        "one": {"ssh-rsa": "AAAA", "ssh-ed25519": "BBBB"}, "[two]:2222": {"ssh-rsa": "AAAA"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Hello x, you successfully authenticated, but could not connect to service q7x (reason:"
         " service doesn't exist or you do not have access to it)", "no such project"),
        ("you successfully authenticated, but could not connect to service q7x (reason: access"
         " requires MFA)", "second factor"),
        ('Error: Access denied\nParameters: {"max_age": 900}', "second factor"),
        ("Error: Access denied", "refused"),
        ("q7x@git: Permission denied (publickey)", "refused"),
    ],
)  # fmt: skip
def test_what_the_git_host_says_is_recognised(said: str, word: str) -> None:
    """The words that the vendor's command line looks for."""
    found = ssh.refusal(said)
    assert isinstance(found, Denied)
    assert word in found.for_people


def test_other_words_of_the_git_host_are_no_denial() -> None:
    """The control: a broken pipe says nothing of rights."""
    assert ssh.refusal("fatal: the remote end hung up unexpectedly") is None
