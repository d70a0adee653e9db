"""The channel or the thread is lost: the run goes on, who should know is told once, all comes back.

Each way to lose it has its control: what was lost comes back once, and nothing is there twice.
"""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.engine import approval_events as a
from bot.engine import commands as c
from bot.slack.ledger import Ledger
from bot.slack.outbox import Outbox
from sandbox.people_acting import buttons
from sandbox.slack.people import APPROVER, OUTSIDER, SITE_OPS, STARTER
from tests.contract.desk_stand import Office, office
from tests.toys import SITE


@pytest.fixture
def desk() -> Iterator[Office]:
    """Slack on a socket; the outbox delivers when a test says so, or on its own thread."""
    with office() as made:
        made.slack.workspace.channels["C0GENERAL01"].members.add("U0MTLSBOT01")
        yield made


def begins(desk: Office) -> None:
    desk.engine.start(c.Start(STARTER, SITE, SITE_OPS))
    desk.drive()


def waits(desk: Office) -> dict[str, Any]:
    """The card with its Approve, once it is there."""

    def found() -> dict[str, Any] | None:
        return next((m for m in desk.slack.messages(SITE_OPS) if _offers(m, "approve")), None)

    card: dict[str, Any] = desk.slack.wait_for(found)
    return card


def _offers(message: dict[str, Any], action: str) -> bool:
    return any(b["action_id"] == action for b in buttons(message))


def comes(condition: Callable[[], object]) -> None:
    """Looks again until something holds that Slack does not see."""
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise TimeoutError("it did not come")


def quiet(desk: Office) -> None:
    """Nothing is on its way any more: what was to be told was told."""
    comes(lambda: not desk.outbox._dirty)
    desk.outbox.stop()
    desk.outbox.deliver("R1")


def told_directly(desk: Office, user: str) -> list[str]:
    """The direct messages to a person."""
    return [m["text"] for m in desk.slack.messages(desk.slack.workspace.direct(user).id)]


def tops(desk: Office) -> list[str]:
    """What stands in the channel itself, by its first words."""
    listed = desk.slack.messages(SITE_OPS)
    return [m["text"][:16] for m in listed if m.get("thread_ts", m["ts"]) == m["ts"]]


def below(desk: Office, root: str) -> list[dict[str, Any]]:
    return [m for m in desk.slack.messages(SITE_OPS, root) if m["ts"] != root]


def operations(desk: Office) -> list[str]:
    """Of the messages that are there: one twice would be a message twice."""
    listed = desk.slack.messages(SITE_OPS)
    return [m["metadata"]["event_payload"]["op_id"] for m in listed if m.get("metadata")]


def approved(desk: Office) -> None:
    """A yes that came some other way, and the work behind it."""
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Approve(APPROVER, "lamp", task.fingerprint))
    desk.drive()


def private_copy(desk: Office, user: str) -> dict[str, Any] | None:
    """The newest card that only this person sees, with buttons."""
    found = [m for m in desk.slack.ephemerals(user) if _offers(m, "approve")]
    return found[-1] if found else None


def lost(desk: Office, how: str) -> None:
    match how:
        case "archived":
            desk.slack.rooms.archive(SITE_OPS)
        case _:
            desk.slack.workspace.channels[SITE_OPS].private = how == "left a private one"
            desk.slack.rooms.remove_bot(SITE_OPS)


def found_again(desk: Office, how: str) -> None:
    if how == "archived":
        desk.slack.rooms.unarchive(SITE_OPS, STARTER)
    else:
        desk.slack.rooms.invite_bot(SITE_OPS, STARTER)


WAYS = ("left a public one", "left a private one", "archived")


@pytest.mark.parametrize("how", WAYS)
def test_a_run_that_begins_unseen_is_told_of_and_comes_by_itself(desk: Office, how: str) -> None:
    """Nothing has to change for it: the invitation is enough."""
    lost(desk, how)
    begins(desk)
    desk.slack.wait_for(lambda: told_directly(desk, STARTER))
    assert desk.engine.view("R1").status == "needs-approval"
    assert desk.slack.messages(SITE_OPS) == ()
    (told,) = told_directly(desk, STARTER)
    assert f"<#{SITE_OPS}>" in told
    assert "/mtls status www.example.com" in told
    found_again(desk, how)
    waits(desk)
    assert len(tops(desk)) == 1
    assert len(operations(desk)) == len(set(operations(desk))) == 2


@pytest.mark.parametrize("how", WAYS)
def test_a_run_whose_channel_is_lost_goes_on(desk: Office, how: str) -> None:
    """Decided and done meanwhile; back again everything is current, and nothing there twice."""
    begins(desk)
    waits(desk)
    lost(desk, how)
    approved(desk)
    assert desk.engine.view("R1").outcome == "closed"
    desk.slack.wait_for(lambda: told_directly(desk, APPROVER))
    quiet(desk)
    assert [len(told_directly(desk, user)) for user in (STARTER, APPROVER, OUTSIDER)] == [1, 1, 0]
    requests = len(desk.journal.all("slack"))
    assert desk.outbox.deliver("R1")
    assert len(desk.journal.all("slack")) == requests  # the same is not tried again
    found_again(desk, how)
    comes(lambda: desk.outbox._dirty)
    assert desk.outbox.deliver("R1")
    said = [m["text"] for m in desk.slack.messages(SITE_OPS)]
    assert any("The origin is closed" in text for text in said)
    assert not any(_offers(m, "approve") for m in desk.slack.messages(SITE_OPS))
    assert len(operations(desk)) == len(set(operations(desk)))
    assert len(tops(desk)) == 1


def test_the_next_bot_does_not_tell_again(desk: Office) -> None:
    """Restarted while the channel is lost; lost once more after it was back, it is told anew."""
    lost(desk, "archived")
    begins(desk)
    desk.slack.wait_for(lambda: told_directly(desk, STARTER))
    quiet(desk)
    after = _next_bot(desk)
    assert after.deliver("R1")
    assert len(told_directly(desk, STARTER)) == 1
    desk.slack.rooms.unarchive(SITE_OPS, STARTER)
    after.returned(SITE_OPS)
    assert after.deliver("R1")
    desk.slack.rooms.archive(SITE_OPS)
    approved(desk)
    assert after.deliver("R1")
    assert len(told_directly(desk, STARTER)) == 2


def _next_bot(desk: Office) -> Outbox:
    return Outbox(
        desk.engine, desk.outbox._client, desk.outbox._render, desk.outbox._new_op, pause=0.0
    )


def test_a_channel_that_comes_back_is_not_mistaken_for_another(desk: Office) -> None:
    """The control of the invitation: into some other channel it brings nothing."""
    lost(desk, "left a public one")
    begins(desk)
    desk.slack.wait_for(lambda: told_directly(desk, STARTER))
    quiet(desk)
    requests = len(desk.journal.all("slack"))
    desk.slack.rooms.invite_bot("C0GENERAL01", STARTER)
    assert desk.outbox.deliver("R1")
    assert len(desk.journal.all("slack")) == requests


@pytest.mark.parametrize("unthreads", [False, True])
@pytest.mark.parametrize("what", ["root", "thread"])
def test_a_thread_that_somebody_removed_begins_anew(
    desk: Office, what: str, *, unthreads: bool
) -> None:
    """With the card that waits in it: its buttons count, and there is one such card.

    Slack refuses an answer to what is gone, or puts it into the channel without a word.
    """
    desk.slack.workspace.unthreads = unthreads
    begins(desk)
    root = desk.slack.wait_for(lambda: waits(desk))["thread_ts"]
    quiet(desk)
    remove = desk.slack.rooms.delete_message if what == "root" else desk.slack.rooms.delete_thread
    remove(SITE_OPS, root)
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    reminded = a.ApprovalReminded(at=desk.engine.clock(), step="lamp", fingerprint=task.fingerprint)
    desk.engine.record(desk.engine.state("R1"), reminded)
    assert desk.outbox.deliver("R1")
    (card,) = [m for m in desk.slack.messages(SITE_OPS) if _offers(m, "approve")]
    anew = card["thread_ts"]
    assert anew != root
    assert desk.slack.messages(SITE_OPS, anew)[0]["text"].startswith("Close the origin")
    desk.slack.press(APPROVER, SITE_OPS, card["ts"], "approve")
    desk.slack.wait_for(lambda: "plan-approved" in desk.types())
    desk.drive()
    assert desk.outbox.deliver("R1")
    assert any("The origin is closed" in m["text"] for m in below(desk, anew))
    assert not any(_offers(m, "approve") for m in desk.slack.messages(SITE_OPS))
    assert len(operations(desk)) == len(set(operations(desk)))


def test_a_thread_that_is_there_is_kept(desk: Office) -> None:
    """The control: a reminder in it begins no other."""
    begins(desk)
    root = waits(desk)["thread_ts"]
    quiet(desk)
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    reminded = a.ApprovalReminded(at=desk.engine.clock(), step="lamp", fingerprint=task.fingerprint)
    desk.engine.record(desk.engine.state("R1"), reminded)
    assert desk.outbox.deliver("R1")
    assert len(tops(desk)) == 1
    assert len(below(desk, root)) == 2


@pytest.mark.parametrize("where", ["deleted", "archived"])
def test_a_card_that_nobody_sees_is_decided_from_the_status(desk: Office, where: str) -> None:
    """Whoever may decide gets it privately, and presses there; nobody else gets it."""
    begins(desk)
    card = waits(desk)
    if where == "deleted":
        desk.slack.delete_message(SITE_OPS, card["ts"])
    else:
        lost(desk, where)
    for user in (OUTSIDER, STARTER, APPROVER):
        desk.slack.command(user, "/mtls", "status www.example.com", "C0GENERAL01")
    copy = desk.slack.wait_for(lambda: private_copy(desk, APPROVER))
    assert "lamp: off → *on*" in json.dumps(copy, ensure_ascii=False)
    for user in (OUTSIDER, STARTER):
        desk.slack.wait_for(lambda: any("Status" in str(m) for m in desk.slack.ephemerals(user)))  # noqa: B023
        assert private_copy(desk, user) is None
    desk.slack.press(APPROVER, "C0GENERAL01", copy["ts"], "approve")
    desk.slack.wait_for(lambda: "plan-approved" in desk.types())


def test_a_press_says_where_the_run_is_reached(desk: Office) -> None:
    """While its channel takes nothing; before that nothing of it is said."""
    begins(desk)
    waits(desk)
    desk.slack.command(STARTER, "/mtls", "pause www.example.com", "C0GENERAL01")
    said = desk.slack.wait_for(lambda: _answers(desk, "aused"))
    assert "do not reach" not in said[-1]
    lost(desk, "archived")
    desk.slack.command(STARTER, "/mtls", "resume www.example.com", "C0GENERAL01")
    comes(lambda: Ledger(desk.engine).refused("R1"))
    desk.slack.command(STARTER, "/mtls", "pause www.example.com", "C0GENERAL01")
    said = desk.slack.wait_for(lambda: _answers(desk, "do not reach"))
    assert "the channel is archived" in said[-1]
    desk.slack.command(STARTER, "/mtls", "status www.example.com", "C0GENERAL01")
    desk.slack.wait_for(lambda: _answers(desk, "Its messages do not reach"))


def _answers(desk: Office, words: str) -> list[str]:
    return [m["text"] for m in desk.slack.ephemerals(STARTER) if words in m["text"]]


def test_a_history_that_finds_no_thread_is_told(desk: Office) -> None:
    """The channel is archived: who asked hears it, and what to do; open again it is there."""
    begins(desk)
    waits(desk)
    lost(desk, "archived")
    desk.slack.command(STARTER, "/mtls", "history www.example.com", "C0GENERAL01")
    said = desk.slack.wait_for(lambda: _answers(desk, "belongs into its thread"))
    assert "python app.py audit R1" in said[-1]
    found_again(desk, "archived")
    desk.slack.command(STARTER, "/mtls", "history www.example.com", "C0GENERAL01")
    desk.slack.wait_for(lambda: any(m.get("files") for m in desk.slack.messages(SITE_OPS)))
