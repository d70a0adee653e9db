"""A file that a step hands to people: in the thread once, whatever happens to the upload."""

from collections.abc import Iterator

import pytest

from bot.engine import commands as c
from bot.engine import events as e
from sandbox.faults import Fault
from sandbox.slack.people import SITE_OPS, STARTER
from tests.contract.desk_stand import Office, office
from tests.toys import NOON, SITE

NAME, TEXT = "R1-lamp.patch", "From 0\n\n+ Straße ✓\r\n"


@pytest.fixture
def desk() -> Iterator[Office]:
    """A run whose step has noted a file."""
    with office(connect=False) as made:
        made.engine.start(c.Start(STARTER, SITE, SITE_OPS))
        made.drive()
        noted = e.StepNoted(at=NOON, step="lamp", notes={"file_name": NAME, "file_text": TEXT})
        made.engine.record(made.engine.view("R1"), noted)
        yield made


def files(desk: Office) -> list[tuple[str, bytes]]:
    """Name and content of what is shared in the thread of the run."""
    root = desk.slack.messages(SITE_OPS)[0]["ts"]
    known = desk.slack.workspace.files
    return [
        (f["name"], known[f["id"]].content)
        for m in desk.slack.messages(SITE_OPS) if m.get("thread_ts") == root
        for f in m.get("files") or ()
    ]  # fmt: skip


def test_it_is_in_the_thread_with_every_byte(desk: Office) -> None:
    """CRLF and what is not ASCII; repeating uploads nothing."""
    assert desk.outbox.deliver("R1")
    assert files(desk) == [(NAME, TEXT.encode())]
    requests = len(desk.journal.all("slack"))
    assert desk.outbox.deliver("R1")
    assert len(desk.journal.all("slack")) == requests


@pytest.mark.parametrize("path", ["files.completeUploadExternal", "files.getUploadURLExternal"])
@pytest.mark.parametrize("kind", ["cut-after", "cut-before"])
def test_an_upload_whose_answer_was_lost_is_there_once(desk: Office, path: str, kind: str) -> None:
    """Found in the thread by its name, or uploaded again when it never arrived."""
    desk.faults.add(Fault("slack", "POST", path, kind))  # type: ignore[arg-type]
    assert not desk.outbox.deliver("R1")
    assert desk.outbox.deliver("R1")
    assert files(desk) == [(NAME, TEXT.encode())]


def test_a_missing_scope_holds_nothing_up(desk: Office) -> None:
    """An app that was installed before this needed a new right: the cards go on."""
    body = '{"ok":false,"error":"missing_scope","needed":"files:write"}'
    desk.faults.add(Fault("slack", "POST", "getUploadURL", "status", 200, body=body, times=9))
    assert desk.outbox.deliver("R1")
    assert files(desk) == []
    assert len(desk.slack.messages(SITE_OPS)) == 2


def test_a_patch_of_a_later_plan_is_a_file_of_its_own(desk: Office) -> None:
    """The retry of a step makes another patch: it is put into the thread beside the first."""
    assert desk.outbox.deliver("R1")
    later = e.StepNoted(
        at=NOON, step="lamp", notes={"file_name": "R1-lamp-2.patch", "file_text": "2"}
    )
    desk.engine.record(desk.engine.view("R1"), later)
    assert desk.outbox.deliver("R1")
    assert [name for name, _ in files(desk)] == [NAME, "R1-lamp-2.patch"]
