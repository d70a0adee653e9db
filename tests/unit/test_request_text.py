"""What a reviewer at a git host reads: why, what a preview refuses, how to merge, the way back."""

from steps.request_text import request_text
from steps.step import Past, Plan
from steps.way_in import Push, commit_message
from tests.toys import SITE

PLAN = Plan(step="client-authentication", site=SITE, changes=(), way_back="A second pull request.")
PUSH = Push(dict, "Require it", "Because so.", preview="It refuses everybody there.")


def test_a_reviewer_reads_everything_that_matters() -> None:
    """In this order, with the run and who approved at the end."""
    text = request_text(PLAN, PUSH, Past(run="R1", approved_by="U2"), noun="pull request")
    told = (
        "Because so.", "It refuses everybody there.", "Merge commit, squash and rebase",
        "in this pull request", "Closing it without merging declines it", "A second pull request.",
        "mtls-bot run `R1`, step `client-authentication`, approved by `U2` in Slack.",
    )  # fmt: skip
    places = [text.index(words) for words in told]
    assert places == sorted(places)


def test_what_there_is_not_is_left_out() -> None:
    """A way back has no preview to warn of, and a plan may have no way back of its own."""
    plain = Plan(step="gate", site=SITE, changes=())
    text = request_text(plain, Push(dict, "Ask"), Past(), noun="merge request")
    assert text.startswith("Ask\n")
    assert "preview" not in text
    assert "way back" not in text
    assert "run" not in text


def test_a_commit_without_a_run_is_a_commit_all_the_same() -> None:
    """The control of the last line."""
    assert commit_message(Push(dict, "Ask"), Past(), "") == "Ask\n"
    told = commit_message(PUSH, Past(run="R1"), "")
    assert told == "Require it\n\nBecause so.\n\nmtls-bot run R1.\n"
    assert commit_message(PUSH, Past(run="R1"), "a1b2").endswith("R1.\nIts log until here: a1b2\n")
