"""A treemap: rectangles whose areas are as large as what they stand for, as close to squares as they can be.

The layout is that of Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place: its left upper corner and its extent."""

    x: float
    y: float
    width: float
    height: float


def squarified(sizes: Sequence[float], place: Rectangle) -> list[Rectangle]:
    """A rectangle within `place` for each of these sizes, which are positive and in descending order."""
    if not sizes:
        return []
    scale = place.width * place.height / sum(sizes)
    areas = [size * scale for size in sizes]
    made: list[Rectangle] = []
    while areas:
        count = _row_length(areas, min(place.width, place.height))
        row, areas = areas[:count], areas[count:]
        rectangles, place = _row(row, place)
        made += rectangles
    return made


def _row_length(areas: Sequence[float], side: float) -> int:
    """How many of the next areas make a row along `side` in which the worst is closest to a square."""
    count, worst = 1, _worst(areas[:1], side)
    while count < len(areas) and (next_ := _worst(areas[: count + 1], side)) <= worst:
        count, worst = count + 1, next_
    return count


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if not total or not side:
        return float("inf")
    return max(side * side * max(row) / total**2, total**2 / (side * side * min(row)))


def _row(row: Sequence[float], place: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """The rectangles of a row along the shorter side of `place`, and what is left of it."""
    total, made = sum(row), []
    if place.width >= place.height:
        depth, y = total / place.height, place.y
        for area in row:
            made.append(Rectangle(place.x, y, depth, area / depth))
            y += area / depth
        return made, Rectangle(place.x + depth, place.y, max(0.0, place.width - depth), place.height)
    depth, x = total / place.width, place.x
    for area in row:
        made.append(Rectangle(x, place.y, area / depth, depth))
        x += area / depth
    return made, Rectangle(place.x, place.y + depth, place.width, max(0.0, place.height - depth))
