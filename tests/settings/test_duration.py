from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.settings.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", timedelta()),
        ("0s", timedelta()),
        ("24h", timedelta(hours=24)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("30m1h", timedelta(minutes=90)),
        ("1h1h", timedelta(hours=2)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("1.s", timedelta(seconds=1)),
        ("10ms", timedelta(milliseconds=10)),
        ("7us", timedelta(microseconds=7)),
        ("7µs", timedelta(microseconds=7)),
        ("7μs", timedelta(microseconds=7)),
        ("1999ns", timedelta(microseconds=1)),
        ("0.1s", timedelta(milliseconds=100)),
        ("2562047h47m16.854775807s", timedelta(microseconds=(2**63 - 1) // 1000)),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, length: timedelta) -> None:
    """Numbers with units add up, in any order; a bare 0 needs no unit."""
    assert parse_duration(text) == length


_NO_DURATIONS = [
    "",
    "1",
    "00",
    "24",
    "h",
    "1d",
    "7 days",
    "1h ",
    " 1h",
    "1 h",
    "-1h",
    "+1h",
    ".",
    ".s",
    "1..5h",
    "1h30",
]
_NO_DURATIONS += [
    "1H",
    "1e3s",
    "\u0663h",
    "1h\n",
    "inf",
    "nan",
    "2562047h47m16.854775808s",
    "9" * 20 + "h",
    "1s" * 1000,
]


@pytest.mark.parametrize("text", _NO_DURATIONS)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Anything but numbers with units is a ValueError: no sign, no days, no blanks, nothing longer than Go can hold."""
    with pytest.raises(ValueError, match=r"is not a length of time|is longer than"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=100 * 365)))
def test_a_duration_survives_being_written(length: timedelta) -> None:
    """What is written is read as the same length, to the microsecond."""
    assert parse_duration(format_duration(length)) == length


@pytest.mark.parametrize("text", ["0", "24h", "1h30m", "1m", "5s", "1h1us"])
def test_a_duration_is_written_in_the_fewest_parts(text: str) -> None:
    """Parts that are nothing are left out, and no time at all is 0."""
    assert format_duration(parse_duration(text)) == text


@given(st.text(alphabet="0123456789.hmsunµ -+", max_size=30) | st.text(max_size=10))
def test_reading_a_duration_ends_in_a_length_or_a_value_error(text: str) -> None:
    """Whatever the text, the answer is a length that is not negative, or a ValueError."""
    try:
        length = parse_duration(text)
    except ValueError:
        return
    assert length >= timedelta()
