"""Times as people and JSON read them."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(microseconds: int | None) -> str | None:
    """A time of the database as people and JSON read it, in whole seconds."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
