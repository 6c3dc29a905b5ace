from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.cli.show.treemap import Rectangle, squarified

SIZES = st.lists(st.integers(1, 10**5), min_size=1, max_size=60).map(lambda sizes: sorted(sizes, reverse=True))
PLACE = Rectangle(3, 5, 120, 70)


@given(SIZES)
def test_areas_are_as_the_sizes(sizes: list[int]) -> None:
    """Each rectangle has its part of the place."""
    whole = PLACE.width * PLACE.height
    for size, made in zip(sizes, squarified(sizes, PLACE), strict=True):
        assert made.width * made.height == pytest.approx(whole * size / sum(sizes), rel=1e-4, abs=1e-4)


@given(SIZES)
def test_rectangles_stay_within_the_place_and_apart(sizes: list[int]) -> None:
    """None reaches out, and no two cover each other."""
    made = squarified(sizes, PLACE)
    for each in made:
        assert each.x >= PLACE.x - 1e-4
        assert each.y >= PLACE.y - 1e-4
        assert each.x + each.width <= PLACE.x + PLACE.width + 1e-4
        assert each.y + each.height <= PLACE.y + PLACE.height + 1e-4
    for number, one in enumerate(made):
        for other in made[number + 1 :]:
            width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert width <= 1e-4 or height <= 1e-4


def test_equal_sizes_are_nearly_squares() -> None:
    """Nine equal things are three rows of three."""
    assert {round(each.width / each.height, 6) for each in squarified([1] * 9, Rectangle(0, 0, 30, 30))} == {1}


def test_nothing_takes_no_place() -> None:
    """Without sizes there are no rectangles."""
    assert squarified([], PLACE) == []
