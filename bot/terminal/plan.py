"""`python app.py plan`: the dry run. Nothing is claimed or written."""

from collections.abc import Mapping

import click

from bot.engine.forecast import Forecast, forecast
from bot.terminal.environment import settings_from
from bot.terminal.told import told
from bot.wiring import parts
from steps import rollout


def plan(env: Mapping[str, str], *, site: str, project: str, environment: str) -> None:
    """Print what each step would do, a line for each change."""

    def look() -> Forecast:
        made = parts(settings_from(env, quiet=True))
        found = made.directory.site(site, project, environment)
        return forecast(found, made.steps, rollout(found.order))

    for line in told(look).lines:
        said = line.problem or " ".join([*line.skipped, *line.evidence])
        click.echo(f"{line.title}: {said}".rstrip(": "))
        for change in line.plan.changes if line.plan else ():
            before, after = change.before or "nothing", change.after or "nothing"
            click.echo(f"  {change.target}: {before} -> {after} ({change.risk})")
