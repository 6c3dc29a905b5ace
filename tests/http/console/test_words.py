from __future__ import annotations

import time

import pytest

from jettison.http.console import words


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_940, "99.9 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
     (12_345_678, "12.3 MB"), (5 * 10**15, "5.0 PB"), (5 * 10**18, "5000 PB")],
)  # fmt: skip
def test_sizes_have_three_digits(count: int, shown: str) -> None:
    """In units of a thousand."""
    assert words.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(5, "just now"), (61, "1 minute ago"), (7300, "2 hours ago"), (90_000, "1 day ago"), (40 * 86400, "1 month ago")],
)
def test_times_say_how_long_ago(seconds: int, shown: str) -> None:
    """With the exact time for who points at it, and for the script."""
    at = round((time.time() - seconds) * 1_000_000)
    assert f">{shown}</time>" in words.ago(at)
    assert 'title="2' in words.ago(at)


def test_what_never_was_is_said_so() -> None:
    """In place of a time."""
    assert "never" in words.ago(None)
