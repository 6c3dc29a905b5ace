from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jettison.cli.contents import when


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("2026-11-23T10:00:00.123456789Z", datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-23T12:00:00+02:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("2026-11-23T10:00:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_as_builders_write_it(text: str, at: datetime) -> None:
    """With nanoseconds, with a zone, and without one as UTC."""
    assert when(text) == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", None, 7, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z"]
)
def test_a_date_that_is_not_meant_is_unknown(text: object) -> None:
    """Builds that are to be repeatable write a fixed date: going by it would delete them all."""
    assert when(text) is None
