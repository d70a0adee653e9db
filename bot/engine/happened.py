"""What every event has: when it happened, and who caused it."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

DRIVER = "driver"


class Happened(BaseModel):
    """Frozen, and nothing beside the declared fields: the log is read by people for years."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    by: str = DRIVER
    """A Slack user id, or ``driver``."""
