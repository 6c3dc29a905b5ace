"""Times as people and JSON read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def rfc3339(microseconds: int | None) -> str | None:
    """A time of the database as people and JSON read it, in whole seconds."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(text: str) -> int:
    """A time that people and JSON write, RFC 3339 with its offset, as the database has it. Raises ValueError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError("is no time with its offset: write it like 2026-11-24T14:15:53Z")
    return round((time - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
