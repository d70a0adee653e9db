"""Messages: posted once, kept current, adopted when their answer was lost."""

import json
from collections.abc import Iterator

import pytest

from bot.engine import commands as c
from bot.engine import events as e
from bot.engine.engine import cards_stream
from bot.engine.state import RunState
from bot.slack.blocks import Card
from bot.slack.outbox import Outbox
from sandbox.faults import Fault
from sandbox.slack.people import BOT_USER, SITE_OPS, STARTER
from tests.contract.desk_stand import Office, office
from tests.toys import NOON, SITE


@pytest.fixture
def desk() -> Iterator[Office]:
    with office(connect=False) as made:
        yield made


def opened(desk: Office) -> None:
    """A run whose first plan is shown."""
    desk.engine.start(c.Start(STARTER, SITE, SITE_OPS))
    desk.drive()


def posts(desk: Office) -> list[str]:
    """The operations of every post that reached Slack."""
    bodies = [json.loads(r.body) for r in desk.journal.all("slack") if "postMessage" in r.path]
    return [b["metadata"]["event_payload"]["op_id"] for b in bodies]


def test_a_card_is_posted_once_and_updated_in_place(desk: Office) -> None:
    """The root and the card; a yes changes them and tells the starter; repeating is free."""
    opened(desk)
    assert desk.outbox.deliver("R1")
    first = [m["ts"] for m in desk.slack.messages(SITE_OPS)]
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Approve("U2", "lamp", task.fingerprint))
    assert desk.outbox.deliver("R1")
    requests = len(desk.journal.all("slack"))
    assert desk.outbox.deliver("R1")
    cards = desk.slack.messages(SITE_OPS)
    assert [m["ts"] for m in cards][:2] == first
    assert [f"<@{STARTER}>" in m["text"] for m in cards[2:]] == [True]
    assert len(desk.journal.all("slack")) == requests


def test_a_post_whose_answer_was_lost_is_adopted(desk: Office) -> None:
    """The message arrived, its answer did not: it is found by its operation, not sent again."""
    opened(desk)
    desk.faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
    assert not desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    assert len(desk.slack.messages(SITE_OPS)) == 2
    assert len(posts(desk)) == len(set(posts(desk))) == 2


def test_a_lost_answer_is_found_behind_two_hundred_newer_words(desk: Office) -> None:
    """Threads are told oldest first and in pages: the first page is not the end."""
    opened(desk)
    desk.faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
    assert not desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    root = desk.slack.messages(SITE_OPS)[0]["ts"]
    for number in range(210):
        desk.slack.acts.say(STARTER, SITE_OPS, f"word {number}", thread_ts=root)
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Decline("U2", "lamp", task.fingerprint, "no"))
    desk.engine.submit("R1", c.Retry("U2", "lamp"))
    desk.drive()
    desk.faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
    assert not desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    # The overview, both cards, and what the starter is told of the no.
    assert len(posts(desk)) == len(set(posts(desk))) == 4


def test_a_post_that_never_arrived_is_sent_again_once(desk: Office) -> None:
    """The control: nothing is there to adopt, so the same operation is posted."""
    opened(desk)
    desk.faults.add(Fault("slack", "POST", "chat.postMessage", "cut-before"))
    assert not desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    assert len(desk.slack.messages(SITE_OPS)) == 2
    assert len(posts(desk)) == 3
    assert len(set(posts(desk))) == 2


def test_a_kill_between_post_and_event_is_adopted_by_the_next_bot(desk: Office) -> None:
    """Written down as being posted, and there: the new outbox takes it over."""
    opened(desk)
    posting = e.CardPosting(at=desk.engine.clock(), card="root", channel=SITE_OPS, op="op-lost")
    desk.engine.store.append(cards_stream("R1"), [posting], after=0)
    from slack_sdk import WebClient  # noqa: PLC0415 - the bot that was killed

    WebClient(desk.slack.bot_token, base_url=desk.slack.api_url).chat_postMessage(
        channel=SITE_OPS, text="…",
        metadata={"event_type": "mtls_card", "event_payload": {"op_id": "op-lost"}},
    )  # fmt: skip
    assert desk.outbox.deliver("R1")
    assert len(desk.slack.messages(SITE_OPS)) == 2
    assert desk.slack.messages(SITE_OPS)[0]["text"].startswith("Close the origin")


def test_an_update_has_blocks_and_text(desk: Office) -> None:
    """One without the other removes the blocks."""
    opened(desk)
    desk.outbox.deliver("R1")
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Decline("U2", "lamp", task.fingerprint, "no"))
    desk.outbox.deliver("R1")
    updates = [json.loads(r.body) for r in desk.journal.all("slack") if "chat.update" in r.path]
    assert updates
    assert all(u["text"] and u["blocks"] for u in updates)


def test_too_many_requests_are_waited_out(desk: Office) -> None:
    """429 with its time: later everything is there, once."""
    opened(desk)
    wait = (("Retry-After", "0"),)
    desk.faults.add(
        Fault("slack", "POST", "chat.postMessage", "status", 429, headers=wait,
              body='{"ok":false,"error":"ratelimited"}')
    )  # fmt: skip
    assert not desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    assert len(desk.slack.messages(SITE_OPS)) == 2


@pytest.mark.parametrize("error", ["edit_window_closed", "block_mismatch", "is_inactive"])
def test_an_update_that_slack_will_never_take_holds_nothing_up(desk: Office, error: str) -> None:
    """Workspaces may forbid edits after a while: told once in the log, and left."""
    opened(desk)
    assert desk.outbox.deliver("R1")
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Decline("U2", "lamp", task.fingerprint, "no"))
    body = json.dumps({"ok": False, "error": error})
    desk.faults.add(Fault("slack", "POST", "chat.update", "status", 200, times=2, body=body))
    assert desk.outbox.deliver("R1")
    requests = len(desk.journal.all("slack"))
    assert desk.outbox.deliver("R1")
    assert len(desk.journal.all("slack")) == requests


def test_nothing_but_an_operation_is_in_the_metadata(desk: Office) -> None:
    """Every member and every app of the workspace can read it."""
    opened(desk)
    desk.outbox.deliver("R1")
    for request in (r for r in desk.journal.all("slack") if "postMessage" in r.path):
        sent = json.loads(request.body)
        assert list(sent["metadata"]["event_payload"]) == ["op_id"]
        assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


def test_an_archived_channel_holds_nothing_up(desk: Office) -> None:
    """The run goes on; Slack is not asked for ever."""
    desk.slack.workspace.channels[SITE_OPS].archived = True
    opened(desk)
    assert desk.outbox.deliver("R1")
    requests = len(desk.journal.all("slack"))
    assert desk.outbox.deliver("R1")
    assert len(desk.journal.all("slack")) == requests
    assert desk.engine.view("R1").status == "needs-approval"


def test_an_uncertain_post_is_found_behind_many_other_messages(desk: Office) -> None:
    """A busy channel, a long silence of the bot: every page since then is read."""
    opened(desk)
    desk.faults.add(Fault("slack", "POST", "chat.postMessage", "cut-after"))
    assert not desk.outbox.deliver("R1")
    for number in range(230):
        desk.slack.say(STARTER, SITE_OPS, f"lunch? {number}")
    assert desk.outbox.deliver("R1")
    assert len(posts(desk)) == len(set(posts(desk))) == 2


def test_a_card_that_somebody_removed_is_posted_anew(desk: Office) -> None:
    """Without its buttons nobody could say yes; the new one is kept current like the first."""
    opened(desk)
    desk.outbox.deliver("R1")
    card = desk.slack.messages(SITE_OPS)[1]
    desk.slack.delete_message(SITE_OPS, card["ts"])
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Approve("U2", "lamp", task.fingerprint))
    assert desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    there = desk.slack.messages(SITE_OPS)
    assert len(there) == 3
    assert "Approved by" in there[1]["text"]
    assert "was approved by" in there[2]["text"]


def test_a_card_on_which_nothing_can_be_decided_stays_removed(desk: Office) -> None:
    """The control: what is done and was put away is not posted again, by the next bot neither."""
    _ended(desk)
    assert desk.outbox.deliver("R1")
    card = desk.slack.messages(SITE_OPS)[1]
    assert "Done and proven" in card["text"]
    desk.slack.delete_message(SITE_OPS, card["ts"])
    there = len(desk.slack.messages(SITE_OPS))
    assert _next_bot(desk).deliver("R1")
    assert len(desk.slack.messages(SITE_OPS)) == there


def _ended(desk: Office) -> None:
    """A run whose first cards are there and which has ended since."""
    opened(desk)
    desk.outbox.deliver("R1")
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Approve("U2", "lamp", task.fingerprint))
    desk.drive()
    assert desk.engine.view("R1").outcome == "closed"


def _next_bot(desk: Office) -> Outbox:
    return Outbox(
        desk.engine, desk.outbox._client, desk.outbox._render, desk.outbox._new_op, pause=0.0
    )


def test_a_run_that_ended_unseen_is_shown_by_the_next_bot(desk: Office) -> None:
    """Killed between the end of a run and its report: the report is not lost."""
    _ended(desk)
    after = _next_bot(desk)
    after.start()
    desk.slack.wait_for(
        lambda: any("The origin is" in m["text"] for m in desk.slack.messages(SITE_OPS)), 5
    )
    after.stop()


def test_a_run_whose_end_was_shown_is_left_alone(desk: Office) -> None:
    """The control: no request for it after the next start."""
    _ended(desk)
    assert desk.outbox.deliver("R1")
    requests = len(desk.journal.all("slack"))
    after = _next_bot(desk)
    after.start()
    after.stop()
    assert len(desk.journal.all("slack")) == requests


def test_one_run_that_cannot_be_rendered_takes_nobody_along(desk: Office) -> None:
    """The outbox outlives it, and brings the other run's messages."""
    opened(desk)
    render = desk.outbox._render

    def picky(state: RunState) -> dict[str, Card]:
        if state.run == "R-broken":
            raise KeyError(state.run)
        return render(state)

    broken = e.RunOpened(at=NOON, by=STARTER, site=SITE, channel=SITE_OPS, tasks=("lamp",))
    desk.engine.store.append("R-broken", [broken], after=0)
    desk.outbox._render = picky
    desk.outbox.start()
    desk.outbox.nudge("R-broken")
    desk.slack.wait_for(lambda: len(desk.slack.messages(SITE_OPS)) == 2, 5)
    desk.outbox.nudge("R-broken")
    desk.engine.submit("R1", c.Stop(STARTER))
    desk.slack.wait_for(lambda: "Stopped" in desk.slack.messages(SITE_OPS)[0]["text"], 5)
    desk.outbox.stop()


def test_whoever_started_a_run_that_nobody_can_see_is_told_once(desk: Office) -> None:
    """The bot is not in the channel; invited, it brings the messages there."""
    channel = desk.slack.workspace.channels[SITE_OPS]
    channel.members.discard(BOT_USER)
    opened(desk)
    assert desk.outbox.deliver("R1")
    task = desk.engine.view("R1").task("lamp")
    assert task is not None
    desk.engine.submit("R1", c.Decline("U2", "lamp", task.fingerprint, "no"))
    assert desk.outbox.deliver("R1")
    direct = desk.slack.messages(desk.slack.workspace.direct(STARTER).id)
    assert [f"<#{SITE_OPS}>" in m["text"] for m in direct] == [True]
    channel.members.add(BOT_USER)
    desk.engine.submit("R1", c.Retry("U2", "lamp"))
    assert desk.outbox.deliver("R1")
    assert desk.slack.messages(SITE_OPS)[0]["text"].startswith("Close the origin")
