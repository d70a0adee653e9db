"""The settings of approvals: how many, until when, and when people may be reminded."""

from typing import Literal

from pydantic import Field

from bot.setting_kinds import DayHours, Group, Needed


class Approval(Group):
    needed: Needed = Field(
        (1, 1, 1),
        description="Approvals needed: without risk, with a brief effect, with a possible outage.",
    )
    four_eyes: Literal["never", "none", "brief", "outage-if-wrong"] = Field(
        "outage-if-wrong",
        description="From this risk on whoever started or asked does not count; or `never`.",
    )
    deadline_hours: float = Field(
        24.0, gt=0, le=24 * 30, description="How long a card waits; then silence is no."
    )
    remind_hours: float = Field(
        4.0, ge=0, description="How often a waiting card is mentioned; 0 is never."
    )
    hours: DayHours = Field(
        "08:00-18:00 UTC", description="When reminders may come, with the time zone's name."
    )
    site_policies: bool = Field(
        default=True,
        description="Sites may have a policy of their own; false if one has locked all out.",
    )
    step_minutes: float = Field(
        20.0, ge=0, description="No step begins later than this before its window's end."
    )
