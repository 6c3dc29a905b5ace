"""Times for a person: how long ago."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_UNITS: Final = ((365 * 86400, "y"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def ago(at: datetime | None, now: datetime) -> str:
    """`3d`: the largest whole unit of the time since; `?` where it is not known, `0s` for what is to come."""
    if at is None:
        return "?"
    seconds = (now - at).total_seconds()
    for unit, letter in _UNITS:
        if seconds >= 2 * unit or (letter in "ms" and seconds >= unit):
            return f"{int(seconds // unit)}{letter}"
    return "0s"
