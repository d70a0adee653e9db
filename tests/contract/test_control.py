"""Steering a run through Slack's payloads, from each of its states: commands, buttons and forms."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.engine import commands as c
from bot.slack.answers import SUBCOMMANDS
from bot.slack.dispatch import COMMANDS
from sandbox.faults import Fault
from sandbox.people_acting import buttons
from sandbox.slack.people import APPROVER, GENERAL, GUEST, OUTSIDER, SITE_OPS, STARTER
from tests.contract import control_stand as on
from tests.contract.control_stand import RUN, Steered, steered
from tests.toys import SITE

Bring = Callable[[Steered], None]


@pytest.fixture
def run() -> Iterator[Steered]:
    with steered() as made:
        yield made


def test_every_command_says_at_once_that_it_was_heard(run: Steered) -> None:
    """Within the acknowledgement, while Slack's own answers hang; and what is no command too."""
    assert set(COMMANDS) - {""} == set(SUBCOMMANDS)
    run.office.faults.add(Fault("slack", "POST", "users.info", "slow", seconds=1.5, times=30))
    for name in (*COMMANDS, "nonsense <!channel>"):
        began = time.monotonic()
        ack = run.type(name, OUTSIDER)
        assert time.monotonic() - began < 1.0
        assert ack.payload["text"].startswith("Heard: `/mtls")
        assert "<!" not in ack.payload["text"]


@pytest.mark.parametrize(
    ("user", "offered"), [(STARTER, {"pause", "stop"}), (APPROVER, {"pause", "stop"}),
                          (OUTSIDER, set()), (GUEST, set())]
)  # fmt: skip
def test_the_bare_command_offers_what_this_person_can_do_now(
    run: Steered, user: str, offered: set[str]
) -> None:
    """Buttons for what would be carried out; nothing to undo yet, and nothing to retry."""
    run.office.slack.workspace.channels[SITE_OPS].members.add(user)
    run.type("", user)
    run.told("What you can do now", user)
    (card,) = [m for m in run.office.slack.ephemerals(user) if m["text"].startswith("What you")]
    assert {b["action_id"] for b in buttons(card)} == offered
    assert ("waits for your yes" in card["text"]) == (user == APPROVER)


def test_an_offered_button_does_what_it_says(run: Steered) -> None:
    """Pressed in the private answer, it pauses the run."""
    run.type("")
    run.told("What you can do now")
    (card,) = [m for m in run.office.slack.ephemerals(STARTER) if m["text"].startswith("What you")]
    run.office.slack.press(STARTER, SITE_OPS, card["ts"], "pause")
    run.told("Paused by")
    assert run.state.paused_by == STARTER


@pytest.mark.parametrize("text", ["status", "pause", "undo", "history", "list"])
def test_a_misspelt_site_is_answered_with_the_nearest(run: Steered, text: str) -> None:
    """Whatever is asked of it; nothing else happens."""
    run.type(f"{text} wwww.exmaple.com")
    assert "Is www.example.com meant?" in run.told("No run knows the site")
    assert run.state.paused_by == ""


STOPPED = [on.untouched, on.waiting, on.in_a_deployment, on.failed, on.declined, on.paused]


@pytest.mark.parametrize("bring", STOPPED, ids=lambda one: one.__name__)
def test_stop_in_each_state_ends_the_run_and_says_what_stands(run: Steered, bring: Bring) -> None:
    """By the button and its form; a step at work comes to its end first, and is proven."""
    bring(run)
    run.press("stop")
    form = run.form("reason")
    run.office.slack.submit(STARTER, form["id"], {("reason", "reason"): "the day ends"})
    run.told("Stopped by")
    run.world["warm"] = "yes"
    at_work = run.state.current
    if at_work is not None and at_work.waiting is not None:
        assert run.state.outcome == ""
        run.look_again_now()
    state = run.until(lambda s: bool(s.outcome))
    assert (state.outcome, state.stop_reason) == ("stopped", "the day ends")
    assert run.office.engine.store.runs(open_only=True) == ()
    stands = {
        on.untouched: "Nothing had been changed",
        on.in_a_deployment: "In force: The lamp, The bell",
    }.get(bring, "In force: The lamp")  # fmt: skip
    said = run.said(stands)
    assert "Stopped by <@" in said
    assert ("The bell had failed" in said) == (bring is on.failed)


UNDONE = [on.waiting, on.in_a_deployment, on.failed, on.declined, on.paused, on.finished,
          on.stopped]  # fmt: skip


@pytest.mark.parametrize("bring", UNDONE, ids=lambda one: one.__name__)
def test_undo_from_each_state_takes_everything_back_in_order(run: Steered, bring: Bring) -> None:
    """The bell before the lamp, each with its own card and its own yes."""
    bring(run)
    run.press("undo")
    run.told("Going back: the whole run")
    state = run.approve_all()
    assert state.outcome == "undone"
    assert [run.world.get(name, "off") for name in ("lamp", "bell")] == ["off", "off"]
    types = [(e.type, getattr(e, "step", "")) for e in run.office.engine.store.read(RUN)]
    assert types.index(("step-finished", "undo-lamp")) == len(types) - 2
    assert run.said("Finished: everything is as it was before the run.")


def test_undo_of_what_changed_nothing_is_refused_in_words(run: Steered) -> None:
    """By command; the run goes on as if nothing had been asked."""
    run.type("undo run")
    run.told("nothing to undo")
    assert run.state.direction == "forward"


@pytest.mark.parametrize(
    ("typed", "ways", "left"),
    [
        ("undo last", ("undo-bell",), {"lamp": "on", "bell": "off"}),
        ("undo to lamp", ("undo-bell",), {"lamp": "on", "bell": "off"}),
        ("undo www.example.com run", ("undo-bell", "undo-lamp"), {"lamp": "off", "bell": "off"}),
    ],
)
def test_undo_goes_as_far_as_was_asked(
    run: Steered, typed: str, ways: tuple[str, ...], left: dict[str, str]
) -> None:
    """The last step, back to a step, or the whole run; the rest stays, and the end says so."""
    on.finished(run)
    run.type(typed)
    run.told("Going back")
    state = run.approve_all()
    assert state.way_back == ways
    assert run.world == left
    assert state.outcome == ("undone" if len(ways) > 1 else "partly-undone")
    if state.outcome == "partly-undone":
        assert "In force: The lamp." in run.said("Finished: taken back in part")


def test_an_undo_of_a_finished_run_elsewhere_asks_which_site(run: Steered) -> None:
    """Nothing is turned round because it happened to be the newest."""
    on.finished(run)
    random = next(c for c in run.office.slack.workspace.channels if c != SITE_OPS)
    run.office.slack.workspace.channels[random].members.add(STARTER)
    run.office.slack.command(STARTER, "/mtls", "undo run", random)
    run.told("Which site is meant? The newest runs are on www.example.com")
    assert run.state.outcome == "closed"


def test_an_undo_means_the_run_of_its_channel_before_one_that_is_open_elsewhere(
    run: Steered,
) -> None:
    """The finished one here; the other, of another team, is not touched."""
    on.finished(run)
    other = replace(SITE, name="blog.example.net", zone="example.net", project="blog4x7k2m")
    second = run.office.engine.start(c.Start(APPROVER, other, GENERAL)).run
    run.type("undo run", APPROVER)
    assert "www.example.com: Going back" in run.told("Going back", APPROVER)
    assert run.office.engine.view(second).direction == "forward"


def test_the_form_of_the_undo_shows_each_way_and_what_is_for_good(run: Steered) -> None:
    """What goes back, what stays, what nobody can undo; what is chosen is carried out."""
    on.finished(run)
    run.press("back")
    form = run.form("undo")
    told = json.dumps(form["blocks"])
    assert "Only The bell" in told
    assert "The whole run" in told
    assert "A lamp that was lit is used up." in told
    run.office.slack.submit(STARTER, form["id"], {("scope", "scope"): "last"})
    assert "The bell as before" in run.told("Going back")
    assert run.approve_all().outcome == "partly-undone"
    run.press("undo")
    run.told("Going back: the whole run")
    assert run.approve_all().outcome == "undone"
    assert run.world == {"lamp": "off", "bell": "off"}


def test_a_failed_undo_is_said_aloud_and_can_be_tried_again(run: Steered) -> None:
    """The vendor's code and request, who is meant; what was there before is kept; retry goes on."""
    on.finished(run)
    run.bell_back.before_write = on.denied
    run.type("undo run")
    run.told("Going back")
    run.until(lambda s: bool(s.current and s.current.status == "shown"))
    run.approve()
    loud = run.said("on record, and Retry on its card")
    assert f"<@{STARTER}>" in loud
    assert "<!subteam^" in loud
    card = run.said("vendor code 10000, request ray-1")
    assert "Give it." in card
    assert run.state.past.receipts["bell"] == {"before": "off"}
    run.bell_back.before_write = lambda: None
    run.type("retry")
    run.told("The bell as before is tried again")
    assert run.approve_all().outcome == "undone"


def test_skip_is_refused_where_a_later_step_relies_on_it(run: Steered) -> None:
    """In words that name the step; the negative of the next test."""
    run.type("skip I know better", APPROVER)
    assert "bell relies on it" in run.told("cannot be skipped", APPROVER)
    assert run.state.current is not None
    assert run.state.current.status == "shown"


def test_skip_with_a_reason_goes_on_and_stands_on_the_card(run: Steered) -> None:
    """By button and form, by an approver; the starter alone may not."""
    on.failed(run)
    run.press("skip", STARTER)
    run.office.slack.submit(STARTER, run.form("reason")["id"], {("reason", "reason"): "mine"})
    run.told("Only an approver")
    run.press("skip", APPROVER)
    form = run.form("reason", APPROVER)
    run.office.slack.submit(APPROVER, form["id"], {("reason", "reason"): "no bell <here>"})
    run.told("The bell is skipped", APPROVER)
    assert run.until(lambda s: bool(s.outcome)).outcome == "closed"
    assert "no bell &lt;here&gt;" in run.said(f"The bell: Skipped by <@{APPROVER}>")


def test_pause_holds_after_the_step_at_work_and_resume_goes_on(run: Steered) -> None:
    """An approval that was given meanwhile begins only then."""
    run.type("pause for lunch")
    run.told("Paused by")
    run.approve()
    assert (run.lamp.writes, run.state.status) == (0, "paused")
    assert "for lunch" in run.said("Paused by")
    run.type("resume", OUTSIDER)
    run.told("Only an approver", OUTSIDER)
    run.type("resume", APPROVER)
    run.told("Resumed", APPROVER)
    run.until(lambda s: bool(s.current and s.current.key == "bell"))
    assert run.lamp.writes == 1


def test_a_retry_of_what_is_paused_does_not_claim_to_begin(run: Steered) -> None:
    """It is taken up when somebody resumes, and the answer says so."""
    on.failed(run)
    run.type("pause")
    run.told("Paused by")
    run.type("retry")
    assert "once somebody resumes" in run.told("The bell is tried again")
    assert run.bell.writes == 0


def test_undo_in_the_instant_of_a_write_finds_what_was_written(run: Steered) -> None:
    """The step's own record is lost to the undo, and its way back takes it off all the same."""
    run.approve()

    def undo() -> None:
        run.office.engine.submit(RUN, c.Undo(STARTER))

    run.bell.on_write = undo
    run.approve()
    assert run.state.direction == "back"
    assert run.world["bell"] == "on"
    assert run.approve_all().outcome == "undone"
    assert run.world == {"lamp": "off", "bell": "off"}


def test_an_undo_is_told_by_the_state_that_it_was_decided_on(run: Steered) -> None:
    """The first step began while Slack was being asked who it is: that goes back, and is told."""
    run.office.faults.add(Fault("slack", "POST", "users.info", "slow", seconds=0.4))
    run.type("undo run")
    time.sleep(0.1)
    run.approve()
    run.told("Going back: the whole run")
    assert run.state.direction == "back"


def test_history_puts_both_files_into_the_thread(run: Steered) -> None:
    """Who, what, when, fingerprint, before and after, evidence; the chain checked and cited."""
    on.finished(run)
    run.said("Finished")
    run.type("history")
    assert "events are as they were written" in run.told("is in its thread")
    files = run.office.slack.workspace.files.values()
    by_name = {one.name: one.content.decode() for one in files}
    markdown, lines = by_name["R1.md"], by_name["R1.jsonl"].splitlines()
    for words in (
        STARTER,
        APPROVER,
        "plan-approved · lamp",
        "update lamp: off → on",
        "lamp shines",
    ):
        assert words in markdown
    head = run.office.engine.store.head(RUN)
    assert f"`{head}`" in markdown
    kept = [json.loads(line) for line in lines]
    assert [k["type"] for k in kept if k["stream"] == RUN] == run.office.types()
    assert head in [k["digest"] for k in kept]


def test_status_is_private_unless_it_is_asked_for_here(run: Steered) -> None:
    """Without `here` only whoever asked sees it; with it the channel does."""
    before = len(run.office.slack.messages(SITE_OPS))
    run.said("Close the origin of")
    run.type("status www.example.com", OUTSIDER)
    assert "Waiting for" in run.told("www.example.com:", OUTSIDER)
    assert not [m for m in run.office.slack.messages(SITE_OPS) if "Status" in json.dumps(m)]
    run.type("status here", OUTSIDER)
    assert "www.example.com" in run.said("Status.")
    assert len(run.office.slack.messages(SITE_OPS)) > before


def test_status_and_list_answer_while_slack_does_not_say_who_asks(run: Steered) -> None:
    """They come from the log alone; what needs a member does not guess."""
    run.office.faults.add(Fault("slack", "POST", "users.info", "status", 500, times=20))
    run.type("status", OUTSIDER)
    run.told("Status.", OUTSIDER)
    run.type("list waiting", OUTSIDER)
    assert "www.example.com waiting (The lamp), R1" in run.told("Runs: waiting", OUTSIDER)
    run.type("list closed", OUTSIDER)
    run.told("Runs: closed: there are none.", OUTSIDER)
    run.type("list wating", OUTSIDER)
    run.told("Is waiting meant?", OUTSIDER)
    run.type("history", OUTSIDER)
    run.told("could not be asked who you are", OUTSIDER)


def test_a_probe_is_kept_with_its_site(run: Steered) -> None:
    """What it saw stands in the next status, although it belongs to no run."""
    run.type("probe www.example.com")
    run.told("Origin probe of www.example.com: open")
    run.office.slack.wait_for(
        lambda: (s := run.office.engine.store.site("www.example.com")) and s.access == "open"
    )
    run.type("status www.example.com")
    assert "www.example.com: Waiting" in run.told("Origin OPEN, seen")


def test_a_probe_of_a_misspelt_host_says_nothing_of_the_site(run: Steered) -> None:
    """It is asked and answered, with the nearest name; what the log says of the site stays."""
    run.type("probe wwww.example.com")
    assert "Is www.example.com meant?" in run.told("Asking the origin of wwww.example.com")
    run.told("Origin probe of wwww.example.com: open")
    run.type("status www.example.com")
    assert "Origin OPEN" not in run.told("www.example.com: Waiting")


def test_without_a_name_the_site_of_the_channels_run_is_meant(run: Steered) -> None:
    """For a probe, the dry run and the policy too, as their help says."""
    run.type("probe")
    run.told("Origin probe of www.example.com")
    run.type("policy")
    words = "In force on *www.example.com*"
    run.office.slack.wait_for(lambda: words in str(run.form("policy")["blocks"]))
