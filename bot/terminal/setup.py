"""`python app.py setup`: from nothing to a checked `.env`, one question at a time.

Nothing is asked that can be found out, and each token is tried as it is given.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import click
from slack_sdk import WebClient

from bot.logs import configure
from bot.settings import Settings
from bot.slack.app_factory import web_client
from bot.slack.rights import app_token_right, bot_token_right
from bot.terminal.approvers import found_as, proposals
from bot.terminal.check import looked_at
from bot.terminal.env_file import write
from bot.terminal.environment import FILE, kept
from bot.terminal.rows import Row, show
from bot.terminal.told import told
from bot.wiring import clock, parts
from steps.errors import SettingsError
from steps.rights import cloudflare_rights, platformsh_rights

MANIFEST = Path(__file__).parents[2] / "manifest.yaml"
_UNTIL_ASKED = {
    "MTLS_SLACK_BOT_TOKEN": "xoxb-not-given-yet", "MTLS_SLACK_APP_TOKEN": "xapp-not-given-yet",
    "MTLS_CLOUDFLARE_TOKEN": "not-given-yet", "MTLS_PLATFORMSH_TOKEN": "not-given-yet",
}  # fmt: skip
"""Stand for what has not been asked, so that one token can be tried before the next is there."""


def app_link(manifest: str) -> str:
    """Slack's page that creates an app, with our manifest filled in."""
    return f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(manifest, safe='')}"


@dataclass
class Answers:
    """What is known so far: the environment's seams, an earlier file, and what was answered."""

    env: Mapping[str, str]
    given: dict[str, str] = field(default_factory=dict)

    def settings(self) -> Settings:
        """Settings with what is known. Raises SettingsError when an answer cannot be meant."""
        return Settings.from_env({**_UNTIL_ASKED, **self.env, **self.given})


@dataclass(frozen=True)
class Question:
    """One token: what to do for it, and how to see that it is right."""

    variable: str
    words: str
    tried: Callable[[Settings], Iterator[Row]]


def setup(env: Mapping[str, str], file: Path = FILE) -> None:
    """Ask, try, write `file`, and end as `check` does: exit 1 when something is missing."""
    answers = Answers(env, kept(file))
    configure("error", "console", frozenset())
    click.echo(f"{_WELCOME}\n\n1. The Slack app. Open this link, pick the workspace, create:\n")
    click.echo(f"   {app_link(MANIFEST.read_text())}\n")
    for question in QUESTIONS:
        ask(question, answers)
    ask_approvers(answers)
    told(answers.settings)
    write(file, answers.given)
    click.echo(f"\nWritten to {file}, readable by you alone. All of it once more:\n")
    rows = told(lambda: looked_at(answers.settings()))
    show(rows)
    click.echo("\nStart the bot with: make run\nInvite it to a channel, and type /mtls there.")
    sys.exit(1 if any(row.state == "missing" for row in rows) else 0)


def ask(question: Question, answers: Answers) -> None:
    """Ask until the answer is right, or kept all the same by an empty line."""
    click.echo(f"\n{question.words}")
    while True:
        before = answers.given.get(question.variable, "")
        hint = " (empty: keep the one that is there)" if before else ""
        typed = click.prompt(
            f"   {question.variable}{hint}", default=before, show_default=False,
            hide_input=sys.stdin.isatty(), value_proc=str.strip,
        )  # fmt: skip
        click.echo("" if sys.stdin.isatty() else "\n", nl=False)
        answers.given[question.variable] = typed
        if typed and (right(question, answers) or typed == before):
            return


def right(question: Question, answers: Answers) -> bool:
    """Try what was given, say what came of it, and whether nothing is missing."""
    try:
        rows = list(question.tried(answers.settings()))
    except SettingsError as error:
        click.echo(f"   {error.for_people}")
        del answers.given[question.variable]
        return False
    show(rows)
    return not any(row.state == "missing" for row in rows)


def ask_approvers(answers: Answers) -> None:
    """Who may approve: groups and people of the workspace, by their names."""
    client = _client(answers.settings())
    click.echo("\n6. Who may approve? Groups (@handle) and people (name or id), with commas.")
    for line in proposals(client):
        click.echo(f"   {line}")
    chosen = (
        answers.given.get("MTLS_SLACK_APPROVER_GROUPS"),
        answers.given.get("MTLS_SLACK_APPROVERS"),
    )
    default = ", ".join(filter(None, chosen))
    while True:
        typed = click.prompt("   Approvers", default=default, show_default=bool(default))
        groups, people, unknown = found_as(client, typed)
        if not unknown:
            break
        click.echo(f"   Not found: {', '.join(unknown)}")
    answers.given["MTLS_SLACK_APPROVER_GROUPS"] = ",".join(groups)
    answers.given["MTLS_SLACK_APPROVERS"] = ",".join(people)


def _client(settings: Settings) -> WebClient:
    return web_client(settings.slack.bot_token.get_secret_value(), settings.seam.slack_url)


def _bot_token(settings: Settings) -> Iterator[Row]:
    yield Row(*bot_token_right(_client(settings)))


def _app_token(settings: Settings) -> Iterator[Row]:
    yield Row(*app_token_right(_client(settings), settings.slack.app_token.get_secret_value()))


def _cloudflare(settings: Settings) -> Iterator[Row]:
    for seen in cloudflare_rights(parts(settings).reading.cloudflare, clock()):
        yield Row(seen.what, seen.state, seen.todo)


def _platformsh(settings: Settings) -> Iterator[Row]:
    reading = parts(settings).reading
    for seen in platformsh_rights(reading.platformsh, reading.repository.certify):
        yield Row(seen.what, seen.state, seen.todo)


_WELCOME = "Setting up mtls-bot. Nothing is written before the last question; Ctrl-C leaves."
QUESTIONS = (
    Question(
        "MTLS_SLACK_BOT_TOKEN",
        "2. Install App, in the menu on the left: install it, and copy the bot token (xoxb-…).",
        _bot_token,
    ),
    Question(
        "MTLS_SLACK_APP_TOKEN",
        "3. Basic Information, App-Level Tokens: generate one with connections:write (xapp-…).",
        _app_token,
    ),
    Question(
        "MTLS_CLOUDFLARE_TOKEN",
        "4. https://dash.cloudflare.com/profile/api-tokens, Create Custom Token, for the zone:\n"
        "   Zone Read, DNS Read, Zone Settings Edit, SSL and Certificates Edit; if you like\n"
        "   Config Rules Read, Page Rules Read, Load Balancers Read and Workers Routes Read.",
        _cloudflare,
    ),
    Question(
        "MTLS_PLATFORMSH_TOKEN",
        "5. The API token of a machine user that is an admin of the project\n"
        "   (console, My profile, API tokens); SSH without a second factor.",
        _platformsh,
    ),
)
