"""What every section of the settings is built on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section that is served: a field for each of its keys, unchangeable once it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
