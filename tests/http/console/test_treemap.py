from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jettison.http.console.treemap import Block, lay


@given(st.lists(st.integers(min_value=0, max_value=10**12), max_size=60))
def test_the_areas_are_as_the_sizes_and_fill_the_picture(sizes: list[int]) -> None:
    """Every rectangle lies within the picture, none is larger than its share, and together they fill it."""
    placed = lay([Block(str(size), size, "own") for size in sizes], 1000, 480)
    total = sum(sizes)
    if not total:
        assert placed == []
        return
    for each in placed:
        assert -0.2 <= each.x <= each.x + each.width <= 1000.5
        assert -0.2 <= each.y <= each.y + each.height <= 480.5
        assert abs(each.width * each.height - 480_000 * each.block.size / total) <= 0.2 * (each.width + each.height + 1)
    assert sum(each.block.size for each in placed) == total


def test_what_is_too_small_to_see_is_one_block() -> None:
    """Thousands of small repositories are one rectangle, which says how many."""
    blocks = [Block("large", 10**9, "own"), *(Block("small", 10, "own") for _ in range(1000))]
    assert [each.block.title for each in lay(blocks, 1000, 480)] == ["large", "1000 smaller"]
