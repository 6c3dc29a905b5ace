from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jettison.cli.show.times import ago

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(seconds=5), "5s"),
        (timedelta(minutes=3), "3m"),
        (timedelta(hours=30), "30h"),
        (timedelta(days=53), "53d"),
        (timedelta(days=900), "2y"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_times_are_told_in_the_largest_unit_that_says_enough(length: timedelta, shown: str) -> None:
    """Two hours are hours, one and a half days too."""
    assert ago(NOW - length, NOW) == shown


def test_an_unknown_time_is_a_question() -> None:
    """It is not made up."""
    assert ago(None, NOW) == "?"
