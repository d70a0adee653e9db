"""Whom the push talks to, and as whom: host keys, certificates, and what the git host says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sandbox.faults import Fault
from steps.clients import git_wire, ssh
from steps.errors import Denied, HostKeyUnknown, UnexpectedReply, Unreachable
from tests.contract.repository_world import P, World, running_world


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The running world, without the trouble of the test before."""
    yield running
    running.settle()


def test_what_the_git_host_says_instead_of_git_is_a_denial(world: World) -> None:
    """A second factor is asked for; the hint says what to do."""
    said = "Hello, you successfully authenticated, but could not connect to service (reason: access"
    world.faults.add(Fault("git", "POST", ".", "status", body=f"{said} requires MFA)\n"))
    made = world.made(text=b"mfa\n")
    with pytest.raises(Denied, match="second factor"):
        world.client.push(P, "main", made, expected=made.parent)


def test_a_project_that_is_not_theirs_is_a_denial(world: World) -> None:
    """The host lets the user in and knows no such service."""
    made = world.made(text=b"other\n")
    where = ssh.remote(world.client.platformsh.project(P).repository.url)
    with ssh.session(where, world.client.known_hosts, world.client.certify) as transport:  # noqa: SIM117 - the session must not raise
        with pytest.raises(Denied, match="no such project"):
            git_wire.push(
                transport, replace(where, path="/other.git"), made, branch="main",
                expected=made.parent,
            )  # fmt: skip


@pytest.mark.parametrize("trouble", ["expired", "principal", "foreign"])
def test_a_certificate_that_is_not_good_is_a_denial(world: World, trouble: str) -> None:
    """Ended, for another user, or of another authority: the host lets nobody in."""
    client, made = world.client, world.made(text=b"no\n")
    match trouble:
        case "expired":
            world.vendor.auth.certificate_seconds = -60
        case "principal":
            world.vendor.auth.certificate_principals = ("somebody-else",)
        case _:
            other = type(world.vendor.auth)(lambda: datetime.now(UTC))
            client = replace(client, certify=other.certify)
    with pytest.raises(Denied, match="did not accept"):
        client.push(P, "main", made, expected=made.parent)
    assert world.vendor.head() == made.parent


def test_a_certificate_that_ends_in_the_middle_of_a_push_does_not_stop_it(world: World) -> None:
    """It opens the door; whoever is inside goes on. The push arrives, once."""
    made = world.made(text=b"late\n")
    world.vendor.auth.certificate_seconds = 4
    world.faults.add(Fault("git", "POST", "git-receive-pack", "slow", seconds=4.6))
    world.client.push(P, "main", made, expected=made.parent)
    assert world.vendor.head() == made.sha
    assert len(world.arrivals(made.sha)) == 1


def test_a_certificate_that_ended_before_the_door_is_told_and_the_next_try_gets_a_new_one(
    world: World,
) -> None:
    """A clear denial, nothing pushed; key and certificate are made anew for each push."""
    made = world.made(text=b"again\n")
    world.vendor.auth.certificate_seconds = -60
    with pytest.raises(Denied, match="did not accept the bot's SSH certificate") as told:
        world.client.push(P, "main", made, expected=made.parent)
    assert told.value.hint
    world.vendor.auth.certificate_seconds = 3600
    world.client.push(P, "main", made, expected=made.parent)
    assert world.vendor.head() == made.sha


def test_a_host_key_that_is_not_pinned_is_told_nothing(world: World) -> None:
    """Not pinned at all, another key, or another type: no certificate is even asked for."""
    asked: list[str] = []

    def certify(line: str) -> str:
        asked.append(line)
        return world.client.certify(line)

    made = world.made(text=b"host\n")
    name, kind, key = world.vendor.git_known_host.split()[:3]
    other = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    rsa = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQ=="
    for hosts in ("", f"elsewhere {kind} {key}", f"{name} {kind} {other}", f"{name} ssh-rsa {rsa}",
                  f"{name} brand-new-type {key}"):  # fmt: skip
        with pytest.raises(HostKeyUnknown) as caught:
            replace(world.client, known_hosts=hosts, certify=certify).push(
                P, "main", made, expected=made.parent
            )
        assert "MTLS_SEAM_GIT_HOST_KEYS" in caught.value.hint
    assert asked == []
    replace(world.client, certify=certify).push(P, "main", made, expected=made.parent)
    assert len(asked) == 1


def test_a_host_that_nobody_answers_at_is_unreachable(world: World) -> None:
    """Neither denied nor refused."""
    where = ssh.Remote(P, "127.0.0.1", 1, "/x.git")
    hosts = "[127.0.0.1]:1 ssh-ed25519 AAAA"
    with pytest.raises(Unreachable, match="could not be reached"), ssh.session(
        where, hosts, world.client.certify
    ):  # fmt: skip
        raise AssertionError("nobody is there")


@pytest.mark.parametrize("line", ["", "no certificate", "ssh-ed25519 AAAA", "plain", "others"])
def test_a_certificate_for_another_key_is_not_used(world: World, line: str) -> None:
    """What the certifier answers must be a certificate for the key that was made."""
    made = world.made(text=b"certifier\n")
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDzqjIRbEM1hJEEQzBEP2nDXuIOPcRXXdfF7QvYKzvVn"
    lines = {"plain": other, "others": world.client.certify(other)}
    with pytest.raises(UnexpectedReply, match="certificate for the key"):
        replace(world.client, certify=lambda _: lines.get(line, line)).push(
            P, "main", made, expected=made.parent
        )
