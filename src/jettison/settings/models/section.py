"""What every section of the settings is built on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section that is served: a field for each of its keys, unchangeable once it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Misfit(ValueError):
    """What does not go together with another section; ``path`` is what it is said of, dotted."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
