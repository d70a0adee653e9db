"""How long something took or lasted, in people's words. Pure."""

from datetime import timedelta

from bot.engine.state import Task


def took(task: Task) -> str:
    """How long a step took, from its start."""
    if task.started_at is None or task.ended_at is None:
        return ""
    return lasted(task.ended_at - task.started_at)


def lasted(span: timedelta) -> str:
    """A span in people's words."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 90:  # noqa: PLR2004 - a minute and a half reads better in seconds
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 120:  # noqa: PLR2004 - as above, in minutes
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 72:  # noqa: PLR2004 - three days
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"
