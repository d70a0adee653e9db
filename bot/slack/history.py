"""`/mtls history`: the audit of a run, put into its thread as Markdown and as JSON lines."""

from typing import TYPE_CHECKING

from slack_sdk.errors import SlackApiError

from bot.engine.audit import Audit, as_json_lines, as_markdown
from bot.engine.state import RunState
from bot.slack import answers as say
from bot.slack.blocks import escape, person
from bot.slack.ledger import Ledger
from bot.slack.named import run_meant
from bot.slack.posting import reason
from bot.slack.unseen import NOWHERE
from steps.errors import Rejected

if TYPE_CHECKING:
    from bot.slack.desk import Desk
    from bot.slack.dispatch import Typed


def history(desk: "Desk", typed: "Typed") -> None:
    """``/mtls history [run or site]``: for the members of the run's own channel."""
    desk.allowed("history", typed.sent)
    meant = run_meant(desk.engine.store, typed.words, typed.sent.channel_id, open_only=False)
    state = desk.engine.view(meant.run)
    found = desk.outside.audit(meant.run)
    upload(desk, state, found, typed.sent.user_id)
    typed.answer(say.told_card(f"The history of {meant.run} is in its thread. {_checked(found)}"))


def upload(desk: "Desk", state: RunState, found: Audit, user: str) -> None:
    """Both files in one message of the run's thread. Raises SlackClientError, and Rejected where
    the channel takes none.
    """
    try:
        _upload(desk, state, found, user)
    except SlackApiError as error:
        if reason(error) not in NOWHERE:
            raise
        raise Rejected(
            f"The history of {found.run} belongs into its thread, and that channel takes no"
            f" messages: {NOWHERE[reason(error)]}.",
            hint=f"Whoever runs the bot prints the same with: python app.py audit {found.run}",
        ) from error


def _upload(desk: "Desk", state: RunState, found: Audit, user: str) -> None:
    name = state.site.name if state.site else found.run
    title = f"History of {found.run} ({name})"
    desk.client.files_upload_v2(
        channel=state.channel,
        thread_ts=Ledger(desk.engine).root(found.run) or None,
        initial_comment=f"{escape(title)}, asked for by {person(user)}. {_checked(found)}",
        file_uploads=[
            {"content": as_markdown(found), "filename": f"{found.run}.md", "title": title},
            {"content": as_json_lines(found), "filename": f"{found.run}.jsonl",
             "title": f"{title}, every field"},
        ],
    )  # fmt: skip


def _checked(found: Audit) -> str:
    """What the check of the chain found, in words, with the digest that stands for all of it."""
    if found.findings:
        return f"*Its chain does not hold*: {escape(' '.join(found.findings))}"
    return f"All {len(found.lines)} events are as they were written; digest `{found.head}`."
