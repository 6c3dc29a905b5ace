from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.errors import RuleInvalid
from jettison.selection.duration import parse_duration, show_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("1w2d", timedelta(days=9)),
        ("1d12h30m5s", timedelta(days=1, hours=12, minutes=30, seconds=5)),
        ("90m", timedelta(minutes=90)),
        ("0", timedelta()),
        ("0d", timedelta()),
    ],
)
def test_a_length_of_time_is_whole_numbers_with_units(text: str, length: timedelta) -> None:
    """Weeks, days, hours, minutes and seconds are read, in this order."""
    assert parse_duration(text) == length


NOT_READ = ["", "30", "d", "30 d", "-1d", "1.5d", "1h1d", "1d1d", "1y", "1M", "30D", "\u0661d", "1d\n"]


@pytest.mark.parametrize("text", NOT_READ)
def test_anything_else_is_refused_with_the_way_to_write_it(text: str) -> None:
    """A number without a unit is not guessed at: a day too few deletes too much."""
    with pytest.raises(RuleInvalid, match="as in 30d, 12h or 1w2d"):
        parse_duration(text)


def test_no_length_is_longer_than_dates_go() -> None:
    """A thousand years is enough, and no date overflows."""
    with pytest.raises(RuleInvalid, match="thousand years"):
        parse_duration("999999999w")


@given(st.integers(0, 36500 * 86400).map(lambda seconds: timedelta(seconds=seconds)))
def test_what_is_shown_is_read_back(length: timedelta) -> None:
    """A length of whole seconds is the same after it was shown and read."""
    assert parse_duration(show_duration(length)) == length


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=30), "30d"),
        (timedelta(days=14), "2w"),
        (timedelta(days=7), "7d"),
        (timedelta(hours=36), "1d12h"),
        (timedelta(milliseconds=300), "0"),
    ],
)
def test_it_is_shown_as_a_person_would_say_it(length: timedelta, text: str) -> None:
    """The fewest parts, and weeks where there are several whole ones."""
    assert show_duration(length) == text
