"""What every reply of a vendor has in common, whoever the vendor is."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Reply(BaseModel):
    """Frozen; unknown fields are ignored, and a null counts as left out where it may be left out.

    Both vendors add fields, leave some out, and write null where they mean nothing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if value is not None}
