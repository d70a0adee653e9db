"""A patch in the thread: a note of the step, a wait for people, and the deployment as the proof."""

import re

import pytest

from steps.errors import StepError
from steps.step import Noted, Past, Plan, Waiting
from steps.way_patch import FILE_NAME, FILE_TEXT
from tests.doubles.world import NOON, SITE
from tests.unit.steps.bench import Bench, Engine, before, with_receipt

KEY = "client-authentication"


def waiting_for_people() -> tuple[Bench, Past, Plan, dict[str, str], Waiting]:
    """A run whose patch lies in the thread."""
    bench, past = before(KEY)
    past = Past(past.receipts, run="R1", approved_by="U1")
    bench.host.way = "patch:Bitbucket"
    plan, step = bench.plan(KEY, past), bench.steps()[KEY]
    noted = step.apply(plan, {}, past=past, now=NOON)
    assert isinstance(noted, Noted)
    waiting = step.apply(plan, noted.notes, past=past, now=NOON)
    assert isinstance(waiting, Waiting)
    return bench, past, plan, dict(noted.notes), waiting


def bring_in(bench: Bench, routes: bytes) -> None:
    """Somebody applies the patch (or something like it) and pushes."""
    head = bench.repository.head("", "main")
    files = {".platform/routes.yaml": routes}
    made = bench.repository.commit(head, files, message="By hand", at=NOON)
    bench.repository.arrive(made)


def test_the_patch_is_noted_with_its_name() -> None:
    """Mail, diff and the run's own words; the deployment is waited for."""
    _, _, _, notes, waiting = waiting_for_people()
    assert re.fullmatch(r"R1-client-authentication-[0-9a-f]{8}\.patch", notes[FILE_NAME])
    assert notes[FILE_TEXT].startswith("From 0")
    assert "mtls-bot run R1, approved by U1." in notes[FILE_TEXT]
    assert '+    client_authentication: "require"' in notes[FILE_TEXT]
    assert waiting.what.startswith(f"somebody to bring in the patch {notes[FILE_NAME]}")


def test_the_run_goes_on_once_the_deployment_shows_it() -> None:
    """Whoever brought it in, by whichever commit."""
    bench, past, plan, notes, waiting = waiting_for_people()
    step = bench.steps()[KEY]
    assert isinstance(step.poll(plan, waiting, past=past, now=NOON), Waiting)
    before_it = bench.repository.files[".platform/routes.yaml"]
    bring_in(bench, before_it.replace(b'"request"', b'"require"'))
    engine = Engine(bench, past, notes=notes, waiting=waiting)
    engine.plan = plan
    ended = engine.resume(KEY)
    assert ended.receipt["commit"] == bench.repository.commits[-1].sha
    assert bench.verify(plan, with_receipt(past, ended)).holds


def test_a_build_that_fails_is_told_with_its_log() -> None:
    """The newest push is the one that people brought."""
    bench, past, plan, notes, waiting = waiting_for_people()
    bench.project.ends = ["failure"]
    bring_in(bench, b"{}\n")
    engine = Engine(bench, past, notes=notes, waiting=waiting)
    engine.plan = plan
    with pytest.raises(StepError, match="no space left"):
        engine.resume(KEY)


def test_origin_pulls_that_go_off_are_told_while_people_hold_the_patch() -> None:
    """The bot cannot take it back: the wait says not to bring it in, and stops saying so."""
    bench, past, plan, _, waiting = waiting_for_people()
    step = bench.steps()[KEY]
    bench.zone.settings["tls_client_auth"] = "off"
    loud = step.poll(plan, waiting, past=past, now=NOON)
    assert isinstance(loud, Waiting)
    assert "CAREFUL" in loud.what
    assert "Do not bring it in" in loud.what
    bench.zone.settings["tls_client_auth"] = "on"
    calm = step.poll(plan, loud, past=past, now=NOON)
    assert isinstance(calm, Waiting)
    assert calm.what == waiting.what


def test_an_undo_says_that_the_patch_must_stay_outside() -> None:
    """It is not known whether somebody still means to apply it."""
    bench, past, _, notes, _ = waiting_for_people()
    turned = Past({**past.receipts, KEY: notes}, run="R1")
    step = bench.steps()["undo-client-authentication"]
    told = step.satisfied(SITE, None, turned)
    assert f"Its patch {notes[FILE_NAME]} must not be brought in any more." in told
